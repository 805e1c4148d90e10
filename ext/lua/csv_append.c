/* csv_append - a Lua row becomes a line of CSV. */
#include <lauxlib.h>
#include <stdio.h>

#include "../data/json.h" /* sei_utf8_valid, sei_json_put_real */
#include "csv.h"

/* What a row is written with. */
struct cells {
  struct sei_csv_put put;
  const struct sei_csv_format *format;
  int names;            /* absolute index, or 0 */
};

/* Pushes how messages call column i (from 1). */
static void push_label(lua_State *L, const struct cells *x, lua_Integer i)
{
  size_t n;
  const char *s;
  if(!x->names) {
    lua_pushfstring(L, "field %I", (LUAI_UACINT)i);
    return;
  }
  lua_rawgeti(L, x->names, i);
  s = lua_tolstring(L, -1, &n);
  sei_csv_push_quoted(L, s, n);
  lua_pushfstring(L, "column %s", lua_tostring(L, -1));
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Pushes what is wrong with column i. */
static int bad(lua_State *L, const struct cells *x, lua_Integer i,
               const char *problem)
{
  push_label(L, x, i);
  lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), problem);
  lua_remove(L, -2);
  return SEI_CSV_BAD_ROW;
}

/* ---- values ---- */

static int put_string(lua_State *L, struct cells *x, lua_Integer i)
{
  size_t n;
  const char *s = lua_tolstring(L, -1, &n);
  int r;
  if(!x->format->any_bytes && sei_utf8_valid(s, n) < n)
    return bad(L, x, i, "the text is not valid UTF-8");
  r = sei_csv_put_field(&x->put, s, n);
  return r == SEI_CSV_HAS_NUL ? bad(L, x, i, "the text holds a NUL byte") : r;
}

static int put_integer(struct cells *x, lua_Integer value)
{
  char text[32];
  int n = snprintf(text, sizeof text, LUA_INTEGER_FMT, value);
  return sei_csv_put_field(&x->put, text, (size_t)n);
}

static int put_number(lua_State *L, struct cells *x, lua_Integer i)
{
  double value = lua_tonumber(L, -1);
  struct sei_buf text;
  lua_Integer whole;
  int r;
  if(lua_isinteger(L, -1))
    return put_integer(x, lua_tointeger(L, -1));
  if(lua_numbertointeger(value, &whole) && (double)whole == value)
    return put_integer(x, whole);
  sei_buf_init(&text, 64);
  r = sei_json_put_real(&text, value); /* its shortest exact form */
  if(!r)
    r = sei_csv_put_field(&x->put, text.data, text.len);
  sei_buf_free(&text);
  return r == SEI_JSON_NOT_FINITE ?
    bad(L, x, i, "the number is not finite") : r;
}

/* The value on top of the stack into column i; it goes. */
static int put_value(lua_State *L, struct cells *x, lua_Integer i)
{
  int r;
  switch(lua_type(L, -1)) {
  case LUA_TSTRING:
    r = put_string(L, x, i);
    break;
  case LUA_TNUMBER:
    r = put_number(L, x, i);
    break;
  case LUA_TBOOLEAN:
    r = lua_toboolean(L, -1) ? sei_csv_put_field(&x->put, "true", 4) :
      sei_csv_put_field(&x->put, "false", 5);
    break;
  default:
    if(lua_type(L, -1) == LUA_TLIGHTUSERDATA && !lua_touserdata(L, -1))
      r = sei_csv_put_field(&x->put, "", 0);
    else {
      lua_pushfstring(L, "string, number, boolean or null expected, got %s",
                      luaL_typename(L, -1));
      r = bad(L, x, i, lua_tostring(L, -1));
      lua_remove(L, -2);
    }
  }
  lua_remove(L, r == SEI_CSV_BAD_ROW ? -2 : -1);
  return r;
}

/* ---- rows ---- */

static lua_Integer count_keys(lua_State *L, int row)
{
  lua_Integer n = 0;
  lua_pushnil(L);
  while(lua_next(L, row)) {
    lua_pop(L, 1);
    n++;
  }
  return n;
}

enum { LISTED = 20 };

/* Pushes the names of the columns that the row lacks, and how many. */
static lua_Integer push_missing(lua_State *L, const struct cells *x, int row)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, x->names), found = 0;
  int text;
  lua_pushliteral(L, "");
  text = lua_gettop(L);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, x->names, i);
    lua_pushvalue(L, -1);
    if(lua_rawget(L, row) == LUA_TNIL && found++ < LISTED) {
      size_t len;
      const char *s = lua_tolstring(L, -2, &len);
      sei_csv_push_quoted(L, s, len);
      sei_csv_join(L, text, found - 1);
    }
    lua_settop(L, text);
  }
  return found;
}

/* Pushes a key that is no column, fit for a message. */
static void push_key(lua_State *L, const struct cells *x, int key)
{
  size_t n;
  const char *s;
  if(lua_type(L, key) != LUA_TSTRING) {
    luaL_tolstring(L, key, NULL);
    return;
  }
  s = lua_tolstring(L, key, &n);
  sei_csv_push_quoted(L, s, n);
  sei_csv_push_nearest(L, s, x->names);
  lua_concat(L, 2);
}

/* Pushes the keys of the row that are no columns, and how many. */
static lua_Integer push_unknown(lua_State *L, const struct cells *x, int row)
{
  lua_Integer found = 0;
  int text;
  lua_pushliteral(L, "");
  text = lua_gettop(L);
  lua_pushnil(L);
  while(lua_next(L, row)) {
    int key = text + 1;
    if(!sei_csv_has_name(L, x->names, key) && found++ < LISTED) {
      push_key(L, x, key);
      sei_csv_join(L, text, found - 1);
    }
    lua_settop(L, key);
  }
  return found;
}

/* Pushes what a row by names has too little and too much. */
static int mismatch(lua_State *L, const struct cells *x, int row)
{
  int top = lua_gettop(L);
  lua_Integer missing = push_missing(L, x, row);
  lua_Integer unknown = push_unknown(L, x, row);
  lua_pushfstring(L, "%s%s%s%s%s", missing ? "the row lacks " : "",
                  lua_tostring(L, top + 1), missing && unknown ? "; " : "",
                  unknown ? "the header does not have " : "",
                  lua_tostring(L, top + 2));
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
  return SEI_CSV_BAD_ROW;
}

static int by_name(lua_State *L, struct cells *x, int row)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, x->names);
  int r = 0;
  for(i = 1; i <= n && !r; i++) {
    lua_rawgeti(L, x->names, i);
    if(lua_rawget(L, row) == LUA_TNIL) {
      lua_pop(L, 1);
      return mismatch(L, x, row);
    }
    r = put_value(L, x, i);
  }
  if(!r && count_keys(L, row) != n)
    return mismatch(L, x, row);
  return r;
}

/* The array's length, and that it has no holes and no other keys; 0 and a
 * text if it is not so. */
static lua_Integer check_array(lua_State *L, const struct cells *x, int row)
{
  lua_Integer n = (lua_Integer)lua_rawlen(L, row), i = 1;
  lua_Integer keys = count_keys(L, row);
  while(i <= n && lua_rawgeti(L, row, i) != LUA_TNIL) {
    lua_pop(L, 1);
    i++;
  }
  if(!keys)
    lua_pushliteral(L, "the row has no fields");
  else if(i <= n)
    lua_pushfstring(L, "field %I of the row is nil (write \"\" or null for an "
                    "empty one)", (LUAI_UACINT)i);
  else if(keys != n)
    lua_pushliteral(L, "the row is not an array: it has holes or names "
                    "(null stands for an empty field)");
  else if(x->names && (size_t)n != lua_rawlen(L, x->names))
    lua_pushfstring(L, "the row has %I %s, the header has %I",
                    (LUAI_UACINT)n, n == 1 ? "field" : "fields",
                    (LUAI_UACINT)lua_rawlen(L, x->names));
  else
    return n;
  return 0;
}

static int by_position(lua_State *L, struct cells *x, int row)
{
  lua_Integer i, n = check_array(L, x, row);
  int r = n ? 0 : SEI_CSV_BAD_ROW;
  for(i = 1; i <= n && !r; i++) {
    lua_rawgeti(L, row, i);
    r = put_value(L, x, i);
  }
  return r;
}

/* With names a row is taken for an array if it has a first element. */
static bool is_array(lua_State *L, int row)
{
  bool yes = lua_rawgeti(L, row, 1) != LUA_TNIL;
  lua_pop(L, 1);
  return yes;
}

int sei_csv_append_row(lua_State *L, int index, struct sei_buf *out,
                       const struct sei_csv_format *format)
{
  struct cells x = {
    {out, format->newline, format->delimiter, format->guard, 0, 0}, format, 0
  };
  int row = lua_absindex(L, index), top = lua_gettop(L), r;
  luaL_checkstack(L, 20, NULL);
  if(!lua_istable(L, row)) {
    lua_pushfstring(L, "a row must be a table, got %s",
                    luaL_typename(L, row));
    return SEI_CSV_BAD_ROW;
  }
  if(format->names)
    x.names = lua_absindex(L, format->names);
  sei_csv_put_begin(&x.put);
  r = x.names && !is_array(L, row) ? by_name(L, &x, row) :
    by_position(L, &x, row);
  if(!r)
    r = sei_csv_put_end(&x.put);
  if(r)
    out->len = x.put.start;
  if(r == SEI_CSV_BAD_ROW)
    lua_copy(L, -1, top + 1);
  lua_settop(L, r == SEI_CSV_BAD_ROW ? top + 1 : top);
  return r;
}

int sei_csv_append_header(lua_State *L, struct sei_buf *out,
                          const struct sei_csv_format *format)
{
  return sei_csv_append_row(L, format->names, out, format);
}
