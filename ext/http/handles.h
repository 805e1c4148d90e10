/* handles - libcurl's handles that were used and wait to be used again.
 *
 * Making and freeing one costs more than all that it does for a small reply,
 * and its large pieces make malloc sort through all that the host has freed.
 * Only what served an ordinary request to its good end waits here, and only
 * for a request of the same kind and with the same options, which sets anew
 * whatever such requests set.
 */
#ifndef SEI_HTTP_HANDLES_H
#define SEI_HTTP_HANDLES_H

#include <stdbool.h>

#include "libcurl.h"

enum { SEI_HANDLES_MAX = 64 };

struct sei_handles {
  CURL *list[SEI_HANDLES_MAX];  /* owned */
  unsigned count;
};

/* One that waited, now the caller's; NULL: none does. */
CURL *sei_handles_take(struct sei_handles *h);

/* Takes over a handle that has left its multi handle. It points to nothing of
 * its last user afterwards. */
void sei_handles_give(struct sei_handles *h, CURL *easy);

void sei_handles_free(struct sei_handles *h);

#endif
