/* csv - what the reader and the writer of CSV share: names of columns in
 * options and messages; and the table sei.csv.
 *
 *** Reading and writing CSV (RFC 4180), row by row, in constant memory.
 * @module sei.csv
 */
#include "csv.h"

#include <lauxlib.h>
#include <string.h>

#include "../base/nearest.h"

enum { SHOWN_BYTES = 60, SHOWN_NAMES = 20 };

/* ---- texts for messages ---- */

void sei_csv_push_quoted(lua_State *L, const char *s, size_t n)
{
  char out[SHOWN_BYTES + 8];
  size_t i, shown = n < SHOWN_BYTES ? n : SHOWN_BYTES;
  bool cut = shown < n;
  while(cut && shown && ((unsigned char)s[shown] & 0xC0) == 0x80)
    shown--; /* no half character */
  out[0] = '"';
  for(i = 0; i < shown; i++)
    out[i + 1] = (unsigned char)s[i] < 32 || s[i] == 127 ? '?' : s[i];
  memcpy(out + 1 + shown, cut ? "...\"" : "\"", cut ? 5 : 2);
  lua_pushstring(L, out);
}

void sei_csv_push_list(lua_State *L, int index)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, index);
  lua_Integer shown = n > SHOWN_NAMES ? SHOWN_NAMES : n;
  int text;
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, NULL);
  lua_pushliteral(L, "");
  text = lua_gettop(L);
  for(i = 1; i <= shown; i++) {
    size_t len;
    const char *s;
    lua_rawgeti(L, index, i);
    s = lua_tolstring(L, -1, &len);
    sei_csv_push_quoted(L, s, len);
    lua_remove(L, -2);
    sei_csv_join(L, text, i - 1);
  }
  if(shown < n) {
    lua_pushfstring(L, " and %I more", (LUAI_UACINT)(n - shown));
    lua_concat(L, 2);
  }
}

void sei_csv_join(lua_State *L, int text, lua_Integer count)
{
  lua_pushvalue(L, text);
  lua_insert(L, -2);
  lua_pushstring(L, count ? ", " : "");
  lua_insert(L, -2);
  lua_concat(L, 3);
  lua_replace(L, text);
}

bool sei_csv_has_name(lua_State *L, int names, int value)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, names);
  bool found = false;
  value = lua_absindex(L, value);
  for(i = 1; i <= n && !found; i++) {
    lua_rawgeti(L, names, i);
    found = lua_rawequal(L, -1, value);
    lua_pop(L, 1);
  }
  return found;
}

void sei_csv_push_nearest(lua_State *L, const char *wrong, int known)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, known);
  const char *best = NULL;
  size_t score = 0;
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, known, i);
    /* the array keeps the string alive */
    sei_nearest(wrong, lua_tostring(L, -1), &best, &score);
    lua_pop(L, 1);
  }
  if(!best) {
    lua_pushliteral(L, "");
    return;
  }
  sei_csv_push_quoted(L, best, strlen(best));
  lua_pushfstring(L, " (did you mean %s?)", lua_tostring(L, -1));
  lua_remove(L, -2);
}

/* ---- options ---- */

int sei_csv_bad_option(lua_State *L, const char *option, const char *function,
                       const char *expected, int value)
{
  const char *got = luaL_typename(L, value);
  if(lua_type(L, value) == LUA_TSTRING) {
    size_t n;
    const char *s = lua_tolstring(L, value, &n);
    sei_csv_push_quoted(L, s, n);
    got = lua_tostring(L, -1);
  }
  return luaL_error(L, "bad option '%s' for %s (%s expected, got %s)", option,
                    function, expected, got);
}

/* The i-th of the names, whose set `seen` is on top of the stack. */
static void check_name(lua_State *L, int index, lua_Integer i,
                       const char *option, const char *function)
{
  size_t n;
  const char *s;
  if(lua_rawgeti(L, index, i) != LUA_TSTRING || !lua_rawlen(L, -1))
    luaL_error(L, "bad option '%s' for %s (name %I must be a string that is "
               "not empty, got %s)", option, function, (LUAI_UACINT)i,
               lua_type(L, -1) == LUA_TSTRING ? "an empty one" :
               luaL_typename(L, -1));
  lua_pushvalue(L, -1);
  if(lua_rawget(L, -3) != LUA_TNIL) {
    s = lua_tolstring(L, -2, &n);
    sei_csv_push_quoted(L, s, n);
    luaL_error(L, "bad option '%s' for %s (it names %s twice)", option,
               function, lua_tostring(L, -1));
  }
  lua_pop(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
}

void sei_csv_check_names(lua_State *L, int index, const char *option,
                         const char *function)
{
  lua_Integer i, n;
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, NULL);
  if(!lua_istable(L, index) || !lua_rawlen(L, index))
    sei_csv_bad_option(L, option, function, "array of column names",
                       index);
  n = (lua_Integer)lua_rawlen(L, index);
  lua_newtable(L);
  for(i = 1; i <= n; i++)
    check_name(L, index, i, option, function);
  lua_pop(L, 1);
}

char sei_csv_check_delimiter(lua_State *L, int index, const char *function)
{
  char delimiter = ',';
  int type = lua_getfield(L, index, "delimiter");
  if(type != LUA_TNIL) {
    if(type != LUA_TSTRING || lua_rawlen(L, -1) != 1 ||
       !sei_csv_delimiter_ok(*lua_tostring(L, -1)))
      sei_csv_bad_option(L, "delimiter", function, "a tab or one ASCII "
                         "character that is no quote, letter or digit", -1);
    delimiter = *lua_tostring(L, -1);
  }
  lua_pop(L, 1);
  return delimiter;
}

int sei_open_csv(lua_State *L)
{
  lua_createtable(L, 0, 2);
  sei_csv_push_read(L);
  lua_setfield(L, -2, "read");
  sei_csv_push_write(L);
  lua_setfield(L, -2, "write");
  return 1;
}
