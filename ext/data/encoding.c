/* encoding - text in another encoding becomes UTF-8 while it arrives. */
#include "encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "json.h" /* sei_utf8_valid */

/* The longest character of any encoding that iconv knows is far shorter. */
enum { HELD_MAX = 64, GROW = 4096 };

enum sei_encoding_result sei_encoding_open(struct sei_encoding *e,
                                           const char *name)
{
  iconv_t converter = iconv_open("UTF-8", name);
  memset(e, 0, sizeof *e);
  if(converter == (iconv_t)-1)
    return errno == EINVAL ? SEI_ENCODING_UNKNOWN : SEI_ENCODING_NOMEM;
  e->converter = converter;
  sei_buf_init(&e->held, HELD_MAX);
  return SEI_ENCODING_OK;
}

void sei_encoding_close(struct sei_encoding *e)
{
  if(e->converter)
    iconv_close((iconv_t)e->converter);
  e->converter = NULL;
  sei_buf_free(&e->held);
}

static enum sei_encoding_result bad(struct sei_encoding *e, const char *at,
                                    bool cut)
{
  e->byte = (unsigned char)*at;
  e->cut = cut;
  return SEI_ENCODING_BAD;
}

/* Only the first `valid` bytes of what iconv() made are UTF-8: glibc's lets
 * numbers beyond U+10FFFF through, in sequences of five and six bytes, which
 * RFC 3629 section 3 forbids. Converts the piece once more, with room for no
 * more than those bytes, and so finds where it must end. */
static const char *end_of_valid(struct sei_encoding *e, const char *bytes,
                                size_t n, char *to, size_t valid)
{
  char *in = (char *)(uintptr_t)bytes;
  iconv((iconv_t)e->converter, NULL, NULL, NULL, NULL);
  iconv((iconv_t)e->converter, &in, &n, &to, &valid);
  return in;
}

/* Converts as much as is whole and says in *used how much that was. iconv()
 * reads its input only, whatever its type says. */
static enum sei_encoding_result convert(struct sei_encoding *e,
                                        const char *bytes, size_t n,
                                        size_t *used, struct sei_buf *out)
{
  char *in = (char *)(uintptr_t)bytes;
  size_t left = n;
  *used = 0;
  while(left) {
    size_t room = left + left / 2 + GROW, free_room = room, got, valid;
    char *start = sei_buf_room(out, room), *to = start;
    int problem;
    if(!start)
      return SEI_ENCODING_NOMEM;
    got = iconv((iconv_t)e->converter, &in, &left, &to, &free_room);
    problem = errno;
    valid = sei_utf8_valid(start, room - free_room);
    out->len += valid;
    if(valid < room - free_room) {
      const char *end = end_of_valid(e, bytes + *used, n - *used, start,
                                     valid);
      e->offset += (size_t)(end - bytes) - *used;
      return bad(e, end, false);
    }
    e->offset += n - left - *used;
    *used = n - left;
    if(got != (size_t)-1 || problem == E2BIG)
      continue;
    return problem == EINVAL ? SEI_ENCODING_OK : bad(e, in, false);
  }
  return SEI_ENCODING_OK;
}

/* Completes the character whose beginning is held, byte by byte. */
static enum sei_encoding_result finish_held(struct sei_encoding *e,
                                            const char **bytes, size_t *n,
                                            struct sei_buf *out)
{
  while(e->held.len && *n) {
    size_t used;
    enum sei_encoding_result r;
    switch(sei_buf_addc(&e->held, **bytes)) {
    case SEI_BUF_NOMEM:
      return SEI_ENCODING_NOMEM;
    case SEI_BUF_FULL:
      return bad(e, e->held.data, false);
    default:
      break;
    }
    r = convert(e, e->held.data, e->held.len, &used, out);
    if(r != SEI_ENCODING_OK)
      return r;
    sei_buf_drop(&e->held, used);
    ++*bytes;
    --*n;
  }
  return SEI_ENCODING_OK;
}

/* Nothing comes any more: some encodings keep a character back that a mark
 * behind it might have changed. */
static enum sei_encoding_result finish(struct sei_encoding *e,
                                       struct sei_buf *out)
{
  char *to = sei_buf_room(out, HELD_MAX);
  size_t left = HELD_MAX;
  if(!to)
    return SEI_ENCODING_NOMEM;
  iconv((iconv_t)e->converter, NULL, NULL, &to, &left);
  out->len += HELD_MAX - left;
  return e->held.len ? bad(e, e->held.data, true) : SEI_ENCODING_OK;
}

enum sei_encoding_result sei_encoding_feed(struct sei_encoding *e,
                                           const char *bytes, size_t n,
                                           bool last, struct sei_buf *out)
{
  size_t used = 0;
  enum sei_encoding_result r = finish_held(e, &bytes, &n, out);
  if(r == SEI_ENCODING_OK && n)
    r = convert(e, bytes, n, &used, out);
  if(r != SEI_ENCODING_OK)
    return r;
  switch(sei_buf_add(&e->held, bytes + used, n - used)) {
  case SEI_BUF_NOMEM:
    return SEI_ENCODING_NOMEM;
  case SEI_BUF_FULL:
    return bad(e, bytes + used, false);
  default:
    break;
  }
  return last ? finish(e, out) : SEI_ENCODING_OK;
}
