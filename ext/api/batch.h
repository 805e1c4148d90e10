/* batch - cuts a sequence of encoded rows into bodies that stay within a
 * number of rows and a number of bytes (api.md section 4 nos. 3 and 9).
 *
 * It counts, it holds nothing: a body is prefix, row, separator, row, …,
 * suffix, and the caller writes it. For a bare JSON array prefix and suffix
 * are "[" and "]", the separator a comma of 1 byte.
 */
#ifndef SEI_API_BATCH_H
#define SEI_API_BATCH_H

#include <stdbool.h>
#include <stddef.h>

enum sei_batch_answer {
  SEI_BATCH_FITS,       /* the row was counted in */
  SEI_BATCH_CLOSE,      /* send the batch, sei_batch_close(), offer again */
  SEI_BATCH_NEVER       /* the row alone is over max_bytes; not counted */
};

struct sei_batch {
  size_t rows;          /* to read: rows in the open batch */
  size_t bytes;         /* to read: bytes of its body, brackets and all */
  size_t max_rows;      /* private from here */
  size_t max_bytes;
  size_t enough;
  size_t envelope;      /* bytes of prefix and suffix together */
  size_t separator;     /* bytes between two rows */
};

/* Starts with an empty batch. max_rows or max_bytes 0: no such limit. false:
 * the envelope alone is over max_bytes. */
bool sei_batch_begin(struct sei_batch *b, size_t max_rows, size_t max_bytes,
                     size_t envelope, size_t separator);

/* From now on a batch is closed at so many bytes already; a row that is longer
 * goes alone, as long as max_bytes allows it. */
void sei_batch_enough(struct sei_batch *b, size_t bytes);

/* Offers the next row by its encoded length in bytes. After a close FITS or
 * NEVER is certain. */
enum sei_batch_answer sei_batch_offer(struct sei_batch *b, size_t row_bytes);

/* Starts the next, empty batch. */
void sei_batch_close(struct sei_batch *b);

#endif
