/* terminal - what a file of Lua is connected to, and who may read it: for the
 * command, which draws only where somebody looks. */
#define _DEFAULT_SOURCE
#include "terminal.h"

#include <lauxlib.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptor of the open Lua file at 1. */
static int check_file(lua_State *L)
{
  const luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  luaL_argcheck(L, file->closef, 1, "is closed");
  return fileno(file->f);
}

/* core.is_terminal(file) -> boolean */
static int l_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty(check_file(L)));
  return 1;
}

/* core.columns(file) -> how wide its window is; nil: it has none, or does not
 * say. */
static int l_columns(lua_State *L)
{
  struct winsize size;
  if(ioctl(check_file(L), TIOCGWINSZ, &size) || !size.ws_col)
    lua_pushnil(L);
  else
    lua_pushinteger(L, size.ws_col);
  return 1;
}

/* core.file_mode(file) -> its permissions (07777), whether it is a regular
 * file; nil if the system does not say. */
static int l_file_mode(lua_State *L)
{
  struct stat s;
  if(fstat(check_file(L), &s)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, (lua_Integer)(s.st_mode & 07777));
  lua_pushboolean(L, S_ISREG(s.st_mode));
  return 2;
}

void sei_open_terminal(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"is_terminal", l_is_terminal}, {"columns", l_columns},
    {"file_mode", l_file_mode}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
