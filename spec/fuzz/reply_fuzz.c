/* reply_fuzz - any reply at all: it is usable, or it becomes one error object,
 * printable, of a kind that is known, without the key that the service may
 * have repeated.
 *
 * The input is a reply without its status line: header lines, an empty line,
 * a body. Where it has no empty line all of it is body. */
#include "../../ext/api/endpoint.h"
#include "../../ext/http/transfer_private.h"
#include "../../ext/lua/reply.h"
#include "state.h"

#define KEY "k3y-5ecret/0123456789"

enum { MESSAGE_MAX = 4096, PART = 12 };

struct input {
  struct sei_client client;
  struct sei_transfer transfer;
  struct sei_exchange x;
  enum sei_want want;
};

/* ---- the reply ---- */

/* Adds "Name: value" lines until an empty one; answers where the body is. */
static const char *add_headers(struct sei_headers *h, const char *s,
                               const char *end)
{
  const char *body = s, *line, *colon;
  while(body < end && (body = memchr(body, '\n', (size_t)(end - body)))) {
    if(++body < end && *body == '\n')
      break;
  }
  if(!body || body >= end)
    return s;
  for(line = s; line < body; line = strchr(line, '\n') + 1) {
    char *copy = fuzz_string(line, strcspn(line, "\n"));
    colon = strchr(copy, ':');
    if(colon) {
      copy[colon - copy] = '\0';        /* the name ends there */
      MUST(sei_headers_add(h, copy, colon + 1 + strspn(colon + 1, " ")));
    }
    free(copy);
  }
  return body + 1;
}

static void fill(struct input *in, const char *text, size_t n,
                 struct fuzz_dice *d)
{
  static const int statuses[] = { 200, 200, 201, 204, 301, 400, 400, 401, 403,
    404, 409, 412, 413, 422, 429, 500, 503, 0 };
  struct sei_transfer *t = &in->transfer;
  char *copy = fuzz_string(text, n);
  const char *body = add_headers(&t->headers, copy, copy + strlen(copy));
  size_t skip = (size_t)(body - copy);
  t->body.max = (size_t)-1;
  if(n > skip) {        /* an empty body has no memory */
    t->body.data = fuzz_copy(text + skip, n - skip);
    t->body.len = t->body.cap = n - skip;
  }
  free(copy);
  t->state = fuzz_below(d, 8) ? SEI_TRANSFER_DONE : SEI_TRANSFER_RUNNING;
  t->status = fuzz_below(d, 16) ? statuses[fuzz_below(d, 18)] :
    (int)fuzz_below(d, 1000);
  if(t->state == SEI_TRANSFER_DONE && fuzz_below(d, 16) == 0)
    t->failure = (enum sei_failure)fuzz_below(d, SEI_FAILURE_MEMORY);
  snprintf(t->problem, sizeof t->problem, "it failed: %.*s",
           n < 100 ? (int)n : 100, text);
}

static void prepare(struct input *in, struct fuzz_dice *d)
{
  static char plain[] = "https://host.example/x";
  static char telling[] = "https://host.example/x?key=" KEY;
  size_t n = 0;
  while(sei_endpoints[n].name)
    n++;
  in->x.endpoint = &sei_endpoints[fuzz_below(d, n)];
  in->x.url = fuzz_below(d, 4) ? plain : telling;
  in->x.auth = (enum sei_auth_style)(1 + fuzz_below(d, 4));
  in->x.transfer = &in->transfer;
  in->want = (enum sei_want)fuzz_below(d, 3);
  sei_buf_init(&in->client.key, 1024);
  MUST(sei_buf_add(&in->client.key, KEY, sizeof KEY) == SEI_BUF_OK);
  MUST(sei_redact_add(&in->client.secrets, KEY, sizeof KEY - 1));
  in->client.base_url = NULL;
}

/* ---- the error object ---- */

static void check_text(const char *s, size_t n)
{
  size_t i;
  for(i = 0; n >= PART && i <= n - PART; i++)
    MUST(memcmp(s + i, KEY, PART) != 0);
}

/* No string in it, names of members included, has the key. */
static void check_secret(lua_State *L, int depth)
{
  size_t n;
  const char *s;
  luaL_checkstack(L, 4, NULL);
  if(lua_type(L, -1) == LUA_TSTRING) {
    s = lua_tolstring(L, -1, &n);
    check_text(s, n);
  }
  if(lua_type(L, -1) != LUA_TTABLE || depth > 150)
    return;
  for(lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    check_secret(L, depth + 1);
    lua_pushvalue(L, -2);
    check_secret(L, depth + 1);
    lua_pop(L, 1);
  }
}

/* The field is printable text, or not there and need not be. */
static void check_field(lua_State *L, const char *name, bool must)
{
  size_t n = 0, i;
  const char *s;
  int type = lua_getfield(L, -1, name);
  MUST(type == LUA_TSTRING || (type == LUA_TNIL && !must));
  s = lua_tolstring(L, -1, &n);
  MUST(!s || (n > 0 && n < MESSAGE_MAX && opinion_utf8(s, n)));
  for(i = 0; i < n; i++)
    MUST((unsigned char)s[i] >= 32 && s[i] != 127);
  lua_pop(L, 1);
}

static void check_kind(lua_State *L)
{
  static const char *const kinds[] = { "connect", "tls", "timeout",
    "cancelled", "http", "decode", "protocol", "auth", "rejected",
    "too_large", "closed", "io", NULL };
  size_t i = 0;
  lua_getfield(L, -1, "kind");
  while(kinds[i] && strcmp(kinds[i], lua_tostring(L, -1)))
    i++;
  MUST(kinds[i] != NULL);
  lua_pop(L, 1);
}

static void check_error(lua_State *L)
{
  MUST(lua_type(L, -1) == LUA_TTABLE && lua_getmetatable(L, -1));
  luaL_getmetatable(L, SEI_ERROR);
  MUST(lua_rawequal(L, -1, -2));
  lua_pop(L, 2);
  check_field(L, "kind", true);
  check_field(L, "message", true);
  check_field(L, "method", true);
  check_field(L, "url", true);
  check_field(L, "hint", false);
  check_field(L, "request_id", false);
  check_field(L, "code", false);
  check_kind(L);
  check_secret(L, 0);
  luaL_tolstring(L, -1, NULL);
  check_secret(L, 0);
  lua_pop(L, 1);
}

static int l_check(lua_State *L)
{
  struct input *in = lua_touserdata(L, 1);
  bool done = in->transfer.state == SEI_TRANSFER_DONE;
  in->x.final = done;
  lua_settop(L, 0);
  (void)sei_reply_tells(&in->x);
  (void)sei_reply_refuses_size(&in->x);
  if(!sei_reply_check(L, &in->client, &in->x, in->want)) {
    MUST(lua_gettop(L) == 1);
    check_error(L);
    return 0;
  }
  MUST(lua_gettop(L) == 0 && in->transfer.status / 100 == 2);
  MUST(!done || in->transfer.failure == SEI_FAILURE_NONE);
  if(done && in->want == SEI_WANT_JSON &&
     !sei_reply_decode(L, &in->client, &in->x))
    check_error(L);
  MUST(lua_gettop(L) == (done && in->want == SEI_WANT_JSON));
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct input in;
  struct fuzz_dice d;
  lua_State *L;
  if(!fuzz_seed(&d, &data, &size) || size > 8192)
    return 0;
  memset(&in, 0, sizeof in);
  prepare(&in, &d);
  fill(&in, (const char *)data, size, &d);
  L = state_open();
  state_run(L, l_check, &in,
            fuzz_below(&d, 8) ? -1 : (long)fuzz_below(&d, 200));
  state_close(L);
  sei_headers_free(&in.transfer.headers);
  sei_buf_free(&in.transfer.body);
  sei_buf_free(&in.client.key);
  sei_redact_wipe(&in.client.secrets);
  return 0;
}
