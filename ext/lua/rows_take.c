/* rows_take - many rows at once, from an array or a file, into a batch: Lua
 * hears only of what is to be told, and of the batch that is full.
 */
#include <lauxlib.h>

#include "error.h"
#include "rows_private.h"

/* Pushes what, row, line. */
static void push_where(lua_State *L, const char *what, lua_Integer row,
                       lua_Integer line)
{
  lua_pushstring(L, what);
  lua_pushinteger(L, row);
  if(line)
    lua_pushinteger(L, line);
  else
    lua_pushnil(L);
}

/* "bad", row, line, reason, field, value: from value, field, reason on top. */
static int answer_bad(lua_State *L, lua_Integer row, lua_Integer line)
{
  int top = lua_gettop(L);
  push_where(L, "bad", row, line);
  lua_pushvalue(L, top);
  lua_pushvalue(L, top - 1);
  lua_pushvalue(L, top - 2);
  return 6;
}

/* The same, with an error object on top instead of all three. */
static int answer_unread(lua_State *L, lua_Integer row, lua_Integer line)
{
  lua_pushnil(L);
  lua_insert(L, -2);
  lua_pushnil(L);
  lua_insert(L, -2);
  return answer_bad(L, row, line);
}

/* "warned", row, line, message: from the message on top. */
static int answer_warned(lua_State *L, lua_Integer row, lua_Integer line)
{
  push_where(L, "warned", row, line);
  lua_pushvalue(L, -4);
  return 4;
}

static int answer_stop(lua_State *L, const char *what, lua_Integer row)
{
  lua_pushstring(L, what);
  lua_pushinteger(L, row);
  return 2;
}

/* ---- an array ---- */

/* Adds the row on top of the stack; whatever that pushes stays there. */
static enum sei_rows_answer add(lua_State *L, struct sei_rows *r,
                                lua_Integer i)
{
  struct sei_flat_value values[SEI_FLAT_MAX];
  if(!r->csv && r->flat.count && sei_flat_read(L, r, values)) {
    enum sei_batch_answer answer = sei_flat_add(L, r, values, i, 0);
    if(answer != SEI_BATCH_NEVER)
      return answer == SEI_BATCH_FITS ? SEI_ROWS_ADDED : SEI_ROWS_FULL;
  }
  return sei_rows_add(L, r, lua_gettop(L), i, 0);
}

static int take_array(lua_State *L, struct sei_rows *r)
{
  lua_Integer i = luaL_checkinteger(L, 3);
  luaL_checkstack(L, 20, NULL);
  for(lua_settop(L, 3); lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    switch(add(L, r, i)) {
    case SEI_ROWS_BAD:
      return answer_bad(L, i, 0);
    case SEI_ROWS_WARNED:
      return answer_warned(L, i, 0);
    case SEI_ROWS_FULL:
      return answer_stop(L, "full", i);
    default:
      lua_settop(L, 3);
    }
  }
  if((lua_Integer)lua_rawlen(L, 2) >= i) {
    sei_error_push(L, "encode", "row %I is nil and others follow: were the "
                   "rows changed while they were sent?", (LUAI_UACINT)i);
    return lua_error(L); /* an object: it will tell what was sent */
  }
  return answer_stop(L, "end", i - 1);
}

/* ---- a file ---- */

static int take_file(lua_State *L, struct sei_rows *r,
                     struct sei_rows_file *f, bool only_check)
{
  struct sei_file_row at;
  luaL_checkstack(L, 20, NULL);
  for(;;) {
    sei_rows_file_next(L, f, r, only_check, &at);
    if(at.end)
      return answer_stop(L, "end", at.row);
    if(at.unread)
      return answer_unread(L, at.row, at.line);
    switch(at.answer) {
    case SEI_ROWS_BAD:
      return answer_bad(L, at.row, at.line);
    case SEI_ROWS_WARNED:
      return answer_warned(L, at.row, at.line);
    case SEI_ROWS_FULL:
      return answer_stop(L, "full", at.row);
    default:
      lua_settop(L, 3);
    }
  }
}

/* core.rows_take(rows, source, from) adds rows of an array (from that index
 * on; it is read raw) or a file until there is something to tell:
 *   "full", row                    the batch is; that row is still to be taken
 *   "end", row                     the last one was taken
 *   "warned", row, line, message   it was taken; go on with the next one
 *   "bad", row, line, reason, field, value   it was not; go on as well. The
 *                                  reason is an error object if a line of the
 *                                  file is no row
 * Raises an error object if the file cannot be read on, or where the array has
 * nothing and rows behind that. */
static int l_rows_take(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  struct sei_rows_file *f = sei_rows_file_open(L);
  if(f)
    return take_file(L, r, f, false);
  luaL_checktype(L, 2, LUA_TTABLE);
  return take_array(L, r);
}

/* core.rows_scan(rows, file): the same, but the rows are only checked. */
static int l_rows_scan(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  struct sei_rows_file *f = sei_rows_file_open(L);
  luaL_argcheck(L, f, 2, "file of rows expected");
  return take_file(L, r, f, true);
}

/* Whether that metamethod is nil, whatever the table shows of its metatable
 * (__metatable). */
static bool lacks(lua_State *L, int index, const char *event)
{
  if(luaL_getmetafield(L, index, event) == LUA_TNIL)
    return true;
  lua_pop(L, 1);
  return false;
}

/* core.rows_plain(value) -> boolean: whether it is a table that is read
 * without running code of the caller's. */
static int l_rows_plain(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, lua_istable(L, 1) && lacks(L, 1, "__index") &&
                  lacks(L, 1, "__call"));
  return 1;
}

/* core.rows_hole(table) -> the first index below its length at which it has
 * nothing, since nobody would see the rows behind that; or nil. Read raw. */
static int l_rows_hole(lua_State *L)
{
  lua_Integer i, n;
  luaL_checktype(L, 1, LUA_TTABLE);
  n = (lua_Integer)lua_rawlen(L, 1);
  for(i = 1; i <= n; i++) {
    bool hole = lua_rawgeti(L, 1, i) == LUA_TNIL;
    lua_pop(L, 1);
    if(hole) {
      lua_pushinteger(L, i);
      return 1;
    }
  }
  return 0;
}

void sei_open_rows_take(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"rows_take", l_rows_take}, {"rows_scan", l_rows_scan},
    {"rows_plain", l_rows_plain}, {"rows_hole", l_rows_hole}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
