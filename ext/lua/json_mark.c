/* json_mark - the metatables by which tables remember what they were in JSON.
 *
 * The marks stand in the metatable under the addresses of these bytes, where
 * no script can come across them by accident.
 */
#include "json_mark.h"

#include <lauxlib.h>

static const char MARKS[2];
#define ARRAY_MARK ((const void *)&MARKS[0])
#define BIG_MARK ((const void *)&MARKS[1])

static void set_array(lua_State *L, int metatable)
{
  metatable = lua_absindex(L, metatable);
  lua_pushboolean(L, 1);
  lua_rawsetp(L, metatable, ARRAY_MARK);
  lua_pushliteral(L, SEI_ARRAY);
  lua_setfield(L, metatable, "__name");
}

void sei_array_push_metatable(lua_State *L)
{
  if(luaL_newmetatable(L, SEI_ARRAY))
    set_array(L, -1);
}

bool sei_array_mark(lua_State *L, int index)
{
  int marks, top = lua_gettop(L);
  index = lua_absindex(L, index);
  if(!lua_getmetatable(L, index)) {
    sei_array_push_metatable(L);
    lua_setmetatable(L, index);
    return true;
  }
  marks = sei_marks(L, index);
  if(marks & SEI_MARK_BIG && !(marks & SEI_MARK_ARRAY))
    set_array(L, top + 1);
  lua_settop(L, top);
  return marks != 0;
}

int sei_marks(lua_State *L, int index)
{
  int marks = 0;
  if(!lua_getmetatable(L, index))
    return 0;
  if(lua_rawgetp(L, -1, ARRAY_MARK) != LUA_TNIL)
    marks |= SEI_MARK_ARRAY;
  lua_pop(L, 1);
  if(lua_rawgetp(L, -1, BIG_MARK) != LUA_TNIL)
    marks |= SEI_MARK_BIG;
  lua_remove(L, -2);
  if(!(marks & SEI_MARK_BIG))
    lua_pop(L, 1);
  return marks;
}

/* Gives the table a metatable of its own and pushes its table of digits. */
static void own(lua_State *L, int table, bool array)
{
  lua_createtable(L, 0, 3);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, BIG_MARK);
  lua_insert(L, -2);
  if(array)
    set_array(L, -1);
  else {
    lua_pushliteral(L, "sei.object");
    lua_setfield(L, -2, "__name");
  }
  lua_setmetatable(L, table);
}

void sei_big_mark(lua_State *L, int table, int key, int digits)
{
  int marks;
  luaL_checkstack(L, 8, NULL);
  marks = sei_marks(L, table);
  if(!(marks & SEI_MARK_BIG))
    own(L, table, marks & SEI_MARK_ARRAY);
  lua_pushvalue(L, key);
  lua_pushvalue(L, digits);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

void sei_big_clear(lua_State *L, int table, int key)
{
  if(!(sei_marks(L, table) & SEI_MARK_BIG))
    return;
  lua_pushvalue(L, key);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

bool sei_big_is(lua_State *L, int table, int key)
{
  bool yes = false;
  if(!(sei_marks(L, table) & SEI_MARK_BIG))
    return false;
  lua_pushvalue(L, key);
  if(lua_rawget(L, -2) != LUA_TNIL) {
    lua_pushvalue(L, key);
    lua_rawget(L, table);
    yes = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
  return yes;
}
