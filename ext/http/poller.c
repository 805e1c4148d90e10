/* poller - a set of descriptors on epoll, and one deadline. */
#define _GNU_SOURCE
#include "poller.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 64 };

bool sei_poller_open(struct sei_poller *p)
{
  p->due = -1;
  p->awake = false;
  p->fd = epoll_create1(EPOLL_CLOEXEC);
  p->wake = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  if(p->fd >= 0 && p->wake >= 0)
    return true;
  sei_poller_close(p);
  return false;
}

void sei_poller_close(struct sei_poller *p)
{
  int saved = errno;
  if(p->fd >= 0)
    close(p->fd);
  if(p->wake >= 0)
    close(p->wake);
  p->fd = p->wake = -1;
  errno = saved;
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
  size_t count = 0;
  for(i = 0; i < n; i++) /* none when interrupted: the caller comes again */
    if(events[i].data.fd != p->wake) {
      out[count].fd = events[i].data.fd;
      out[count++].ready = ready_bits(events[i].events);
    }
  return count;
}

void sei_poller_signal(struct sei_poller *p, bool on)
{
  if(on != p->awake && sei_poller_set(p, p->wake, on ? SEI_POLLER_READ : 0))
    p->awake = on;
}
