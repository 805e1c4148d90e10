/* host_hub - what the Lua side of a context needs of C: its descriptor, slices
 * of time, the log. Each function has the context as its upvalue. */
#include <errno.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "../http/transfer.h"
#include "error.h"
#include "host.h"

enum { INSTRUCTIONS = 2000, READY_MAX = 64 };

static struct sei_context *context(lua_State *L)
{
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- descriptors ---- */

/* hub.add(fd): waits for it from now on. Raises if the system cannot. */
static int l_add(lua_State *L)
{
  struct sei_context *c = context(L);
  if(!sei_poller_set(&c->poller, (int)luaL_checkinteger(L, 1),
                     SEI_POLLER_READ)) {
    sei_error_push(L, "io", "the system cannot watch another descriptor: %s",
                   strerror(errno));
    return lua_error(L);
  }
  return 0;
}

/* hub.remove(fd) */
static int l_remove(lua_State *L)
{
  struct sei_context *c = context(L);
  sei_poller_set(&c->poller, (int)luaL_checkinteger(L, 1), 0);
  return 0;
}

/* hub.ready() -> array of the descriptors that are readable now. What
 * sei_cancel() wrote is taken out: the flag was set before. */
static int l_ready(lua_State *L)
{
  struct sei_context *c = context(L);
  struct sei_poller_event events[READY_MAX];
  size_t i, n = sei_poller_ready(&c->poller, events, READY_MAX);
  lua_Integer count = 0;
  eventfd_t times;
  lua_createtable(L, (int)n, 0);
  for(i = 0; i < n; i++)
    if(events[i].fd == c->wake)
      eventfd_read(c->wake, &times);
    else {
      lua_pushinteger(L, events[i].fd);
      lua_rawseti(L, -2, ++count);
    }
  return 1;
}

/* hub.cancelled() -> whether the job is to end. */
static int l_cancelled(lua_State *L)
{
  lua_pushboolean(L, atomic_load(&context(L)->cancelled));
  return 1;
}

/* ---- slices of time ---- */

/* Called every so many instructions of a job. Its own coroutine yields to the
 * host when its time is over, one within it only when all is to end: whoever
 * resumed it would take that for an item. */
static void on_count(lua_State *L, lua_Debug *ar)
{
  void *user;
  struct sei_context *c;
  bool cancelled;
  (void)ar;
  lua_getallocf(L, &user);
  c = user;
  cancelled = atomic_load_explicit(&c->cancelled, memory_order_relaxed);
  if(lua_isyieldable(L)) {
    if(cancelled || (L == c->job && sei_clock() > c->slice_end))
      lua_yield(L, 0);
  }
  else if(cancelled) {
    sei_error_push(L, "cancelled", "the host cancelled the job");
    lua_error(L);
  }
}

/* hub.enter(coroutine): it is the job now. */
static int l_enter(lua_State *L)
{
  struct sei_context *c = context(L);
  lua_State *job = lua_tothread(L, 1);
  luaL_argcheck(L, job, 1, "coroutine expected");
  c->job = job;
  if(c->options.slice_ms > 0)
    lua_sethook(job, on_count, LUA_MASKCOUNT, INSTRUCTIONS);
  return 0;
}

/* hub.begin(): its slice of time begins. */
static int l_begin(lua_State *L)
{
  struct sei_context *c = context(L);
  c->slice_end = sei_clock() + c->options.slice_ms / 1000.0;
  return 0;
}

void sei_host_leave(struct sei_context *c)
{
  if(c->job)
    lua_sethook(c->job, NULL, 0, 0);
  c->job = NULL;
}

/* hub.leave(): there is no job now. */
static int l_leave(lua_State *L)
{
  sei_host_leave(context(L));
  return 0;
}

/* ---- the log ---- */

/* hub.log(level, line) */
static int l_log(lua_State *L)
{
  static const char *const LEVELS[] = {
    "error", "warn", "info", "debug", NULL
  };
  struct sei_context *c = context(L);
  int level = luaL_checkoption(L, 1, "info", LEVELS) + SEI_LOG_ERROR;
  size_t n;
  const char *line = luaL_checklstring(L, 2, &n);
  if(c->options.log)
    c->options.log(c->options.log_user, level, line, n);
  return 0;
}

/* Tells a text of the buffer for warnings line by line. */
static void tell_lines(struct sei_context *c, char *line)
{
  char *end;
  for(end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
    *end = '\0';
    c->options.log(c->options.log_user, SEI_LOG_WARN, line,
                   (size_t)(end - line));
    line = end + 1;
  }
  c->options.log(c->options.log_user, SEI_LOG_WARN, line, strlen(line));
}

/* Warnings come in pieces; what is too long is cut. A message that begins with
 * "@" is one for Lua's own function (manual, 6.1 warn). */
void sei_host_warn(void *user, const char *text, int goes_on)
{
  struct sei_context *c = user;
  size_t room = sizeof c->warned - 1 - c->warning, n = strlen(text);
  if(n > room)
    n = room;
  memcpy(c->warned + c->warning, text, n);
  c->warning += n;
  if(goes_on)
    return;
  c->warned[c->warning] = '\0';
  if(c->options.log && c->warned[0] != '@')
    tell_lines(c, c->warned);
  c->warning = 0;
}

void sei_host_push_hub(lua_State *L, struct sei_context *c)
{
  static const luaL_Reg functions[] = {
    {"add", l_add}, {"remove", l_remove}, {"ready", l_ready},
    {"cancelled", l_cancelled}, {"enter", l_enter}, {"begin", l_begin},
    {"leave", l_leave}, {"log", l_log}, {NULL, NULL}
  };
  lua_createtable(L, 0, 8);
  lua_pushlightuserdata(L, c);
  luaL_setfuncs(L, functions, 1);
}
