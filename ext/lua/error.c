/* error - the one shape of every error that Lua sees.
 *
 * A table, so that scripts may read and add fields, with a metatable of its
 * own, so that it can be told from any other table. Fields: kind, message,
 * hint, status, code, request_id, method, url, body, attempts, class,
 * retry_after, rows, report; of files: file, line, column.
 */
#include "error.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* The kinds, as the reference lists them. "io" is a local file's failure,
 * "encode" a value that JSON or CSV cannot hold, "refused" what a gate of ours
 * (an approval, a guard, a lock) does not let through. */
static const char *const KINDS[] = {
  "connect", "tls", "timeout", "cancelled", "http", "decode", "protocol",
  "auth", "rejected", "paging_loop", "drift", "too_large", "closed", "io",
  "encode", "refused",
  NULL
};

static int has_field(lua_State *L, const char *field)
{
  int type = lua_getfield(L, 1, field);
  lua_pop(L, 1);
  return type == LUA_TSTRING || type == LUA_TNUMBER;
}

/* Appends "before value" to the buffer if the field is there. */
static void add_field(lua_State *L, luaL_Buffer *b, const char *field,
                      const char *before)
{
  if(!has_field(L, field))
    return;
  luaL_addstring(b, before);
  lua_getfield(L, 1, field);
  luaL_addvalue(b);
}

/* ", 4 attempts" if there was more than one. */
static void add_attempts(lua_State *L, luaL_Buffer *b)
{
  lua_Integer n = 0;
  char text[48];
  if(lua_getfield(L, 1, "attempts") == LUA_TTABLE)
    n = (lua_Integer)lua_rawlen(L, -1);
  lua_pop(L, 1);
  if(n > 1) {
    snprintf(text, sizeof text, ", %d attempts", (int)n);
    luaL_addstring(b, text);
  }
}

/* kind: message (HTTP 400, PUT https://…, request 9f31); hint */
static int l_error_tostring(lua_State *L)
{
  luaL_Buffer b;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_buffinit(L, &b);
  add_field(L, &b, "kind", "");
  add_field(L, &b, "message", ": ");
  if(has_field(L, "method")) {
    int status = has_field(L, "status");
    add_field(L, &b, "status", " (HTTP ");
    add_field(L, &b, "method", status ? ", " : " (");
    add_field(L, &b, "url", " ");
    add_field(L, &b, "request_id", ", request ");
    add_attempts(L, &b);
    luaL_addchar(&b, ')');
  }
  add_field(L, &b, "hint", "; ");
  luaL_pushresult(&b);
  return 1;
}

static void push_metatable(lua_State *L)
{
  if(luaL_newmetatable(L, SEI_ERROR)) {
    lua_pushcfunction(L, l_error_tostring);
    lua_setfield(L, -2, "__tostring");
  }
}

int sei_error_push(lua_State *L, const char *kind, const char *fmt, ...)
{
  va_list args;
  luaL_checkstack(L, 4, NULL);
  lua_createtable(L, 0, 8);
  lua_pushstring(L, kind);
  lua_setfield(L, -2, "kind");
  va_start(args, fmt);
  lua_pushvfstring(L, fmt, args);
  va_end(args);
  lua_setfield(L, -2, "message");
  push_metatable(L);
  lua_setmetatable(L, -2);
  return 1;
}

int sei_error_return(lua_State *L)
{
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/*** Makes an error object out of a table of its fields.
Rules, sources and adapters written in Lua raise or return the same shape as
the library itself.
@function sei.error
@tparam table fields at least `kind` (one of the kinds above) and `message`
@treturn table the same table, now an error object */
static int l_error(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_getfield(L, 1, "kind");
  luaL_checkoption(L, 2, NULL, KINDS);
  lua_getfield(L, 1, "message");
  luaL_argcheck(L, lua_type(L, 3) == LUA_TSTRING, 1,
                "field 'message' must be a string");
  lua_settop(L, 1);
  push_metatable(L);
  lua_setmetatable(L, 1);
  return 1;
}

/*** Whether a value is an error object of this library.
@function sei.is_error
@param value anything
@treturn boolean */
static int l_is_error(lua_State *L)
{
  luaL_checkany(L, 1);
  if(lua_type(L, 1) == LUA_TTABLE && lua_getmetatable(L, 1)) {
    luaL_getmetatable(L, SEI_ERROR);
    lua_pushboolean(L, lua_rawequal(L, -1, -2));
  }
  else
    lua_pushboolean(L, 0);
  return 1;
}

void sei_open_error(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"error", l_error}, {"is_error", l_is_error}, {NULL, NULL}
  };
  push_metatable(L);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
