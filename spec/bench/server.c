/* server - the page server of the benchmark: hands out bytes that were
 * rendered once, far cheaper than any client takes them.
 *
 *   server [--records N] [--csv-rows N]
 *
 * Listens on a free port of 127.0.0.1, prints that port, and ends when its
 * standard input closes. A path begins with the latency of its reply in
 * milliseconds, as in /50/sei/api/v1/org/users/list. Behind it may stand a z,
 * for pages in gzip for who takes it, and how many records and rows there
 * shall be at most, as in /0z-1000/…. The last part counts (api.md section 3):
 *   POST …/list        a page of contributors, as the body's page, page_size
 *   GET …/identities   the CSV
 *   PATCH …/identities takes rows, JSON or multipart, and counts them
 *   GET …/stats        what was taken since the last time; begins anew
 * One thread, edge-triggered epoll; latency is a deadline of the connection,
 * so it blocks nobody. Bodies need a Content-Length.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "packed.h"

enum { HEAD_MAX = 64 * 1024, BODY_MAX = 256 * 1024 * 1024 };

enum state { READING, WAITING, WRITING };

struct conn {
  struct conn *next, *prev;
  int fd;
  enum state state;
  bool continued, closing;
  double due;               /* when to answer */
  char *in;                 /* bytes read, not yet taken; a NUL behind them */
  size_t in_len, in_size;
  char head[512], tail[256];
  struct iovec out[3];
  int out_at;
};

struct request {
  char *method, *path, *head, *body;
  size_t head_len, body_len;
  long most;                /* records and rows that this one may see */
  bool takes_gzip, packed;
};

struct server {
  int epoll, listener, timer;
  struct conn *conns;
  struct bench_data data;
  struct bench_packed *packed;
  uint64_t taken_rows, taken_bytes, taken_sum, requests;
};

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
  fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* ---- replies ---- */

static void set_reply(struct conn *c, const char *type, const char *body,
                      size_t len, const char *before, size_t tail_len)
{
  int n = snprintf(c->head, sizeof c->head, "HTTP/1.1 200 OK\r\n"
                   "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type,
                   strlen(before) + len + tail_len, before);
  c->out[0] = (struct iovec){c->head, (size_t)n};
  c->out[1] = (struct iovec){(void *)(uintptr_t)body, len};
  c->out[2] = (struct iovec){c->tail, tail_len};
  c->out_at = 0;
}

static void set_status(struct conn *c, const char *status)
{
  int n = snprintf(c->head, sizeof c->head, "HTTP/1.1 %s\r\n"
                   "Connection: close\r\nContent-Length: 0\r\n\r\n", status);
  c->out[0] = (struct iovec){c->head, (size_t)n};
  c->out[1] = c->out[2] = (struct iovec){NULL, 0};
  c->out_at = 0;
  c->closing = true;
}

/* The number behind "name": in a body, whatever blanks are between. */
static long member(const char *body, const char *name, long otherwise)
{
  const char *s = strstr(body, name);
  if(!s)
    return otherwise;
  s += strlen(name);
  s += strspn(s, " :\t");
  return strtol(s, NULL, 10);
}

/* The page that was set, in gzip: behind the head's empty line it begins. */
static void set_packed(struct server *sv, struct conn *c,
                       const struct bench_packed *key)
{
  const struct bench_packed *p = bench_packed_find(sv->packed, key->page,
                                                   key->size, key->total);
  if(!p) {
    const char *begin = strstr(c->head, "\r\n\r\n") + 4;
    const char *const text[3] = {begin, c->out[1].iov_base, c->tail};
    const size_t len[3] = {strlen(begin), c->out[1].iov_len,
                           c->out[2].iov_len};
    p = bench_packed_add(&sv->packed, key, text, len);
  }
  set_reply(c, "application/json\r\nContent-Encoding: gzip", p->bytes, p->len,
            "", 0);
}

static void give_page(struct server *sv, struct conn *c,
                      const struct request *r)
{
  long page = member(r->body, "\"page\"", 0);
  long size = member(r->body, "\"page_size\"", 50);
  long total = sv->data.records < r->most ? sv->data.records : r->most;
  long left = total - page * size;
  size_t len;
  const char *slice = bench_data_slice(&sv->data, page * size,
                                       left < size ? left : size, &len);
  int n = snprintf(c->tail, sizeof c->tail, "],\"_metadata\":{\"page\":%ld,"
    "\"page_size\":%ld,\"total_count\":%ld,\"has_next\":%s,\"next_page\":%ld,"
    "\"non_users_count\":0}}", page, size, total,
    (page + 1) * size < total ? "true" : "false", page + 1);
  set_reply(c, "application/json", slice, len, "{\"records\":[", (size_t)n);
  if(r->packed)
    set_packed(sv, c, &(struct bench_packed){.page = page, .size = size,
                                             .total = total});
}

static void give_csv(struct server *sv, struct conn *c,
                     const struct request *r)
{
  set_reply(c, "text/csv", sv->data.csv.bytes,
            bench_data_rows(&sv->data, r->most), "", 0);
}

/* Letters and digits, whatever order and blanks a client chose. */
static uint64_t sum_of(const char *s, size_t n)
{
  uint64_t sum = 0;
  size_t i;
  while(n) {
    uint32_t part = 0;
    size_t most = n < 4096 ? n : 4096;
    for(i = 0; i < most; i++) {
      unsigned char b = (unsigned char)s[i];
      bool is = (unsigned char)((b | 32) - 'a') < 26 ||
        (unsigned char)(b - '0') < 10;
      part += is ? b : 0;
    }
    sum += part;
    s += most;
    n -= most;
  }
  return sum;
}

static uint64_t count_of(const char *s, size_t n, char what)
{
  uint64_t count = 0;
  size_t i;
  for(i = 0; i < n; i++)
    count += s[i] == what;
  return count;
}

/* The file in a form of one part; the other bytes are the client's choice. */
static void find_file(const char **s, size_t *n)
{
  const char *begin = memmem(*s, *n, "\r\n\r\n", 4);
  const char *end = memrchr(*s, '\n', *n > 4 ? *n - 4 : 0);
  if(begin && end && end > begin + 4) {
    *s = begin + 4;
    *n = (size_t)(end - 1 - *s);
  }
}

static void take_rows(struct server *sv, struct conn *c,
                      const struct request *r)
{
  static const char OK[] = "{\"status\":\"success\",\"message\":\"done\"}";
  const char *s = r->body;
  size_t n = r->body_len;
  if(n > 1 && s[0] == '-' && s[1] == '-') {
    find_file(&s, &n);
    sv->taken_rows += count_of(s, n, '\n') - 1;
  }
  else
    sv->taken_rows += count_of(s, n, '{');
  sv->taken_bytes += r->body_len;
  sv->taken_sum += sum_of(s, n);
  set_reply(c, "application/json", OK, sizeof OK - 1, "", 0);
}

static void give_stats(struct server *sv, struct conn *c)
{
  int n = snprintf(c->tail, sizeof c->tail, "{\"rows\":%llu,\"bytes\":%llu,"
    "\"sum\":%llu,\"requests\":%llu}", (unsigned long long)sv->taken_rows,
    (unsigned long long)sv->taken_bytes, (unsigned long long)sv->taken_sum,
    (unsigned long long)sv->requests);
  set_reply(c, "application/json", "", 0, "", (size_t)n);
  sv->taken_rows = sv->taken_bytes = sv->taken_sum = sv->requests = 0;
}

static bool ends_with(const char *s, const char *end)
{
  size_t n = strlen(s), m = strlen(end);
  return n >= m && !strcmp(s + n - m, end);
}

static void answer(struct server *sv, struct conn *c, struct request *r)
{
  char *end;
  long latency = strtol(r->path + 1, &end, 10);
  r->packed = *end == 'z' && r->takes_gzip;
  end += *end == 'z';
  r->most = *end == '-' ? strtol(end + 1, NULL, 10) : LONG_MAX;
  r->path[strcspn(r->path, "?")] = '\0';
  if(!strcmp(r->method, "POST") && ends_with(r->path, "/list"))
    give_page(sv, c, r);
  else if(!strcmp(r->method, "GET") && ends_with(r->path, "/identities"))
    give_csv(sv, c, r);
  else if(!strcmp(r->method, "PATCH") && ends_with(r->path, "/identities"))
    take_rows(sv, c, r);
  else if(ends_with(r->path, "/stats"))
    give_stats(sv, c);
  else
    set_status(c, "404 Not Found");
  sv->requests++;
  c->due = latency > 0 ? now() + (double)latency / 1000 : 0;
  c->state = latency > 0 ? WAITING : WRITING;
}

/* ---- requests ---- */

static void room(struct conn *c, size_t size)
{
  if(size < c->in_size)
    return;
  c->in_size = size * 2;
  c->in = realloc(c->in, c->in_size);
  if(!c->in)
    die("memory");
}

static const char *field(const char *head, const char *name)
{
  const char *s = strcasestr(head, name);
  return s ? s + strlen(name) : NULL;
}

static void read_head(struct conn *c, struct request *r)
{
  const char *length = field(r->head, "\r\nContent-Length:");
  const char *encodings = field(r->head, "\r\nAccept-Encoding:");
  char *blank = strchr(r->head, ' ');
  if(!blank || strlen(r->head) > HEAD_MAX ||
     field(r->head, "\r\nTransfer-Encoding:")) {
    set_status(c, "411 Length Required");
    return;
  }
  r->takes_gzip = encodings &&
    memmem(encodings, strcspn(encodings, "\r"), "gzip", 4);
  r->body_len = length ? strtoul(length, NULL, 10) : 0;
  if(r->body_len > BODY_MAX)
    set_status(c, "413 Content Too Large");
}

/* Says that the body may come (RFC 9110 section 10.1.1). */
static void go_on(struct conn *c, const struct request *r)
{
  static const char OK[] = "HTTP/1.1 100 Continue\r\n\r\n";
  if(c->continued || !field(r->head, "\r\nExpect: 100-continue"))
    return;
  c->continued = true;
  if(write(c->fd, OK, sizeof OK - 1) < 0)
    c->closing = true;
}

static void split(struct request *r)
{
  char *blank = strchr(r->head, ' ');
  r->method = r->head;
  *blank = '\0';
  r->path = blank + 1;
  r->path[strcspn(r->path, " \r")] = '\0';
}

/* Takes a whole request out of what was read; false: more bytes needed. */
static bool take(struct server *sv, struct conn *c)
{
  struct request r;
  char after;
  size_t all;
  char *end = c->in_len ? memmem(c->in, c->in_len, "\r\n\r\n", 4) : NULL;
  if(!end)
    return false;
  memset(&r, 0, sizeof r);
  r.head = c->in;
  r.head_len = (size_t)(end - c->in) + 4;
  r.body = c->in + r.head_len;
  end[2] = '\0';
  read_head(c, &r);
  if(c->closing) {
    c->state = WRITING;
    return true;
  }
  all = r.head_len + r.body_len;
  if(c->in_len < all) {
    go_on(c, &r);
    end[2] = '\r';
    room(c, all + 1);
    return false;
  }
  after = c->in[all];
  c->in[all] = '\0';
  split(&r);
  answer(sv, c, &r);
  c->in[all] = after;
  c->in_len -= all;
  memmove(c->in, c->in + all, c->in_len);
  c->continued = false;
  return true;
}

/* ---- connections ---- */

static void drop(struct server *sv, struct conn *c)
{
  close(c->fd);
  if(c->prev)
    c->prev->next = c->next;
  else
    sv->conns = c->next;
  if(c->next)
    c->next->prev = c->prev;
  free(c->in);
  free(c);
}

/* 1: bytes came, 0: none now, -1: it is over. */
static int fill(struct conn *c)
{
  ssize_t n;
  room(c, c->in_len + 16384);
  n = read(c->fd, c->in + c->in_len, c->in_size - 1 - c->in_len);
  if(n > 0)
    c->in_len += (size_t)n;
  return n > 0 ? 1 : n < 0 && errno == EAGAIN ? 0 : -1;
}

/* The same for what goes out; 1: all of it went. */
static int pour(struct conn *c)
{
  while(c->out_at < 3) {
    struct iovec *v = &c->out[c->out_at];
    ssize_t n;
    if(!v->iov_len) {
      c->out_at++;
      continue;
    }
    n = writev(c->fd, v, 3 - c->out_at);
    if(n < 0)
      return errno == EAGAIN ? 0 : -1;
    for(; n > 0; v++, c->out_at++) {
      size_t part = (size_t)n < v->iov_len ? (size_t)n : v->iov_len;
      v->iov_base = (char *)v->iov_base + part;
      v->iov_len -= part;
      n -= (ssize_t)part;
      if(v->iov_len)
        break;
    }
  }
  return 1;
}

/* Goes on with a connection until it must wait for something. */
static void drive(struct server *sv, struct conn *c)
{
  int did = 1;
  while(did > 0) {
    if(c->state == WAITING) {
      if(now() < c->due)
        return;
      c->state = WRITING;
    }
    else if(c->state == WRITING) {
      did = pour(c);
      if(did > 0)
        c->state = READING;
      if(did > 0 && c->closing)
        did = -1;
    }
    else if(!take(sv, c))
      did = c->closing ? -1 : fill(c);
  }
  if(did < 0)
    drop(sv, c);
}

static void welcome(struct server *sv)
{
  int fd, one = 1;
  while((fd = accept4(sv->listener, NULL, NULL, SOCK_NONBLOCK |
                      SOCK_CLOEXEC)) >= 0) {
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    struct conn *c = calloc(1, sizeof *c);
    if(!c)
      die("memory");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    c->next = sv->conns;
    if(c->next)
      c->next->prev = c;
    sv->conns = c;
    e.data.ptr = c;
    epoll_ctl(sv->epoll, EPOLL_CTL_ADD, fd, &e);
  }
}

/* Drives those whose time has come and sets the timer to the next one. */
static void serve_due(struct server *sv)
{
  struct itimerspec t;
  struct conn *c, *next;
  double first = 0, time = now();
  for(c = sv->conns; c; c = next) {
    next = c->next;
    if(c->state == WAITING && c->due <= time)
      drive(sv, c);
  }
  for(c = sv->conns; c; c = c->next)
    if(c->state == WAITING && (first <= 0 || c->due < first))
      first = c->due;
  memset(&t, 0, sizeof t);
  t.it_value.tv_sec = (time_t)first;
  t.it_value.tv_nsec = (long)((first - (double)(time_t)first) * 1e9);
  timerfd_settime(sv->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* ---- the program ---- */

static void watch(struct server *sv, int fd, void *what)
{
  struct epoll_event e = {.events = EPOLLIN};
  e.data.ptr = what;
  if(epoll_ctl(sv->epoll, EPOLL_CTL_ADD, fd, &e))
    die("epoll");
}

static void listen_on(struct server *sv)
{
  struct sockaddr_in a;
  socklen_t len = sizeof a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sv->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        0);
  if(sv->listener < 0 || bind(sv->listener, (struct sockaddr *)&a, len) ||
     listen(sv->listener, 1024) ||
     getsockname(sv->listener, (struct sockaddr *)&a, &len))
    die("listen");
  printf("%d\n", ntohs(a.sin_port));
  fflush(stdout);
}

static bool serve(struct server *sv)
{
  struct epoll_event events[128];
  char bytes[64];
  bool waits = false;
  struct conn *c;
  int i, n = epoll_wait(sv->epoll, events, 128, -1);
  for(i = 0; i < n; i++) {
    void *what = events[i].data.ptr;
    if(what == &sv->listener)
      welcome(sv);
    else if(what == sv) {
      if(read(STDIN_FILENO, bytes, sizeof bytes) <= 0)
        return false;
    }
    else if(what != &sv->timer) /* setting it anew takes its event away */
      drive(sv, what);
  }
  for(c = sv->conns; c && !waits; c = c->next)
    waits = c->state == WAITING;
  if(waits)
    serve_due(sv);
  return true;
}

int main(int argc, char **argv)
{
  static struct server sv;
  long records = 80715, rows = 0;
  int i;
  for(i = 1; i + 1 < argc; i += 2) {
    if(!strcmp(argv[i], "--records"))
      records = atol(argv[i + 1]);
    else if(!strcmp(argv[i], "--csv-rows"))
      rows = atol(argv[i + 1]);
  }
  signal(SIGPIPE, SIG_IGN);
  bench_data_make(&sv.data, records, rows);
  sv.epoll = epoll_create1(EPOLL_CLOEXEC);
  sv.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if(sv.epoll < 0 || sv.timer < 0)
    die("epoll");
  listen_on(&sv);
  watch(&sv, sv.listener, &sv.listener);
  watch(&sv, sv.timer, &sv.timer);
  watch(&sv, STDIN_FILENO, &sv);
  while(serve(&sv))
    ;
  return 0;
}
