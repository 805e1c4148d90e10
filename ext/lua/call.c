/* call - one request with one reply: get_*, a batch of rows, an upload.
 *
 * For lua/sei to drive: make it, step and wait until it is done, take the
 * result. A multipart body is fed between the steps.
 */
#include "call.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

#include "bytes.h"
#include "csv.h"
#include "error.h"
#include "json.h"
#include "reply.h"
#include "rows.h"

#define CALL "sei.call"
#define VERSION_ID "{versionId}" /* where the argument goes */

enum { UV_CLIENT = 1, UV_COUNT = UV_CLIENT, WORDS_MAX = 200 };

struct call {
  struct sei_client *client;
  struct sei_exchange x;
  struct sei_waiter waiter;
  bool feeds;
  int64_t rows;             /* that were sent; -1: unknown */
  int64_t first, last;      /* of the caller's rows; 0: unknown */
};

static bool is_ready(const struct call *c)
{
  return !c->x.transfer || sei_exchange_done(&c->x) ||
    (c->feeds && sei_transfer_wants_feed(c->x.transfer));
}

static bool is_ripe(struct sei_waiter *waiter)
{
  return is_ready((struct call *)
                  ((char *)waiter - offsetof(struct call, waiter)));
}

static struct call *check_call(lua_State *L)
{
  return luaL_checkudata(L, 1, CALL);
}

/* ---- what is sent ---- */

/* Pushes the body: rows, a value, or the endpoint's own. Index 4 is args. */
static const char *push_body(lua_State *L, const struct sei_endpoint *e,
                             struct sei_send *to, int64_t *rows)
{
  size_t *n = &to->body_len;
  struct sei_buf *b;
  char where[128];
  const char *problem;
  const char *body;
  if(lua_getfield(L, 4, "rows") != LUA_TNIL) {
    body = sei_rows_body(L, -1, n);
    to->shared = sei_rows_shared(L, -1);
    *rows = sei_rows_count(L, -1);
    return body;
  }
  if(lua_getfield(L, 4, "value") != LUA_TNIL) {
    b = sei_bytes_push(L, SEI_BODY_MAX);
    problem = sei_encode(L, -2, b, 1, where, sizeof where);
    if(problem)
      luaL_error(L, "bad body for %s (%s: %s)", e->name,
                 *where ? where : "value", problem);
    *n = b->len;
    return b->data;
  }
  body = e->before;
  if(body && strstr(body, VERSION_ID)) {
    lua_getfield(L, 4, "version_id");
    body = luaL_gsub(L, body, VERSION_ID, lua_tostring(L, -1));
  }
  *n = body ? strlen(body) : 0;
  return body;
}

/* {versionId} comes from the outside: a string or an integer; in a body a
 * whole number. */
static const char *version_id(lua_State *L, const struct sei_endpoint *e)
{
  const char *id;
  size_t n;
  bool in_body = e->before && strstr(e->before, VERSION_ID);
  if(!strchr(e->path, '{') && !in_body)
    return NULL;
  lua_getfield(L, 4, "version_id");
  if(lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1))
    luaL_error(L, "bad argument 'version_id' for %s (string or integer "
               "expected, got %s)", e->name, luaL_typename(L, -1));
  id = lua_tolstring(L, -1, &n);
  if(in_body && (!n || n > 18 || strspn(id, "0123456789") != n))
    luaL_error(L, "bad argument 'version_id' for %s (whole number expected)",
               e->name);
  if(!n || !sei_header_clean(id, n) || !strcmp(id, ".") || !strcmp(id, ".."))
    luaL_error(L, "bad argument 'version_id' for %s (must not be empty or "
               "hold control characters)", e->name);
  return id;
}

/* When a call with the options at 3 must be over, as sei_clock() tells it. */
static double deadline_of(lua_State *L, const struct sei_client *client)
{
  return sei_clock() + sei_option_number(L, 3, "timeout", client->timeout);
}

static void describe(lua_State *L, struct sei_send *s, struct call *c,
                     const struct sei_endpoint *e)
{
  memset(s, 0, sizeof *s);
  sei_request_push_query(L, 3, e);
  s->query = lua_tostring(L, -1);
  s->version_id = version_id(L, e);
  s->timeout = sei_option_number(L, 4, "deadline", deadline_of(L, c->client))
    - sei_clock();
  s->delay = sei_option_number(L, 4, "delay", 0);
  c->first = sei_option_integer(L, 4, "first", 0);
  c->last = sei_option_integer(L, 4, "last", 0);
  if(e->kind != SEI_KIND_UPLOAD) {
    s->body = push_body(L, e, s, &c->rows);
    return;
  }
  s->filename = sei_option_string(L, 4, "filename", "upload.csv");
  s->path = sei_option_string(L, 4, "file", NULL);
  s->body = s->path ? NULL : push_body(L, e, s, &c->rows);
  s->source = s->path ? SEI_SOURCE_FILE : s->body ? SEI_SOURCE_BYTES :
    SEI_SOURCE_FEED;
  c->feeds = s->source == SEI_SOURCE_FEED;
  if(!s->body)
    c->rows = !s->path ? 0 : c->last ? c->last : -1;
}

/* core.call(client, endpoint, options, args) -> call. args: version_id, rows
 * (a core.rows), value, file, filename, deadline, delay (seconds); first,
 * last: the place of the rows among the caller's, for on_batch. An upload
 * without rows and file is fed. The request is queued. */
static int l_call(lua_State *L)
{
  struct sei_client *client = sei_client_open(L, 1);
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 2));
  struct sei_send send;
  struct call *c;
  luaL_argcheck(L, e && e->kind != SEI_KIND_LIST, 2, "no such endpoint");
  lua_settop(L, 4);
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_checktype(L, 4, LUA_TTABLE);
  c = lua_newuserdatauv(L, sizeof *c, UV_COUNT);
  memset(c, 0, sizeof *c);
  c->client = client;
  c->rows = -1;
  c->waiter.ripe = is_ripe;
  luaL_setmetatable(L, CALL);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 5, UV_CLIENT);
  describe(L, &send, c, e);
  sei_exchange_start(L, &c->x, client, e, &send);
  lua_settop(L, 5);
  return 1;
}

static const struct sei_option NONE[] = {
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static const struct sei_option DOWNLOADS[] = {
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none", "path of the file to write"},
  {"to", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called with each row and its line"},
  {"fields", SEI_OPT_STRINGS, 0, 0, NULL, "all",
   "columns to hand over, in this order; not with 'file'"},
  {"row", SEI_OPT_CHOICE, 0, 0, "table|values|spans", "table",
   "what a row is handed over as, see sei.csv.read; not with 'file'"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

#define VERIFY \
  {"verify", SEI_OPT_BOOLEAN, 0, 0, NULL, "false", \
   "read back what was accepted and compare it field by field"}, \
  {"repair", SEI_OPT_BOOLEAN, 0, 0, NULL, "false", \
   "verify, send what is missing once more, and verify again"}

static const struct sei_option UPLOADS[] = {
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none",
   "path of the CSV file to send, byte for byte"},
  {"rows", SEI_OPT_ANY, 0, 0, "table|function", "none",
   "rows to send: an array or an iterator function"},
  {"header", SEI_OPT_STRINGS, 0, 0, NULL, "the endpoint's columns",
   "columns of the CSV that rows become"},
  {"on_reject", SEI_OPT_CHOICE, 0, 0, "bisect|stop",
   "bisect for rows; stop for files and developers",
   "find the rows that the service rejects and send the others, or stop"},
  VERIFY,
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

#define BATCH \
  {"batch_size", SEI_OPT_INTEGER, 1, 1000, NULL, "1000", \
   "rows in a request at most"}, \
  {"on_reject", SEI_OPT_CHOICE, 0, 0, "bisect|stop", \
   "bisect; stop for developers", \
   "find the rows that the service rejects and send the others, or stop"}, \
  VERIFY

static const struct sei_option BATCHES[] = {
  BATCH,
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* Of rows that fit into columns. */
static const struct sei_option FILE_BATCHES[] = {
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none",
   "path of a CSV file with a header, whose rows are sent instead of an "
   "array's: f{ file = path, … }"},
  BATCH,
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

const struct sei_option *sei_call_options(const struct sei_endpoint *e)
{
  static const struct sei_option *const OWN[] = {
    [SEI_KIND_OBJECT] = NONE, [SEI_KIND_LIST] = NONE,
    [SEI_KIND_DOWNLOAD] = DOWNLOADS, [SEI_KIND_ROWS] = BATCHES,
    [SEI_KIND_UPLOAD] = UPLOADS, [SEI_KIND_SEND] = NONE
  };
  if(e->kind == SEI_KIND_ROWS && sei_rows_from_file(e))
    return FILE_BATCHES;
  return OWN[e->kind];
}

/* core.check_call(endpoint, options): raises for options that the endpoint's
 * function does not take. Returns the options, {} for nil. */
static int l_check_call(lua_State *L)
{
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 1));
  luaL_argcheck(L, e, 1, "no such endpoint");
  lua_settop(L, 2);
  sei_request_check(L, 2, e, sei_call_options(e));
  if(e->kind == SEI_KIND_DOWNLOAD && sei_csv_option_names(L, 2, "fields"))
    sei_csv_check_names(L, -1, "fields", e->name);
  lua_settop(L, 2);
  return 1;
}

/* ---- while it runs ---- */

/* core.call_poll(call): true when it is done or wants to be fed. */
static int l_call_poll(lua_State *L)
{
  lua_pushboolean(L, is_ready(check_call(L)));
  return 1;
}

/* core.call_await(call, on) */
static int l_call_await(lua_State *L)
{
  struct call *c = check_call(L);
  if(lua_toboolean(L, 2))
    sei_client_await(c->client, &c->waiter);
  else
    sei_client_unawait(c->client, &c->waiter);
  return 0;
}

/* core.call_feed(call, rows|string): gives it the bytes. false: not now. */
static int l_call_feed(lua_State *L)
{
  struct call *c = check_call(L);
  size_t n;
  const char *bytes = sei_rows_body(L, 2, &n);
  bool taken;
  if(!bytes && lua_type(L, 2) == LUA_TSTRING)
    bytes = lua_tolstring(L, 2, &n);
  taken = !bytes || !n || !c->x.transfer ||
    sei_exchange_done(&c->x) || sei_transfer_feed(c->x.transfer, bytes, n);
  if(taken)
    c->rows += sei_rows_count(L, 2);
  lua_pushboolean(L, taken);
  return 1;
}

/* core.call_feed_end(call): nothing comes behind what was fed. */
static int l_call_feed_end(lua_State *L)
{
  struct call *c = check_call(L);
  c->feeds = false;
  if(c->x.transfer)
    sei_transfer_feed_end(c->x.transfer);
  return 0;
}

/* core.call_done(call): the reply is there, or there will be none. */
static int l_call_done(lua_State *L)
{
  struct call *c = check_call(L);
  lua_pushboolean(L, !c->x.transfer || sei_exchange_done(&c->x));
  return 1;
}

/* ---- the result ---- */

/* Words such as a plain "ok", rather than the remains of something else. */
static bool is_words(const struct sei_buf *body)
{
  size_t i;
  if(body->len > WORDS_MAX || *body->data == '{' || *body->data == '[')
    return false;
  for(i = 0; i < body->len; i++) {
    unsigned char b = (unsigned char)body->data[i];
    if(b == 127 || (b < 32 && !strchr("\t\r\n", b)) || !b)
      return false;
  }
  return true;
}

/* An acknowledgement is a table: JSON as it is, a plain "ok" or nothing as
 * {message=}. false: it is none of these; an error was pushed. */
static bool push_ack(lua_State *L, const struct call *c)
{
  const struct sei_buf *body = sei_transfer_body(c->x.transfer);
  if(body->len && sei_reply_decode(L, c->client, &c->x)) {
    if(lua_istable(L, -1))
      return true;
    lua_pop(L, 1);
  }
  else if(body->len) {
    if(!is_words(body))
      return false;
    lua_pop(L, 1);
  }
  lua_createtable(L, 0, 1);
  lua_pushlstring(L, body->data ? body->data : "",
                  body->len < WORDS_MAX ? body->len : WORDS_MAX);
  lua_setfield(L, -2, "message");
  return true;
}

/* nil, err. A write that was answered, but not understood, may be done. */
static int return_error(lua_State *L, const struct call *c)
{
  if(c->x.endpoint->effect == SEI_WRITES) {
    if(lua_getfield(L, -1, "class") == LUA_TNIL) {
      lua_pushstring(L, sei_class_name(SEI_CLASS_UNKNOWN));
      lua_setfield(L, -3, "class");
    }
    lua_pop(L, 1);
  }
  return sei_error_return(L);
}

/* core.deadline(client, endpoint, options): for the args of several calls that
 * are one to the user. */
static int l_deadline(lua_State *L)
{
  lua_pushnumber(L, deadline_of(L, sei_client_open(L, 1)));
  return 1;
}

/* core.left(deadline) -> seconds until then, may be negative. */
static int l_left(lua_State *L)
{
  lua_pushnumber(L, luaL_checknumber(L, 1) - sei_clock());
  return 1;
}

/* core.backoff(client, n, deadline) -> seconds before the n-th repetition of
 * what is known not to have been done | nil, reason: no more of them. */
static int l_backoff(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  struct sei_retry r;
  enum sei_retry_verdict v;
  double delay;
  c->seed = c->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  sei_retry_begin(&r, &c->retry, &c->budget, luaL_checknumber(L, 3), c->seed);
  r.attempt = (unsigned)n - 1;
  v = sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, sei_clock(), &delay);
  if(v == SEI_RETRY_AGAIN) {
    lua_pushnumber(L, delay);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, sei_retry_reason(v));
  return 2;
}

/* core.call_result(call) -> value, status | nil, err. Once, when done. */
static int l_call_result(lua_State *L)
{
  struct call *c = check_call(L);
  enum sei_want want;
  luaL_argcheck(L, c->x.transfer && sei_exchange_done(&c->x), 1,
                "is not done");
  lua_settop(L, 1);
  if(c->x.endpoint->kind == SEI_KIND_ROWS ||
     c->x.endpoint->kind == SEI_KIND_UPLOAD)
    sei_event_batch(c->client, &c->x, c->rows, c->first, c->last);
  want = c->x.endpoint->effect == SEI_WRITES ? SEI_WANT_ACK : SEI_WANT_JSON;
  if(!sei_reply_check(L, c->client, &c->x, want))
    return return_error(L, c);
  if(want == SEI_WANT_ACK ? !push_ack(L, c) :
     !sei_reply_decode(L, c->client, &c->x))
    return return_error(L, c);
  lua_pushinteger(L, sei_transfer_status(c->x.transfer));
  return 2;
}

/* core.call_close(call), __close, __gc */
static int l_call_close(lua_State *L)
{
  struct call *c = check_call(L);
  sei_client_forget(c->client, &c->waiter);
  sei_exchange_free(&c->x);
  return 0;
}

void sei_open_call(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_call_close}, {"__close", l_call_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"call", l_call}, {"check_call", l_check_call},
    {"call_poll", l_call_poll}, {"call_await", l_call_await},
    {"call_feed", l_call_feed}, {"call_feed_end", l_call_feed_end},
    {"call_done", l_call_done}, {"call_result", l_call_result},
    {"call_close", l_call_close}, {"deadline", l_deadline},
    {"left", l_left}, {"backoff", l_backoff}, {NULL, NULL}
  };
  luaL_newmetatable(L, CALL);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
