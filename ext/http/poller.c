/* poller - a set of descriptors on epoll, and one deadline. */
#define _GNU_SOURCE
#include "poller.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 64 };

bool sei_poller_open(struct sei_poller *p)
{
  p->due = -1;
  p->fd = epoll_create1(EPOLL_CLOEXEC);
  return p->fd >= 0;
}

void sei_poller_close(struct sei_poller *p)
{
  if(p->fd >= 0)
    close(p->fd);
  p->fd = -1;
}

/* The set forgets a descriptor that is closed, and its number may come back
 * as another one; so neither "not there" nor "is there" is an error. */
static bool add_or_change(struct sei_poller *p, int fd, struct epoll_event *e)
{
  if(!epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, e))
    return true;
  return errno == ENOENT && !epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, e);
}

bool sei_poller_set(struct sei_poller *p, int fd, int wanted)
{
  struct epoll_event e;
  memset(&e, 0, sizeof e);
  e.data.fd = fd;
  if(wanted & SEI_POLLER_READ)
    e.events |= EPOLLIN;
  if(wanted & SEI_POLLER_WRITE)
    e.events |= EPOLLOUT;
  if(wanted)
    return add_or_change(p, fd, &e);
  return !epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, &e) ||
         errno == ENOENT || errno == EBADF;
}

static int ready_bits(unsigned events)
{
  int bits = 0;
  if(events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI))
    bits |= SEI_POLLER_READ;
  if(events & EPOLLOUT)
    bits |= SEI_POLLER_WRITE;
  if(events & (EPOLLERR | EPOLLHUP))
    bits |= SEI_POLLER_READ | SEI_POLLER_WRITE;
  return bits;
}

size_t sei_poller_ready(struct sei_poller *p, struct sei_poller_event *out,
                        size_t max)
{
  struct epoll_event events[BATCH];
  int i, n = epoll_wait(p->fd, events, max < BATCH ? (int)max : BATCH, 0);
  for(i = 0; i < n; i++) {
    out[i].fd = events[i].data.fd;
    out[i].ready = ready_bits(events[i].events);
  }
  return n > 0 ? (size_t)n : 0; /* interrupted: the caller comes again */
}
