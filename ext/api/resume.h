/* resume - the token that says where a walk stood, to go on later.
 *
 * Printable ASCII without blanks, safe in a shell, a file name or a URL:
 *   sei1.QUERY.OFFSET.SIZE.TOTAL.FLAGS.CHECK
 * QUERY and CHECK are 16 hexadecimal digits, the others decimal (TOTAL is
 * -1 while unknown). Numbers only: neither key, nor address, nor any
 * record's content. CHECK guards against accidents, not against forgery.
 */
#ifndef SEI_API_RESUME_H
#define SEI_API_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SEI_RESUME_SIZE = 128,  /* bytes of any token we write, with its NUL */
  SEI_RESUME_MAX = 512    /* bytes that a token may have at most */
};

struct sei_resume {
  uint64_t query;     /* fingerprint of what was asked: account, endpoint,
                         filter; the caller's business */
  int64_t offset;     /* of the next record; 0 to 2^53 */
  int64_t page_size;  /* in use; 1 to 2^53 */
  int64_t total;      /* total_count, -1 unknown */
  uint32_t flags;     /* the caller's; kept as they are */
};

/* Writes the token and its NUL. false: a field is out of its range or `size`
 * is too small (SEI_RESUME_SIZE never is); `out` is then "". */
bool sei_resume_write(const struct sei_resume *r, char *out, size_t size);

/* Reads `len` bytes; blanks and line ends around the token are passed over.
 * `query` is the fingerprint that it must have. Returns NULL and fills `r`, or
 * a static sentence for the user, leaving `r` alone:
 *   "this is not a resume token"
 *   "this resume token is damaged"
 *   "this resume token belongs to another query"
 *   "this resume token was made by a newer sei" */
const char *sei_resume_read(const char *text, size_t len, uint64_t query,
                            struct sei_resume *r);

#endif
