/* shared - a buffer that several hold: it goes with the last of them.
 *
 * Whoever writes to it must be its only holder. Not for several threads.
 */
#ifndef SEI_BASE_SHARED_H
#define SEI_BASE_SHARED_H

#include "buf.h"

struct sei_shared {
  struct sei_buf buf;
  unsigned holders;     /* to read */
};

/* A new, empty one of at most `max` bytes, held once. NULL: no memory. */
struct sei_shared *sei_shared_new(size_t max);

/* One holder more; returns `s`. */
struct sei_shared *sei_shared_hold(struct sei_shared *s);

/* One holder less. NULL is fine. */
void sei_shared_drop(struct sei_shared *s);

#endif
