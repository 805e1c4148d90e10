/* bytes - a byte buffer that a userdata owns, for C code that may raise while
 * it fills one. */
#include "bytes.h"

#include <lauxlib.h>

static int l_bytes_gc(lua_State *L)
{
  sei_buf_free(lua_touserdata(L, 1));
  return 0;
}

struct sei_buf *sei_bytes_push(lua_State *L, size_t max)
{
  struct sei_buf *b = lua_newuserdatauv(L, sizeof *b, 0);
  sei_buf_init(b, max);
  if(luaL_newmetatable(L, "sei.bytes")) {
    lua_pushcfunction(L, l_bytes_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
  return b;
}
