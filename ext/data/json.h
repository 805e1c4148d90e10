/* json - a pull scanner for RFC 8259 text that may arrive in pieces.
 *
 * Plain C, no allocation but one scratch buffer for strings with escapes.
 * The scanner looks at a window of bytes that the caller owns and may let
 * grow. It never consumes part of a token: when a token is cut off by the end
 * of the window it answers SEI_JSON_MORE and stands where it stood, so that
 * the caller adds bytes and asks again. A copy of the struct (without the
 * scratch) is a checkpoint, see sei_json_mark().
 */
#ifndef SEI_DATA_JSON_H
#define SEI_DATA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum { SEI_JSON_DEPTH_MAX = 512 };

enum sei_json_event {
  SEI_JSON_MORE,        /* the window ends inside a token (and not `last`) */
  SEI_JSON_ERROR,       /* see problem, problem_at; the scanner stays there */
  SEI_JSON_END,         /* the whole text was read; only blanks are left */
  SEI_JSON_NULL,
  SEI_JSON_FALSE,
  SEI_JSON_TRUE,
  SEI_JSON_INTEGER,     /* fits int64_t: `integer` */
  SEI_JSON_BIG,         /* an integer beyond int64_t: its digits in `str` */
  SEI_JSON_REAL,        /* has a fraction or exponent, or is -0: `real` */
  SEI_JSON_STRING,      /* `str`, `str_len`: UTF-8, escapes resolved */
  SEI_JSON_KEY,         /* the same, a member's name; the value comes next */
  SEI_JSON_ARRAY,
  SEI_JSON_ARRAY_END,
  SEI_JSON_OBJECT,
  SEI_JSON_OBJECT_END
};

struct sei_json {
  const char *text;     /* the window; borrowed */
  size_t len;           /* bytes in the window */
  size_t pos;           /* bytes of the window consumed */
  bool last;            /* nothing comes after the window */

  const char *str;      /* of the last event; in the window or the scratch, */
  size_t str_len;       /*   valid until the next call */
  int64_t integer;
  double real;

  unsigned depth;       /* open arrays and objects */
  unsigned max_depth;   /* at most SEI_JSON_DEPTH_MAX */
  size_t max_string;    /* bytes of one string or number */
  const char *problem;  /* static text, for the user */
  size_t problem_at;    /* offset in the window */

  unsigned char state;  /* what may come next (private) */
  unsigned char kinds[SEI_JSON_DEPTH_MAX / 8]; /* a bit each: is an object */
  struct sei_buf *scratch; /* borrowed; where strings with escapes go */
};

/* Starts a text. `scratch` outlives the scanner and belongs to the caller.
 * max_depth 0 means 128; max_string 0 means 16 MiB. */
void sei_json_begin(struct sei_json *j, struct sei_buf *scratch,
                    unsigned max_depth, size_t max_string);

/* Shows the window: from the first byte not consumed. `pos` becomes 0. */
void sei_json_input(struct sei_json *j, const char *text, size_t len,
                    bool last);

/* The next event. */
enum sei_json_event sei_json_next(struct sei_json *j);

/* A short cut: if the next token is exactly this member name, written without
 * escapes or blanks, answers true, and *e is what sei_json_next() would have
 * answered when called twice: for the name and for what is behind it.
 * Otherwise nothing is consumed. `name` must be valid UTF-8 and hold neither
 * quotes nor backslashes nor control characters. */
bool sei_json_member(struct sei_json *j, const char *name, size_t n,
                     enum sei_json_event *e);

/* After KEY: skips its value. After ARRAY or OBJECT: skips to behind its end.
 * Answers the event that ends it (of a scalar: the scalar's), MORE (nothing
 * was consumed) or ERROR. Strings inside are checked for structure and control
 * characters, not decoded. */
enum sei_json_event sei_json_skip(struct sei_json *j);

/* Names that came in a row once: names[names[i].next] came behind names[i]. 0
 * is nobody's. */
struct sei_json_name {
  const char *bytes;    /* valid UTF-8 without quotes, backslashes, controls */
  unsigned mark;        /* the caller's: see below */
  unsigned short len;
  short next;
};

/* A short cut for members that nobody wants: skips them and their values as
 * long as they are names[at] and those behind it, have this mark, are written
 * without escapes or blanks, and their values are of the usual kind. Answers
 * which was the last of them; 0: none, and nothing was consumed. */
short sei_json_skip_known(struct sei_json *j,
                          const struct sei_json_name *names, short at,
                          unsigned mark);

/* Remembers and restores a place in the same window (base pointer and length
 * may have changed in between as long as the offsets still hold). */
struct sei_json_mark { size_t pos; unsigned depth; unsigned char state;
  unsigned char kinds[SEI_JSON_DEPTH_MAX / 8]; };
void sei_json_mark(const struct sei_json *j, struct sei_json_mark *m);
void sei_json_back(struct sei_json *j, const struct sei_json_mark *m);

/* ---- writer: appends to a buffer, answers what sei_buf_add answers ---- */

/* A string with its quotes. Escapes what RFC 8259 demands and U+007F, U+2028,
 * U+2029; everything else goes as it is. SEI_JSON_NOT_UTF8 (-1) if `s` is not
 * valid UTF-8. If it fails nothing was added. */
enum { SEI_JSON_NOT_UTF8 = -1 };
int sei_json_put_string(struct sei_buf *b, const char *s, size_t n);

/* true: sei_json_put_string() adds nothing to `s` but the quotes, so that its
 * room is known beforehand. false: it must be asked. */
bool sei_json_is_plain(const char *s, size_t n);

int sei_json_put_integer(struct sei_buf *b, int64_t i);

/* The digits of a whole number: in `space`, from where the result points.
 * Not terminated. */
enum { SEI_JSON_DIGITS = 24 };
const char *sei_json_digits(int64_t i, char space[SEI_JSON_DIGITS],
                            size_t *n);

/* The shortest digits that read back as the same double, always with a
 * fraction or exponent. SEI_JSON_NOT_FINITE (-2) for NaN and infinities. */
enum { SEI_JSON_NOT_FINITE = -2 };
int sei_json_put_real(struct sei_buf *b, double d);

/* First byte of `s` that is not valid UTF-8 (surrogates and overlong forms are
 * not), or n. Fast on ASCII. */
size_t sei_utf8_valid(const char *s, size_t n);

#endif
