/* csv_rows - turns CSV bytes as they arrive into Lua rows.
 *
 * Making the tables is what costs, so they are made with their sizes, and the
 * names of columns are Lua strings that are made once, with the header.
 */
#include "csv.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "../data/json.h" /* sei_utf8_valid */
#include "error.h"

#define ROWS "sei.csv.rows"

/* User values of the userdata. */
enum { NAME = 1, NAMES, REQUIRED, FAILURE, USER_VALUES = FAILURE };

struct sei_csv_rows {
  struct sei_csv csv;
  struct sei_buf buf;   /* what was fed and not yet read; unused by whole() */
  size_t columns;       /* of the header; 0: there is none, or not yet */
  bool wants_header;    /* the next row is the header */
  bool waits;           /* a row was read and not handed over: Lua raised */
  bool failed;          /* for good: FAILURE holds the error */
  bool fill, any_bytes;
};

static int l_rows_gc(lua_State *L)
{
  struct sei_csv_rows *r = luaL_checkudata(L, 1, ROWS);
  sei_csv_free(&r->csv);
  sei_buf_free(&r->buf);
  return 0;
}

/* ---- errors ---- */

/* Replaces the text on top of the stack by an error object about a line. */
static enum sei_csv_event reject(lua_State *L, int index, size_t line)
{
  lua_getiuservalue(L, index, NAME);
  sei_error_push(L, "decode", "%s:%I: %s", lua_tostring(L, -1),
                 (LUAI_UACINT)line, lua_tostring(L, -2));
  lua_insert(L, -3);
  lua_setfield(L, -3, "file");
  lua_pop(L, 1);
  lua_pushinteger(L, (lua_Integer)line);
  lua_setfield(L, -2, "line");
  return SEI_CSV_ERROR;
}

/* The same; no row comes after it. */
static enum sei_csv_event reject_all(lua_State *L, int index, size_t line)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  reject(L, index, line);
  r->failed = true;
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, index, FAILURE);
  return SEI_CSV_ERROR;
}

static enum sei_csv_event reject_text(lua_State *L, int index)
{
  const struct sei_csv *c = &((struct sei_csv_rows *)lua_touserdata(L, index))
    ->csv;
  lua_pushfstring(L, "%s (column %I of the line)", c->problem,
                  (LUAI_UACINT)c->problem_column);
  reject_all(L, index, c->problem_line);
  lua_pushinteger(L, (lua_Integer)c->problem_column);
  lua_setfield(L, -2, "column");
  return SEI_CSV_ERROR;
}

static void push_field(lua_State *L, const struct sei_csv *c, size_t i)
{
  size_t n;
  const char *s = sei_csv_field(c, i, &n);
  lua_pushlstring(L, s, n);
}

/* Pushes how messages call column i (from 0). */
static void push_label(lua_State *L, int index, size_t i)
{
  const struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t n;
  const char *s;
  if(i >= r->columns) {
    lua_pushfstring(L, "column %I", (LUAI_UACINT)(i + 1));
    return;
  }
  lua_getiuservalue(L, index, NAMES);
  lua_rawgeti(L, -1, (lua_Integer)i + 1);
  s = lua_tolstring(L, -1, &n);
  sei_csv_push_quoted(L, s, n);
  lua_pushfstring(L, "column %s", lua_tostring(L, -1));
  lua_replace(L, -4);
  lua_pop(L, 2);
}

/* ROW, or the error that names the field that is not UTF-8. */
static enum sei_csv_event check_utf8(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  const struct sei_csv *c = &r->csv;
  size_t i, n = 0, at = 0;
  const char *s = NULL;
  if(c->ascii || r->any_bytes ||
     sei_utf8_valid(c->row, c->row_len) == c->row_len)
    return SEI_CSV_ROW;
  for(i = 0; i < c->count; i++) {
    s = sei_csv_field(c, i, &n);
    at = sei_utf8_valid(s, n);
    if(at < n)
      break;
  }
  push_label(L, index, i);
  lua_pushfstring(L, "%s is not valid UTF-8 (byte %d at position %I)",
                  lua_tostring(L, -1), (int)(unsigned char)s[at],
                  (LUAI_UACINT)(at + 1));
  lua_remove(L, -2);
  if(r->wants_header)
    reject_all(L, index, c->line);
  else
    reject(L, index, c->line);
  lua_pushliteral(L, "save the file as UTF-8, or read it with utf8=false");
  lua_setfield(L, -2, "hint");
  return SEI_CSV_ERROR;
}

/* ---- the header ---- */

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
  if(lua_getiuservalue(L, index, REQUIRED) != LUA_TNIL)
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

/* Takes the row that was just read as the header. MORE: done. */
static enum sei_csv_event take_header(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t i;
  lua_createtable(L, (int)r->csv.count, 0);
  lua_createtable(L, 0, (int)r->csv.count);
  for(i = 0; i < r->csv.count; i++)
    if(!add_name(L, &r->csv, i))
      return reject_all(L, index, r->csv.line);
  lua_pop(L, 1);
  if(!check_required(L, index))
    return reject_all(L, index, r->csv.line);
  lua_setiuservalue(L, index, NAMES);
  r->columns = r->csv.count;
  r->wants_header = false;
  return SEI_CSV_MORE;
}

/* ---- rows ---- */

static enum sei_csv_event reject_ragged(lua_State *L, int index)
{
  const struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t found = r->csv.count, expected = r->columns;
  lua_pushfstring(L, "the row has %I %s, the header has %I",
                  (LUAI_UACINT)found, found == 1 ? "field" : "fields",
                  (LUAI_UACINT)expected);
  reject(L, index, r->csv.line);
  lua_pushinteger(L, (lua_Integer)expected);
  lua_setfield(L, -2, "expected");
  lua_pushinteger(L, (lua_Integer)found);
  lua_setfield(L, -2, "found");
  return SEI_CSV_ERROR;
}

static void push_array(lua_State *L, const struct sei_csv *c)
{
  size_t i;
  lua_createtable(L, (int)c->count, 0);
  for(i = 0; i < c->count; i++) {
    push_field(L, c, i);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void push_named(lua_State *L, int index)
{
  const struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t i;
  lua_getiuservalue(L, index, NAMES);
  lua_createtable(L, 0, (int)r->columns);
  for(i = 0; i < r->columns; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    if(i < r->csv.count)
      push_field(L, &r->csv, i);
    else
      lua_pushliteral(L, "");
    lua_rawset(L, -3);
  }
  lua_remove(L, -2);
}

/* Hands over the row that was just read. MORE: it was the header. */
static enum sei_csv_event hand_over(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  enum sei_csv_event e = check_utf8(L, index);
  if(e != SEI_CSV_ROW)
    return e;
  if(r->wants_header)
    return take_header(L, index);
  if(!r->columns) {
    push_array(L, &r->csv);
    return e;
  }
  if(r->csv.count > r->columns || (r->csv.count < r->columns && !r->fill))
    return reject_ragged(L, index);
  push_named(L, index);
  return e;
}

/* Leaves what was pushed last as the only value above `top`. */
static enum sei_csv_event answer(lua_State *L, int top, enum sei_csv_event e)
{
  if(e == SEI_CSV_ERROR) {
    lua_copy(L, -1, top + 1);
    lua_settop(L, top + 1);
  }
  return e;
}

enum sei_csv_event sei_csv_rows_next(lua_State *L, int index)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  int top = lua_gettop(L);
  luaL_checkstack(L, 16, NULL);
  index = lua_absindex(L, index);
  if(r->failed) {
    lua_getiuservalue(L, index, FAILURE);
    return SEI_CSV_ERROR;
  }
  for(;;) {
    enum sei_csv_event e = r->waits ? SEI_CSV_ROW : sei_csv_next(&r->csv);
    if(e == SEI_CSV_NOMEM)
      luaL_error(L, "not enough memory");
    if(e == SEI_CSV_ERROR)
      return answer(L, top, reject_text(L, index));
    if(e == SEI_CSV_END && r->wants_header) {
      lua_pushliteral(L, "the text is empty, a header row was expected");
      return answer(L, top, reject_all(L, index, 1));
    }
    if(e != SEI_CSV_ROW)
      return e;
    r->waits = true;
    e = hand_over(L, index);
    r->waits = false;
    if(e != SEI_CSV_MORE)
      return answer(L, top, e);
  }
}

size_t sei_csv_rows_line(const struct sei_csv_rows *r)
{
  return r->csv.line;
}

/* ---- bytes ---- */

char *sei_csv_rows_room(struct sei_csv_rows *r, size_t n)
{
  char *to;
  sei_buf_drop(&r->buf, r->csv.pos);
  to = sei_buf_room(&r->buf, n);
  /* at once: the bytes may have moved, and the caller may give up */
  sei_csv_input(&r->csv, r->buf.data, r->buf.len, false);
  return to;
}

void sei_csv_rows_wrote(struct sei_csv_rows *r, size_t n, bool last)
{
  r->buf.len += n;
  sei_csv_input(&r->csv, r->buf.data, r->buf.len, last);
}

bool sei_csv_rows_feed(struct sei_csv_rows *r, const char *bytes, size_t n,
                       bool last)
{
  char *to = sei_csv_rows_room(r, n);
  if(!to)
    return false;
  if(n)
    memcpy(to, bytes, n);
  sei_csv_rows_wrote(r, n, last);
  return true;
}

void sei_csv_rows_whole(struct sei_csv_rows *r, const char *text, size_t n)
{
  sei_csv_input(&r->csv, text, n, true);
}

/* ---- making one ---- */

static void push_copy(lua_State *L, int index)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, index);
  index = lua_absindex(L, index);
  lua_createtable(L, (int)n, 0);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, index, i);
    lua_rawseti(L, -2, i);
  }
}

static struct sei_csv_rows *push_empty(lua_State *L)
{
  static const luaL_Reg methods[] = {{"__gc", l_rows_gc}, {NULL, NULL}};
  struct sei_csv_rows *r = lua_newuserdatauv(L, sizeof *r, USER_VALUES);
  memset(r, 0, sizeof *r);
  if(luaL_newmetatable(L, ROWS))
    luaL_setfuncs(L, methods, 0);
  lua_setmetatable(L, -2);
  return r;
}

struct sei_csv_rows *sei_csv_rows_push(lua_State *L,
                                       const struct sei_csv_how *how)
{
  struct sei_csv_rows *r;
  int names = how->names, required = how->required, index;
  luaL_checkstack(L, 20, NULL);
  names = names ? lua_absindex(L, names) : 0;
  required = required ? lua_absindex(L, required) : 0;
  r = push_empty(L);
  index = lua_gettop(L);
  sei_csv_begin(&r->csv, how->delimiter ? how->delimiter : ',',
                how->max_field, how->max_row, how->max_columns);
  sei_buf_init(&r->buf, SIZE_MAX / 2); /* one row (capped) and one feed */
  r->wants_header = how->header == SEI_CSV_HEADER_FIRST;
  r->fill = how->fill;
  r->any_bytes = how->any_bytes;
  lua_pushstring(L, how->name);
  lua_setiuservalue(L, index, NAME);
  if(required) {
    push_copy(L, required);
    lua_setiuservalue(L, index, REQUIRED);
  }
  if(how->header == SEI_CSV_HEADER_GIVEN) {
    push_copy(L, names);
    if(!check_required(L, index))
      luaL_error(L, "%s", lua_tostring(L, -1));
    r->columns = lua_rawlen(L, -1);
    lua_setiuservalue(L, index, NAMES);
  }
  return r;
}
