/* encoding - for lua/sei: text in another encoding (data/encoding) becomes
 * UTF-8 while it arrives. */
#include "encoding.h"

#include <lauxlib.h>

#include "../data/encoding.h"

#define ENCODING "sei.encoding"

struct encoding {
  struct sei_encoding in;
  struct sei_buf out;
};

/* core.encoding(name) -> converter | nil: there is none of that name */
static int l_encoding(lua_State *L)
{
  static const struct sei_encoding none = {0};
  const char *name = luaL_checkstring(L, 1);
  struct encoding *e = lua_newuserdatauv(L, sizeof *e, 0);
  e->in = none;
  sei_buf_init(&e->out, (size_t)1 << 40);
  luaL_setmetatable(L, ENCODING);
  switch(sei_encoding_open(&e->in, name)) {
  case SEI_ENCODING_OK:
    return 1;
  case SEI_ENCODING_NOMEM:
    return luaL_error(L, "not enough memory");
  default:
    lua_pushnil(L);
    return 1;
  }
}

/* core.encoding_feed(converter, bytes | nil) -> the bytes as UTF-8; nil ends
 * the text. If they are no text in that encoding, what stands before comes
 * first, and then: the offset of the fault, its byte, whether the text ends
 * inside a character. */
static int l_encoding_feed(lua_State *L)
{
  struct encoding *e = luaL_checkudata(L, 1, ENCODING);
  size_t n = 0;
  bool last = lua_isnoneornil(L, 2);
  const char *bytes = last ? "" : luaL_checklstring(L, 2, &n);
  enum sei_encoding_result r;
  luaL_argcheck(L, e->in.converter, 1, "is closed");
  sei_buf_clear(&e->out);
  r = sei_encoding_feed(&e->in, bytes, n, last, &e->out);
  if(r == SEI_ENCODING_NOMEM)
    sei_encoding_close(&e->in);
  if(r == SEI_ENCODING_NOMEM)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, e->out.data ? e->out.data : "", e->out.len);
  if(r == SEI_ENCODING_OK)
    return 1;
  lua_pushinteger(L, (lua_Integer)e->in.offset);
  lua_pushinteger(L, e->in.byte);
  lua_pushboolean(L, e->in.cut);
  sei_encoding_close(&e->in);
  return 4;
}

static int l_encoding_gc(lua_State *L)
{
  struct encoding *e = luaL_checkudata(L, 1, ENCODING);
  sei_encoding_close(&e->in);
  sei_buf_free(&e->out);
  return 0;
}

void sei_open_encoding(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_encoding_gc}, {"__close", l_encoding_gc}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"encoding", l_encoding}, {"encoding_feed", l_encoding_feed},
    {NULL, NULL}
  };
  luaL_newmetatable(L, ENCODING);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
