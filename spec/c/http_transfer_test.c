/* http_transfer_test - one request at a time: the exact bytes that go out, and
 * what is made of every kind of reply. http_upload_test has the files. */
#define _GNU_SOURCE
#include <zlib.h>

#include "http_drive.h"

/* ---- what the server answers ---- */

static int answer_echo(struct conn *c)
{
  send_reply(c, "200 OK", "X-Kind:  echo \r\nx-empty:\r\n", c->in.data,
             c->head_len + c->body_len);
  return 1;
}

static int answer_204(struct conn *c)
{
  send_text(c, "HTTP/1.1 204 No Content\r\nETag: a\r\n\r\n");
  return 1;
}

static int answer_chunked(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: X-Late\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n"
            "0\r\nX-Late: yes\r\n\r\n");
  return 1;
}

static int answer_interim(struct conn *c)
{
  send_text(c, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
  send_reply(c, "201 Created", "X-Final: 1\r\n", "made", 4);
  return 1;
}

static int answer_redirect(struct conn *c)
{
  send_reply(c, "302 Found", "Location: /echo\r\n", "gone", 4);
  return 1;
}

/* Packs `n` bytes of a text that says where it is; returns how many. */
static size_t pack(char *out, size_t size, size_t n)
{
  char *plain = malloc(n + 16);
  z_stream z;
  size_t at = 0;
  while(at < n)
    at += (size_t)snprintf(plain + at, 16, "%zu,", at);
  memset(&z, 0, sizeof z);
  deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  z.next_in = (unsigned char *)plain;
  z.avail_in = (unsigned)n;
  z.next_out = (unsigned char *)out;
  z.avail_out = (unsigned)size;
  deflate(&z, Z_FINISH);
  deflateEnd(&z);
  free(plain);
  return size - z.avail_out;
}

/* ?0 whole, ?1 cut off, ?2 twice, ?3 damaged, ?4 with rubbish behind it */
static int answer_gzip(struct conn *c)
{
  static const char rubbish[] = "rubbish";
  char packed[2 * 65536 + 64];
  size_t n = pack(packed, 65536, 100000);
  if(c->number == 1)
    n /= 2;
  else if(c->number == 2) {
    memcpy(packed + n, packed, n);
    n *= 2;
  }
  else if(c->number == 3)
    memset(packed + n / 2, 0xff, 100);
  else if(c->number == 4) {
    memcpy(packed + n, rubbish, sizeof rubbish);
    n += sizeof rubbish;
  }
  send_reply(c, "200 OK", "Content-Encoding: gzip\r\n", packed, n);
  return 1;
}

static int answer_gzip_empty(struct conn *c)
{
  send_reply(c, "200 OK", "Content-Encoding: gzip\r\n", "", 0);
  return 1;
}

static int answer_brotli(struct conn *c)
{
  send_reply(c, "200 OK", "Content-Encoding: br\r\n", "xx", 2);
  return 1;
}

static int answer_cut(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  return 0;
}

static int answer_cut_chunk(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n");
  return 0;
}

static int answer_nothing(struct conn *c)
{
  (void)c;
  return 0;
}

static int answer_reset(struct conn *c)
{
  make_reset(c);
  return 0;
}

static int answer_reset_body(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  make_reset(c);
  return 0;
}

static int answer_noise(struct conn *c)
{
  send_text(c, "this is no HTTP at all\r\n\r\n");
  return 0;
}

static int answer_nul(struct conn *c)
{
  static const char reply[] = "HTTP/1.1 200 OK\r\nX-A: a\0b\r\n"
    "Content-Length: 0\r\n\r\n";
  send_all(c, reply, sizeof reply - 1);
  return 0;
}

/* ?N header lines of 100 bytes, or one of -N bytes */
static int answer_headers(struct conn *c)
{
  long i;
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
  for(i = 0; i < c->number; i++)
    send_text(c, "X-Long: 0123456789012345678901234567890123456789"
              "01234567890123456789012345678901234567890123\r\n");
  if(c->number < 0)
    send_text(c, "X-One: ");
  for(i = 0; i > c->number; i -= 10)
    send_text(c, "0123456789");
  send_text(c, c->number < 0 ? "\r\n\r\n" : "\r\n");
  return 0;
}

/* ?N bytes */
static int answer_big(struct conn *c)
{
  char *body = calloc(1, (size_t)c->number);
  send_reply(c, "200 OK", "", body, (size_t)c->number);
  free(body);
  return 1;
}

static int answer_early(struct conn *c)
{
  send_text(c, "HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
            "Content-Length: 3\r\n\r\nbig");
  drain(c); /* a hang-up behind bytes that nobody reads is never seen */
  return 0;
}

static int answer_hang(struct conn *c)
{
  wait_hangup(c);
  return 0;
}

static int answer_hang_body(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  wait_hangup(c);
  return 0;
}

static const struct route ROUTES[] = {
  { "/echo", answer_echo, 0 },
  { "/204", answer_204, 0 },
  { "/chunked", answer_chunked, 0 },
  { "/interim", answer_interim, 0 },
  { "/redirect", answer_redirect, 0 },
  { "/gzip", answer_gzip, 0 },
  { "/gzip-empty", answer_gzip_empty, 0 },
  { "/brotli", answer_brotli, 0 },
  { "/cut", answer_cut, 0 },
  { "/cut-chunk", answer_cut_chunk, 0 },
  { "/nothing", answer_nothing, 0 },
  { "/reset", answer_reset, 0 },
  { "/reset-body", answer_reset_body, 0 },
  { "/noise", answer_noise, 0 },
  { "/nul", answer_nul, 0 },
  { "/headers", answer_headers, 0 },
  { "/big", answer_big, 0 },
  { "/early", answer_early, 1 },
  { "/hang", answer_hang, 0 },
  { "/hang-body", answer_hang_body, 0 },
  { NULL, NULL, 0 }
};

/* ---- helpers ---- */

static struct sei_pool *pool;

static struct sei_transfer *get(const char *path)
{
  struct sei_request r = request("GET", path);
  return run(pool, &OPTIONS, &r);
}

static void expect(const char *path, enum sei_failure failure, int status)
{
  struct sei_transfer *t = get(path);
  CHECK_END(t, failure, status);
  CHECK(sei_transfer_sent(t));
  CHECK((failure == SEI_FAILURE_NONE) == !*sei_transfer_problem(t));
  sei_transfer_free(t);
}

/* ---- what goes out ---- */

static void test_get(void)
{
  struct sei_headers h = { 0 };
  struct sei_request r = request("GET", "/echo?a=%20b");
  struct sei_transfer *t;
  char expected[512];
  sei_headers_add(&h, "x-api-key", "secret");
  sei_headers_add(&h, "Accept", "application/json");
  sei_headers_add(&h, "X-Blank", "");
  r.headers = &h;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  snprintf(expected, sizeof expected, "GET /echo?a=%%20b HTTP/1.1\r\n"
           "Host: 127.0.0.1:%d\r\nUser-Agent: sei/1\r\n"
           "x-api-key: secret\r\nAccept: application/json\r\nX-Blank:\r\n"
           "Accept-Encoding: gzip\r\n\r\n", server.port);
  CHECK(body_is(t, expected));
  CHECK(!strcmp(sei_headers_get(sei_transfer_headers(t), "x-KIND"), "echo"));
  CHECK(!strcmp(sei_headers_get(sei_transfer_headers(t), "X-Empty"), ""));
  CHECK(!sei_headers_get(sei_transfer_headers(t), "X-None"));
  CHECK(sei_transfer_duration(t) > 0 && sei_transfer_duration(t) < 8);
  sei_transfer_free(t);
  sei_headers_free(&h);
}

static void echo(const char *method, const char *body, size_t n,
                 const char *expected)
{
  struct sei_request r = request(method, "/echo");
  struct sei_headers h = { 0 };
  struct sei_transfer *t;
  char head[512];
  sei_headers_add(&h, "Content-Type", "application/json");
  r.headers = body ? &h : NULL;
  r.body = body;
  r.body_len = n;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  snprintf(head, sizeof head, "%s /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
           "User-Agent: sei/1\r\nAccept: */*\r\n%sAccept-Encoding: gzip\r\n"
           "%s\r\n", method, server.port,
           body ? "Content-Type: application/json\r\n" : "", expected);
  CHECK(sei_transfer_body(t)->len == strlen(head) + n);
  CHECK(body_has(t, head));
  CHECK(!n || !memcmp(sei_transfer_body(t)->data + strlen(head), body, n));
  sei_transfer_free(t);
  sei_headers_free(&h);
}

static void test_bodies(void)
{
  char *large = malloc(1200000);
  size_t i;
  for(i = 0; i < 1200000; i++)
    large[i] = (char)(i * 7 >> 3);
  echo("POST", "{}", 2, "Content-Length: 2\r\n");
  echo("PUT", "[\0]", 3, "Content-Length: 3\r\n");
  echo("PATCH", large, 1200000, "Content-Length: 1200000\r\n");
  echo("DELETE", "{\"emails\":[]}", 13, "Content-Length: 13\r\n");
  echo("POST", NULL, 0, "Content-Length: 0\r\n");
  echo("PUT", NULL, 0, "Content-Length: 0\r\n");
  echo("DELETE", NULL, 0, "");
  free(large);
}

/* ---- what comes back ---- */

static void test_replies(void)
{
  struct sei_transfer *t = get("/204");
  CHECK_END(t, SEI_FAILURE_NONE, 204);
  CHECK(body_is(t, ""));
  CHECK(!strcmp(sei_headers_get(sei_transfer_headers(t), "etag"), "a"));
  sei_transfer_free(t);
  t = get("/chunked");
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(body_is(t, "hello, world"));
  CHECK(!sei_headers_get(sei_transfer_headers(t), "X-Late"));
  sei_transfer_free(t);
  t = get("/interim");
  CHECK_END(t, SEI_FAILURE_NONE, 201);
  CHECK(body_is(t, "made"));
  CHECK(sei_headers_get(sei_transfer_headers(t), "X-Final"));
  CHECK(!sei_headers_get(sei_transfer_headers(t), "X-Early"));
  sei_transfer_free(t);
  t = get("/redirect");
  CHECK_END(t, SEI_FAILURE_NONE, 302);
  CHECK(body_is(t, "gone"));
  CHECK(sei_headers_get(sei_transfer_headers(t), "Location"));
  sei_transfer_free(t);
}

static void test_gzip(void)
{
  struct sei_transfer *t = get("/gzip?0");
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(sei_transfer_body(t)->len == 100000);
  CHECK(body_has(t, "0,2,4,6,8,10,13,"));
  CHECK(body_has(t, ",99982,99988,99"));
  sei_transfer_free(t);
  t = get("/gzip?2");
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(sei_transfer_body(t)->len == 200000);
  sei_transfer_free(t);
  t = get("/gzip?1");
  CHECK_END(t, SEI_FAILURE_PROTOCOL, -1);
  CHECK(strstr(sei_transfer_problem(t), "ends too early"));
  sei_transfer_free(t);
  expect("/gzip?3", SEI_FAILURE_PROTOCOL, -1);
  expect("/gzip?4", SEI_FAILURE_PROTOCOL, -1);
  expect("/gzip-empty", SEI_FAILURE_NONE, 200);
  expect("/brotli", SEI_FAILURE_PROTOCOL, -1);
}

static void test_broken(void)
{
  expect("/cut", SEI_FAILURE_CONNECT, -1);
  expect("/cut-chunk", SEI_FAILURE_CONNECT, -1);
  expect("/nothing", SEI_FAILURE_CONNECT, 0);
  expect("/reset", SEI_FAILURE_CONNECT, 0);
  expect("/reset-body", SEI_FAILURE_CONNECT, -1);
  expect("/noise", SEI_FAILURE_PROTOCOL, 0);
  expect("/nul", SEI_FAILURE_PROTOCOL, -1);
}

static void test_too_large(void)
{
  struct sei_request r;
  struct sei_transfer *t;
  expect("/headers?600", SEI_FAILURE_NONE, 200);
  expect("/headers?700", SEI_FAILURE_TOO_LARGE, -1);
  expect("/headers?-60000", SEI_FAILURE_NONE, 200);
  expect("/headers?-70000", SEI_FAILURE_TOO_LARGE, -1);
  expect("/headers?-200000", SEI_FAILURE_TOO_LARGE, -1);
  r = request("GET", "/big?5000");
  r.max_body = 5000;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  sei_transfer_free(t);
  r.max_body = 4999;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_TOO_LARGE, -1);
  CHECK(strstr(sei_transfer_problem(t), "4999"));
  sei_transfer_free(t);
  r = request("GET", "/gzip?0"); /* counts what it becomes */
  r.max_body = 99999;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_TOO_LARGE, -1);
  sei_transfer_free(t);
}

/* The server answers and does not read the rest. */
static void test_early(void)
{
  struct sei_request r = request("POST", "/early");
  struct sei_transfer *t;
  r.body_len = 8 * MEGABYTE;
  r.body = calloc(1, r.body_len);
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 413);
  CHECK(body_is(t, "big"));
  sei_transfer_free(t);
  free((void *)(size_t)r.body);
}

static void test_stall(void)
{
  struct sei_http_options o = OPTIONS;
  struct sei_request r = request("GET", "/hang");
  struct sei_transfer *t;
  o.stall_timeout = 0.2;
  t = run(pool, &o, &r);
  CHECK_END(t, SEI_FAILURE_TIMEOUT, 0);
  CHECK(strstr(sei_transfer_problem(t), "no byte for 0.2 s"));
  CHECK(sei_transfer_duration(t) >= 0.2 && sei_transfer_duration(t) < 2);
  sei_transfer_free(t);
  r = request("GET", "/hang-body");
  t = run(pool, &o, &r);
  CHECK_END(t, SEI_FAILURE_TIMEOUT, -1);
  CHECK(body_is(t, "only this"));
  sei_transfer_free(t);
}

static void test_no_connection(void)
{
  struct sei_request r = request("GET", "/");
  struct sei_transfer *t;
  char url[64];
  int port, fd = listen_anywhere(1, &port);
  close(fd);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  r.url = url;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_CONNECT, 0);
  CHECK(strstr(sei_transfer_problem(t), "onnect"));
  CHECK(!sei_transfer_sent(t));
  sei_transfer_free(t);
  r.url = "file:///etc/passwd";
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_PROTOCOL, 0);
  CHECK(body_is(t, ""));
  sei_transfer_free(t);
}

/* To an https port that speaks something else. */
static void test_tls(void)
{
  struct sei_request r = request("GET", "/noise");
  struct sei_http_options o = OPTIONS;
  struct sei_transfer *t;
  char url[64];
  snprintf(url, sizeof url, "https://127.0.0.1:%d/", server.port);
  r.url = url;
  o.ca_file = "/nowhere/at/all.pem";
  t = run(pool, &o, &r);
  CHECK_END(t, SEI_FAILURE_TLS, 0);
  CHECK(strstr(sei_transfer_problem(t), "all.pem"));
  CHECK(!sei_transfer_sent(t));
  sei_transfer_free(t);
}

/* A loopback host is reached directly, whatever proxy is set. */
static void test_proxy(void)
{
  struct sei_request r = request("GET", "/204");
  struct sei_http_options o = OPTIONS;
  struct sei_transfer *t;
  char proxy[64];
  o.proxy = "http://127.0.0.1:1";
  t = run(pool, &o, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 204);
  sei_transfer_free(t);
  setenv("http_proxy", o.proxy, 1);
  o.proxy = NULL;
  t = run(pool, &o, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 204);
  sei_transfer_free(t);
  unsetenv("http_proxy");
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", server.port);
  o.proxy = proxy; /* which is asked for the whole URL */
  r.url = "http://sei.test/echo";
  t = run(pool, &o, &r);
  CHECK(!server_read(&server, &server.stop));
  CHECK_END(t, SEI_FAILURE_CONNECT, 0); /* our server knows no such path */
  sei_transfer_free(t);
}

int main(void)
{
  CHECK(!sei_http_start());
  server_start(&server, ROUTES);
  pool = sei_pool_new(4);
  CHECK(pool != NULL);
  CHECK(sei_pool_timeout(pool) < 0);
  test_get();
  test_bodies();
  test_replies();
  test_gzip();
  test_broken();
  test_too_large();
  test_early();
  test_stall();
  test_no_connection();
  test_tls();
  test_proxy();
  CHECK(sei_pool_active(pool) == 0);
  sei_pool_free(pool);
  server_stop(&server);
  return report("http_transfer");
}
