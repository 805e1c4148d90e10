/* http_upload_test - multipart files: from the disk and from memory, with
 * their size, and fed in pieces, without. */
#define _GNU_SOURCE
#include <stdint.h>

#include "http_drive.h"

static struct sei_pool *pool;

static int answer_echo(struct conn *c)
{
  send_reply(c, "200 OK", "", c->in.data, c->head_len + c->body_len);
  return 1;
}

static const struct route ROUTES[] = {
  { "/echo", answer_echo, 0 },
  { NULL, NULL, 0 }
};

/* Bytes that tell where they are. */
static char big_byte(size_t i)
{
  return (char)(i * 31 >> 5);
}

/* ---- from the disk ---- */

static void write_file(char *path, const char *bytes, size_t n)
{
  int fd;
  strcpy(path, "/tmp/sei-http-test-XXXXXX");
  fd = mkstemp(path);
  CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
  close(fd);
}

static void test_file(void)
{
  static const char csv[] = "email,integrationId,identity\r\na@b.c,1,x\r\n";
  struct sei_request r = request("PATCH", "/echo");
  struct sei_headers h = { 0 };
  struct sei_transfer *t;
  char path[64];
  write_file(path, csv, sizeof csv - 1);
  sei_headers_add(&h, "Content-Type", "text/wrong");
  r.headers = &h;
  r.source = SEI_SOURCE_FILE;
  r.field = "file";
  r.filename = "a \"b\".csv";
  r.content_type = "text/csv";
  r.path = path;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(body_has(t, "PATCH /echo HTTP/1.1\r\n"));
  CHECK(body_has(t, "Content-Type: multipart/form-data; boundary="));
  CHECK(!body_has(t, "text/wrong"));
  CHECK(body_has(t, "\r\nContent-Disposition: form-data; name=\"file\"; "
                 "filename=\"a %22b%22.csv\"\r\nContent-Type: text/csv\r\n"
                 "\r\nemail,integrationId,identity\r\na@b.c,1,x\r\n\r\n--"));
  CHECK(body_has(t, "Content-Length: "));
  CHECK(!body_has(t, "Transfer-Encoding"));
  sei_transfer_free(t);
  unlink(path);
  sei_headers_free(&h);
}

static void no_source(const char *path, const char *problem)
{
  struct sei_request r = request("POST", "/echo");
  struct sei_transfer *t;
  int before = server_read(&server, &server.requests);
  r.source = SEI_SOURCE_FILE;
  r.field = "file";
  r.filename = "a.csv";
  r.path = path;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_SOURCE, 0);
  CHECK(strstr(sei_transfer_problem(t), problem));
  CHECK(!sei_transfer_sent(t));
  CHECK(server_read(&server, &server.requests) == before);
  sei_transfer_free(t);
}

/* The file shrinks between the opening and the sending. */
static void test_file_shrinks(void)
{
  struct sei_request r = request("POST", "/echo");
  struct sei_transfer *t;
  char path[64];
  write_file(path, "0123456789", 10);
  r.source = SEI_SOURCE_FILE;
  r.field = "file";
  r.filename = "a.csv";
  r.path = path;
  t = sei_transfer_new(&OPTIONS, &r);
  CHECK(!truncate(path, 3));
  sei_pool_submit(pool, t);
  CHECK(finish(pool, t));
  CHECK_END(t, SEI_FAILURE_SOURCE, -1);
  CHECK(strstr(sei_transfer_problem(t), "shorter"));
  sei_transfer_free(t);
  unlink(path);
}

static void test_sources(void)
{
  test_file();
  test_file_shrinks();
  no_source("/nowhere/at/all.csv", "No such file");
  no_source("/tmp", "Is a directory");
  no_source("/dev/null", "not a regular file");
}

/* ---- from memory ---- */

/* More than waits of what is fed; its length goes ahead. */
static void test_bytes(void)
{
  enum { SIZE = 3 * MEGABYTE };
  struct sei_request r = request("PATCH", "/echo");
  struct sei_transfer *t;
  char *bytes = malloc(SIZE), *file;
  size_t i;
  for(i = 0; i < SIZE; i++)
    bytes[i] = big_byte(i);
  r.source = SEI_SOURCE_BYTES;
  r.field = "file";
  r.filename = "a.csv";
  r.content_type = "text/csv";
  r.body = bytes;
  r.body_len = SIZE;
  t = sei_transfer_new(&OPTIONS, &r);
  CHECK(!sei_transfer_wants_feed(t));
  memset(bytes, 0, SIZE); /* it was copied */
  sei_pool_submit(pool, t);
  CHECK(finish(pool, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(body_has(t, "Content-Length: "));
  CHECK(!body_has(t, "Transfer-Encoding"));
  file = memmem(sei_transfer_body(t)->data, sei_transfer_body(t)->len,
                "text/csv\r\n\r\n", 12);
  for(i = 0; file && i < SIZE && file[12 + i] == big_byte(i); i++)
    ;
  CHECK(i == SIZE && !memcmp(file + 12 + i, "\r\n--", 4));
  sei_transfer_free(t);
  r.body_len = 0;
  t = run(pool, &OPTIONS, &r);
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(body_has(t, "text/csv\r\n\r\n\r\n--"));
  sei_transfer_free(t);
  free(bytes);
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
  struct sei_transfer *t;
  char piece[PIECE];
  size_t fed = 0, i;
  double end = sei_clock() + 8;
  r.source = SEI_SOURCE_FEED;
  r.field = "file";
  r.filename = "a.csv";
  r.content_type = "text/csv";
  t = submit(pool, &OPTIONS, &r);
  while(!sei_transfer_sent(t) && sei_clock() < end)
    turn(pool, 0.01); /* it starves first */
  while(fed < (size_t)PIECE * PIECES && sei_clock() < end) {
    for(i = 0; i < PIECE; i++)
      piece[i] = big_byte(fed + i);
    if(sei_transfer_feed(t, piece, PIECE))
      fed += PIECE;
    turn(pool, 0.001);
  }
  sei_transfer_feed_end(t);
  CHECK(!sei_transfer_wants_feed(t));
  CHECK(finish(pool, t));
  CHECK_END(t, SEI_FAILURE_NONE, 200);
  CHECK(fed == (size_t)PIECE * PIECES);
  check_fed(t, fed);
  sei_transfer_free(t);
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
  server_start(&server, ROUTES);
  pool = sei_pool_new(1);
  test_sources();
  test_bytes();
  test_feed();
  test_feed_limit();
  sei_pool_free(pool);
  server_stop(&server);
  return report("http_upload");
}
