/* http_pool_test - many requests at once: order, reuse of connections, and how
 * deadlines and cancelling meet a request in each of its phases. */
#define _GNU_SOURCE
#include <netdb.h>

#include "http_drive.h"
#include "http_server.h"

enum { MEGABYTE = 1024 * 1024, BIG = 8 * MEGABYTE };

/* ---- what the server answers ---- */

static int answer_path(struct conn *c)
{
  send_reply(c, "200 OK", "", c->path, strlen(c->path));
  return 1;
}

/* Answers when the gate is open. */
static int answer_meet(struct conn *c)
{
  struct server *s = c->server;
  pthread_mutex_lock(&s->lock);
  while(!s->gate)
    pthread_cond_wait(&s->changed, &s->lock);
  pthread_mutex_unlock(&s->lock);
  return answer_path(c);
}

/* Takes one request and hangs up on the next, as a server does that ends a
 * kept connection just then. */
static int answer_once(struct conn *c)
{
  return c->served ? 0 : answer_path(c);
}

static int answer_echo(struct conn *c)
{
  send_reply(c, "200 OK", "", c->in.data, c->head_len + c->body_len);
  return 1;
}

/* Bytes that tell where they are. */
static char big_byte(size_t i)
{
  return (char)(i * 31 >> 5);
}

static int answer_big(struct conn *c)
{
  char *body = malloc(BIG);
  size_t i;
  for(i = 0; i < BIG; i++)
    body[i] = big_byte(i);
  send_reply(c, "200 OK", "", body, BIG);
  free(body);
  return 1;
}

static int answer_hang_body(struct conn *c)
{
  send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  wait_hangup(c);
  return 0;
}

static const struct route ROUTES[] = {
  { "/a", answer_path, 0 }, { "/b", answer_path, 0 },
  { "/c", answer_path, 0 }, { "/d", answer_path, 0 },
  { "/meet", answer_meet, 0 },
  { "/once", answer_once, 0 },
  { "/echo", answer_echo, 0 },
  { "/big", answer_big, 0 },
  { "/hang-body", answer_hang_body, 0 },
  { NULL, NULL, 0 }
};

/* ---- a resolver that does not answer ---- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_changed = PTHREAD_COND_INITIALIZER;
static int resolving, resolver_open;

/* Stands before the C library's, for libcurl too; no name exists, and
 * slow.test says so only when it is let. */
__attribute__((visibility("default")))
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
  (void)service;
  (void)hints;
  *out = NULL;
  pthread_mutex_lock(&resolver_lock);
  resolving++;
  while(node && !strcmp(node, "slow.test") && !resolver_open)
    pthread_cond_wait(&resolver_changed, &resolver_lock);
  resolving--;
  pthread_cond_broadcast(&resolver_changed);
  pthread_mutex_unlock(&resolver_lock);
  return EAI_NONAME;
}

static void open_resolver(void)
{
  pthread_mutex_lock(&resolver_lock);
  resolver_open = 1;
  pthread_cond_broadcast(&resolver_changed);
  while(resolving)
    pthread_cond_wait(&resolver_changed, &resolver_lock);
  pthread_mutex_unlock(&resolver_lock);
}

/* ---- helpers ---- */

static struct server server;
static int mute_port;         /* connects, and never says a word */
static int full_port;         /* does not even connect */
static int full_fds[4];

static void make_full(void)
{
  struct sockaddr_in a = { .sin_family = AF_INET };
  int i;
  full_fds[0] = listen_anywhere(0, &full_port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons((uint16_t)full_port);
  for(i = 1; i < 4; i++) {
    full_fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)!connect(full_fds[i], (struct sockaddr *)&a, sizeof a);
  }
}

/* Good until the next one is made. */
static struct sei_request request(const char *method, const char *path)
{
  static char url[128];
  struct sei_request r = { .method = method, .url = url,
                           .max_body = 16 * MEGABYTE };
  if(*path == '/')
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  else
    snprintf(url, sizeof url, "%s", path);
  return r;
}

static struct sei_transfer *submit(struct sei_pool *p,
                                   const struct sei_request *r)
{
  struct sei_transfer *t = sei_transfer_new(&OPTIONS, r);
  CHECK(t && sei_pool_submit(p, t));
  return t;
}

static struct sei_transfer *submit_get(struct sei_pool *p, const char *path)
{
  struct sei_request r = request("GET", path);
  return submit(p, &r);
}

static void finish_get(struct sei_pool *p, const char *path)
{
  struct sei_transfer *t = submit_get(p, path);
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(body_is(t, path));
  sei_transfer_free(t);
}

static void set_gate(int open)
{
  pthread_mutex_lock(&server.lock);
  server.gate = open;
  pthread_cond_broadcast(&server.changed);
  pthread_mutex_unlock(&server.lock);
}

/* ---- order and reuse ---- */

static void test_order(void)
{
  static const char *const paths[] = { "/c", "/a", "/d", "/b", "/a", "/c" };
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *t[6];
  int i;
  server.seen[0] = '\0';
  for(i = 0; i < 6; i++)
    t[i] = submit_get(p, paths[i]);
  CHECK(sei_pool_active(p) == 6);
  CHECK(sei_pool_timeout(p) == 0);
  CHECK(sei_transfer_state(t[0]) == SEI_TRANSFER_QUEUED);
  for(i = 0; i < 6; i++) {
    CHECK(finish(p, t[i]));
    CHECK(body_is(t[i], paths[i]));
    CHECK(sei_pool_active(p) == 5u - (unsigned)i);
    sei_transfer_free(t[i]);
  }
  CHECK(!strcmp(server.seen, "/c/a/d/b/a/c"));
  CHECK(sei_pool_timeout(p) < 0);
  sei_pool_free(p);
}

/* As many as may run meet at the server; the others wait. */
static void meet(struct sei_pool *p, int many, int at_once)
{
  struct sei_transfer *t[16];
  int i, states[4] = { 0, 0, 0, 0 };
  double end = sei_clock() + 5;
  unsigned ended = 0;
  set_gate(0);
  for(i = 0; i < many; i++)
    t[i] = submit_get(p, "/meet");
  while(server_read(&server, &server.inside) < at_once && sei_clock() < end)
    turn(p, 0.01);
  for(i = 0; i < many; i++)
    states[sei_transfer_state(t[i])]++;
  CHECK(states[SEI_TRANSFER_RUNNING] == at_once);
  CHECK(states[SEI_TRANSFER_QUEUED] == many - at_once);
  set_gate(1);
  while(ended < (unsigned)many && sei_clock() < end)
    ended += turn(p, 1);
  for(i = 0; i < many; i++) {
    CHECK_END(t[i], SEI_FAILURE_NONE, 200);
    sei_transfer_free(t[i]);
  }
  CHECK(server_read(&server, &server.most_inside) <= at_once);
}

static void test_reuse(void)
{
  struct sei_pool *p = sei_pool_new(8);
  int i, before = server_read(&server, &server.accepted);
  for(i = 0; i < 10; i++)
    finish_get(p, "/a");
  CHECK(server_read(&server, &server.accepted) == before + 1);
  server.most_inside = 0;
  meet(p, 8, 8);
  finish_get(p, "/a"); /* one handle alone must not prune the others */
  meet(p, 8, 8);
  CHECK(server_read(&server, &server.accepted) == before + 8);
  sei_pool_free(p);
  p = sei_pool_new(2);
  server.most_inside = 0;
  meet(p, 6, 2);
  sei_pool_free(p);
}

/* A write is never sent twice behind our back; a GET may be. */
static void test_dead_connection(void)
{
  struct sei_pool *p = sei_pool_new(2);
  struct sei_request r = request("PUT", "/once");
  struct sei_transfer *t;
  int before = server_read(&server, &server.requests);
  r.body = "{}";
  r.body_len = 2;
  t = submit(p, &r);
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  sei_transfer_free(t);
  t = submit(p, &r);
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_CONNECT, 0);
  CHECK(sei_transfer_sent(t));
  sei_transfer_free(t);
  CHECK(server_read(&server, &server.requests) == before + 2);
  finish_get(p, "/once");
  finish_get(p, "/once");
  CHECK(server_read(&server, &server.requests) == before + 5);
  sei_pool_free(p);
}

/* ---- phases ---- */

/* A place where a request can be when its time is up, or nobody wants it any
 * more. */
struct phase {
  const char *name;
  const char *problem;        /* of the deadline */
  const char *method, *scheme;
  const int *port;            /* NULL: host and path in `path` */
  const char *path;
  size_t body_len;
  enum sei_source source;
  bool stream;
  bool (*reached)(struct sei_transfer *t);
  bool sent;
};

static bool is_queued(struct sei_transfer *t)
{
  return sei_transfer_state(t) == SEI_TRANSFER_QUEUED;
}

static bool is_resolving(struct sei_transfer *t)
{
  bool yes;
  (void)t;
  pthread_mutex_lock(&resolver_lock);
  yes = resolving > 0;
  pthread_mutex_unlock(&resolver_lock);
  return yes;
}

static bool is_running(struct sei_transfer *t)
{
  return sei_transfer_state(t) == SEI_TRANSFER_RUNNING;
}

static bool is_sent(struct sei_transfer *t)
{
  return sei_transfer_sent(t);
}

static bool has_body(struct sei_transfer *t)
{
  return sei_transfer_body(t)->len > 0;
}

static bool is_full(struct sei_transfer *t)
{
  return sei_transfer_body(t)->len > SEI_STREAM_HIGH;
}

static const struct phase PHASES[] = {
  { "queued", "waiting for its turn", "GET", "http", &server.port, "/a",
    0, SEI_SOURCE_NONE, false, is_queued, false },
  { "resolving", "connecting", "GET", NULL, NULL, "http://slow.test/",
    0, SEI_SOURCE_NONE, false, is_resolving, false },
  { "connecting", "connecting", "GET", "http", &full_port, "/",
    0, SEI_SOURCE_NONE, false, is_running, false },
  { "handshake", "connecting", "GET", "https", &mute_port, "/",
    0, SEI_SOURCE_NONE, false, is_running, false },
  { "sending", "sending", "POST", "http", &mute_port, "/",
    BIG, SEI_SOURCE_NONE, false, is_sent, true },
  { "starved", "waiting for the bytes", "POST", "http", &mute_port, "/",
    0, SEI_SOURCE_FEED, false, is_sent, true },
  { "waiting", "waiting for the reply", "GET", "http", &mute_port, "/",
    0, SEI_SOURCE_NONE, false, is_sent, true },
  { "receiving", "receiving", "GET", "http", &server.port, "/hang-body",
    0, SEI_SOURCE_NONE, false, has_body, true },
  { "paused", "to be taken", "GET", "http", &server.port, "/big",
    0, SEI_SOURCE_NONE, true, is_full, true }
};

static const size_t PHASE_COUNT = sizeof PHASES / sizeof PHASES[0];

static struct sei_transfer *enter(struct sei_pool *p, const struct phase *f,
                                  double deadline)
{
  static char body[BIG];
  char url[128];
  struct sei_request r;
  if(f->port)
    snprintf(url, sizeof url, "%s://127.0.0.1:%d%s", f->scheme, *f->port,
             f->path);
  else
    snprintf(url, sizeof url, "%s", f->path);
  r = request(f->method, url);
  r.body = f->body_len ? body : NULL;
  r.body_len = f->body_len;
  r.source = f->source;
  r.field = r.filename = "file";
  r.stream = f->stream;
  r.deadline = deadline;
  return submit(p, &r);
}

/* Steps until it is there; a queued one needs one before it. */
static bool reach(struct sei_pool *p, const struct phase *f,
                  struct sei_transfer *t)
{
  double end = sei_clock() + 5;
  turn(p, 0.01);
  while(!f->reached(t) && sei_clock() < end &&
        sei_transfer_state(t) != SEI_TRANSFER_DONE)
    turn(p, 0.01);
  return f->reached(t);
}

static void fill(struct sei_pool *p, const struct phase *f,
                 struct sei_transfer **first)
{
  *first = f->reached == is_queued ? enter(p, &PHASES[6], 0) : NULL;
  if(*first)
    turn(p, 0.01);
}

/* Returns how late it was, in seconds. */
static double lateness(const struct phase *f)
{
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *first, *t;
  double deadline, late;
  fill(p, f, &first);
  deadline = sei_clock() + 0.15;
  t = enter(p, f, deadline);
  CHECK(finish(p, t));
  late = sei_clock() - deadline;
  CHECK_END(t, SEI_FAILURE_TIMEOUT, -1);
  CHECK(strstr(sei_transfer_problem(t), f->problem));
  CHECK(sei_transfer_sent(t) == f->sent);
  CHECK(late >= 0);
  sei_transfer_free(t);
  sei_transfer_free(first);
  sei_pool_free(p);
  return late;
}

/* On a busy machine a process may be put aside for longer than that, so it
 * has three tries. */
static void test_deadline(const struct phase *f)
{
  int tries = 3;
  double late = lateness(f);
  while(late > 0.1 && --tries)
    late = lateness(f);
  if(late > 0.1)
    printf("%s: %g s late\n", f->name, late);
  CHECK(late <= 0.1);
}

enum way { CANCEL, FREE, FREE_POOL, WAYS };

static void leave(struct sei_pool **p, struct sei_transfer **t, enum way way)
{
  if(way == CANCEL)
    sei_pool_cancel(*p, *t);
  else if(way == FREE) {
    sei_transfer_free(*t);
    *t = NULL;
  }
  else {
    sei_pool_free(*p);
    *p = NULL;
  }
}

static void test_leave(const struct phase *f, enum way way)
{
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *first, *t;
  double start;
  fill(p, f, &first);
  t = enter(p, f, 0);
  if(!reach(p, f, t))
    printf("%s: not reached\n", f->name);
  CHECK(f->reached(t));
  start = sei_clock();
  leave(&p, &t, way);
  CHECK(sei_clock() - start < 0.5); /* at once; half a second of bad luck */
  if(t) {
    CHECK(sei_transfer_state(t) == SEI_TRANSFER_DONE);
    CHECK_END(t, SEI_FAILURE_CANCELLED, -1);
    CHECK(sei_transfer_sent(t) == f->sent);
  }
  if(p) {
    CHECK(sei_pool_active(p) == (first ? 1 : 0));
    if(t)
      sei_pool_cancel(p, t); /* again does nothing */
    sei_transfer_free(first);
    first = NULL;
    finish_get(p, "/a"); /* it is as good as new */
  }
  sei_transfer_free(t);
  sei_transfer_free(first);
  sei_pool_free(p);
}

static void test_phases(void)
{
  size_t i;
  int way;
  for(i = 0; i < PHASE_COUNT; i++) {
    test_deadline(&PHASES[i]);
    for(way = 0; way < WAYS; way++)
      test_leave(&PHASES[i], (enum way)way);
  }
}

static void test_unresolved(void)
{
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *t = submit_get(p, "http://none.test/");
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_CONNECT, 0);
  CHECK(strstr(sei_transfer_problem(t), "none.test"));
  CHECK(!sei_transfer_sent(t));
  sei_transfer_free(t);
  sei_pool_free(p);
}

/* ---- streams ---- */

/* Takes what waits and compares it. */
static void consume(struct sei_transfer *t, size_t *at)
{
  struct sei_buf *b = sei_transfer_body(t);
  size_t i, wrong = 0;
  for(i = 0; i < b->len; i++)
    wrong += b->data[i] != big_byte(*at + i);
  CHECK(!wrong);
  CHECK(b->len <= SEI_STREAM_HIGH + 64 * 1024);
  *at += b->len;
  sei_buf_drop(b, b->len);
  sei_transfer_drained(t);
}

/* A paused stream neither grows nor stalls, and costs no wake-ups. */
static void hold(struct sei_pool *p, struct sei_transfer *t)
{
  size_t held = sei_transfer_body(t)->len;
  turn(p, 0.25);
  turn(p, 0.25);
  CHECK(sei_transfer_state(t) == SEI_TRANSFER_RUNNING);
  CHECK(sei_transfer_body(t)->len == held);
  CHECK(sei_pool_timeout(p) < 0 || sei_pool_timeout(p) > 0.05);
}

static void test_stream(void)
{
  struct sei_http_options o = OPTIONS;
  struct sei_request r = request("GET", "/big");
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *t;
  size_t at = 0, before;
  double end = sei_clock() + 8;
  o.stall_timeout = 0.2;
  r.stream = true;
  t = sei_transfer_new(&o, &r);
  sei_pool_submit(p, t);
  while(!is_full(t) && sei_clock() < end)
    turn(p, 0.05);
  hold(p, t);
  before = sei_transfer_body(t)->len; /* one record larger than the buffer */
  sei_transfer_drained(t);
  CHECK(sei_pool_timeout(p) == 0);
  while(sei_transfer_body(t)->len == before && sei_clock() < end)
    turn(p, 0.05);
  CHECK(sei_transfer_body(t)->len > before);
  while(sei_transfer_state(t) != SEI_TRANSFER_DONE && sei_clock() < end) {
    consume(t, &at);
    turn(p, 0.05);
  }
  consume(t, &at);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(at == BIG);
  sei_transfer_free(t);
  sei_pool_free(p);
}

/* ---- feeding ---- */

/* The bytes of a chunked body, put together in place; returns how many. */
static size_t unchunk(char *body, size_t n)
{
  size_t in = 0, out = 0, len;
  char *end;
  while(in < n && (len = strtoul(body + in, &end, 16)) != 0) {
    in = (size_t)(end - body) + 2;
    memmove(body + out, body + in, len);
    out += len;
    in += len + 2;
  }
  return out;
}

static void check_fed(struct sei_transfer *t, size_t fed)
{
  struct sei_buf *b = sei_transfer_body(t);
  char *head = memmem(b->data, b->len, "\r\n\r\n", 4);
  char *file;
  size_t n, i, wrong = 0;
  CHECK(body_has(t, "Transfer-Encoding: chunked"));
  if(!head)
    return;
  n = unchunk(head + 4, b->len - (size_t)(head + 4 - b->data));
  file = memmem(head + 4, n, "\r\n\r\n", 4);
  CHECK(file != NULL);
  if(!file)
    return;
  file += 4;
  for(i = 0; i < fed; i++)
    wrong += file[i] != big_byte(i);
  CHECK(!wrong);
  CHECK(!memcmp(file + fed, "\r\n--", 4)); /* the boundary, and no more */
}

static void test_feed(void)
{
  enum { PIECE = 70001, PIECES = 40 };
  struct sei_request r = request("PATCH", "/echo");
  struct sei_pool *p = sei_pool_new(1);
  struct sei_transfer *t;
  char piece[PIECE];
  size_t fed = 0, i;
  double end = sei_clock() + 8;
  r.source = SEI_SOURCE_FEED;
  r.field = "file";
  r.filename = "a.csv";
  r.content_type = "text/csv";
  t = submit(p, &r);
  while(!sei_transfer_sent(t) && sei_clock() < end)
    turn(p, 0.01); /* it starves first */
  while(fed < (size_t)PIECE * PIECES && sei_clock() < end) {
    for(i = 0; i < PIECE; i++)
      piece[i] = big_byte(fed + i);
    if(sei_transfer_feed(t, piece, PIECE))
      fed += PIECE;
    turn(p, 0.001);
  }
  sei_transfer_feed_end(t);
  CHECK(!sei_transfer_wants_feed(t));
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(fed == (size_t)PIECE * PIECES);
  check_fed(t, fed);
  sei_transfer_free(t);
  sei_pool_free(p);
}

static void test_feed_limit(void)
{
  struct sei_request r = request("POST", "/echo");
  struct sei_transfer *t;
  char *much = calloc(1, MEGABYTE + 1);
  r.source = SEI_SOURCE_FEED;
  r.field = r.filename = "file";
  t = sei_transfer_new(&OPTIONS, &r);
  CHECK(sei_transfer_wants_feed(t));
  CHECK(sei_transfer_feed(t, much, MEGABYTE + 1));
  CHECK(!sei_transfer_wants_feed(t));
  CHECK(!sei_transfer_feed(t, much, 1));
  sei_transfer_free(t); /* never submitted */
  free(much);
}

int main(void)
{
  int i, mute = listen_anywhere(64, &mute_port);
  setvbuf(stdout, NULL, _IOLBF, 0); /* what a crash leaves is seen */
  make_full();
  server_start(&server, ROUTES);
  test_order();
  test_reuse();
  test_dead_connection();
  test_stream();
  test_feed();
  test_feed_limit();
  test_unresolved();
  test_phases();
  open_resolver();
  close(mute);
  for(i = 0; i < 4; i++)
    close(full_fds[i]);
  server_stop(&server);
  if(!failures)
    printf("http_pool: %d checks\n", checks);
  return failures != 0;
}
