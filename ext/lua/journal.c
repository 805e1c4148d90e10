/* journal - files that only grow (data/journalfile) and locks with an owner
 * (data/lockfile), for lua/sei/journal.lua and lua/sei/lock.lua. */
#define _DEFAULT_SOURCE /* gethostname */
#include "journal.h"

#include <errno.h>
#include <lauxlib.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../data/journalfile.h"
#include "../data/lockfile.h"
#include "error.h"

#define JOURNAL "sei.journalfile"
#define LOCK "sei.lockfile"

enum { UV_PATH = 1, UV_COUNT = UV_PATH, OWNER_MAX = 1024, HOST_MAX = 256,
  USER_MAX = 4096 };

/* nil, err of kind "io"; the path is on top. */
static int answer_io(lua_State *L, int problem)
{
  const char *path = lua_tostring(L, -1);
  sei_error_push(L, "io", "%s: %s", path, problem == ELOOP ?
                 "is a link, which is not followed" : problem == EINVAL ?
                 "is no regular file" : strerror(problem));
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "file");
  return sei_error_return(L);
}

/* ---- journals ---- */

static struct sei_journalfile *check_journal(lua_State *L)
{
  struct sei_journalfile *j = luaL_checkudata(L, 1, JOURNAL);
  luaL_argcheck(L, j->fd >= 0, 1, "is closed");
  return j;
}

/* core.journal.open(path) -> journal | nil, err | false: another process has
 * it open */
static int l_open(lua_State *L)
{
  static const struct sei_journalfile none = SEI_JOURNALFILE_NONE;
  const char *path = luaL_checkstring(L, 1);
  struct sei_journalfile *j = lua_newuserdatauv(L, sizeof *j, UV_COUNT);
  int problem;
  *j = none;
  luaL_setmetatable(L, JOURNAL);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, UV_PATH);
  problem = sei_journalfile_open(j, path);
  if(!problem)
    return 1;
  if(problem == EWOULDBLOCK) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pushvalue(L, 1);
  return answer_io(L, problem);
}

/* true, or nil, err of the journal at 1. */
static int answer(lua_State *L, int problem)
{
  if(problem) {
    lua_getiuservalue(L, 1, UV_PATH);
    return answer_io(L, problem);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/*** A file that only grows, for sei.journal.
@type journalfile */

/*** Appends a text, which is on the disk when it answers.
@function journalfile:append
@tparam string text
@treturn ?boolean true; or nil and an error object: nothing was added */
static int l_journal_append(lua_State *L)
{
  struct sei_journalfile *j = check_journal(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  return answer(L, sei_journalfile_append(j, text, n));
}

/*** Cuts off what is beyond a size.
@function journalfile:cut
@tparam integer bytes
@treturn ?boolean true; or nil and an error object */
static int l_journal_cut(lua_State *L)
{
  struct sei_journalfile *j = check_journal(L);
  lua_Integer size = luaL_checkinteger(L, 2);
  luaL_argcheck(L, size >= 0, 2, "must not be negative");
  return answer(L, sei_journalfile_cut(j, size));
}

/*** How large it is.
@function journalfile:size
@treturn integer bytes */
static int l_journal_size(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)check_journal(L)->size);
  return 1;
}

/*** Closes it; safe to call twice.
@function journalfile:close */
static int l_journal_close(lua_State *L)
{
  sei_journalfile_close(luaL_checkudata(L, 1, JOURNAL));
  return 0;
}

/* ---- locks ---- */

/* core.journal.lock(path, text) -> lock | nil, err | false, its owner */
static int l_lock(lua_State *L)
{
  static const struct sei_lockfile none = SEI_LOCKFILE_NONE;
  const char *path = luaL_checkstring(L, 1);
  const char *text = luaL_checkstring(L, 2);
  struct sei_lockfile *f = lua_newuserdatauv(L, sizeof *f, 0);
  char owner[OWNER_MAX];
  int problem;
  *f = none;
  luaL_setmetatable(L, LOCK);
  problem = sei_lockfile_folder(path);
  if(!problem)
    problem = sei_lockfile_take(f, path, text, owner, sizeof owner);
  if(!problem)
    return 1;
  if(problem == EWOULDBLOCK) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, owner);
    return 2;
  }
  lua_pushvalue(L, 1);
  return answer_io(L, problem);
}

/*** A lock that is held, for sei.lock.
@type lockfile */

/*** Gives it back; safe to call twice.
@function lockfile:release */
static int l_lock_release(lua_State *L)
{
  sei_lockfile_release(luaL_checkudata(L, 1, LOCK));
  return 0;
}

/* ---- who we are ---- */

static void push_user(lua_State *L)
{
  char space[USER_MAX];
  struct passwd facts, *found = NULL;
  if(!getpwuid_r(geteuid(), &facts, space, sizeof space, &found) && found)
    lua_pushstring(L, found->pw_name);
  else
    lua_pushfstring(L, "uid %I", (LUAI_UACINT)geteuid());
}

/* core.journal.me() -> {pid=, host=, user=} */
static int l_me(lua_State *L)
{
  char host[HOST_MAX];
  if(gethostname(host, sizeof host))
    strcpy(host, "?");
  host[sizeof host - 1] = 0;
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)getpid());
  lua_setfield(L, -2, "pid");
  lua_pushstring(L, host);
  lua_setfield(L, -2, "host");
  push_user(L);
  lua_setfield(L, -2, "user");
  return 1;
}

static void open_type(lua_State *L, const char *name, lua_CFunction close,
                      const luaL_Reg *methods)
{
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__close");
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

int sei_open_journal(lua_State *L)
{
  static const luaL_Reg journal[] = {
    {"append", l_journal_append}, {"cut", l_journal_cut},
    {"size", l_journal_size}, {"close", l_journal_close}, {NULL, NULL}
  };
  static const luaL_Reg lock[] = {{"release", l_lock_release}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"open", l_open}, {"lock", l_lock}, {"me", l_me}, {NULL, NULL}
  };
  open_type(L, JOURNAL, l_journal_close, journal);
  open_type(L, LOCK, l_lock_release, lock);
  luaL_newlib(L, functions);
  return 1;
}
