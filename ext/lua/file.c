/* file - a file that appears whole, or not at all (data/outfile), for lua/sei:
 * a download grows beside its name and takes it when it is complete. */
#include "file.h"

#include <lauxlib.h>
#include <string.h>

#include "../data/outfile.h"
#include "error.h"

#define FILE_NAME "sei.file"

enum { UV_PATH = 1, UV_COUNT = UV_PATH };

static struct sei_outfile *check_file(lua_State *L)
{
  return luaL_checkudata(L, 1, FILE_NAME);
}

/* nil, err of kind "io"; the path is on top. */
static int answer_io(lua_State *L, int problem)
{
  const char *path = lua_tostring(L, -1);
  sei_error_push(L, "io", "%s: %s", path, strerror(problem));
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "file");
  return sei_error_return(L);
}

/* core.file(path, private) -> file | nil, err. Closing it undoes what was
 * written. private: only the owner may read it. */
static int l_file(lua_State *L)
{
  static const struct sei_outfile none = SEI_OUTFILE_NONE;
  struct sei_outfile *f;
  int problem, private = lua_toboolean(L, 2);
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  f = lua_newuserdatauv(L, sizeof *f, UV_COUNT);
  *f = none;
  luaL_setmetatable(L, FILE_NAME);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, UV_PATH);
  problem = private ? sei_outfile_open_private(f, lua_tostring(L, 1)) :
    sei_outfile_open(f, lua_tostring(L, 1));
  if(problem) {
    lua_settop(L, 1);
    return answer_io(L, problem);
  }
  return 1;
}

/* true, or nil, err of the file at 1. */
static int answer(lua_State *L, int problem)
{
  if(problem) {
    lua_getiuservalue(L, 1, UV_PATH);
    return answer_io(L, problem);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* core.file_write(file, bytes) -> true | nil, err */
static int l_file_write(lua_State *L)
{
  struct sei_outfile *f = check_file(L);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  luaL_argcheck(L, f->fd >= 0, 1, "is closed");
  return answer(L, sei_outfile_write(f, bytes, n));
}

/* core.file_commit(file) -> true | nil, err: it takes its name. */
static int l_file_commit(lua_State *L)
{
  struct sei_outfile *f = check_file(L);
  luaL_argcheck(L, f->fd >= 0, 1, "is closed");
  return answer(L, sei_outfile_commit(f));
}

static int l_file_discard(lua_State *L)
{
  sei_outfile_discard(check_file(L));
  return 0;
}

void sei_open_file(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_file_discard}, {"__close", l_file_discard}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"file", l_file}, {"file_write", l_file_write},
    {"file_commit", l_file_commit}, {NULL, NULL}
  };
  luaL_newmetatable(L, FILE_NAME);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
