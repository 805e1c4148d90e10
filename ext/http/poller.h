/* poller - a set of descriptors to wait for, and one deadline.
 *
 * Knows no HTTP. The set is itself one descriptor (epoll), readable while any
 * of its members is ready; the deadline is only remembered.
 */
#ifndef SEI_HTTP_POLLER_H
#define SEI_HTTP_POLLER_H

#include <stdbool.h>
#include <stddef.h>

enum { SEI_POLLER_READ = 1, SEI_POLLER_WRITE = 2 };

struct sei_poller {
  int fd;                     /* owned; -1 when closed */
  int wake;                   /* owned; always readable, in the set or not */
  bool awake;                 /* it is in */
  double due;                 /* sei_clock() seconds; negative: none */
};

struct sei_poller_event {
  int fd;
  int ready;                  /* SEI_POLLER_READ, _WRITE; both on an error, so
                                 that whoever tries is told the error */
};

/* Makes an empty set. false: errno says why. */
bool sei_poller_open(struct sei_poller *p);

/* Safe to call twice. */
void sei_poller_close(struct sei_poller *p);

/* Waits for `wanted` (SEI_POLLER_READ, _WRITE) on fd from now on; 0 takes it
 * out. A descriptor that was closed in between is no error. false: errno. */
bool sei_poller_set(struct sei_poller *p, int fd, int wanted);

/* Writes up to `max` (<= 64) that are ready now and returns how many. Never
 * waits. */
size_t sei_poller_ready(struct sei_poller *p, struct sei_poller_event *out,
                        size_t max);

/* Makes the set readable until it is switched off again. The descriptor behind
 * it is never among those that are ready. */
void sei_poller_signal(struct sei_poller *p, bool on);

#endif
