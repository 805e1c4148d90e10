/* encoding - text in another encoding becomes UTF-8 while it arrives.
 *
 * Plain C on the C library's iconv (POSIX iconv.h). Pieces may end anywhere,
 * also inside a character: the rest waits for the next piece.
 */
#ifndef SEI_DATA_ENCODING_H
#define SEI_DATA_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum sei_encoding_result {
  SEI_ENCODING_OK,
  SEI_ENCODING_UNKNOWN, /* the C library knows no such encoding */
  SEI_ENCODING_BAD,     /* bytes that are no text in it, at `offset` */
  SEI_ENCODING_NOMEM    /* out of memory; the text is over */
};

struct sei_encoding {
  void *converter;      /* private: an iconv_t; NULL: none */
  struct sei_buf held;  /* owned; bytes of a character cut in two */
  uint64_t offset;      /* bytes of the text that became UTF-8 */
  unsigned char byte;   /* after BAD: the byte that stands at `offset` */
  bool cut;             /* after BAD: the text ends inside a character */
};

/* Starts a text in the encoding of that name, as iconv_open() spells it.
 * Owns resources after OK only; sei_encoding_close() gives them back. */
enum sei_encoding_result sei_encoding_open(struct sei_encoding *e,
                                           const char *name);

/* Safe to call twice, and on zeroed memory. */
void sei_encoding_close(struct sei_encoding *e);

/* Takes n bytes and appends what they are in UTF-8 to `out`; `last`: nothing
 * comes behind them. What stands before bytes that are BAD is appended, too;
 * the text is over then. */
enum sei_encoding_result sei_encoding_feed(struct sei_encoding *e,
                                           const char *bytes, size_t n,
                                           bool last, struct sei_buf *out);

#endif
