/* csv_header - the columns of a CSV text: their names, those that must be
 * there and those that are wanted. */
#include "csv_private.h"

#include <lauxlib.h>
#include <string.h>

/* A function has 255 registers at most (Lua's own MAXREGS), so that nobody
 * could name more values than this. */
enum { MAX_VALUES = 250 };

/* Adds field i to the array of names, whose set of places is above it on the
 * stack. False: a text that says what is wrong was pushed. */
static bool add_name(lua_State *L, const struct sei_csv *c, size_t i)
{
  size_t n;
  const char *s = sei_csv_field(c, i, &n);
  if(!n) {
    lua_pushfstring(L, "column %I of the header has no name",
                    (LUAI_UACINT)(i + 1));
    return false;
  }
  lua_pushlstring(L, s, n);
  lua_pushvalue(L, -1);
  if(lua_rawget(L, -3) != LUA_TNIL) {
    sei_csv_push_quoted(L, s, n);
    lua_pushfstring(L, "the header names %s twice, in columns %I and %I",
                    lua_tostring(L, -1), (LUAI_UACINT)lua_tointeger(L, -2),
                    (LUAI_UACINT)(i + 1));
    return false;
  }
  lua_pop(L, 1);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -4, (lua_Integer)i + 1);
  lua_pushinteger(L, (lua_Integer)i + 1);
  lua_rawset(L, -3);
  return true;
}

/* Pushes what may be wrong if the header is but one column. */
static void push_delimiter_hint(lua_State *L, int names)
{
  const char *s, *at = NULL;
  lua_rawgeti(L, names, 1);
  s = lua_tostring(L, -1);
  if(lua_rawlen(L, names) == 1)
    at = strpbrk(s, ",;\t|");
  if(at)
    lua_pushfstring(L, "; is the delimiter %s?", *at == '\t' ? "a tab" :
                    *at == ';' ? "\";\"" : *at == '|' ? "\"|\"" : "\",\"");
  else
    lua_pushliteral(L, "");
  lua_remove(L, -2);
}

/* Pushes a list of the required columns that are not among the names, each
 * with the name that may be meant, and says how many. */
static lua_Integer push_missing(lua_State *L, int required, int names)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, required), missing = 0;
  int text;
  lua_pushliteral(L, "");
  text = lua_gettop(L);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, required, i);
    if(!sei_csv_has_name(L, names, -1)) {
      size_t len;
      const char *s = lua_tolstring(L, -1, &len);
      sei_csv_push_quoted(L, s, len);
      sei_csv_push_nearest(L, s, names);
      lua_concat(L, 2);
      sei_csv_join(L, text, missing++);
    }
    lua_settop(L, text);
  }
  return missing;
}

/* True if all required columns are among the names on top of the stack; false:
 * a text that names those missing was pushed. */
static bool check_required(lua_State *L, int index)
{
  lua_Integer missing = 0;
  int names = lua_gettop(L), required = names + 1;
  if(lua_getiuservalue(L, index, SEI_CSV_REQUIRED) != LUA_TNIL)
    missing = push_missing(L, required, names);
  if(!missing) {
    lua_settop(L, names);
    return true;
  }
  sei_csv_push_list(L, names);
  push_delimiter_hint(L, names);
  lua_pushfstring(L, "%s missing: %s; found: %s%s", missing > 1 ?
                  "columns are" : "a column is", lua_tostring(L, -3),
                  lua_tostring(L, -2), lua_tostring(L, -1));
  return false;
}

/* ---- which of them are handed over ---- */

/* Pushes a table: the place of each name (from 1) in the array at `names`. */
static void push_places(lua_State *L, int names)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, names);
  lua_createtable(L, 0, (int)n);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, names, i);
    lua_pushinteger(L, i);
    lua_rawset(L, -3);
  }
}

/* Notes where the names wanted stand among all, the array on top of the stack.
 * check_required() found them all. */
static void pick(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  int names = lua_gettop(L), wanted = names + 1;
  size_t *picks, i;
  r->width = r->columns = lua_rawlen(L, names);
  if(lua_getiuservalue(L, index, SEI_CSV_WANTED) == LUA_TTABLE) {
    r->width = lua_rawlen(L, wanted);
    picks = lua_newuserdatauv(L, r->width * sizeof *picks, 0);
    push_places(L, names);
    for(i = 0; i < r->width; i++) {
      lua_rawgeti(L, wanted, (lua_Integer)i + 1);
      lua_rawget(L, -2);
      picks[i] = (size_t)lua_tointeger(L, -1) - 1;
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_setiuservalue(L, index, SEI_CSV_PICKS);
    r->picks = picks;
  }
  if(r->shape == SEI_CSV_AS_VALUES)
    r->values = (int)r->width;
  if(r->shape == SEI_CSV_AS_SPANS)
    r->values = 2 * (int)r->width + 1;
  lua_settop(L, names);
}

bool sei_csv_take_names(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  if(!check_required(L, index))
    return false;
  pick(L, index);
  if(r->values > MAX_VALUES) {
    lua_pushfstring(L, "%I columns are too many to be handed over one by one: "
                    "name some of them in 'fields', or take rows as tables",
                    (LUAI_UACINT)r->width);
    return false;
  }
  lua_setiuservalue(L, index, SEI_CSV_NAMES);
  return true;
}

enum sei_csv_event sei_csv_take_header(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t i;
  lua_createtable(L, (int)r->csv.count, 0);
  lua_createtable(L, 0, (int)r->csv.count);
  for(i = 0; i < r->csv.count; i++)
    if(!add_name(L, &r->csv, i))
      return sei_csv_rows_fail(L, index, r->csv.line);
  lua_pop(L, 1);
  if(!sei_csv_take_names(L, index))
    return sei_csv_rows_fail(L, index, r->csv.line);
  r->wants_header = false;
  return SEI_CSV_MORE;
}

static void append_new(lua_State *L, int from)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, from);
  int to = lua_gettop(L);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, from, i);
    if(sei_csv_has_name(L, to, -1))
      lua_pop(L, 1);
    else
      lua_rawseti(L, to, (lua_Integer)lua_rawlen(L, to) + 1);
  }
}

void sei_csv_push_union(lua_State *L, int index, int more)
{
  lua_newtable(L);
  if(index)
    append_new(L, index);
  if(more)
    append_new(L, more);
}
