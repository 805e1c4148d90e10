/* download - a CSV reply as a stream of rows or bytes.
 *
 * The transfer pauses while nobody takes its bytes, so that memory does not
 * grow with the reply. C never waits: when no row is there it calls a Lua
 * function, which steps and waits and may yield.
 */
#include "download.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

#include "csv.h"
#include "error.h"
#include "reply.h"
#include "rows.h"

/* Field of the metatable: the Lua function that steps and waits. */
#define ADVANCE "advance"

enum { UV_CLIENT = 1, UV_ROWS, UV_ERROR, UV_COUNT = UV_ERROR };

struct download {
  struct sei_client *client;
  struct sei_exchange x;
  struct sei_waiter waiter;
  struct sei_csv_rows *rows;      /* kept by UV_ROWS */
  bool checked;                   /* the reply is CSV, as far as one can see */
  bool fed;                       /* all of it went to `rows` */
  bool failed, ended;
  lua_Integer given;              /* rows, to a function */
};

static bool has_bytes(const struct download *d)
{
  return sei_transfer_body(d->x.transfer)->len > 0;
}

/* Whether there is something to look at: data, or enough of an error. */
static bool has_news(const struct download *d)
{
  return sei_transfer_status(d->x.transfer) / 100 == 2 && has_bytes(d) ?
    true : sei_reply_tells(&d->x);
}

static bool is_ripe(struct sei_waiter *waiter)
{
  const struct download *d = (struct download *)
    ((char *)waiter - offsetof(struct download, waiter));
  return !d->x.transfer || has_news(d);
}

static struct download *check_download(lua_State *L)
{
  return luaL_checkudata(L, 1, SEI_DOWNLOAD);
}

/* core.download(client, endpoint, options) -> stream. It is queued. */
static int l_download(lua_State *L)
{
  struct sei_client *client = sei_client_open(L, 1);
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 2));
  struct sei_csv_how how = {0};
  struct sei_send send = {0};
  struct download *d;
  luaL_argcheck(L, e && e->kind == SEI_KIND_DOWNLOAD, 2, "no download");
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  d = lua_newuserdatauv(L, sizeof *d, UV_COUNT);
  memset(d, 0, sizeof *d);
  d->client = client;
  d->waiter.ripe = is_ripe;
  luaL_setmetatable(L, SEI_DOWNLOAD);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 4, UV_CLIENT);
  how.name = e->name;
  sei_columns_push(L, 1, e);
  how.required = lua_istable(L, -1) ? lua_gettop(L) : 0;
  how.fields = sei_csv_option_names(L, 3, "fields");
  how.shape = sei_csv_option_shape(L, 3);
  d->rows = sei_csv_rows_push(L, &how);
  lua_setiuservalue(L, 4, UV_ROWS);
  sei_request_push_query(L, 3, e);
  send.query = lua_tostring(L, -1);
  send.timeout = sei_option_number(L, 3, "timeout", client->timeout);
  send.stream = true;
  sei_exchange_start(L, &d->x, client, e, &send);
  lua_settop(L, 4);
  return 1;
}

/* Keeps the error object on top. */
static void fail(lua_State *L, struct download *d)
{
  lua_setiuservalue(L, 1, UV_ERROR);
  d->failed = true;
}

/* Whether bytes may be taken; looks at the reply once its beginning is there,
 * and at its end once it is over. */
static bool check(lua_State *L, struct download *d)
{
  bool done = sei_exchange_done(&d->x);
  if(d->failed || d->ended || !has_news(d))
    return false;
  if(d->checked &&
     (!done || sei_transfer_failure(d->x.transfer) == SEI_FAILURE_NONE))
    return true;
  d->checked = sei_reply_check(L, d->client, &d->x, SEI_WANT_CSV);
  if(!d->checked)
    fail(L, d);
  return d->checked;
}

/* core.download_poll(d): true when a row, bytes, the end or an error may be
 * had; that is, when waiting is over. */
static int l_download_poll(lua_State *L)
{
  struct download *d = check_download(L);
  lua_settop(L, 1);
  lua_pushboolean(L, d->failed || d->ended || sei_exchange_done(&d->x) ||
                  check(L, d) || d->failed);
  return 1;
}

/* core.download_await(d, on) */
static int l_download_await(lua_State *L)
{
  struct download *d = check_download(L);
  if(lua_toboolean(L, 2))
    sei_client_await(d->client, &d->waiter);
  else
    sei_client_unawait(d->client, &d->waiter);
  return 0;
}

/* core.download_read(d) -> string | false (wait) | nil (the end) | nil, err */
static int l_download_read(lua_State *L)
{
  struct download *d = check_download(L);
  struct sei_buf *body;
  lua_settop(L, 1);
  if(check(L, d) && has_bytes(d)) {
    body = sei_transfer_body(d->x.transfer);
    lua_pushlstring(L, body->data, body->len);
    sei_buf_clear(body);
    sei_transfer_drained(d->x.transfer);
    d->x.taken = true;
    return 1;
  }
  if(d->failed) {
    lua_pushnil(L);
    lua_getiuservalue(L, 1, UV_ERROR);
    return 2;
  }
  d->ended = d->ended || sei_exchange_done(&d->x);
  if(d->ended)
    lua_pushnil(L);
  else
    lua_pushboolean(L, 0);
  return 1;
}

/* Hands the bytes that came to the CSV reader. */
static void feed(lua_State *L, struct download *d)
{
  struct sei_buf *body = sei_transfer_body(d->x.transfer);
  bool done = sei_exchange_done(&d->x);
  if(d->fed || (!body->len && !done))
    return;
  if(!sei_csv_rows_feed(d->rows, body->data ? body->data : "", body->len,
                        done))
    luaL_error(L, "not enough memory");
  d->fed = done;
  sei_buf_clear(body);
  d->x.taken = true;
  sei_transfer_drained(d->x.transfer);
}

static void set_hint(lua_State *L)
{
  lua_pushliteral(L, "the client's options for this group of endpoints may "
                  "name the columns (csv_header)");
  lua_setfield(L, -2, "hint");
}

/* The CSV reader's error on top becomes one of the reply. */
static void complete(lua_State *L, struct download *d)
{
  sei_reply_complete(L, d->client, &d->x);
  if(sei_csv_rows_line(d->rows) <= 1 && d->x.endpoint->csv)
    set_hint(L);
}

/* core.download_lacks(d, column) -> err: the reply's first line does not name
 * that column. */
static int l_download_lacks(lua_State *L)
{
  struct download *d = check_download(L);
  sei_reply_error(L, d->client, &d->x, "decode", "the first line of the reply "
                  "does not name the column '%s'", luaL_checkstring(L, 2));
  set_hint(L);
  return 1;
}

/* Takes the next row, if there is one: pushes its values and its line and
 * says how many that are; or 0 at the end, or MUST_WAIT. Raises what broke it.
 * The stream is at 1, the reader of its rows at `rows`. */
enum { MUST_WAIT = -1 };
static int take_row(lua_State *L, struct download *d, int rows)
{
  int top = lua_gettop(L);
  do {
    switch(d->failed || d->ended ? SEI_CSV_MORE :
           sei_csv_rows_next(L, d->rows, rows)) {
    case SEI_CSV_ROW:
      lua_pushinteger(L, (lua_Integer)sei_csv_rows_line(d->rows));
      return sei_csv_rows_width(d->rows) + 1;
    case SEI_CSV_END:
      d->ended = true;
      break;
    case SEI_CSV_ERROR:
      complete(L, d);
      fail(L, d);
      break;
    case SEI_CSV_NOMEM:
      return luaL_error(L, "not enough memory");
    case SEI_CSV_MORE:
      break;
    }
    lua_settop(L, top);
    if(check(L, d))
      feed(L, d);
    else if(d->failed) {
      lua_getiuservalue(L, 1, UV_ERROR);
      return lua_error(L);
    }
    else if(d->ended)
      return 0;
  } while(d->fed || d->failed || is_ripe(&d->waiter));
  return MUST_WAIT;
}

/* Pushes the call of the Lua function that steps and waits. */
static void push_advance(lua_State *L)
{
  luaL_getmetafield(L, 1, ADVANCE);
  lua_pushvalue(L, 1);
}

/* The next row and its line, nil at the end. Waiting may yield. */
static int next_row(lua_State *L, int status, lua_KContext ctx)
{
  struct download *d = lua_touserdata(L, 1);
  (void)status;
  (void)ctx;
  for(;;) {
    int n;
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, UV_ROWS);
    n = take_row(L, d, 2);
    if(n > 0)
      return n;
    if(!n) {
      lua_pushnil(L);
      return 1;
    }
    push_advance(L);
    lua_callk(L, 1, 0, 0, next_row);
  }
}

static int l_download_call(lua_State *L)
{
  check_download(L);
  return next_row(L, LUA_OK, 0);
}

/* The same with a function, at 2, called for each row; it may yield, too. */
static int each_row(lua_State *L, int status, lua_KContext ctx)
{
  struct download *d = lua_touserdata(L, 1);
  (void)status;
  (void)ctx;
  for(;;) {
    int n;
    lua_settop(L, 2);
    lua_getiuservalue(L, 1, UV_ROWS);
    lua_pushvalue(L, 2);
    n = take_row(L, d, 3);
    if(!n) {
      lua_pushinteger(L, d->given);
      return 1;
    }
    if(n > 0)
      d->given++;
    else {
      push_advance(L);
      n = 1;
    }
    lua_callk(L, n, 0, 0, each_row);
  }
}

/* core.download_each(d, f): calls f with each row. Returns how many. */
static int l_download_each(lua_State *L)
{
  check_download(L);
  lua_settop(L, 2);
  return each_row(L, LUA_OK, 0);
}

/*** Ends the download: the transfer is cancelled if it still runs. `break` in
a `for` loop does it; closing twice is fine.
@function download:close */
static int l_download_close(lua_State *L)
{
  struct download *d = check_download(L);
  sei_exchange_free(&d->x);
  d->ended = true;
  sei_client_wake(d->client); /* another coroutine may wait for it */
  return 0;
}

static int l_download_gc(lua_State *L)
{
  struct download *d = check_download(L);
  l_download_close(L);
  sei_client_forget(d->client, &d->waiter);
  return 0;
}

/* core.on_download(advance) */
static int l_on_download(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  luaL_getmetatable(L, SEI_DOWNLOAD);
  lua_insert(L, 1);
  lua_setfield(L, 1, ADVANCE);
  return 0;
}

void sei_open_download(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_download_gc}, {"__close", l_download_close},
    {"__call", l_download_call}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"close", l_download_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"download", l_download}, {"on_download", l_on_download},
    {"download_poll", l_download_poll}, {"download_read", l_download_read},
    {"download_await", l_download_await}, {"download_each", l_download_each},
    {"download_lacks", l_download_lacks}, {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_DOWNLOAD);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "download_methods");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
