/* reply - is it what was asked for; if not, the error that says so.
 *
 * Reads every error body of api.md section 5, a plain text, an HTML page (of
 * which only the title is told) and an empty one.
 */
#define _GNU_SOURCE /* strcasestr, memmem */
#include "reply.h"

#include <lauxlib.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "error.h"
#include "json.h"
#include "shown.h"

enum { EXCERPT_MAX = 2048, ERROR_BODY_MAX = 1024 * 1024,
  TELLING = SEI_STREAM_HIGH / 4 };

/* ---- the error object ---- */

static void set_string(lua_State *L, const char *name, const char *value)
{
  if(!value || !*value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

/* One entry of `attempts`. */
static void push_attempt(lua_State *L, const struct sei_attempt *a)
{
  lua_createtable(L, 0, 4);
  if(a->status) {
    lua_pushinteger(L, a->status);
    lua_setfield(L, -2, "status");
  }
  lua_pushnumber(L, a->delay);
  lua_setfield(L, -2, "delay");
  lua_pushnumber(L, a->duration);
  lua_setfield(L, -2, "duration");
  set_string(L, "class", sei_class_name(a->what));
}

/* attempts = {{status=, delay=, duration=, class=}, …}, and the last class
 * as the error's own. An attempt that is still under way counts, too. */
static void set_attempts(lua_State *L, const struct sei_exchange *x)
{
  unsigned i, n = x->attempts < SEI_ATTEMPTS_MAX ? x->attempts :
    SEI_ATTEMPTS_MAX;
  enum sei_class what = sei_exchange_class(x);
  struct sei_attempt now = {0};
  lua_createtable(L, (int)n + 1, 0);
  for(i = 0; i < n; i++) {
    push_attempt(L, &x->log[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  if(!sei_exchange_done(x)) {
    now.status = sei_transfer_status(x->transfer);
    now.duration = sei_transfer_duration(x->transfer);
    now.delay = x->delay;
    push_attempt(L, &now);
    lua_rawseti(L, -2, (lua_Integer)n + 1);
  }
  lua_setfield(L, -2, "attempts");
  /* a 200 that says something else than yes: nobody knows */
  if(x->endpoint->effect == SEI_WRITES)
    set_string(L, "class", sei_class_name(what == SEI_CLASS_NONE ?
                                          SEI_CLASS_UNKNOWN : what));
}

static void set_headers(lua_State *L, const struct sei_client *c,
                        const struct sei_exchange *x)
{
  const struct sei_headers *h = sei_transfer_headers(x->transfer);
  const char *id = sei_headers_get(h, "X-Request-Id");
  double wait = sei_header_retry_after(h, (double)time(NULL));
  if(!id || !*id)
    id = sei_headers_get(h, "X-Correlation-Id");
  if(id && *id) {
    sei_shown_push(L, c, id, strlen(id), 128);
    lua_setfield(L, -2, "request_id");
  }
  if(wait >= 0) {
    lua_pushnumber(L, wait);
    lua_setfield(L, -2, "retry_after");
  }
}

/* Fields of the error on top: what was asked, what came. */
static void set_facts(lua_State *L, const struct sei_client *c,
                      const struct sei_exchange *x)
{
  set_string(L, "method", x->endpoint->method);
  sei_shown_push(L, c, x->url, strlen(x->url), EXCERPT_MAX);
  lua_setfield(L, -2, "url");
  if(!x->transfer)
    return;
  if(sei_transfer_status(x->transfer)) {
    lua_pushinteger(L, sei_transfer_status(x->transfer));
    lua_setfield(L, -2, "status");
  }
  set_headers(L, c, x);
  set_attempts(L, x);
}

void sei_reply_error(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x, const char *kind,
                     const char *fmt, const char *detail)
{
  luaL_checkstack(L, 8, NULL);
  detail = sei_shown_push(L, c, detail, strlen(detail), EXCERPT_MAX);
  sei_error_push(L, kind, fmt, detail);
  lua_remove(L, -2);
  set_facts(L, c, x);
}

void sei_reply_complete(lua_State *L, const struct sei_client *c,
                        const struct sei_exchange *x)
{
  size_t n;
  const char *s;
  luaL_checkstack(L, 8, NULL);
  for(lua_pushnil(L); lua_next(L, -2); ) {
    if(lua_type(L, -1) == LUA_TSTRING) {
      s = lua_tolstring(L, -1, &n);
      lua_pushvalue(L, -2);
      sei_shown_push(L, c, s, n, EXCERPT_MAX);
      lua_rawset(L, -5); /* a field that is there may be set meanwhile */
    }
    lua_pop(L, 1);
  }
  set_facts(L, c, x);
}

/* ---- what the connection did ---- */

static const struct { const char *kind, *hint; } FAILURES[] = {
  [SEI_FAILURE_NONE] = {"protocol", NULL},
  [SEI_FAILURE_CONNECT] = {"connect",
    "check base_url or region, the network and the proxy"},
  [SEI_FAILURE_TLS] = {"tls", "if a company's own authority signed the "
    "certificate, name it with ca_file"},
  [SEI_FAILURE_TIMEOUT] = {"timeout", "see the options timeout, "
    "connect_timeout and stall_timeout"},
  [SEI_FAILURE_CANCELLED] = {"cancelled", NULL},
  [SEI_FAILURE_PROTOCOL] = {"protocol", NULL},
  [SEI_FAILURE_TOO_LARGE] = {"too_large", "see the option max_body; a smaller "
    "page_size gives smaller replies"},
  [SEI_FAILURE_SOURCE] = {"io", NULL},
  [SEI_FAILURE_MEMORY] = {"io", NULL}
};

static void push_failure(lua_State *L, const struct sei_client *c,
                         const struct sei_exchange *x)
{
  enum sei_failure f = sei_transfer_failure(x->transfer);
  const char *kind = FAILURES[f].kind;
  const char *problem = sei_transfer_problem(x->transfer);
  if(f == SEI_FAILURE_MEMORY)
    luaL_error(L, "not enough memory");
  if(f == SEI_FAILURE_CANCELLED && !c->pool) {
    kind = "closed";
    problem = "the client is closed";
  }
  sei_reply_error(L, c, x, kind, "%s", problem);
  set_string(L, "hint", FAILURES[f].hint);
}

/* ---- what the server says ---- */

/* The words of the gateway's first response message. The body is a table on
 * top; pushes a string or nil. */
static void push_first_response(lua_State *L, const struct sei_client *c)
{
  size_t n;
  const char *s;
  int top = lua_gettop(L);
  if(lua_getfield(L, top, "responseMessages") == LUA_TTABLE &&
     lua_rawgeti(L, -1, 1) == LUA_TTABLE &&
     lua_getfield(L, -1, "message") == LUA_TSTRING) {
    s = lua_tolstring(L, -1, &n);
    sei_shown_push(L, c, s, n, SEI_SHOWN_MAX);
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return;
  }
  lua_settop(L, top);
  lua_pushnil(L);
}

/* The error body's own words, in the order of what tells most. The body is a
 * table on top; pushes a string or nil. */
static void push_words(lua_State *L, const struct sei_client *c)
{
  static const char *const NAMES[] = {
    "message", "error", "detailedMessage", "error_description", NULL
  };
  size_t i, n;
  const char *s;
  for(i = 0; NAMES[i]; i++) {
    if(lua_getfield(L, -1, NAMES[i]) == LUA_TSTRING &&
       lua_rawlen(L, -1) > 0) {
      s = lua_tolstring(L, -1, &n);
      sei_shown_push(L, c, s, n, SEI_SHOWN_MAX);
      lua_remove(L, -2);
      return;
    }
    lua_pop(L, 1);
  }
  push_first_response(L, c);
}

/* One entry of the developers' `errors`: TYPE in field X (n developers). */
static void push_entry(lua_State *L, const struct sei_client *c)
{
  size_t n;
  const char *s;
  int top = lua_gettop(L);
  lua_getfield(L, top, "errorType");
  lua_getfield(L, top, "fieldName");
  lua_getfield(L, top, "errorDeveloperCount");
  lua_pushfstring(L, "%s%s%s", lua_tostring(L, top + 1) ?
                  lua_tostring(L, top + 1) : "unnamed error",
                  lua_isstring(L, top + 2) ? " in field " : "",
                  lua_isstring(L, top + 2) ? lua_tostring(L, top + 2) : "");
  if(lua_isinteger(L, top + 3)) {
    lua_pushfstring(L, " (%I developers)",
                    (LUAI_UACINT)lua_tointeger(L, top + 3));
    lua_concat(L, 2);
  }
  s = lua_tolstring(L, -1, &n);
  sei_shown_push(L, c, s, n, SEI_SHOWN_MAX);
  lua_replace(L, top);
  lua_settop(L, top);
}

/* The first ten of the body's `errors`, joined, or nil. Body on top. */
static void push_errors(lua_State *L, const struct sei_client *c)
{
  lua_Integer i, n;
  int errors = lua_gettop(L) + 1;
  if(lua_getfield(L, -1, "errors") != LUA_TTABLE || !lua_rawlen(L, -1)) {
    lua_settop(L, errors - 1);
    lua_pushnil(L);
    return;
  }
  n = (lua_Integer)lua_rawlen(L, errors);
  lua_pushliteral(L, "");
  for(i = 1; i <= n && i <= 10; i++) {
    lua_pushstring(L, i > 1 ? "; " : "");
    if(lua_rawgeti(L, errors, i) == LUA_TTABLE)
      push_entry(L, c);
    else {
      size_t len;
      const char *s = luaL_tolstring(L, -1, &len);
      sei_shown_push(L, c, s, len, SEI_SHOWN_MAX);
      lua_replace(L, -3);
      lua_pop(L, 1);
    }
    lua_concat(L, 3);
  }
  lua_remove(L, errors);
}

/* Copies text from the table on top into the error, printable: it will stand
 * in messages, too. */
static void copy_text(lua_State *L, const struct sei_client *c, int error,
                      const char *from, const char *to)
{
  size_t n;
  const char *s;
  if(lua_getfield(L, -1, from) == LUA_TSTRING && lua_rawlen(L, -1) > 0) {
    s = lua_tolstring(L, -1, &n);
    sei_shown_push(L, c, s, n, SEI_SHOWN_MAX);
    lua_setfield(L, error, to);
  }
  lua_pop(L, 1);
}

/* Copies what the body tells beside its words. Stack: body, error. */
static void copy_details(lua_State *L, const struct sei_client *c, int body,
                         int error)
{
  lua_pushvalue(L, body);
  copy_text(L, c, error, "code", "code");
  copy_text(L, c, error, "correlationId", "request_id");
  if(lua_getfield(L, body, "errors") == LUA_TTABLE) {
    if(lua_rawgeti(L, -1, 1) == LUA_TTABLE)
      copy_text(L, c, error, "errorType", "code");
    lua_getfield(L, body, "errors");
    lua_setfield(L, error, "rows");
  }
  lua_settop(L, error);
}

/* Pushes the body as a table if it is a JSON object, else nil. */
static void push_body_table(lua_State *L, const struct sei_client *c,
                            const struct sei_exchange *x)
{
  if(sei_transfer_body(x->transfer)->len <= ERROR_BODY_MAX &&
     sei_reply_decode(L, c, x) && lua_istable(L, -1))
    return;
  if(sei_transfer_body(x->transfer)->len <= ERROR_BODY_MAX)
    lua_pop(L, 1);
  lua_pushnil(L);
}

static const char *kind_of(const struct sei_exchange *x, int status)
{
  if(status == 401 || status == 403)
    return "auth";
  if(x->endpoint->effect == SEI_WRITES &&
     (status == 400 || status == 404 || status == 409 || status == 412 ||
      status == 413 || status == 422))
    return "rejected";
  return status / 100 == 3 ? "protocol" : "http";
}

static void set_hint(lua_State *L, const struct sei_exchange *x, int status)
{
  if(status == 401) {
    lua_pushfstring(L, "the key was sent in the style '%s'; some endpoints "
                    "want auth = \"%s\"", sei_auth_name(x->auth),
                    sei_auth_name(sei_auth_other(x->auth)));
    lua_setfield(L, -2, "hint");
  }
  else
    set_string(L, "hint",
      status == 403 ? "the key needs the scope developer_records:read, for "
        "writes developer_records:write" :
      status == 404 && x->endpoint->effect == SEI_READS ?
        "check base_url: it ends in /sei/api" :
      status == 412 ? "upload developer records and map their fields first" :
      status == 429 ? "the service allows 400 requests a minute for a key" :
      status / 100 == 3 ? "redirects are not followed; check base_url" : NULL);
}

static const char *sentence(int status)
{
  return status == 401 ? "the service does not accept the API key: %s" :
    status == 403 ? "the key may not do this: %s" :
    status == 429 ? "too many requests: %s" :
    status / 100 == 5 ? "the service failed: %s" :
    status / 100 == 3 ? "the service redirects elsewhere: %s" :
    "the service refused the request: %s";
}

/* Pushes the words for a refusal's message. Body table (or nil) on top. */
static const char *push_reason(lua_State *L, const struct sei_client *c,
                               const struct sei_exchange *x)
{
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  const char *location = sei_headers_get(sei_transfer_headers(x->transfer),
                                         "Location");
  if(lua_istable(L, -1)) {
    push_errors(L, c);
    if(lua_isstring(L, -1))
      return lua_tostring(L, -1);
    lua_pop(L, 1);
    push_words(L, c);
    if(lua_isstring(L, -1))
      return lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  if(location)
    return sei_shown_push(L, c, location, strcspn(location, "?#"),
                          SEI_SHOWN_MAX);
  if(sei_shown_html(x)) {
    sei_shown_title(L, c, x);
    return lua_pushfstring(L, *lua_tostring(L, -1) ? "a web page titled '%s'" :
                           "a web page%s", lua_tostring(L, -1));
  }
  if(!body->len || sei_shown_skip_blank(body->data, body->data + body->len) ==
                   body->data + body->len)
    return lua_pushliteral(L, "without saying why");
  return sei_shown_push(L, c, body->data, body->len, SEI_SHOWN_MAX);
}

/* An excerpt for those who report the fault; never of a web page. */
static void set_excerpt(lua_State *L, const struct sei_client *c,
                        const struct sei_exchange *x)
{
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  if(!body->len || sei_shown_html(x))
    return;
  sei_shown_push(L, c, body->data, body->len, EXCERPT_MAX);
  lua_setfield(L, -2, "body");
}

static void push_refusal(lua_State *L, const struct sei_client *c,
                         const struct sei_exchange *x, const char *kind)
{
  int status = sei_transfer_status(x->transfer), base;
  const char *reason;
  luaL_checkstack(L, 20, NULL);
  sei_shown_redact(c, x);
  push_body_table(L, c, x);
  base = lua_gettop(L);
  reason = push_reason(L, c, x);
  sei_reply_error(L, c, x, kind ? kind : kind_of(x, status),
                  sentence(status), reason);
  lua_replace(L, base + 1);
  lua_settop(L, base + 1);
  if(lua_istable(L, base))
    copy_details(L, c, base, base + 1);
  set_hint(L, x, status);
  set_excerpt(L, c, x);
  lua_remove(L, base);
}

/* A web page where data was expected: somebody wants a login. */
static void push_page(lua_State *L, const struct sei_client *c,
                      const struct sei_exchange *x)
{
  sei_shown_title(L, c, x);
  if(*lua_tostring(L, -1))
    sei_reply_error(L, c, x, "protocol", "the service sent a web page titled "
                    "'%s' instead of data", lua_tostring(L, -1));
  else
    sei_reply_error(L, c, x, "protocol", "the service sent a web page "
                    "instead of data%s", "");
  lua_remove(L, -2);
  set_string(L, "hint", "often a login page: check the API key and base_url "
             "(it ends in /sei/api)");
}

/* A 200 whose body says that it failed (identities: status "error";
 * developers: "FAILURE"; v1: only `error`). Body table on top. */
static bool says_failure(lua_State *L)
{
  const char *s;
  bool bad;
  lua_getfield(L, -1, "status");
  s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  bad = !strcasecmp(s, "error") || !strcasecmp(s, "failure");
  lua_getfield(L, -2, "error");
  bad = bad || (lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) > 0);
  lua_pop(L, 2);
  return bad;
}

/* false: the error object was pushed. */
static bool check_words(lua_State *L, const struct sei_client *c,
                        const struct sei_exchange *x, const char *kind)
{
  bool bad;
  push_body_table(L, c, x);
  bad = lua_istable(L, -1) && says_failure(L);
  lua_pop(L, 1);
  if(bad)
    push_refusal(L, c, x, kind);
  return !bad;
}

/* false: it is empty where something was expected, and the error pushed. */
static bool check_some(lua_State *L, const struct sei_client *c,
                       const struct sei_exchange *x, const char *what)
{
  if(!sei_exchange_done(x) || sei_transfer_body(x->transfer)->len)
    return true;
  sei_reply_error(L, c, x, "protocol", "the service sent an empty reply "
                  "where %s was expected", what);
  return false;
}

static bool check_json(lua_State *L, const struct sei_client *c,
                       const struct sei_exchange *x)
{
  return check_some(L, c, x, "JSON") &&
    (!sei_exchange_done(x) || x->endpoint->kind != SEI_KIND_OBJECT ||
     check_words(L, c, x, "http"));
}

/* Whether the reply says or looks as if it were JSON; its beginning is there
 * only until somebody took it. */
static bool is_json(const struct sei_exchange *x)
{
  const char *type = sei_headers_get(sei_transfer_headers(x->transfer),
                                     "Content-Type");
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  const char *end, *s;
  if(type && strcasestr(type, "json"))
    return true;
  if(!body->len || x->taken)
    return false;
  end = body->data + body->len;
  s = sei_shown_skip_blank(body->data, end);
  return s < end && (*s == '{' || *s == '[');
}

/* A service that knows no CSV answers with its usual JSON, or says "ok". It
 * would be a list without rows. */
static bool check_csv(lua_State *L, const struct sei_client *c,
                      const struct sei_exchange *x)
{
  if(!check_some(L, c, x, "CSV"))
    return false;
  if(!is_json(x))
    return true;
  sei_reply_error(L, c, x, "protocol", "the service sent %s where CSV was "
                  "expected", "JSON");
  set_excerpt(L, c, x);
  return false;
}

bool sei_reply_check(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x, enum sei_want want)
{
  int status = sei_transfer_status(x->transfer);
  if(sei_exchange_done(x) &&
     sei_transfer_failure(x->transfer) != SEI_FAILURE_NONE)
    push_failure(L, c, x);
  else if(status / 100 != 2)
    push_refusal(L, c, x, NULL);
  else if(sei_shown_html(x))
    push_page(L, c, x);
  else if(want == SEI_WANT_ACK) {
    sei_shown_redact(c, x); /* it goes into reports, which errors may hold */
    return check_words(L, c, x, "rejected");
  }
  else
    return want == SEI_WANT_JSON ? check_json(L, c, x) : check_csv(L, c, x);
  return false;
}

bool sei_reply_tells(const struct sei_exchange *x)
{
  return sei_exchange_done(x) ||
    (sei_transfer_status(x->transfer) / 100 == 2 &&
     sei_transfer_body(x->transfer)->len >= TELLING);
}

bool sei_reply_refuses_size(const struct sei_exchange *x)
{
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  int status = sei_transfer_status(x->transfer);
  if(sei_transfer_failure(x->transfer) != SEI_FAILURE_NONE)
    return false;
  if(status == 413)
    return true;
  if((status != 400 && status != 422) || !body->len)
    return false;
  return memmem(body->data, body->len, "page", 4) ||
    memmem(body->data, body->len, "Page", 4) ||
    memmem(body->data, body->len, "size", 4);
}

/* Pushes the builder of all replies that are no pages. One for each reply
 * would be tens of KiB for the collector, mostly for one line of text. */
static void push_builder(lua_State *L)
{
  static const char KEY = 0;
  if(lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  sei_builder_push(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &KEY);
}

bool sei_reply_decode(lua_State *L, const struct sei_client *c,
                      const struct sei_exchange *x)
{
  struct sei_buf *body = sei_transfer_body(x->transfer);
  struct sei_json json;
  struct sei_build w;
  enum sei_json_event ev;
  int base = lua_gettop(L);
  luaL_checkstack(L, 4, NULL);
  sei_json_begin(&json, sei_bytes_push(L, body->len + 1), 0, 0);
  push_builder(L);
  sei_build_begin(&w, L, base + 2, 0);
  sei_json_input(&json, body->data, body->len, true);
  ev = sei_json_next(&json);
  if(ev != SEI_JSON_ERROR && ev != SEI_JSON_END)
    ev = sei_build(&w, &json, ev);
  if(ev != SEI_JSON_ERROR && ev != SEI_JSON_END)
    ev = sei_json_next(&json);
  if(ev == SEI_JSON_END && lua_gettop(L) == base + 4) {
    lua_replace(L, base + 1);
    lua_settop(L, base + 1);
    return true;
  }
  lua_settop(L, base);
  sei_reply_error(L, c, x, "decode", "the reply is not JSON: %s",
                  json.problem ? json.problem : "it is empty");
  return false;
}
