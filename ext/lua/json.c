/* json - what scripts see of JSON: sei.json.decode, encode, array, is_array,
 * is_big and null.
 *
 * Exact: integers stay integers, arrays stay arrays, what was read and written
 * back is the same text but for blanks and the order of members.
 */

/***
Exact JSON: integers stay integers, arrays stay arrays, and what was read and
written back is the same.
@module sei.json
*/
#include "json.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "json_mark.h"

#define WORK "sei.json.work"

/* A buffer that outlives whatever Lua raises. */
struct work {
  struct sei_buf buf;
};

static int l_work_free(lua_State *L)
{
  struct work *w = luaL_checkudata(L, 1, WORK);
  sei_buf_free(&w->buf);
  return 0;
}

static struct sei_buf *push_work(lua_State *L, size_t max)
{
  struct work *w = lua_newuserdatauv(L, sizeof *w, 0);
  sei_buf_init(&w->buf, max);
  luaL_setmetatable(L, WORK);
  return &w->buf;
}

void sei_push_null(lua_State *L)
{
  lua_pushlightuserdata(L, NULL);
}

/* ---- decode ---- */

enum { DEFAULT_MAX_BYTES = 256 << 20 };

const struct sei_option sei_json_decode_options[] = {
  { "max_depth", SEI_OPT_INTEGER, 1, SEI_JSON_DEPTH_MAX, NULL, "128",
    "levels that arrays and objects may be nested" },
  { "max_bytes", SEI_OPT_INTEGER, 1, 1e15, NULL, "268435456",
    "bytes of the longest text that is accepted" },
  { "fields", SEI_OPT_TABLE, 0, 0, NULL, "all",
    "names of the only members to build of the object that the text is, or "
    "of each object in the array that it is" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

/* Pushes a set {[name] = true} made of the array of names on top. */
static void push_fields(lua_State *L)
{
  int names = lua_gettop(L);
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, names);
  lua_createtable(L, 0, (int)(n < 1024 ? n : 1024));
  for(i = 1; i <= n; i++) {
    if(lua_rawgeti(L, names, i) != LUA_TSTRING)
      luaL_error(L, "bad option 'fields' for decode (array of names "
                 "expected, got a %s at %I)", luaL_typename(L, -1),
                 (LUAI_UACINT)i);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
}

/* Line and column (both from 1) of an offset. Columns count bytes. */
static void locate(const char *text, size_t at, size_t *line, size_t *column)
{
  size_t i, start = 0;
  *line = 1;
  for(i = 0; i < at; i++)
    if(text[i] == '\n') {
      ++*line;
      start = i + 1;
    }
  *column = at - start + 1;
}

/* A few bytes around an offset, printable ones as they are. */
static void excerpt(char *out, size_t size, const char *text, size_t len,
                    size_t at)
{
  size_t from = at > 12 ? at - 12 : 0, i, n = 0;
  for(i = from; i < len && i < at + 16 && n + 1 < size; i++)
    out[n++] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
  out[n] = 0;
}

static int decode_failed(lua_State *L, const struct sei_json *j)
{
  char near[48];
  size_t line, column, at = j->problem_at;
  locate(j->text, at, &line, &column);
  excerpt(near, sizeof near, j->text, j->len, at);
  lua_pushnil(L);
  sei_error_push(L, "decode",
                 "bad JSON: %s at byte offset %I (line %I, column %I)%s%s%s",
                 j->problem, (LUAI_UACINT)at, (LUAI_UACINT)line,
                 (LUAI_UACINT)column, *near ? ", near \"" : "", near,
                 *near ? "\"" : "");
  return 2;
}

/* Builds an array whose objects have chosen members only. */
static enum sei_json_event build_list(lua_State *L, struct sei_build *w,
                                      struct sei_json *j)
{
  lua_Integer n = 0;
  enum sei_json_event e;
  lua_newtable(L);
  sei_array_mark(L, -1);
  for(;;) {
    e = sei_json_next(j);
    if(e <= SEI_JSON_END || e == SEI_JSON_ARRAY_END)
      return e;
    lua_pushinteger(L, ++n);
    e = sei_build(w, j, e);
    if(e <= SEI_JSON_END)
      return e;
    if(e == SEI_JSON_BIG)
      sei_big_mark(L, lua_absindex(L, -3), lua_absindex(L, -2),
                   lua_gettop(L));
    lua_rawset(L, -3);
  }
}

/* Builds the whole text's value and pushes it; ERROR if it is none. A number
 * alone that Lua cannot hold has no table that would remember what it is. */
static enum sei_json_event decode_all(lua_State *L, struct sei_json *j,
                                      int fields)
{
  struct sei_build w;
  enum sei_json_event e = sei_json_next(j);
  sei_build_begin(&w, L, lua_upvalueindex(1), fields);
  if(e == SEI_JSON_ARRAY && fields)
    e = build_list(L, &w, j);
  else if(e > SEI_JSON_END)
    e = sei_build(&w, j, e);
  return e > SEI_JSON_END ? sei_json_next(j) : e;
}

/***
Reads a JSON text (RFC 8259).

Integers become Lua integers; those beyond 64 bits become strings of their
digits, and the table that holds them remembers it (see `is_big`). Numbers with
a fraction or an exponent, and -0, become floats. `null` becomes `sei.null`.
Arrays get a mark (see `array`), empty ones too. Of members with the same name
the last wins. A byte order mark at the beginning is passed over. Anything else
that RFC 8259 does not allow is an error, and so are invalid UTF-8, lone
surrogates and numbers too large for a double.

@function decode
@tparam string text
@tparam[opt] table options limits, and what to build:
@treturn value
@return[2] nil
@treturn[2] table an error of kind "decode"; its message names what is wrong,
  the byte offset (from 0), line and column (from 1)
@raise if `text` is no string or an option is wrong
*/
static int l_json_decode(lua_State *L)
{
  static const struct sei_option *const tables[] = {
    sei_json_decode_options, NULL };
  struct sei_json j;
  struct sei_buf *scratch;
  const char *text;
  size_t len, max;
  int fields = 0;
  luaL_checktype(L, 1, LUA_TSTRING);
  lua_settop(L, 2);
  sei_options_check(L, 2, "decode", tables);
  text = lua_tolstring(L, 1, &len);
  max = (size_t)sei_option_integer(L, 2, "max_bytes", DEFAULT_MAX_BYTES);
  if(len > max) {
    lua_pushnil(L);
    sei_error_push(L, "decode", "JSON text of %I bytes is longer than "
                   "max_bytes, %I", (LUAI_UACINT)len, (LUAI_UACINT)max);
    return 2;
  }
  scratch = push_work(L, len + 64);
  if(lua_getfield(L, 2, "fields") == LUA_TTABLE) {
    push_fields(L);
    fields = lua_gettop(L);
  }
  sei_json_begin(&j, scratch,
                 (unsigned)sei_option_integer(L, 2, "max_depth", 0), max);
  sei_json_input(&j, text, len, true);
  if(decode_all(L, &j, fields) != SEI_JSON_END)
    return decode_failed(L, &j);
  sei_buf_free(scratch);
  return 1;
}

/* ---- encode ---- */

const struct sei_option sei_json_encode_options[] = {
  { "canonical", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
    "members in the order of their names' bytes: the same value always gives "
    "the same text" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

/***
Writes a value as JSON text, without blanks.

A table is an array if it is marked (see `array`) or if it has the keys 1 to n
and no others; otherwise an object, so an unmarked empty table is `{}`.
Integers and floats stay apart (1 and 1.0); floats are written with the fewest
digits that read back the same. `sei.null` is `null`. Strings that came from
integers beyond 64 bits are written as these integers again (see `is_big`).
Metamethods are not called.

@function encode
@param value
@tparam[opt] table options how it is written:
@treturn string
@return[2] nil
@treturn[2] table an error of kind "encode"; its message names what cannot be
  written and where, as `[3].email`
@raise if an option is wrong
*/
static int l_json_encode(lua_State *L)
{
  static const struct sei_option *const tables[] = {
    sei_json_encode_options, NULL };
  char where[200];
  const char *problem;
  struct sei_buf *out;
  luaL_checkany(L, 1);
  lua_settop(L, 2);
  sei_options_check(L, 2, "encode", tables);
  out = push_work(L, (size_t)1 << 40);
  problem = sei_encode(L, 1, out, sei_option_boolean(L, 2, "canonical", false),
                       where, sizeof where);
  if(problem) {
    lua_pushnil(L);
    sei_error_push(L, "encode", "cannot write as JSON: %s%s%s", problem,
                   *where ? " at " : "", where);
    return 2;
  }
  lua_pushlstring(L, out->data, out->len);
  sei_buf_free(out);
  return 1;
}

/* ---- marks ---- */

/***
Marks a table as a JSON array, so that it is written as `[]` even when empty.
@function array
@tparam[opt] table t default: a new one
@treturn table `t`
@raise if it has another metatable already
*/
static int l_json_array(lua_State *L)
{
  lua_settop(L, 1);
  if(lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, sei_array_mark(L, 1), 1,
                "the table has another metatable");
  return 1;
}

/***
Tells whether a value is a table marked as a JSON array.
@function is_array
@param value
@treturn boolean
*/
static int l_json_is_array(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, lua_istable(L, 1) &&
                  sei_marks(L, 1) & SEI_MARK_ARRAY);
  return 1;
}

/***
Tells whether a string in a decoded table stood there as an integer beyond 64
bits, and still has these digits. Such a string is written as a number again.
@function is_big
@tparam table t
@param key a member's name or an item's index
@treturn boolean
*/
static int l_json_is_big(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  lua_pushboolean(L, sei_big_is(L, 1, 2));
  return 1;
}

/***
JSON's null, the same value as lua-cjson's `null`.
@field null
*/

int sei_open_json(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "encode", l_json_encode },
    { "array", l_json_array },
    { "is_array", l_json_is_array },
    { "is_big", l_json_is_big },
    { NULL, NULL }
  };
  if(luaL_newmetatable(L, WORK)) {
    lua_pushcfunction(L, l_work_free);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  sei_builder_push(L);
  lua_pushcclosure(L, l_json_decode, 1);
  lua_setfield(L, -2, "decode");
  sei_push_null(L);
  lua_setfield(L, -2, "null");
  return 1;
}
