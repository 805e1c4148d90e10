/* http_handles_test - a request on a handle that was used before goes out as
 * on a new one and keeps nothing of the last one; what ended badly is not
 * used again. */
#define _GNU_SOURCE
#include "../../ext/http/handles.h"

#include "http_drive.h"

enum { ROUNDS = 300, LARGE = 200000 };

/* ---- what the server answers ---- */

/* In one piece: a second one would wait for the first to be acknowledged. */
static int answer_with(struct conn *c, const char *status, const char *fields)
{
  size_t n = c->head_len + c->body_len;
  struct sei_buf b;
  char head[128];
  snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
           status, fields, n);
  sei_buf_init(&b, MEGABYTE);
  sei_buf_adds(&b, head);
  sei_buf_add(&b, c->in.data, n);
  send_all(c, b.data, b.len);
  sei_buf_free(&b);
  return 1;
}

static int answer_echo(struct conn *c)
{
  return answer_with(c, "200 OK", "");
}

static int answer_once(struct conn *c)
{
  return c->served ? 0 : answer_echo(c);
}

static int answer_nothing(struct conn *c)
{
  (void)c;
  return 0;
}

static int answer_cut(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  return 0;
}

static int answer_400(struct conn *c)
{
  return answer_with(c, "400 Bad Request", "X-Why: because\r\n");
}

static int answer_hang(struct conn *c)
{
  wait_hangup(c);
  return 0;
}

static const struct route ROUTES[] = {
  { "/echo", answer_echo, 0 }, { "/other", answer_echo, 0 },
  { "/once", answer_once, 0 }, { "/nothing", answer_nothing, 0 },
  { "/cut", answer_cut, 0 }, { "/400", answer_400, 0 },
  { "/hang", answer_hang, 0 }, { NULL, NULL, 0 }
};

/* ---- helpers ---- */

static struct sei_http_options with_handles(struct sei_pool *p)
{
  struct sei_http_options o = OPTIONS;
  o.handles = sei_pool_handles(p);
  return o;
}

static struct sei_request post(const char *path, const char *body, bool reads)
{
  struct sei_request r = request("POST", path);
  r.body = body;
  r.body_len = strlen(body);
  r.reads = reads;
  return r;
}

static unsigned below(unsigned n)
{
  static uint64_t state = 20240701;
  state = state * UINT64_C(6364136223846793005) + 1442695041;
  return (unsigned)(state >> 33) % n;
}

/* ---- the same bytes ---- */

static char large[LARGE];

/* A request of any kind; `h` is filled and belongs to the caller. */
static struct sei_request any_request(struct sei_headers *h)
{
  static const char *const METHODS[] = {
    "POST", "POST", "POST", "GET", "PUT", "DELETE"
  };
  static const char *const PATHS[] = {
    "/echo", "/echo", "/echo?page=1", "/other", "/400"
  };
  struct sei_request r = request(METHODS[below(6)], PATHS[below(5)]);
  char value[32];
  snprintf(value, sizeof value, "key-%u", below(5));
  sei_headers_add(h, "x-api-key", value);
  if(below(2))
    sei_headers_add(h, "Content-Type", "application/json");
  if(!below(4))
    sei_headers_add(h, "traceparent", "00-1-2-01");
  r.headers = h;
  if(strcmp(r.method, "GET") && below(6)) {
    r.body = large + below(100);
    r.body_len = below(8) ? below(300) : below(LARGE - 100);
    r.reads = below(2);
  }
  return r;
}

static void same_bytes(struct sei_pool *p, struct sei_pool *q)
{
  struct sei_headers h = { 0 };
  struct sei_request r = any_request(&h);
  struct sei_http_options o = with_handles(p);
  struct sei_transfer *a = run(p, &o, &r), *b = run(q, &OPTIONS, &r);
  struct sei_buf *x = sei_transfer_body(a), *y = sei_transfer_body(b);
  CHECK_END(a, SEI_FAILURE_NONE, sei_transfer_status(b));
  CHECK_END(b, SEI_FAILURE_NONE, -1);
  CHECK(x->len == y->len && !memcmp(x->data, y->data, x->len));
  CHECK(sei_transfer_headers(a)->count == sei_transfer_headers(b)->count);
  CHECK(sei_transfer_uploaded(a) == sei_transfer_uploaded(b));
  CHECK(sei_transfer_sent(a) && sei_transfer_sent(b));
  sei_transfer_free(a);
  sei_transfer_free(b);
  sei_headers_free(&h);
}

static void test_same_bytes(void)
{
  struct sei_pool *p = sei_pool_new(2), *q = sei_pool_new(2);
  size_t i;
  for(i = 0; i < LARGE; i++)
    large[i] = (char)(i * 7 >> 3);
  for(i = 0; i < ROUNDS; i++)
    same_bytes(p, q);
  CHECK(sei_pool_handles(p)->count == 1);
  CHECK(sei_pool_handles(q)->count > 0); /* kept, but nobody takes them */
  sei_pool_free(p);
  sei_pool_free(q);
}

/* ---- who waits to be used again ---- */

static void ends(struct sei_pool *p, const char *path, double deadline,
                 enum sei_failure failure, unsigned kept)
{
  struct sei_http_options o = with_handles(p);
  struct sei_request r = post(path, "{}", true);
  struct sei_transfer *t;
  r.deadline = deadline > 0 ? sei_clock() + deadline : 0;
  t = run(p, &o, &r);
  CHECK_END(t, failure, -1);
  CHECK(sei_pool_handles(p)->count == kept);
  sei_transfer_free(t);
}

static void test_bad_ends(void)
{
  struct sei_pool *p = sei_pool_new(2);
  struct sei_http_options o = with_handles(p);
  struct sei_request r;
  struct sei_transfer *t;
  ends(p, "/echo", 0, SEI_FAILURE_NONE, 1);
  ends(p, "/400", 0, SEI_FAILURE_NONE, 1);
  ends(p, "/cut", 0, SEI_FAILURE_CONNECT, 0);
  ends(p, "/echo", 0, SEI_FAILURE_NONE, 1);
  ends(p, "/nothing", 0, SEI_FAILURE_CONNECT, 0);
  ends(p, "/echo", 0, SEI_FAILURE_NONE, 1);
  ends(p, "/hang", 0.05, SEI_FAILURE_TIMEOUT, 0);
  ends(p, "/echo", 0, SEI_FAILURE_NONE, 1);
  r = post("/hang", "{}", true);
  t = submit(p, &o, &r);
  CHECK(!sei_pool_handles(p)->count);
  turn(p, 0.01);
  sei_transfer_free(t); /* cancelled */
  CHECK(!sei_pool_handles(p)->count);
  t = sei_transfer_new(&o, &r);
  sei_transfer_free(t); /* never submitted */
  CHECK(!sei_pool_handles(p)->count);
  sei_pool_free(p);
}

/* As many as ran at once; they outlive the transfers, not the pool. */
static void test_many(void)
{
  struct sei_pool *p = sei_pool_new(8);
  struct sei_http_options o = with_handles(p);
  struct sei_transfer *t[8];
  int i, round;
  for(round = 0; round < 3; round++) {
    for(i = 0; i < 8; i++) {
      struct sei_request r = post(i % 2 ? "/echo" : "/other", "{}", true);
      t[i] = submit(p, &o, &r);
    }
    CHECK(!sei_pool_handles(p)->count);
    for(i = 0; i < 8; i++)
      CHECK(finish(p, t[i]));
    CHECK(sei_pool_handles(p)->count == 8);
    for(i = 0; i < 8; i++) {
      CHECK(body_has(t[i], i % 2 ? "POST /echo " : "POST /other "));
      sei_transfer_free(t[i]);
    }
  }
  sei_pool_free(p);
}

/* ---- a kept connection that is dead ---- */

static void once(struct sei_pool *p, bool reads, enum sei_failure failure)
{
  struct sei_http_options o = with_handles(p);
  struct sei_request r = post("/once", "{}", reads);
  struct sei_transfer *t = run(p, &o, &r);
  CHECK_END(t, failure, failure == SEI_FAILURE_NONE ? 200 : 0);
  CHECK(failure != SEI_FAILURE_NONE || body_has(t, "\r\n\r\n{}"));
  sei_transfer_free(t);
}

/* What only reads may go out a second time, anything else must not. */
static void test_dead_connection(void)
{
  struct sei_pool *p = sei_pool_new(2);
  int before = server_read(&server, &server.requests);
  once(p, true, SEI_FAILURE_NONE);
  once(p, true, SEI_FAILURE_NONE);
  CHECK(server_read(&server, &server.requests) == before + 3);
  once(p, false, SEI_FAILURE_CONNECT);
  CHECK(server_read(&server, &server.requests) == before + 4);
  once(p, false, SEI_FAILURE_NONE);
  sei_pool_free(p);
}

int main(void)
{
  server_start(&server, ROUTES);
  test_same_bytes();
  test_bad_ends();
  test_many();
  test_dead_connection();
  server_stop(&server);
  return report("http_handles");
}
