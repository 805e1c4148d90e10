/* sockets - the sockets that libcurl opens for one pool. */
#define _GNU_SOURCE
#include "sockets.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "setopt.h"

enum { FIRST = 16, LOOK_AT = 64 };

/* ---- those of connections ---- */

static void enter(struct sei_sockets *s, int fd)
{
  if(s->count == s->room) {
    size_t room = s->room ? 2 * s->room : FIRST;
    int *list = realloc(s->list, room * sizeof *list);
    if(!list)
      return; /* a child keeps it open, that is all */
    s->list = list;
    s->room = room;
  }
  s->list[s->count++] = fd;
}

static void leave(struct sei_sockets *s, int fd)
{
  size_t i;
  for(i = 0; i < s->count; i++)
    if(s->list[i] == fd) {
      s->list[i] = s->list[--s->count];
      return;
    }
}

static curl_socket_t on_open(void *user, curlsocktype purpose,
                             struct curl_sockaddr *a)
{
  int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
  (void)purpose;
  if(fd >= 0)
    enter(user, fd);
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close(void *user, curl_socket_t fd)
{
  leave(user, fd); /* before: another thread may get the number at once */
  return close(fd);
}

bool sei_sockets_adopt(struct sei_sockets *s, CURL *easy)
{
  struct sei_setopt o = { easy, CURLE_OK };
  sei_set_answer(&o, curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                                      on_open));
  sei_set_pointer(&o, CURLOPT_OPENSOCKETDATA, s);
  sei_set_answer(&o, curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                                      on_close));
  sei_set_pointer(&o, CURLOPT_CLOSESOCKETDATA, s);
  return !o.code;
}

void sei_sockets_close(struct sei_sockets *s)
{
  size_t i;
  for(i = 0; i < s->count; i++)
    close(s->list[i]);
  free(s->list);
  memset(s, 0, sizeof *s);
}

/* ---- the pair of a multi handle ---- */

/* Bytes that wait in a UNIX stream socket without FD_CLOEXEC; -1: it is no
 * such thing. */
static int waiting(int fd, unsigned long what)
{
  int domain = 0, n = 0, flags = fcntl(fd, F_GETFD);
  socklen_t size = sizeof domain;
  if(flags < 0 || flags & FD_CLOEXEC ||
     getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) ||
     domain != AF_UNIX || ioctl(fd, what, &n))
    return -1;
  return n;
}

/* The number that the next descriptor gets, if no other thread takes it. */
static int lowest_free(void)
{
  int fd = open("/", O_PATH | O_CLOEXEC);
  if(fd >= 0)
    close(fd);
  return fd;
}

/* Sets FD_CLOEXEC on the two between `from` and `to` through which a byte went
 * when the handle was woken: other threads' descriptors may stand there, too.
 * (libcurl 8.8 and later use no such pair, or set it themselves.) */
static void seal(CURLM *multi, int from, int to)
{
  int in[LOOK_AT], out[LOOK_AT], i, n = to - from;
  if(n > LOOK_AT)
    n = LOOK_AT;
  for(i = 0; i < n; i++) {
    in[i] = waiting(from + i, FIONREAD);
    out[i] = waiting(from + i, SIOCOUTQ);
  }
  if(n < 2 || curl_multi_wakeup(multi))
    return; /* nobody reads that byte: it only matters to curl_multi_poll() */
  for(i = 0; i < n; i++)
    if((in[i] == 0 && waiting(from + i, FIONREAD) == 1) ||
       (out[i] == 0 && waiting(from + i, SIOCOUTQ) > 0))
      fcntl(from + i, F_SETFD, FD_CLOEXEC);
}

CURLM *sei_sockets_multi(void)
{
  int from = lowest_free();
  CURLM *multi = curl_multi_init();
  int to = multi ? lowest_free() : -1;
  if(from >= 0 && to > from)
    seal(multi, from, to);
  return multi;
}
