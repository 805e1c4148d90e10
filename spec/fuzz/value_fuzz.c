/* value_fuzz - JSON to Lua values and back: what is JSON is decoded, all else
 * is one error; what was decoded is encoded, and reads back as the same. */
#include "state.h"

struct text {
  const char *bytes;
  size_t len;
  bool is_json;
};

/* Calls json.NAME with what is on top. Pushes value and error. */
static void call(lua_State *L, const char *name, bool canonical)
{
  lua_getfield(L, lua_upvalueindex(1), name);
  lua_insert(L, -2);
  if(canonical) {
    lua_createtable(L, 0, 1);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "canonical");
  }
  lua_call(L, canonical ? 2 : 1, 2);
}

static void check_error(lua_State *L)
{
  size_t n;
  const char *s;
  MUST(lua_type(L, -1) == LUA_TTABLE);
  lua_getfield(L, -1, "message");
  s = lua_tolstring(L, -1, &n);
  MUST(s && n > 0 && opinion_utf8(s, n));
}

/* Value on top: written, read and written again it is the same. */
static void check_way_back(lua_State *L)
{
  size_t n, m;
  const char *once, *twice;
  lua_pushvalue(L, -1);
  call(L, "encode", false);
  MUST(lua_type(L, -2) == LUA_TSTRING);
  once = lua_tolstring(L, -2, &n);
  MUST(opinion_json(once, n, 128));
  lua_pop(L, 2);
  call(L, "encode", true);
  MUST(lua_type(L, -2) == LUA_TSTRING);
  once = lua_tolstring(L, -2, &n);
  MUST(opinion_json(once, n, 128));
  lua_pushvalue(L, -2);
  call(L, "decode", false);
  MUST(!lua_isnil(L, -2));
  lua_pop(L, 1);
  call(L, "encode", true);
  twice = lua_tolstring(L, -2, &m);
  MUST(twice && n == m && memcmp(once, twice, n) == 0);
}

static int l_check(lua_State *L)
{
  const struct text *t = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_pushlstring(L, t->bytes, t->len);
  call(L, "decode", false);
  MUST(lua_isnil(L, 1) != t->is_json);
  if(lua_isnil(L, 1))
    check_error(L);
  else {
    MUST(lua_isnil(L, 2));
    lua_settop(L, 1);
    check_way_back(L);
  }
  return 0;
}

/* The function with json's functions at hand. */
static int l_start(lua_State *L)
{
  void *text = lua_touserdata(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, "json");
  lua_pushcclosure(L, l_check, 1);
  lua_pushlightuserdata(L, text);
  lua_call(L, 1, 0);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_dice d;
  struct text t;
  lua_State *L;
  if(!fuzz_seed(&d, &data, &size) || size > 4096)
    return 0;
  t.bytes = (const char *)data;
  t.len = size;
  t.is_json = opinion_json(t.bytes, size, 128);
  L = state_open();
  lua_getfield(L, 1, "json");
  lua_setfield(L, LUA_REGISTRYINDEX, "json");
  state_run(L, l_start, &t,
            fuzz_below(&d, 8) ? -1 : (long)fuzz_below(&d, 200));
  state_close(L);
  return 0;
}
