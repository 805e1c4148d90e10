/* cage_base - the basic functions and coroutines of a cage.
 *
 * Whoever catches errors (pcall, xpcall, coroutines) lets those of a limit
 * pass. Metatables are copied when they are set, so that none gets a finalizer
 * or weak keys later on: finalizers run without the hook, and chains of weak
 * keys take the collector squared time.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "cage.h"

void sei_cage_only(lua_State *L, const char *const *names)
{
  size_t i;
  lua_newtable(L);
  for(i = 0; names[i]; i++) {
    lua_getfield(L, -2, names[i]);
    lua_setfield(L, -2, names[i]);
  }
  for(lua_pushnil(L); lua_next(L, -3); ) { /* old, new, key, value */
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushvalue(L, -1);
    lua_rawget(L, -4);
    lua_rawset(L, -5);
  }
  lua_pop(L, 1);
}

/* ---- errors ---- */

static int finish(lua_State *L, int status, lua_KContext below)
{
  if(status == LUA_OK || status == LUA_YIELD)
    return lua_gettop(L) - (int)below;
  sei_cage_caught(L, status);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

static int l_pcall(lua_State *L)
{
  int status;
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish);
  return finish(L, status, 0);
}

/* The recipe's message handler, upvalue 1, unless a limit was reached: it
 * would be called inside the hook, and run without one. */
static int on_error(lua_State *L)
{
  if(sei_cage_of(L)->reached != SEI_CAGE_FREE)
    return 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int l_xpcall(lua_State *L)
{
  int status, n = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, on_error, 1);
  lua_replace(L, 2);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, finish);
  return finish(L, status, 2);
}

/* ---- metatables ---- */

/* What a metatable in a cage may have, and behind it what is refused: <close>
 * would run after a limit. At most as many as a lua_Integer has bits. */
static const char *const EVENTS[] = {
  "__index", "__newindex", "__tostring", "__name", "__len", "__eq", "__lt",
  "__le", "__concat", "__unm", "__bnot", "__add", "__sub", "__mul", "__div",
  "__mod", "__pow", "__idiv", "__band", "__bor", "__bxor", "__shl", "__shr",
  "__pairs", "__metatable", "__call", "__gc", "__mode", "__close"
};

enum {
  CALL = 25, ALLOWED = 26, NAMES = sizeof EVENTS / sizeof *EVENTS,
  UP_SHADOWS = 1, UP_NAMES = 2,     /* upvalues of setmetatable */
  ORIGINAL = 1, HAS = 2             /* items of a shadow */
};

/* Pushes the metatable's field number i, without asking its own. */
static int push_event(lua_State *L, int metatable, int i)
{
  lua_pushvalue(L, lua_upvalueindex(UP_NAMES + i));
  return lua_rawget(L, metatable);
}

/* A table as __call that calls a table, and so on in a circle, has Lua shift
 * arguments in squared time, in one instruction. */
static void refuse(lua_State *L, int metatable)
{
  int i;
  if(push_event(L, metatable, CALL) != LUA_TNIL && !lua_isfunction(L, -1))
    luaL_error(L, "__call of a sandboxed recipe's metatable is a function");
  lua_pop(L, 1);
  for(i = ALLOWED; i < NAMES; i++) {
    if(push_event(L, metatable, i) != LUA_TNIL)
      luaL_error(L, "a metatable of a sandboxed recipe has no %s", EVENTS[i]);
    lua_pop(L, 1);
  }
}

/* Pushes the shadow of the metatable, the one that is set in its place. */
static void push_shadow(lua_State *L, int metatable)
{
  lua_pushvalue(L, metatable);
  if(lua_rawget(L, lua_upvalueindex(UP_SHADOWS)) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, metatable);
  lua_rawseti(L, -2, ORIGINAL);
  lua_pushvalue(L, metatable);
  lua_pushvalue(L, -2);
  lua_rawset(L, lua_upvalueindex(UP_SHADOWS));
}

/* Brings the shadow on top up to date: most have few events, the same as
 * the last time. */
static void copy_events(lua_State *L, int metatable)
{
  lua_Integer had, has = 0;
  int i, shadow = lua_gettop(L);
  lua_rawgeti(L, shadow, HAS);
  had = lua_tointeger(L, -1);
  lua_pop(L, 1);
  for(i = 0; i < ALLOWED; i++) {
    lua_Integer bit = (lua_Integer)1 << i;
    if(push_event(L, metatable, i) != LUA_TNIL)
      has |= bit;
    if((has | had) & bit) {
      lua_pushvalue(L, lua_upvalueindex(UP_NAMES + i));
      lua_insert(L, -2);
      lua_rawset(L, shadow);
    }
    else
      lua_pop(L, 1);
  }
  if(has == had)
    return;
  lua_pushinteger(L, has);
  lua_rawseti(L, shadow, HAS);
}

static int l_setmetatable(lua_State *L)
{
  int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2,
                   "nil or table");
  lua_settop(L, 2);
  if(luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  if(type == LUA_TTABLE) {
    refuse(L, 2);
    push_shadow(L, 2);
    copy_events(L, 2);
  }
  lua_setmetatable(L, 1);
  lua_settop(L, 1);
  return 1;
}

/* Its upvalues: metatables of the recipe with their shadows, and the names of
 * all events, so that none need be made anew at each call. */
static void push_setmetatable(lua_State *L)
{
  int i;
  luaL_checkstack(L, NAMES + 1, NULL);
  lua_newtable(L);
  for(i = 0; i < NAMES; i++)
    lua_pushstring(L, EVENTS[i]);
  lua_pushcclosure(L, l_setmetatable, NAMES + 1);
}

static int l_getmetatable(lua_State *L)
{
  luaL_checkany(L, 1);
  if(!lua_istable(L, 1) || !lua_getmetatable(L, 1))
    lua_pushnil(L);
  else if(luaL_getmetafield(L, 1, "__metatable") == LUA_TNIL)
    lua_rawgeti(L, -1, ORIGINAL);
  return 1;
}

/* ---- print ---- */

static bool put(struct sei_cage *c, const char *s, size_t n)
{
  if(c->output_cut || sei_buf_add(&c->output, s, n) != SEI_BUF_OK)
    c->output_cut = true;
  return !c->output_cut;
}

static int l_print(lua_State *L)
{
  struct sei_cage *c = sei_cage_of(L);
  int i, n = lua_gettop(L);
  for(i = 1; i <= n; i++) {
    size_t len;
    const char *s = luaL_tolstring(L, i, &len);
    if(!put(c, "\t", i > 1) || !put(c, s, len))
      break;
    lua_pop(L, 1);
    sei_cage_tick(L, len / 16);
  }
  put(c, "\n", 1);
  return 0;
}

void sei_cage_open_base(lua_State *L)
{
  static const char *const STAY[] = {
    "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs",
    "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "select",
    "setmetatable", "tonumber", "tostring", "type", "xpcall", NULL
  };
  static const luaL_Reg OWN[] = {
    {"pcall", l_pcall}, {"xpcall", l_xpcall}, {"print", l_print},
    {"getmetatable", l_getmetatable}, {NULL, NULL}
  };
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  luaL_setfuncs(L, OWN, 0);
  push_setmetatable(L);
  lua_setfield(L, -2, "setmetatable");
  sei_cage_only(L, STAY);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, LUA_GNAME);
  lua_pop(L, 1);
}

/* ---- coroutines ---- */

/* Moves what a coroutine gives, or its error, to L. Answers how many values
 * these are, or -1 and the error on top. */
static int take(lua_State *L, lua_State *co, int status, int n)
{
  if(status != LUA_OK && status != LUA_YIELD) {
    sei_cage_caught(L, status);
    lua_xmove(co, L, 1);
    return -1;
  }
  if(!lua_checkstack(L, n + 1)) {
    lua_pop(co, n);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, n);
  return n;
}

/* What goes on when the host has answered; `wraps` as below. */
static int resumed(lua_State *L, int status, lua_KContext wraps);

/* Runs a coroutine with the `n` values on its stack until it yields, ends or
 * fails; a question to the host, or a pause, is handed on. As take(). */
static int run(lua_State *L, lua_State *co, int n, bool wraps)
{
  struct sei_cage *c = sei_cage_of(L);
  int status, results = 0;
  bool locks = !lua_isyieldable(L);
  sei_cage_tick(L, 32);
  sei_cage_watch(c, co);
  c->running = co;
  c->locked += locks;
  status = lua_resume(co, L, n, &results);
  c->locked -= locks;
  c->running = L;
  sei_cage_watch(c, L);
  sei_cage_tick(L, 0); /* it may have yielded since a limit was reached */
  if(status != LUA_YIELD || !(c->asking || c->pausing))
    return take(L, co, status, results);
  return lua_yieldk(L, 0, wraps, resumed);
}

static int answer(lua_State *L, int n, bool wraps)
{
  if(n < 0 && wraps) {
    if(lua_type(L, -1) == LUA_TSTRING) { /* where, as coroutine.wrap does */
      luaL_where(L, 1);
      lua_insert(L, -2);
      lua_concat(L, 2);
    }
    return lua_error(L);
  }
  if(wraps)
    return n;
  lua_pushboolean(L, n >= 0);
  n = n < 0 ? 1 : n;
  lua_insert(L, -(n + 1));
  return n + 1;
}

/* The coroutine is upvalue 1 of a wrapper; else the first argument. */
static lua_State *coroutine_of(lua_State *L, bool wraps)
{
  lua_State *co = lua_tothread(L, wraps ? lua_upvalueindex(1) : 1);
  luaL_argexpected(L, co, 1, "coroutine");
  return co;
}

static int resumed(lua_State *L, int status, lua_KContext wraps)
{
  (void)status;
  return answer(L, run(L, coroutine_of(L, wraps), 0, wraps), wraps);
}

static int start(lua_State *L, bool wraps)
{
  lua_State *co = coroutine_of(L, wraps);
  int n = lua_gettop(L) - !wraps;
  if(!lua_checkstack(co, n)) {
    lua_pushliteral(L, "too many arguments to resume");
    return answer(L, -1, wraps);
  }
  lua_xmove(L, co, n);
  return answer(L, run(L, co, n, wraps), wraps);
}

static int l_resume(lua_State *L)
{
  return start(L, false);
}

static int l_wrapped(lua_State *L)
{
  return start(L, true);
}

/* A new thread has its creator's hook; what it may run before its first one
 * is charged now. */
static int l_create(lua_State *L)
{
  lua_State *co;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  sei_cage_tick(L, (uint64_t)sei_cage_of(L)->interval);
  co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int l_wrap(lua_State *L)
{
  l_create(L);
  lua_pushcclosure(L, l_wrapped, 1);
  return 1;
}

void sei_cage_open_coroutine(lua_State *L)
{
  static const char *const STAY[] = {
    "close", "create", "isyieldable", "resume", "running", "status", "wrap",
    "yield", NULL
  };
  static const luaL_Reg OWN[] = {
    {"create", l_create}, {"resume", l_resume}, {"wrap", l_wrap}, {NULL, NULL}
  };
  luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 1);
  luaL_setfuncs(L, OWN, 0);
  sei_cage_only(L, STAY);
  lua_pop(L, 1);
}
