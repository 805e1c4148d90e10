/* csv_rows - turns CSV bytes as they arrive into Lua rows.
 *
 * Making the tables is what costs, so they are made with their sizes, and the
 * names of columns are Lua strings that are made once, with the header.
 */
#include "csv_private.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "../data/json.h" /* sei_utf8_valid */
#include "error.h"

#define ROWS "sei.csv.rows"

enum { SHARED_BYTES = 4096 };

static int l_rows_gc(lua_State *L)
{
  struct sei_csv_rows *r = luaL_checkudata(L, 1, ROWS);
  sei_csv_free(&r->csv);
  sei_buf_free(&r->buf);
  return 0;
}

/* ---- errors ---- */

/* Replaces the text on top of the stack by an error object about a line; the
 * rows behind it can be had. */
static enum sei_csv_event reject(lua_State *L, int index, size_t line)
{
  lua_getiuservalue(L, index, SEI_CSV_NAME);
  sei_error_push(L, "decode", "%s:%I: %s", lua_tostring(L, -1),
                 (LUAI_UACINT)line, lua_tostring(L, -2));
  lua_insert(L, -3);
  lua_setfield(L, -3, "file");
  lua_pop(L, 1);
  lua_pushinteger(L, (lua_Integer)line);
  lua_setfield(L, -2, "line");
  return SEI_CSV_ERROR;
}

enum sei_csv_event sei_csv_rows_fail(lua_State *L, int index, size_t line)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  reject(L, index, line);
  r->failed = true;
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, index, SEI_CSV_FAILURE);
  return SEI_CSV_ERROR;
}

static enum sei_csv_event reject_text(lua_State *L, int index)
{
  const struct sei_csv *c = &((struct sei_csv_rows *)lua_touserdata(L, index))
    ->csv;
  lua_pushfstring(L, "%s (column %I of the line)", c->problem,
                  (LUAI_UACINT)c->problem_column);
  sei_csv_rows_fail(L, index, c->problem_line);
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
  lua_getiuservalue(L, index, SEI_CSV_NAMES);
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
  if(sei_utf8_valid(c->row, c->row_len) == c->row_len)
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
    sei_csv_rows_fail(L, index, c->line);
  else
    reject(L, index, c->line);
  lua_pushliteral(L, "save the file as UTF-8, or read it with utf8=false");
  lua_setfield(L, -2, "hint");
  return SEI_CSV_ERROR;
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

/* Pushes what the row hands over as its k-th field. */
static void push_pick(lua_State *L, const struct sei_csv_rows *r, size_t k)
{
  size_t i = r->picks ? r->picks[k] : k;
  if(i < r->csv.count)
    push_field(L, &r->csv, i);
  else
    lua_pushliteral(L, "");
}

static void push_values(lua_State *L, const struct sei_csv_rows *r)
{
  size_t k;
  for(k = 0; k < r->width; k++)
    push_pick(L, r, k);
}

/* Makes a text of what stands from the row on, for it and for the rows behind
 * it: whole lines, as far as a few KiB have any. */
static void share_text(lua_State *L, struct sei_csv_rows *r, int index)
{
  const struct sei_csv *c = &r->csv;
  size_t n = (size_t)(c->text + c->len - c->row);
  if(n > SHARED_BYTES)
    n = SHARED_BYTES;
  while(n > c->row_len && c->row[n - 1] != '\n' && c->row[n - 1] != '\r')
    n--;
  if(n < c->row_len)
    n = c->row_len;
  lua_pushlstring(L, c->row, n);
  lua_setiuservalue(L, index, SEI_CSV_SHARED);
  r->shared = c->row;
  r->shared_len = n;
}

/* Pushes the text that has the row and returns where in it the row begins.
 * A row with doubled quotes, and so with a scratch, has a text of its own. */
static size_t push_text(lua_State *L, struct sei_csv_rows *r, int index)
{
  const struct sei_csv *c = &r->csv;
  if(c->scratch.len) {
    lua_pushlstring(L, c->row, c->row_len);
    lua_pushlstring(L, c->scratch.data, c->scratch.len);
    lua_concat(L, 2);
    return 0;
  }
  if(!r->shared ||
     (size_t)(c->row - r->shared) + c->row_len > r->shared_len)
    share_text(L, r, index);
  lua_getiuservalue(L, index, SEI_CSV_SHARED);
  return (size_t)(c->row - r->shared);
}

static void push_spans(lua_State *L, struct sei_csv_rows *r, int index)
{
  const struct sei_csv *c = &r->csv;
  size_t begin = push_text(L, r, index), k;
  for(k = 0; k < r->width; k++) {
    size_t i = r->picks ? r->picks[k] : k, at = begin, n = 0;
    if(i < c->count)
      at += sei_csv_place(c, i, &n);
    lua_pushinteger(L, (lua_Integer)at + 1);
    lua_pushinteger(L, (lua_Integer)(at + n));
  }
}

static void push_named(lua_State *L, int index)
{
  const struct sei_csv_rows *r = lua_touserdata(L, index);
  size_t k;
  lua_getiuservalue(L, index, SEI_CSV_NAMES);
  lua_createtable(L, 0, (int)r->width);
  for(k = 0; k < r->width; k++) {
    lua_rawgeti(L, -2, (lua_Integer)(r->picks ? r->picks[k] : k) + 1);
    push_pick(L, r, k);
    lua_rawset(L, -3);
  }
  lua_remove(L, -2);
}

/* Pushes the row that was just read and found good. */
static void push_row(lua_State *L, struct sei_csv_rows *r, int index)
{
  if(r->values > 12) /* for fewer there is room */
    luaL_checkstack(L, r->values + 4, NULL);
  if(r->shape == SEI_CSV_AS_SPANS)
    push_spans(L, r, index);
  else if(r->shape == SEI_CSV_AS_VALUES)
    push_values(L, r);
  else if(r->columns)
    push_named(L, index);
  else
    push_array(L, &r->csv);
}

/* Hands over the row that was just read. MORE: it was the header. */
static enum sei_csv_event hand_over(lua_State *L, struct sei_csv_rows *r,
                                    int index)
{
  if(!r->csv.ascii && !r->any_bytes) {
    enum sei_csv_event e = check_utf8(L, index);
    if(e != SEI_CSV_ROW)
      return e;
  }
  if(r->wants_header)
    return sei_csv_take_header(L, index);
  if(r->columns && (r->csv.count > r->columns ||
                    (r->csv.count < r->columns && !r->fill)))
    return reject_ragged(L, index);
  if(r->shape != SEI_CSV_AS_NOTHING)
    push_row(L, r, index);
  return SEI_CSV_ROW;
}

/* Leaves what was pushed last as the only value above `top`. */
static enum sei_csv_event answer(lua_State *L, int top)
{
  lua_copy(L, -1, top + 1);
  lua_settop(L, top + 1);
  return SEI_CSV_ERROR;
}

/* There is no row: the end, or a text that is no CSV. */
static enum sei_csv_event no_row(lua_State *L, int index,
                                 enum sei_csv_event e)
{
  const struct sei_csv_rows *r = lua_touserdata(L, index);
  int top = lua_gettop(L);
  if(e == SEI_CSV_NOMEM)
    luaL_error(L, "not enough memory");
  if(e == SEI_CSV_END && !r->wants_header)
    return e;
  if(e == SEI_CSV_ERROR)
    reject_text(L, index);
  else {
    lua_pushliteral(L, "the text is empty, a header row was expected");
    sei_csv_rows_fail(L, index, 1);
  }
  return answer(L, top);
}

/* The next row, whatever it is. On its own, so that a good row costs nothing
 * that a bad one needs. */
static __attribute__((noinline)) enum sei_csv_event
any_row(lua_State *L, struct sei_csv_rows *r, int index)
{
  int top = lua_gettop(L);
  if(r->failed) {
    lua_getiuservalue(L, index, SEI_CSV_FAILURE);
    return SEI_CSV_ERROR;
  }
  for(;;) {
    enum sei_csv_event e = r->waits ? SEI_CSV_ROW : sei_csv_next(&r->csv);
    if(e == SEI_CSV_MORE)
      return e;
    if(e != SEI_CSV_ROW)
      return no_row(L, index, e);
    r->waits = true;
    e = hand_over(L, r, index);
    r->waits = false;
    if(e == SEI_CSV_ROW)
      return e;
    if(e == SEI_CSV_ERROR)
      return answer(L, top);
  }
}

bool sei_csv_rows_try(struct sei_csv_rows *r)
{
  /* what is no row is answered again when it is asked for again */
  if(r->failed || r->waits || r->wants_header ||
     sei_csv_next(&r->csv) != SEI_CSV_ROW)
    return false;
  r->waits = r->csv.count != r->columns || !(r->csv.ascii || r->any_bytes);
  return !r->waits;
}

size_t sei_csv_rows_pass(struct sei_csv_rows *r,
                         const struct sei_csv_want *want, size_t columns)
{
  if(r->failed || r->waits || r->wants_header || r->columns != columns)
    return 0;
  return sei_csv_pass(&r->csv, want, columns);
}

enum sei_csv_event sei_csv_rows_next(lua_State *L, struct sei_csv_rows *r,
                                     int index)
{
  if(!sei_csv_rows_try(r))
    return any_row(L, r, index);
  if(r->shape != SEI_CSV_AS_NOTHING) {
    r->waits = true;
    push_row(L, r, index);
    r->waits = false;
  }
  return SEI_CSV_ROW;
}

int sei_csv_rows_width(const struct sei_csv_rows *r)
{
  return r->values;
}

size_t sei_csv_rows_line(const struct sei_csv_rows *r)
{
  return r->csv.line;
}

const struct sei_csv *sei_csv_rows_fields(const struct sei_csv_rows *r)
{
  return &r->csv;
}

bool sei_csv_rows_failed(const struct sei_csv_rows *r)
{
  return r->failed;
}

void sei_csv_rows_push_names(lua_State *L, int index)
{
  lua_getiuservalue(L, index, SEI_CSV_NAMES);
}

void sei_csv_rows_push_row(lua_State *L, int index)
{
  push_named(L, lua_absindex(L, index));
}

/* ---- bytes ---- */

char *sei_csv_rows_room(struct sei_csv_rows *r, size_t n)
{
  char *to;
  r->shared = NULL;
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

void sei_csv_rows_whole(lua_State *L, int index, int text)
{
  struct sei_csv_rows *r = lua_touserdata(L, index);
  index = lua_absindex(L, index);
  lua_pushvalue(L, text);
  lua_setiuservalue(L, index, SEI_CSV_SHARED);
  r->shared = lua_tolstring(L, text, &r->shared_len);
  sei_csv_input(&r->csv, r->shared, r->shared_len, true);
}

/* ---- making one ---- */

static struct sei_csv_rows *push_empty(lua_State *L)
{
  static const luaL_Reg methods[] = {{"__gc", l_rows_gc}, {NULL, NULL}};
  struct sei_csv_rows *r = lua_newuserdatauv(L, sizeof *r,
                                             SEI_CSV_USER_VALUES);
  memset(r, 0, sizeof *r);
  if(luaL_newmetatable(L, ROWS))
    luaL_setfuncs(L, methods, 0);
  lua_setmetatable(L, -2);
  return r;
}

/* Keeps the names that `how` lists: the reader is on top. */
static void keep_names(lua_State *L, int names, int required, int fields)
{
  int index = lua_gettop(L);
  if(required || fields) {
    sei_csv_push_union(L, required, fields);
    lua_setiuservalue(L, index, SEI_CSV_REQUIRED);
  }
  if(fields) {
    sei_csv_push_union(L, fields, 0);
    lua_setiuservalue(L, index, SEI_CSV_WANTED);
  }
  if(names) {
    sei_csv_push_union(L, names, 0);
    if(!sei_csv_take_names(L, index))
      luaL_error(L, "%s", lua_tostring(L, -1));
  }
}

struct sei_csv_rows *sei_csv_rows_push(lua_State *L,
                                       const struct sei_csv_how *how)
{
  struct sei_csv_rows *r;
  int names = how->header == SEI_CSV_HEADER_GIVEN ? how->names : 0;
  int required = how->required, fields = how->fields;
  luaL_checkstack(L, 20, NULL);
  names = names ? lua_absindex(L, names) : 0;
  required = required ? lua_absindex(L, required) : 0;
  fields = fields ? lua_absindex(L, fields) : 0;
  r = push_empty(L);
  sei_csv_begin(&r->csv, how->delimiter ? how->delimiter : ',',
                how->max_field, how->max_row, how->max_columns);
  sei_buf_init(&r->buf, SIZE_MAX / 2); /* one row (capped) and one feed */
  r->wants_header = how->header == SEI_CSV_HEADER_FIRST;
  r->fill = how->fill;
  r->any_bytes = how->any_bytes;
  r->shape = how->shape;
  r->values = how->shape == SEI_CSV_AS_TABLE;
  lua_pushstring(L, how->name);
  lua_setiuservalue(L, -2, SEI_CSV_NAME);
  keep_names(L, names, required, fields);
  return r;
}
