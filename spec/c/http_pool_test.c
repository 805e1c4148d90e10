/* http_pool_test - many requests at once: their order, kept connections, and
 * streams that are taken slowly. http_phase_test has how they end early. */
#define _GNU_SOURCE
#include "http_drive.h"

enum { BIG = 8 * MEGABYTE };

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

static const struct route ROUTES[] = {
  { "/a", answer_path, 0 }, { "/b", answer_path, 0 },
  { "/c", answer_path, 0 }, { "/d", answer_path, 0 },
  { "/meet", answer_meet, 0 },
  { "/once", answer_once, 0 },
  { "/big", answer_big, 0 },
  { NULL, NULL, 0 }
};

/* ---- helpers ---- */

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
    CHECK(sei_pool_active(p) <= 5u - (unsigned)i);
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
  t = submit(p, &OPTIONS, &r);
  CHECK(finish(p, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  sei_transfer_free(t);
  t = submit(p, &OPTIONS, &r);
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

/* ---- streams ---- */

static bool is_full(struct sei_transfer *t)
{
  return sei_transfer_body(t)->len > SEI_STREAM_HIGH;
}

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

int main(void)
{
  server_start(&server, ROUTES);
  test_order();
  test_reuse();
  test_dead_connection();
  test_stream();
  server_stop(&server);
  return report("http_pool");
}
