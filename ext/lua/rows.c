/* rows - rows that are sent: checked by the endpoint's rules, encoded, cut
 * into batches.
 *
 * A row that cannot be sent is told to the caller with its field, its value
 * and the reason, so that the others go through.
 */
#include "rows.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "../api/batch.h"
#include "../api/endpoint.h"
#include "../base/nearest.h"
#include "client.h"
#include "csv.h"
#include "error.h"
#include "json.h"

enum { UV_HEADER = 1, UV_COUNT = UV_HEADER, ROW_MAX = 64 * 1024 * 1024 };

struct sei_rows {
  const struct sei_endpoint *endpoint;
  bool csv;                 /* encode as CSV; else as JSON */
  struct sei_batch batch;
  struct sei_buf body;      /* what is encoded of the open batch */
  struct sei_buf row;       /* the row that is being encoded */
  struct sei_buf spans;     /* where each row is in `body`: struct span */
  bool closed;              /* the body has its end */
};

struct span {
  size_t from, to;
};

/* ---- the rules of a row ---- */

/* Characters, not bytes: what the service counts. */
static size_t characters(const char *s, size_t n)
{
  size_t i, count = 0;
  for(i = 0; i < n; i++)
    count += ((unsigned char)s[i] & 0xC0) != 0x80;
  return count;
}

static bool has_type(lua_State *L, const struct sei_field *f)
{
  switch(f->type) {
  case SEI_FIELD_STRING:
    return lua_type(L, -1) == LUA_TSTRING;
  case SEI_FIELD_INTEGER:
    return lua_isinteger(L, -1);
  default:
    return lua_istable(L, -1);
  }
}

static const char *const WANTED[] = {"a string", "an integer", "an array",
  "an object"};

/* Pushes the value at `value` (0: nil), its field and the reason. */
static bool refuse(lua_State *L, int value, const char *field,
                   const char *reason)
{
  if(value)
    lua_pushvalue(L, value);
  else
    lua_pushnil(L);
  lua_pushstring(L, field);
  lua_pushstring(L, reason);
  return false;
}

static bool is_null(lua_State *L)
{
  return lua_isnil(L, -1) ||
    (lua_islightuserdata(L, -1) && !lua_touserdata(L, -1));
}

/* CSV cells are text: "5322" is an integer there. */
static void loosen(lua_State *L, const struct sei_rows *r,
                   const struct sei_field *f)
{
  int whole;
  lua_Integer i;
  if(!r->csv || f->type != SEI_FIELD_INTEGER ||
     lua_type(L, -1) != LUA_TSTRING)
    return;
  i = lua_tointegerx(L, -1, &whole);
  if(whole) {
    lua_pushinteger(L, i);
    lua_replace(L, -2);
  }
}

/* Whether the member on top obeys its rule; else field and reason are pushed
 * above it. */
static bool obeys(lua_State *L, const struct sei_rows *r,
                  const struct sei_field *f)
{
  size_t n;
  const char *s;
  int value = lua_gettop(L);
  if(is_null(L))
    return !f->required || refuse(L, 0, f->name, "is missing");
  loosen(L, r, f);
  if(!has_type(L, f))
    return refuse(L, value, f->name, lua_pushfstring(L, "must be %s, is %s",
                  WANTED[f->type], luaL_typename(L, -1)));
  if(f->type != SEI_FIELD_STRING)
    return true;
  s = lua_tolstring(L, -1, &n);
  if(!n && f->required)
    return refuse(L, value, f->name, "is empty");
  if(f->max_length && characters(s, n) > f->max_length)
    return refuse(L, value, f->name,
                  lua_pushfstring(L, "has %d characters, the service keeps %d",
                                  (int)characters(s, n), (int)f->max_length));
  return true;
}

static bool is_known(const struct sei_endpoint *e, const char *name)
{
  const struct sei_field *f;
  for(f = e->fields; f->name; f++)
    if(!strcmp(f->name, name))
      return true;
  return false;
}

/* Whether all members of the row at `index` are known ones. */
static bool all_known(lua_State *L, const struct sei_endpoint *e, int index)
{
  const struct sei_field *f;
  const char *name, *best = NULL;
  size_t score = 0;
  int value = lua_gettop(L) + 2;
  for(lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[1]";
    if(is_known(e, name))
      continue;
    for(f = e->fields; f->name; f++)
      sei_nearest(name, f->name, &best, &score);
    return refuse(L, value, name, best ?
      lua_pushfstring(L, "is not a field of %s (did you mean '%s'?)",
                      e->name, best) :
      lua_pushfstring(L, "is not a field of %s", e->name));
  }
  return true;
}

/* "id|email": at least one of them is there. */
static bool has_either(lua_State *L, const struct sei_endpoint *e, int index)
{
  const char *at = e->either, *bar;
  bool there = !at;
  while(at && !there) {
    bar = strchr(at, '|');
    lua_pushlstring(L, at, bar ? (size_t)(bar - at) : strlen(at));
    lua_gettable(L, index);
    there = lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) > 0;
    lua_pop(L, 1);
    at = bar ? bar + 1 : NULL;
  }
  return there ||
    refuse(L, 0, e->either, "are all missing; one is needed");
}

/* Whether the row at `index` may be sent. If not, the value, the field and
 * the reason are the three values on top. */
static bool is_sound(lua_State *L, const struct sei_rows *r, int index)
{
  const struct sei_endpoint *e = r->endpoint;
  const struct sei_field *f;
  if(!e->fields) {
    return (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) > 0) ||
      refuse(L, index, "email", "must be a string that is not empty");
  }
  if(!lua_istable(L, index))
    return refuse(L, index, "", lua_pushfstring(L, "a row must be a table, "
                  "is %s", luaL_typename(L, index)));
  for(f = e->fields; f->name; f++) {
    lua_getfield(L, index, f->name);
    if(!obeys(L, r, f))
      return false;
    lua_pop(L, 1);
  }
  return has_either(L, e, index) && (e->open_fields || all_known(L, e, index));
}

/* The value of a field whose values are listed, if it is not on the list:
 * pushes a warning. */
static bool is_unlisted(lua_State *L, const struct sei_endpoint *e, int index)
{
  const char *colon, *at;
  size_t n;
  if(!e->warn_values)
    return false;
  colon = strchr(e->warn_values, ':');
  lua_pushlstring(L, e->warn_values, (size_t)(colon - e->warn_values));
  lua_pushvalue(L, -1);
  lua_gettable(L, index);
  n = lua_rawlen(L, -1);
  for(at = colon; at; at = strchr(at + 1, '|'))
    if(!strncmp(at + 1, lua_tostring(L, -1), n) &&
       (at[n + 1] == '|' || !at[n + 1])) {
      lua_pop(L, 2);
      return false;
    }
  lua_pushfstring(L, "%s '%s' is not a documented one; passed on as it is",
                  lua_tostring(L, -2), lua_tostring(L, -1));
  return true;
}

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

/* core.rows(endpoint, max_rows, max_bytes[, csv header]) -> encoder. */
static int l_rows(lua_State *L)
{
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 1));
  size_t max_rows = (size_t)luaL_checkinteger(L, 2);
  size_t max_bytes = (size_t)luaL_checkinteger(L, 3);
  struct sei_rows *r;
  lua_settop(L, 4);
  luaL_argcheck(L, e && (e->fields || e->before), 1, "sends no rows");
  r = lua_newuserdatauv(L, sizeof *r, UV_COUNT);
  memset(r, 0, sizeof *r);
  r->endpoint = e;
  r->csv = !lua_isnil(L, 4);
  sei_buf_init(&r->body, (r->csv ? 2 : 1) * max_bytes + 64); /* a header */
  sei_buf_init(&r->row, ROW_MAX);
  sei_buf_init(&r->spans, SIZE_MAX / 2);
  luaL_setmetatable(L, SEI_ROWS);
  lua_pushvalue(L, 4);
  lua_setiuservalue(L, -2, UV_HEADER);
  sei_batch_begin(&r->batch, max_rows, max_bytes, r->csv ? 0 :
                  strlen(e->before) + strlen(e->after), r->csv ? 0 : 1);
  return 1;
}

static struct sei_rows *check_rows(lua_State *L)
{
  return luaL_checkudata(L, 1, SEI_ROWS);
}

/* Encodes the row at 2 into r->row; the same row gives the same bytes. false:
 * value, field, reason on top. */
static bool encode(lua_State *L, struct sei_rows *r)
{
  struct sei_csv_format format = {0, "\n", ',', false, false};
  char where[128];
  const char *problem;
  sei_buf_clear(&r->row);
  if(!r->csv) {
    problem = sei_encode(L, 2, &r->row, 1, where, sizeof where);
    return !problem || refuse(L, 0, where + (*where == '.'), problem);
  }
  lua_getiuservalue(L, 1, UV_HEADER);
  format.names = lua_gettop(L);
  switch(sei_csv_append_row(L, 2, &r->row, &format)) {
  case SEI_BUF_OK:
    return true;
  case SEI_CSV_BAD_ROW:
    return refuse(L, 0, "", lua_tostring(L, -1));
  case SEI_BUF_FULL:
    return refuse(L, 0, "", "is too long for a request");
  default:
    return luaL_error(L, "not enough memory");
  }
}

static void add(lua_State *L, struct sei_rows *r)
{
  bool first = !r->body.len;
  enum sei_buf_result ok = SEI_BUF_OK;
  struct span span;
  if(!r->csv)
    ok = sei_buf_adds(&r->body, first ? r->endpoint->before : ",");
  span.from = r->body.len;
  span.to = span.from + r->row.len;
  if(ok != SEI_BUF_OK ||
     sei_buf_add(&r->body, r->row.data, r->row.len) != SEI_BUF_OK ||
     sei_buf_add(&r->spans, &span, sizeof span) != SEI_BUF_OK)
    luaL_error(L, "not enough memory");
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

/* core.rows_add(rows, row) -> true[, warning] | false (the batch is full: send
 * it, clear it, add again) | nil, reason, field, value (it cannot be sent). */
static int l_rows_add(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if(!is_sound(L, r, 2) || !encode(L, r))
    return answer_refusal(L);
  switch(sei_batch_offer(&r->batch, r->row.len)) {
  case SEI_BATCH_CLOSE:
    lua_pushboolean(L, 0);
    return 1;
  case SEI_BATCH_NEVER:
    lua_pushnil(L);
    lua_pushfstring(L, "the row takes %d bytes, more than a request may have",
                    (int)r->row.len);
    return 2;
  default:
    break;
  }
  add(L, r);
  lua_settop(L, 2);
  lua_pushboolean(L, 1);
  return 1 + is_unlisted(L, r->endpoint, 2);
}

/* core.rows_raw(rows, text) -> true | false: full. Adds a row that was encoded
 * before, byte for byte. */
static int l_rows_raw(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  sei_buf_clear(&r->row);
  if(sei_buf_add(&r->row, text, n) != SEI_BUF_OK)
    return luaL_error(L, "not enough memory");
  lua_pushboolean(L, sei_batch_offer(&r->batch, n) == SEI_BATCH_FITS);
  if(lua_toboolean(L, -1))
    add(L, r);
  return 1;
}

/* core.rows_split(rows) -> array: the text of each row of the open batch. */
static int l_rows_split(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  struct span span;
  size_t i, n = r->spans.len / sizeof span;
  lua_createtable(L, n < INT_MAX ? (int)n : 0, 0);
  for(i = 0; i < n; i++) {
    memcpy(&span, r->spans.data + i * sizeof span, sizeof span);
    lua_pushlstring(L, r->body.data + span.from, span.to - span.from);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* core.rows_header(rows) puts the CSV's header line in front of all rows. */
static int l_rows_header(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  struct sei_csv_format format = {2, "\n", ',', false, false};
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, UV_HEADER);
  luaL_checktype(L, 2, LUA_TTABLE);
  switch(sei_csv_append_header(L, &r->body, &format)) {
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
  struct sei_rows *r = check_rows(L);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if(!is_sound(L, r, 2))
    return answer_refusal(L);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.rows_clear(rows[, max_bytes]) starts the next batch; a smaller one from
 * now on, if that is given. */
static int l_rows_clear(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  size_t most = (size_t)luaL_optinteger(L, 2, LUA_MAXINTEGER);
  if(most < r->batch.max_bytes)
    sei_batch_begin(&r->batch, r->batch.max_rows, most, r->batch.envelope,
                    r->batch.separator);
  sei_batch_close(&r->batch);
  sei_buf_clear(&r->body);
  sei_buf_clear(&r->spans);
  r->closed = false;
  return 0;
}

static int l_rows_free(lua_State *L)
{
  struct sei_rows *r = check_rows(L);
  sei_buf_free(&r->body);
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
    if((!r->body.len &&
        sei_buf_adds(&r->body, r->endpoint->before) != SEI_BUF_OK) ||
       sei_buf_adds(&r->body, r->endpoint->after) != SEI_BUF_OK)
      luaL_error(L, "not enough memory");
    r->closed = true;
  }
  *n = r->body.len;
  return r->body.data;
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
    {"rows_raw", l_rows_raw}, {"rows_split", l_rows_split},
    {"rows_header", l_rows_header}, {"rows_clear", l_rows_clear},
    {"csv_header", l_csv_header}, {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_ROWS);
  lua_pushcfunction(L, l_rows_free);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
