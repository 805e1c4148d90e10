/* cage - a Lua state of its own in which a recipe runs that nobody need trust:
 * its life, and the host's side of the border.
 *
 * The state belongs to a userdata of the host's. Whatever may raise in the
 * cage is called under its own lua_pcall; whatever may raise in the host is
 * called while the cage is at rest.
 */
#include "cage.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <string.h>

#include "../http/transfer.h" /* sei_clock */
#include "error.h"
#include "similarity.h"
#include "text.h"

#define CAGE "sei.cage"

enum {
  MIB = 1024 * 1024, DAY = 86400,
  WHERE = 256,                /* bytes of the name of a place */
  FAILURE = 64 * 1024,        /* bytes of what a recipe raised */
  WORDS = 4096                /* bytes of a text handed to sei.text and
                                 sei.similarity: some take squared time */
};

const struct sei_option sei_cage_options[] = {
  {"text", SEI_OPT_ANY, 0, 0, "string", "none",
   "the recipe itself; or give `file`"},
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none", "the path of the recipe"},
  {"name", SEI_OPT_STRING, 0, 0, NULL, "the file's, else \"recipe\"",
   "what messages call it"},
  {"inputs", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "data that the recipe finds as `inputs`: a copy"},
  {"client", SEI_OPT_TABLE, 0, 0, NULL, "none",
   "options of sei.client: the recipe finds `client`, made with them, granted "
   "what stands below, and closed when the recipe ends"},
  {"operations", SEI_OPT_STRINGS, 0, 0, NULL, "all that only read",
   "names of the endpoint functions that the recipe may call"},
  {"hosts", SEI_OPT_STRINGS, 0, 0, NULL, "that of the client's address",
   "hosts that may be asked, each as host or host:port"},
  {"requests", SEI_OPT_INTEGER, 0, 1e9, NULL, "100",
   "requests in all, repetitions included"},
  {"writes", SEI_OPT_CHOICE, 0, 0, "refuse|dry_run|send", "refuse",
   "what becomes of operations that write: they fail; they are checked, kept "
   "in `writes` of the result and not sent; or they are sent"},
  {"memory", SEI_OPT_INTEGER, MIB, 4294967296.0, NULL, "67108864",
   "bytes that the recipe may have at once, and those of what it would have "
   "written"},
  {"time", SEI_OPT_NUMBER, 0, DAY, NULL, "10",
   "seconds until it is ended, waiting included"},
  {"instructions", SEI_OPT_INTEGER, 1000, 1e15, NULL, "1000000000",
   "instructions of Lua's machine; longer work of a library function counts "
   "as many, and counting is by the lot"},
  {"pause", SEI_OPT_FUNCTION, 0, 0, NULL,
   "the turn of the event loop in which the client waits, if it does",
   "called every few milliseconds of work: it may yield, or raise to end the "
   "recipe"},
  {"max_output", SEI_OPT_INTEGER, 0, 1e9, NULL, "65536",
   "bytes of what it prints that are kept"},
  {"max_result", SEI_OPT_INTEGER, 1024, 4294967296.0, NULL, "16777216",
   "bytes of what it returns, and of what it hands to its client at once"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* What the host has of a cage. */
struct owner {
  struct sei_cage cage;
  size_t max_result;
  double time;                /* seconds that the recipe has */
};

/* ---- inside ---- */

/* Upvalue 1 with arguments of a bounded length. */
static int l_short(lua_State *L)
{
  int i, n = lua_gettop(L);
  size_t all = 0;
  for(i = 1; i <= n; i++)
    if(lua_type(L, i) == LUA_TSTRING && lua_rawlen(L, i) > WORDS)
      return luaL_argerror(L, i, "a sandboxed recipe may give 4096 bytes at "
                           "most");
    else if(lua_type(L, i) == LUA_TSTRING)
      all += lua_rawlen(L, i);
  sei_cage_tick(L, 20 + all);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n, LUA_MULTRET);
  return lua_gettop(L);
}

/* The functions of the table on top have their arguments looked at. */
static void shorten(lua_State *L)
{
  for(lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
    if(lua_isfunction(L, -1)) {
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_pushcclosure(L, l_short, 1);
      lua_rawset(L, -5);
    }
}

static void open_sei(lua_State *L)
{
  lua_createtable(L, 0, 3);
  sei_open_text(L);
  shorten(L);
  lua_setfield(L, -2, "text");
  sei_open_similarity(L);
  shorten(L);
  lua_setfield(L, -2, "similarity");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_setglobal(L, "sei");
}

static int furnish(lua_State *L)
{
  struct sei_cage *c = sei_cage_of(L);
  sei_cage_open_base(L);
  sei_cage_open_coroutine(L);
  sei_cage_open_string(L);
  sei_cage_open_table(L);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  open_sei(L);
  c->thread = lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, c);
  return 0;
}

/* ---- its life ---- */

static struct owner *check_owner(lua_State *L)
{
  return luaL_checkudata(L, 1, CAGE);
}

static struct owner *check_open(lua_State *L)
{
  struct owner *o = check_owner(L);
  if(!o->cage.L)
    luaL_error(L, "the cage is closed");
  return o;
}

/* core.cage_close(cage), __gc, __close. Twice is fine. */
static int l_cage_close(lua_State *L)
{
  struct sei_cage *c = &check_owner(L)->cage;
  c->running = NULL;
  c->memory_max = SIZE_MAX; /* what is cleaned up now must not fail */
  c->deadline = HUGE_VAL;
  if(c->L)
    lua_close(c->L);
  c->L = c->thread = NULL;
  sei_buf_free(&c->output);
  return 0;
}

static void set_limits(lua_State *L, struct owner *o)
{
  struct sei_cage *c = &o->cage;
  c->memory_max = (size_t)sei_option_integer(L, 1, "memory", 64 * MIB);
  c->instructions_max =
    (uint64_t)sei_option_integer(L, 1, "instructions", 1000000000);
  c->deadline = HUGE_VAL;
  o->time = sei_option_number(L, 1, "time", 10);
  o->max_result = (size_t)sei_option_integer(L, 1, "max_result", 16 * MIB);
  sei_buf_init(&c->output,
               (size_t)sei_option_integer(L, 1, "max_output", 64 * 1024));
}

/* core.cage_check(options): raises for what sei.sandboxed does not take. */
static int l_cage_check(lua_State *L)
{
  static const struct sei_option *const tables[] = {sei_cage_options, NULL};
  if(!lua_istable(L, 1))
    return luaL_error(L, "bad argument #1 to 'sandboxed' (table of options "
                      "expected, got %s)", luaL_typename(L, 1));
  sei_options_check(L, 1, "sei.sandboxed", tables);
  return 0;
}

/* core.cage(options) -> cage; the options are those of sei.sandboxed. */
static int l_cage(lua_State *L)
{
  struct owner *o;
  l_cage_check(L);
  lua_settop(L, 1);
  o = lua_newuserdatauv(L, sizeof *o, 0);
  memset(o, 0, sizeof *o);
  luaL_setmetatable(L, CAGE);
  set_limits(L, o);
  o->cage.L = lua_newstate(sei_cage_allocate, &o->cage);
  if(!o->cage.L)
    return luaL_error(L, "not enough memory");
  *(struct sei_cage **)lua_getextraspace(o->cage.L) = &o->cage;
  lua_pushcfunction(o->cage.L, furnish);
  if(lua_pcall(o->cage.L, 0, 0, 0) != LUA_OK)
    return luaL_error(L, "not enough memory");
  return 1;
}

/* ---- what is put into it ---- */

/* A piece of work that is done in the cage, protected: what for, and what
 * came of it. */
struct errand {
  lua_State *host;
  size_t max;
  const char *name, *text;
  size_t size;
  const char *problem;          /* of copying */
  char where[WHERE];
  int status, results;          /* of resuming */
};

/* Does it; raises in the host for want of memory in either. Once a limit was
 * reached it is not done, and the status says so. */
static void send(lua_State *L, struct sei_cage *c, lua_CFunction f,
                 struct errand *e)
{
  e->host = L;
  lua_settop(c->L, 0);
  lua_pushcfunction(c->L, f);
  lua_pushlightuserdata(c->L, e);
  if(lua_pcall(c->L, 1, 0, 0) == LUA_OK)
    return;
  e->status = LUA_ERRMEM;
  if(sei_cage_over(c)) /* after its time it gets no memory either */
    return;
  if(!c->refused)
    luaL_error(L, "not enough memory");
  luaL_error(L, "the memory of a sandboxed recipe is too small for what it is "
             "given (option 'memory')");
}

static int errand_set(lua_State *L)
{
  struct errand *e = lua_touserdata(L, 1);
  e->problem = sei_cage_copy(sei_cage_of(L), e->host, 3, L, e->max, e->where,
                             WHERE);
  if(!e->problem)
    lua_setglobal(L, e->name);
  return 0;
}

/* core.cage_set(cage, name, value): a global of the recipe's; a copy. Answers
 * true, or nil, what is wrong with it, and the place. */
static int l_cage_set(lua_State *L)
{
  struct owner *o = check_open(L);
  struct errand e = {0};
  e.name = luaL_checkstring(L, 2);
  e.max = o->cage.memory_max;
  luaL_checkany(L, 3);
  send(L, &o->cage, errand_set, &e);
  if(!e.problem) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, e.problem);
  lua_pushstring(L, e.where);
  return 3;
}

static int errand_inside(lua_State *L)
{
  struct errand *e = lua_touserdata(L, 1);
  if(luaL_loadbufferx(L, e->text, e->size, "=sei", "b") != LUA_OK)
    return lua_error(L);
  sei_cage_push_ask(L);
  e->problem = sei_cage_copy(sei_cage_of(L), e->host, 3, L, e->max, e->where,
                             WHERE);
  if(!e->problem)
    lua_call(L, 2, 0);
  return 0;
}

/* core.cage_inside(cage, dumped, data): runs a function of ours in it, with
 * ask and a copy of the data: it may set globals. */
static int l_cage_inside(lua_State *L)
{
  struct owner *o = check_open(L);
  struct errand e = {0};
  e.text = luaL_checklstring(L, 2, &e.size);
  e.max = o->cage.memory_max;
  luaL_checkany(L, 3);
  send(L, &o->cage, errand_inside, &e);
  return e.problem ? luaL_error(L, "%s", e.problem) : 0;
}

static int errand_load(lua_State *L)
{
  struct errand *e = lua_touserdata(L, 1);
  struct sei_cage *c = sei_cage_of(L);
  e->status = luaL_loadbufferx(L, e->text, e->size, e->name, "t");
  lua_settop(c->thread, 0);
  lua_xmove(L, c->thread, 1);
  return 0;
}

/* Pushes the line of the recipe in which the thread failed, or nil: what a
 * function of C raises does not name it. */
static void push_line(lua_State *L, lua_State *thread)
{
  lua_Debug ar;
  int level;
  for(level = 0; lua_getstack(thread, level, &ar); level++)
    if(lua_getinfo(thread, "l", &ar) && ar.currentline > 0) {
      lua_pushinteger(L, ar.currentline);
      return;
    }
  lua_pushnil(L);
}

/* What the thread ended with, as data. It is looked at in the main thread:
 * the stack of one that failed is best left alone. */
static void push_failure(lua_State *L, struct sei_cage *c)
{
  char where[WHERE];
  lua_State *from = c->L;
  size_t n;
  const char *text;
  lua_settop(from, 0);
  lua_xmove(c->thread, from, 1);
  if(lua_type(from, -1) == LUA_TSTRING) {
    text = lua_tolstring(from, -1, &n);
    lua_pushlstring(L, text, n < FAILURE ? n : FAILURE);
  }
  else if(lua_type(from, -1) != LUA_TTABLE ||
          sei_cage_copy(c, from, -1, L, FAILURE, where, WHERE))
    lua_pushfstring(L, "an error that is no text but %s",
                    luaL_typename(from, -1));
}

/* Pushes "limit" and which. */
static int push_limit(lua_State *L, const struct sei_cage *c)
{
  lua_pushliteral(L, "limit");
  lua_pushstring(L, sei_cage_limit_name(c->reached));
  return 2;
}

/* Notes what a status says of the limits. true: one was reached. */
static bool is_limit(struct sei_cage *c, int status)
{
  if(status == LUA_OK)
    return false;
  if(status != LUA_YIELD)
    sei_cage_failed(c, status);
  return c->reached != SEI_CAGE_FREE;
}

/* core.cage_load(cage, text, chunkname): compiles the recipe, text alone.
 * Answers true; or nil and the message; or "limit" and which. */
static int l_cage_load(lua_State *L)
{
  struct owner *o = check_open(L);
  struct errand e = {0};
  e.text = luaL_checklstring(L, 2, &e.size);
  e.name = luaL_checkstring(L, 3);
  luaL_argcheck(L, e.size <= SEI_CAGE_SOURCE, 2, "too long");
  send(L, &o->cage, errand_load, &e);
  if(is_limit(&o->cage, e.status))
    return push_limit(L, &o->cage);
  if(e.status == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  push_failure(L, &o->cage);
  return 2;
}

/* ---- running it ---- */

static int errand_resume(lua_State *L)
{
  struct errand *e = lua_touserdata(L, 1);
  struct sei_cage *c = sei_cage_of(L);
  if(c->asking) {
    e->problem = sei_cage_copy(c, e->host, 2, L, c->memory_max, e->where,
                               WHERE);
    if(e->problem)
      return 0;
    sei_cage_pop_answer(L);
    c->asking = false;
  }
  c->pausing = false;
  c->slice_end = sei_clock() + c->slice;
  sei_cage_watch(c, c->thread);
  c->running = c->thread;
  e->status = lua_resume(c->thread, L, 0, &e->results);
  c->running = NULL;
  return 0;
}

static int push_problem(lua_State *L, const char *what, const char *problem,
                        const char *where)
{
  lua_pushstring(L, what);
  lua_pushstring(L, problem);
  lua_pushstring(L, where);
  return 3;
}

/* Pushes "done" or "ask", a copy of the value at `index` of `from`, and the
 * bytes that it counts for. */
static int push_copy(lua_State *L, struct owner *o, lua_State *from,
                     int index, const char *what)
{
  char where[WHERE];
  const char *problem;
  lua_pushstring(L, what);
  problem = sei_cage_copy(&o->cage, from, index, L, o->max_result, where,
                          WHERE);
  if(!problem) {
    lua_pushinteger(L, (lua_Integer)o->cage.copied);
    return 3;
  }
  lua_pop(L, 1);
  if(problem == sei_cage_late)
    return push_limit(L, &o->cage);
  return push_problem(L, "border", problem, where);
}

/* Whether the recipe returned nil and what is wrong, as functions do. Then
 * that is on top. */
static bool returned_failure(lua_State *thread, int results)
{
  if(results < 2 || !lua_isnil(thread, -results) ||
     lua_isnil(thread, 1 - results))
    return false;
  lua_pop(thread, results - 2);
  return true;
}

/* core.cage_step(cage, answer) -> what, …: runs the recipe until it is done,
 * asks or pauses. `answer`: an array with its `n`, of what it asked last.
 *   "done", value, bytes    what it returned, and what that counts for
 *   "ask", question, bytes  an array with its `n`
 *   "pause"            its slice of time is over
 *   "failed", problem, line  what it raised, or returned behind nil
 *   "limit", which     see sei_cage_limit_name()
 *   "border", problem, place  what it returned or asked is not data
 *   "unfit", problem, place   the answer is none; it waits for another */
static int l_cage_step(lua_State *L)
{
  struct owner *o = check_open(L);
  struct sei_cage *c = &o->cage;
  struct errand e = {0};
  int status;
  lua_settop(L, 2);
  lua_settop(c->L, 0);
  e.host = L;
  lua_pushcfunction(c->L, errand_resume);
  lua_pushlightuserdata(c->L, &e);
  status = lua_pcall(c->L, 1, 0, 0);
  c->running = NULL;
  if(e.problem == sei_cage_late)
    return push_limit(L, c);
  if(e.problem)
    return push_problem(L, "unfit", e.problem, e.where);
  if(is_limit(c, status) || is_limit(c, e.status))
    return push_limit(L, c);
  if(status != LUA_OK) {
    lua_pushliteral(L, "failed");
    lua_pushliteral(L, "an error in error handling");
    return 2;
  }
  if(e.status == LUA_YIELD && c->pausing) {
    lua_pushliteral(L, "pause");
    return 1;
  }
  if(e.status == LUA_YIELD && c->asking) {
    sei_cage_push_question(c->L);
    return push_copy(L, o, c->L, -1, "ask");
  }
  if(e.status == LUA_OK && !returned_failure(c->thread, e.results)) {
    if(!e.results)
      lua_pushnil(c->L);
    return e.results ? push_copy(L, o, c->thread, -e.results, "done") :
      push_copy(L, o, c->L, -1, "done");
  }
  lua_pushliteral(L, "failed");
  if(e.status == LUA_YIELD)
    lua_pushliteral(L, "it yields, and there is no coroutine that it made");
  else
    push_failure(L, c);
  push_line(L, c->thread);
  return 3;
}

/* core.cage_begin(cage): the recipe's time runs from now on. */
static int l_cage_begin(lua_State *L)
{
  struct owner *o = check_owner(L);
  o->cage.deadline = sei_clock() + o->time;
  return 0;
}

/* core.cage_slice(cage, seconds): from now on it pauses so often, where it
 * can. */
static int l_cage_slice(lua_State *L)
{
  check_owner(L)->cage.slice = luaL_checknumber(L, 2);
  return 0;
}

/* core.cage_left(cage) -> seconds until its time is over, may be negative. */
static int l_cage_left(lua_State *L)
{
  lua_pushnumber(L, check_owner(L)->cage.deadline - sei_clock());
  return 1;
}

/* core.cage_used(cage) -> {instructions=, memory=, output=, output_cut=}:
 * `memory` at its highest, in bytes. */
static int l_cage_used(lua_State *L)
{
  const struct sei_cage *c = &check_owner(L)->cage;
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, (lua_Integer)c->instructions);
  lua_setfield(L, -2, "instructions");
  lua_pushinteger(L, (lua_Integer)c->memory_peak);
  lua_setfield(L, -2, "memory");
  lua_pushlstring(L, c->output.data ? c->output.data : "", c->output.len);
  lua_setfield(L, -2, "output");
  lua_pushboolean(L, c->output_cut);
  lua_setfield(L, -2, "output_cut");
  return 1;
}

void sei_open_cage(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_cage_close}, {"__close", l_cage_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"cage", l_cage}, {"cage_check", l_cage_check}, {"cage_set", l_cage_set},
    {"cage_inside", l_cage_inside}, {"cage_load", l_cage_load},
    {"cage_step", l_cage_step}, {"cage_left", l_cage_left},
    {"cage_slice", l_cage_slice}, {"cage_begin", l_cage_begin},
    {"cage_used", l_cage_used}, {"cage_close", l_cage_close}, {NULL, NULL}
  };
  luaL_newmetatable(L, CAGE);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
