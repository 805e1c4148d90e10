/* buf - a growing byte buffer that is born with a maximum.
 *
 * Plain C, no dependency. Any folder may use it (see base/ in DESIGN's plan of
 * the house). A buffer never holds more than `max` bytes: what would go over
 * is refused whole, so that a hostile peer cannot make us allocate at will.
 */
#ifndef SEI_BASE_BUF_H
#define SEI_BASE_BUF_H

#include <stddef.h>

enum sei_buf_result {
  SEI_BUF_OK = 0,
  SEI_BUF_FULL,   /* would go over `max`; nothing was added */
  SEI_BUF_NOMEM   /* the allocation failed; nothing was added */
};

struct sei_buf {
  char *data;     /* owned; NULL while nothing was ever added */
  size_t len;     /* bytes held */
  size_t cap;     /* bytes allocated */
  size_t max;     /* bytes it may ever hold */
};

/* Makes an empty buffer. Never fails, allocates nothing. */
void sei_buf_init(struct sei_buf *b, size_t max);

/* Appends n bytes. Amortised doubling. */
enum sei_buf_result sei_buf_add(struct sei_buf *b, const void *bytes,
                                size_t n);

/* Appends a C string. */
enum sei_buf_result sei_buf_adds(struct sei_buf *b, const char *s);

/* Appends one byte. */
enum sei_buf_result sei_buf_addc(struct sei_buf *b, char c);

/* Makes room for n more bytes and returns where they go; NULL if that is over
 * `max` or there is no memory. The caller adds what it wrote to `len`. */
char *sei_buf_room(struct sei_buf *b, size_t n);

/* Drops the first n bytes (n <= len), keeping the allocation. */
void sei_buf_drop(struct sei_buf *b, size_t n);

/* Empties it, keeps the allocation. */
void sei_buf_clear(struct sei_buf *b);

/* Frees it and leaves it empty; safe to call twice. */
void sei_buf_free(struct sei_buf *b);

/* Overwrites the whole allocation with zeros, then frees it: for secrets. */
void sei_buf_wipe(struct sei_buf *b);

#endif
