/* rows - rows that are sent: checked by the endpoint's rules, encoded, cut
 * into batches.
 *
 * A row that cannot be sent is told to the caller with its field, its value
 * and the reason, so that the others go through.
 */
#include "rows_private.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "client.h"
#include "csv.h"
#include "error.h"
#include "json.h"

enum { ROW_MAX = 64 * 1024 * 1024 };

/* ---- encoding ---- */

void sei_columns_push(lua_State *L, int client, const struct sei_endpoint *e)
{
  const char *at, *comma;
  lua_Integer n = 0;
  int type;
  sei_client_push_group(L, client, e->group);
  type = lua_getfield(L, -1, "csv_header");
  lua_remove(L, -2);
  if(type == LUA_TTABLE || (type == LUA_TNIL && !e->csv))
    return;
  lua_newtable(L);
  lua_insert(L, -2);
  at = type == LUA_TNIL ? e->csv : NULL;
  for(; at; at = comma ? comma + 1 : NULL) {
    comma = strchr(at, ',');
    lua_pushlstring(L, at, comma ? (size_t)(comma - at) : strlen(at));
    lua_rawseti(L, -3, ++n);
  }
  lua_rawseti(L, -2, ++n); /* the one column that the client named, or nil */
}

/* core.csv_header(client, endpoint) -> array of columns, or nil: the
 * customer's own. */
static int l_csv_header(lua_State *L)
{
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 2));
  sei_client_check(L, 1);
  luaL_argcheck(L, e, 2, "no such endpoint");
  sei_columns_push(L, 1, e);
  return 1;
}

/* An empty body. A request under way keeps the one it has. */
static void renew(lua_State *L, struct sei_rows *r)
{
  if(r->body && r->body->holders == 1) {
    sei_buf_clear(&r->body->buf);
    return;
  }
  sei_shared_drop(r->body);
  r->body = sei_shared_new(r->body_max);
  if(!r->body)
    luaL_error(L, "not enough memory");
}

/* The body, to be added to. */
static struct sei_buf *open_body(lua_State *L, struct sei_rows *r)
{
  if(!r->body || r->body->holders > 1)
    luaL_error(L, "the rows are under way");
  return &r->body->buf;
}

/* core.rows(endpoint, max_rows, max_bytes[, csv header]) -> encoder. What is
 * uploaded has no form but CSV. */
static int l_rows(lua_State *L)
{
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 1));
  size_t max_rows = (size_t)luaL_checkinteger(L, 2);
  size_t max_bytes = (size_t)luaL_checkinteger(L, 3);
  struct sei_rows *r;
  lua_settop(L, 4);
  luaL_argcheck(L, e && (e->fields || e->before), 1, "sends no rows");
  luaL_argcheck(L, (e->before && e->after) || !lua_isnil(L, 4), 4,
                "a header is missing");
  r = lua_newuserdatauv(L, sizeof *r, SEI_ROWS_UV);
  memset(r, 0, sizeof *r);
  r->endpoint = e;
  r->csv = !lua_isnil(L, 4);
  sei_buf_init(&r->row, ROW_MAX);
  sei_buf_init(&r->spans, SIZE_MAX / 2);
  luaL_setmetatable(L, SEI_ROWS);
  r->body_max = (r->csv ? 2 : 1) * max_bytes + 64 /* a header */ +
    SEI_ROWS_SLACK;
  renew(L, r);
  lua_pushvalue(L, 4);
  lua_setiuservalue(L, -2, SEI_ROWS_HEADER);
  sei_batch_begin(&r->batch, max_rows, max_bytes, r->csv ? 0 :
                  strlen(e->before) + strlen(e->after), r->csv ? 0 : 1);
  sei_flat_describe(L, 5);
  return 1;
}

struct sei_rows *sei_rows_check(lua_State *L)
{
  return luaL_checkudata(L, 1, SEI_ROWS);
}

/* Encodes the row at `index` into r->row; the same row gives the same bytes.
 * false: value, field, reason on top. */
static bool encode(lua_State *L, struct sei_rows *r, int index)
{
  struct sei_csv_format format = {0, "\n", ',', false, false};
  char where[128];
  const char *problem;
  sei_buf_clear(&r->row);
  if(!r->csv) {
    problem = sei_encode(L, index, &r->row, 1, where, sizeof where);
    return !problem || sei_rows_refuse(L, 0, where + (*where == '.'), problem);
  }
  lua_getiuservalue(L, 1, SEI_ROWS_HEADER);
  format.names = lua_gettop(L);
  switch(sei_csv_append_row(L, index, &r->row, &format)) {
  case SEI_BUF_OK:
    return true;
  case SEI_CSV_BAD_ROW:
    return sei_rows_refuse(L, 0, "", lua_tostring(L, -1));
  case SEI_BUF_FULL:
    return sei_rows_refuse(L, 0, "", "is too long for a request");
  default:
    return luaL_error(L, "not enough memory");
  }
}

/* The next place of a span. */
static struct sei_span *next_span(lua_State *L, struct sei_rows *r)
{
  struct sei_buf *b = &r->spans;
  char *to = b->cap - b->len >= sizeof(struct sei_span) ? b->data + b->len :
    sei_buf_room(b, sizeof(struct sei_span));
  if(!to)
    luaL_error(L, "not enough memory");
  return (struct sei_span *)(void *)to;
}

char *sei_rows_place(lua_State *L, struct sei_rows *r, size_t n,
                     lua_Integer row, lua_Integer line)
{
  struct sei_buf *b = open_body(L, r);
  struct sei_span *span = next_span(L, r);
  const char *before = r->csv || b->len ? "" : r->endpoint->before;
  size_t gap = r->csv ? 0 : b->len ? 1 : strlen(before), need;
  char *to;
  need = gap + n + SEI_ROWS_SLACK;
  to = b->cap - b->len >= need ? b->data + b->len : sei_buf_room(b, need);
  if(!to)
    luaL_error(L, "not enough memory");
  if(*before)
    memcpy(to, before, gap);
  else if(gap)
    *to = ',';
  span->from = b->len + gap;
  span->to = span->from + n;
  span->row = row;
  span->line = line;
  r->spans.len += sizeof *span;
  b->len = span->to;
  return to + gap;
}

/* Adds what is in r->row. */
static void add(lua_State *L, struct sei_rows *r, lua_Integer row,
                lua_Integer line)
{
  char *to = sei_rows_place(L, r, r->row.len, row, line);
  if(r->row.len)
    memcpy(to, r->row.data, r->row.len);
}

enum sei_rows_answer sei_rows_add(lua_State *L, struct sei_rows *r, int index,
                                  lua_Integer row, lua_Integer line)
{
  if(!sei_rows_sound(L, r, index) || !encode(L, r, index))
    return SEI_ROWS_BAD;
  switch(sei_batch_offer(&r->batch, r->row.len)) {
  case SEI_BATCH_CLOSE:
    return SEI_ROWS_FULL;
  case SEI_BATCH_NEVER:
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushfstring(L, "the row takes %d bytes, more than a request may have",
                    (int)r->row.len);
    return SEI_ROWS_BAD;
  default:
    break;
  }
  add(L, r, row, line);
  return sei_rows_unlisted(L, r->endpoint, index) ? SEI_ROWS_WARNED :
    SEI_ROWS_ADDED;
}

/* nil, reason, field, value: from value, field, reason on top. */
static int answer_refusal(lua_State *L)
{
  int top = lua_gettop(L);
  lua_pushnil(L);
  lua_pushvalue(L, top);
  lua_pushvalue(L, top - 1);
  lua_pushvalue(L, top - 2);
  return 4;
}

/* core.rows_add(rows, row[, number[, line]]) -> true[, warning] | false (the
 * batch is full: send it, clear it, add again) | nil, reason, field, value (it
 * cannot be sent). Number and line are the caller's, for core.rows_items. */
static int l_rows_add(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  lua_Integer row = luaL_optinteger(L, 3, 0), line = luaL_optinteger(L, 4, 0);
  enum sei_rows_answer answer;
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  answer = sei_rows_add(L, r, 2, row, line);
  if(answer == SEI_ROWS_BAD)
    return answer_refusal(L);
  lua_pushboolean(L, answer != SEI_ROWS_FULL);
  if(answer != SEI_ROWS_WARNED)
    return 1;
  lua_insert(L, -2);
  return 2;
}

/* core.rows_raw(rows, text) -> true | false: full. Adds a row that was encoded
 * before, byte for byte. */
static int l_rows_raw(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  sei_buf_clear(&r->row);
  if(sei_buf_add(&r->row, text, n) != SEI_BUF_OK)
    return luaL_error(L, "not enough memory");
  lua_pushboolean(L, sei_batch_offer(&r->batch, n) == SEI_BATCH_FITS);
  if(lua_toboolean(L, -1))
    add(L, r, 0, 0);
  return 1;
}

static void push_item(lua_State *L, const struct sei_rows *r,
                      const struct sei_span *span)
{
  lua_createtable(L, 0, 4);
  lua_pushlstring(L, r->body->buf.data + span->from, span->to - span->from);
  lua_setfield(L, -2, "text");
  lua_pushinteger(L, span->row);
  lua_setfield(L, -2, "row");
  if(!span->line)
    return;
  lua_pushinteger(L, span->line);
  lua_setfield(L, -2, "line");
}

/* core.rows_items(rows) -> array: of each row of the open batch its `text`,
 * and its `row` and `line` as they were given. */
static int l_rows_items(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  struct sei_span span;
  size_t i, n = r->spans.len / sizeof span;
  lua_createtable(L, n < INT_MAX ? (int)n : 0, 0);
  for(i = 0; i < n; i++) {
    memcpy(&span, r->spans.data + i * sizeof span, sizeof span);
    push_item(L, r, &span);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* core.rows_count(rows) -> rows of the open batch. */
static int l_rows_count(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)sei_rows_check(L)->batch.rows);
  return 1;
}

/* core.rows_header(rows) puts the CSV's header line in front of all rows. */
static int l_rows_header(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  struct sei_csv_format format = {2, "\n", ',', false, false};
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, SEI_ROWS_HEADER);
  luaL_checktype(L, 2, LUA_TTABLE);
  switch(sei_csv_append_header(L, open_body(L, r), &format)) {
  case SEI_BUF_OK:
    return 0;
  case SEI_BUF_NOMEM:
    return luaL_error(L, "not enough memory");
  default:
    return luaL_error(L, "the header does not fit");
  }
}

/* core.rows_check(rows, row) -> true | nil, reason, field, value: the rules
 * alone. */
static int l_rows_check(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if(!sei_rows_sound(L, r, 2))
    return answer_refusal(L);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.rows_clear(rows[, bytes]) starts the next batch; from now on so many
 * bytes are enough for one, if that is given. */
static int l_rows_clear(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  if(!lua_isnoneornil(L, 2))
    sei_batch_enough(&r->batch, (size_t)luaL_checkinteger(L, 2));
  sei_batch_close(&r->batch);
  renew(L, r);
  sei_buf_clear(&r->spans);
  r->closed = false;
  return 0;
}

static int l_rows_free(lua_State *L)
{
  struct sei_rows *r = sei_rows_check(L);
  sei_shared_drop(r->body);
  r->body = NULL;
  sei_buf_free(&r->row);
  sei_buf_free(&r->spans);
  return 0;
}

const char *sei_rows_body(lua_State *L, int index, size_t *n)
{
  struct sei_rows *r = luaL_testudata(L, index, SEI_ROWS);
  if(!r)
    return NULL;
  if(!r->csv && !r->closed) {
    struct sei_buf *b = open_body(L, r);
    if((!b->len && sei_buf_adds(b, r->endpoint->before) != SEI_BUF_OK) ||
       sei_buf_adds(b, r->endpoint->after) != SEI_BUF_OK)
      luaL_error(L, "not enough memory");
    r->closed = true;
  }
  if(!r->body)
    luaL_error(L, "not enough memory");
  *n = r->body->buf.len;
  return r->body->buf.data;
}

struct sei_shared *sei_rows_shared(lua_State *L, int index)
{
  struct sei_rows *r = luaL_testudata(L, index, SEI_ROWS);
  return r ? r->body : NULL;
}

int64_t sei_rows_count(lua_State *L, int index)
{
  const struct sei_rows *r = luaL_testudata(L, index, SEI_ROWS);
  return r ? (int64_t)r->batch.rows : 0;
}

void sei_open_rows(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"rows", l_rows}, {"rows_add", l_rows_add}, {"rows_check", l_rows_check},
    {"rows_raw", l_rows_raw}, {"rows_items", l_rows_items},
    {"rows_count", l_rows_count},
    {"rows_header", l_rows_header}, {"rows_clear", l_rows_clear},
    {"csv_header", l_csv_header}, {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_ROWS);
  lua_pushcfunction(L, l_rows_free);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
  sei_open_rows_file(L);
  sei_open_rows_take(L);
}
