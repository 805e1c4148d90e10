/* csv - a pull reader for RFC 4180 text that may arrive in pieces, and a
 * writer.
 *
 * Plain C, no Lua. The reader looks at a window of bytes that the caller owns
 * and answers one row at a time; a field without doubled quotes is a slice of
 * the window and never copied. When a row is cut off by the end of the window
 * it answers SEI_CSV_MORE and remembers how far it came, so that no byte is
 * scanned twice however small the pieces are.
 *
 * Beyond the RFC it takes any of CRLF, LF and lone CR as a line's end, passes
 * over empty lines (they count) and over a UTF-8 byte order mark at the start.
 * It is as strict as the RFC about quotes: a quote inside a field that does
 * not begin with one is an error, because guessing what it means would shift
 * columns silently.
 */
#ifndef SEI_DATA_CSV_H
#define SEI_DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum {
  SEI_CSV_MAX_FIELD = 1024 * 1024,      /* defaults of the limits: bytes, */
  SEI_CSV_MAX_ROW = 16 * 1024 * 1024,   /*   bytes, */
  SEI_CSV_MAX_COLUMNS = 16384,          /*   fields */
  SEI_CSV_AHEAD = 16                    /* blocks scanned at once */
};

enum sei_csv_event {
  SEI_CSV_MORE,         /* the window ends inside a row (and not `last`) */
  SEI_CSV_ERROR,        /* see problem…; every later call answers the same */
  SEI_CSV_NOMEM,        /* as ERROR: out of memory */
  SEI_CSV_END,          /* the whole text was read */
  SEI_CSV_ROW           /* `count` fields, see sei_csv_field() */
};

/* Where a field lies: private, read it with sei_csv_field(). */
struct sei_csv_slice {
  size_t at;            /* offset in the row, or in the scratch (top bit) */
  size_t len;
};

struct sei_csv {
  const char *text;     /* the window; borrowed */
  size_t len;           /* bytes in the window */
  size_t pos;           /* bytes of the window consumed: whole rows only */
  bool last;            /* nothing comes after the window */

  size_t count;         /* fields of the last row */
  const char *row;      /* the last row as it stands in the window, */
  size_t row_len;       /*   without its line end */
  size_t line;          /* line on which it begins, from 1 */
  bool ascii;           /* it has no byte above 127; false: it may have */

  const char *problem;  /* static text, for the user */
  size_t problem_line;  /* from 1 */
  size_t problem_column; /* in characters (UTF-8), from 1 */

  size_t max_field, max_row, max_columns;
  char delimiter;

  /* private */
  unsigned char state;  /* 0: between rows */
  bool started;         /* the byte order mark was looked for */
  bool skip_lf;         /* the last line ended with CR: LF belongs to it */
  bool block_ascii;     /* as `ascii`, of the block */
  bool escapes;         /* the field under way has doubled quotes */
  size_t line_now;      /* line of the scan position */
  size_t at;            /* scan position, offset in the row */
  size_t field_at;      /* where the field under way begins, likewise */
  size_t line_at;       /* where the line of the scan position begins */
  size_t quote_line;    /* line of an opening quote, */
  size_t quote_line_at; /*   and where that line begins */
  size_t block_at, block_end; /* part of the window that `mask` describes */
  uint64_t mask;        /* a bit for every byte that may mean something */
  uint64_t ahead[SEI_CSV_AHEAD]; /* masks of blocks behind one another: */
  unsigned ahead_next, ahead_count; /* the one at block_end, and how many */
  uint32_t ahead_wide;  /* a bit for each that has a byte above 127 */
  struct sei_csv_slice *slices; /* owned */
  size_t slices_cap, slices_room; /* allocated; of them allowed for */
  size_t safe_len;      /* a row of this length breaks no limit of bytes */
  struct sei_buf scratch; /* owned; the last row's fields with doubled quotes,
                             each without the doubles */
};

/* Whether that byte may part fields: a tab or printable ASCII, but neither a
 * quote, an apostrophe, a letter nor a digit. */
bool sei_csv_delimiter_ok(char c);

/* Starts a text. A limit of 0 means its default. Allocates nothing; what the
 * reader comes to own is given back by sei_csv_free(). */
void sei_csv_begin(struct sei_csv *c, char delimiter, size_t max_field,
                   size_t max_row, size_t max_columns);

/* Gives back all memory. Safe to call twice. */
void sei_csv_free(struct sei_csv *c);

/* Shows the window: from the first byte not consumed (text + pos of the last
 * one). `pos` becomes 0. The bytes of the row under way must be the same as
 * before; more may stand behind them. */
void sei_csv_input(struct sei_csv *c, const char *text, size_t len,
                   bool last);

/* The next row. May allocate, never blocks. */
enum sei_csv_event sei_csv_next(struct sei_csv *c);

/* ---- passing over rows: csv_pass.c ---- */

/* What a row must have in a column to be passed over. */
struct sei_csv_want {
  enum sei_csv_kind {
    SEI_CSV_TEXT,       /* anything, but not nothing */
    SEI_CSV_DIGITS,     /* a whole number as it is written in JSON */
    SEI_CSV_ASK         /* what ask() finds good */
  } kind;
  bool (*ask)(const void *about, const char *s, size_t n);
  const void *about;
};

/* Passes over the next rows as long as each ends in the window and has just
 * these fields, all good; answers how many these were. They are no last row:
 * of that nothing is known until the next one. It is sure only of plain ones,
 * and leaves every other row, good or bad, to sei_csv_next(): with a byte
 * above 127 or a control character, with a quote in quotes, with a sign, of a
 * size that comes near a limit. The number of columns is 1 or more. */
size_t sei_csv_pass(struct sei_csv *c, const struct sei_csv_want *want,
                    size_t columns);

#define SEI_CSV_IN_SCRATCH (~(SIZE_MAX >> 1))

/* Field i (from 0, < count) of the last row, its quotes resolved. Not
 * terminated. Valid until the next call and as long as the window. */
static inline const char *sei_csv_field(const struct sei_csv *c, size_t i,
                                        size_t *len)
{
  const struct sei_csv_slice *s = &c->slices[i];
  *len = s->len;
  if(s->at & SEI_CSV_IN_SCRATCH)
    return c->scratch.data + (s->at & ~SEI_CSV_IN_SCRATCH);
  return c->row + s->at;
}

/* Where field i lies in a text that is the last row with the `scratch` behind
 * it: an offset. */
static inline size_t sei_csv_place(const struct sei_csv *c, size_t i,
                                   size_t *len)
{
  const struct sei_csv_slice *s = &c->slices[i];
  *len = s->len;
  if(s->at & SEI_CSV_IN_SCRATCH)
    return c->row_len + (s->at & ~SEI_CSV_IN_SCRATCH);
  return s->at;
}

/* ---- writer: appends to a buffer ---- */

struct sei_csv_put {
  struct sei_buf *out;  /* borrowed */
  const char *newline;  /* "\n" or "\r\n"; borrowed */
  char delimiter;
  bool guard;           /* see sei_csv_put_field() */

  size_t start;         /* private: where the row under way begins */
  size_t fields;        /* private: how many it has */
};

/* Begins a row. If anything below fails, setting out->len back to `start`
 * takes the row out again. */
void sei_csv_put_begin(struct sei_csv_put *p);

/* Appends a field, in quotes only if it needs them. Answers what sei_buf_add
 * answers, or SEI_CSV_HAS_NUL: no reader would take it back.
 * With `guard`, a cell that a spreadsheet would run as a formula (it begins
 * with = + - @ tab CR or LF and is not a plain number) gets an apostrophe in
 * front (OWASP, "CSV Injection"). */
enum { SEI_CSV_HAS_NUL = -1 };
int sei_csv_put_field(struct sei_csv_put *p, const char *s, size_t n);

/* Ends the row. A row whose only field is empty becomes "", since an empty
 * line would be no row. */
int sei_csv_put_end(struct sei_csv_put *p);

#endif
