/* header - an ordered list of header fields, sent or received.
 *
 * Names compare without regard to case (RFC 9110 section 5.1).
 */
#ifndef SEI_HTTP_HEADER_H
#define SEI_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>

struct sei_header {
  char *name;                 /* owned */
  char *value;                /* owned; wiped when freed */
};

struct sei_headers {
  struct sei_header *list;
  size_t count, cap;
  size_t bytes;               /* of all names and values */
};

/* Zeroed memory is an empty list. */

/* Adds a copy. false: no memory. The caller has checked name and value. */
bool sei_headers_add(struct sei_headers *h, const char *name,
                     const char *value);

/* The first value under that name, or NULL. */
const char *sei_headers_get(const struct sei_headers *h, const char *name);

/* Wipes and frees all; the list is empty afterwards. */
void sei_headers_free(struct sei_headers *h);

/* Whether a string may stand in a header value, a path or a multipart name:
 * no CR, LF, NUL, nor any other control character but a tab. libcurl sends
 * them as they are (style.md 9). `n` bytes, so that NUL is seen. */
bool sei_header_clean(const char *s, size_t n);

/* Reads Retry-After: seconds, or any of the three HTTP dates of RFC 9110
 * section 5.6.7, against `now` (Unix seconds). Returns seconds from now, 0 or
 * more, or -1 if there is none or it cannot be read. */
double sei_header_retry_after(const struct sei_headers *h, double now);

#endif
