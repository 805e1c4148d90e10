/* http_server - a small scripted HTTP server for the C tests of ext/http.
 *
 * Plain sockets on 127.0.0.1, one thread per connection. What a path answers
 * is a row of the table that the test passes; a row's function writes to the
 * socket as it likes and says whether the connection is kept. Whoever shall
 * hang waits for the client to hang up, never for a time.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../ext/base/buf.h"

struct server;

/* One request as it came. */
struct conn {
  struct server *server;
  int fd;
  struct sei_buf in;          /* bytes read, not yet taken */
  size_t head_len;            /* of the request at the start of `in` */
  size_t body_len;            /* 0 if the row does not read it */
  char path[64];              /* without the query */
  long number;                /* N of "?N" */
  int served;                 /* requests before this one */
};

struct route {
  const char *path;
  int (*answer)(struct conn *c); /* 1: keep the connection */
  int head_only;              /* answer before the body is read */
};

struct server {
  const struct route *routes;
  int fd, port;
  pthread_t thread;
  pthread_mutex_t lock;       /* of all below */
  pthread_cond_t changed;
  int accepted, requests, inside, most_inside, open;
  int gate;                   /* /meet waits until it is open */
  int stop;
  char seen[2048];            /* paths in the order in which they came */
};

static inline void send_all(struct conn *c, const void *bytes, size_t n)
{
  const char *p = bytes;
  while(n) {
    ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);
    if(sent <= 0)
      return;
    p += sent;
    n -= (size_t)sent;
  }
}

static inline void send_text(struct conn *c, const char *s)
{
  send_all(c, s, strlen(s));
}

/* A whole reply with a length. */
static inline void send_reply(struct conn *c, const char *status,
                              const char *fields, const void *body, size_t n)
{
  char head[512];
  snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n",
           status, n, fields);
  send_text(c, head);
  send_all(c, body, n);
}

/* Until the client hangs up, whatever it still sends; at most 20 seconds. */
static inline void wait_hangup(struct conn *c)
{
  struct pollfd p = { c->fd, POLLRDHUP, 0 };
  poll(&p, 1, 20000);
}

/* Reads on until the client hangs up, and forgets it. */
static inline void drain(struct conn *c)
{
  char sink[65536];
  while(recv(c->fd, sink, sizeof sink, 0) > 0)
    ;
}

/* Closing with this sends a reset. */
static inline void make_reset(struct conn *c)
{
  struct linger l = { 1, 0 };
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static inline int read_more(struct conn *c)
{
  char *room = sei_buf_room(&c->in, 65536);
  ssize_t n = room ? recv(c->fd, room, 65536, 0) : -1;
  if(n > 0)
    c->in.len += (size_t)n;
  return n > 0;
}

/* The value of a field in the request's head, or NULL. Compares bytes. */
static inline const char *request_field(struct conn *c, const char *name)
{
  char pattern[64];
  snprintf(pattern, sizeof pattern, "\r\n%s: ", name);
  {
    char *at = memmem(c->in.data, c->head_len, pattern, strlen(pattern));
    return at ? at + strlen(pattern) : NULL;
  }
}

static inline int read_head(struct conn *c)
{
  const char *end = NULL;
  while(!c->in.len ||
        !(end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4)))
    if(!read_more(c))
      return 0;
  c->head_len = (size_t)(end - c->in.data) + 4;
  c->body_len = 0;
  c->number = 0;
  if(sscanf(c->in.data, "%*s %63[^? ]?%ld", c->path, &c->number) < 1)
    return 0;
  return 1;
}

/* A body with a length, or in chunks (kept as they came). */
static inline int read_body(struct conn *c)
{
  const char *length = request_field(c, "Content-Length");
  if(length)
    c->body_len = strtoul(length, NULL, 10);
  else if(request_field(c, "Transfer-Encoding")) {
    const char *end;
    while(!(end = memmem(c->in.data + c->head_len - 2,
                         c->in.len - c->head_len + 2, "\r\n0\r\n\r\n", 7)))
      if(!read_more(c))
        return 0;
    c->body_len = (size_t)(end + 7 - c->in.data) - c->head_len;
  }
  while(c->in.len < c->head_len + c->body_len)
    if(!read_more(c))
      return 0;
  return 1;
}

static inline void note(struct server *s, const struct conn *c, int come)
{
  pthread_mutex_lock(&s->lock);
  if(come) {
    s->requests++;
    strncat(s->seen, c->path, sizeof s->seen - strlen(s->seen) - 1);
  }
  s->inside += come ? 1 : -1;
  if(s->inside > s->most_inside)
    s->most_inside = s->inside;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

static inline int serve_one(struct conn *c)
{
  const struct route *r;
  int keep = 0;
  if(!read_head(c))
    return 0;
  for(r = c->server->routes; r->path && strcmp(r->path, c->path); r++)
    ;
  if(!r->path || (!r->head_only && !read_body(c)))
    return 0;
  note(c->server, c, 1);
  keep = r->answer(c);
  note(c->server, c, 0);
  sei_buf_drop(&c->in, c->head_len + c->body_len);
  c->served++;
  return keep;
}

static inline void *connection(void *user)
{
  struct conn *c = user;
  struct server *s = c->server;
  while(serve_one(c))
    ;
  close(c->fd);
  sei_buf_free(&c->in);
  free(c);
  pthread_mutex_lock(&s->lock);
  s->open--;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

static inline void welcome(struct server *s, int fd)
{
  struct conn *c = calloc(1, sizeof *c);
  pthread_t thread;
  c->server = s;
  c->fd = fd;
  sei_buf_init(&c->in, 64 << 20);
  pthread_mutex_lock(&s->lock);
  s->accepted++;
  s->open++;
  pthread_mutex_unlock(&s->lock);
  if(!pthread_create(&thread, NULL, connection, c))
    pthread_detach(thread);
}

static inline void *acceptor(void *user)
{
  struct server *s = user;
  int fd;
  while((fd = accept(s->fd, NULL, NULL)) >= 0)
    welcome(s, fd);
  return NULL;
}

static inline int listen_anywhere(int backlog, int *port)
{
  struct sockaddr_in a = { .sin_family = AF_INET };
  socklen_t len = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if(fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) ||
     listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&a, &len)) {
    perror("listen");
    exit(1);
  }
  *port = ntohs(a.sin_port);
  return fd;
}

static inline void server_start(struct server *s, const struct route *routes)
{
  memset(s, 0, sizeof *s);
  s->routes = routes;
  s->fd = listen_anywhere(64, &s->port);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  pthread_create(&s->thread, NULL, acceptor, s);
}

/* Ends the acceptor and waits for the connections: the clients are gone. */
static inline void server_stop(struct server *s)
{
  shutdown(s->fd, SHUT_RDWR);
  pthread_join(s->thread, NULL);
  close(s->fd);
  pthread_mutex_lock(&s->lock);
  s->gate = 1;
  pthread_cond_broadcast(&s->changed);
  while(s->open)
    pthread_cond_wait(&s->changed, &s->lock);
  pthread_mutex_unlock(&s->lock);
}

/* A counter of the server, read under its lock. */
static inline int server_read(struct server *s, const int *field)
{
  int value;
  pthread_mutex_lock(&s->lock);
  value = *field;
  pthread_mutex_unlock(&s->lock);
  return value;
}

#endif
