/* sockets - the sockets that libcurl opens for one pool: closed when another
 * program is executed, and known, so that a child after fork() can let go of
 * them without libcurl, which would speak to the servers in the parent's name.
 */
#ifndef SEI_HTTP_SOCKETS_H
#define SEI_HTTP_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "libcurl.h"

struct sei_sockets {
  int *list;                  /* owned */
  size_t count, room;
};

/* All that this handle opens from now on is entered here, and stays so for as
 * long as the connection lives: `s` outlives the multi handle. false: no
 * memory. */
bool sei_sockets_adopt(struct sei_sockets *s, CURL *easy);

/* curl_multi_init(), and the two sockets by which it could be woken are not
 * handed on to other programs either. NULL on no memory. */
CURLM *sei_sockets_multi(void);

/* Closes them all, and nothing else: libcurl is not told. Frees the list. */
void sei_sockets_close(struct sei_sockets *s);

#endif
