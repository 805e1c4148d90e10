/* csv - a pull reader for RFC 4180 text that may arrive in pieces.
 *
 * The scan goes from one byte that may mean something to the next, as
 * csv_block.h finds them. All offsets kept between two windows count from the
 * start of the row under way, because that is where a window begins.
 */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "csv_block.h"

enum state { BETWEEN_ROWS = 0, IN_PLAIN, IN_QUOTES, FAILED, FAILED_NOMEM };

enum { FIRST_SLICES = 16 };

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

bool sei_csv_delimiter_ok(char c)
{
  if(c == '\t')
    return true;
  if((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
     (c >= 'a' && c <= 'z'))
    return false;
  return c >= ' ' && c <= '~' && c != '"' && c != '\'';
}

void sei_csv_begin(struct sei_csv *c, char delimiter, size_t max_field,
                   size_t max_row, size_t max_columns)
{
  memset(c, 0, sizeof *c);
  c->delimiter = delimiter;
  c->max_field = max_field ? max_field : SEI_CSV_MAX_FIELD;
  c->max_row = max_row ? max_row : SEI_CSV_MAX_ROW;
  c->max_columns = max_columns ? max_columns : SEI_CSV_MAX_COLUMNS;
  c->safe_len = c->max_field < c->max_row ? c->max_field : c->max_row;
  c->line_now = 1;
  sei_buf_init(&c->scratch, c->max_row);
}

void sei_csv_free(struct sei_csv *c)
{
  free(c->slices);
  c->slices = NULL;
  c->slices_cap = c->slices_room = c->count = 0;
  sei_buf_free(&c->scratch);
}

void sei_csv_input(struct sei_csv *c, const char *text, size_t len,
                   bool last)
{
  c->text = text;
  c->len = len;
  c->pos = 0;
  c->last = last;
  c->block_at = c->block_end = 0;
  c->ahead_next = c->ahead_count = 0;
}

/* Ends the reading at the byte `at` (an offset in the row) of a line. */
static enum sei_csv_event fail(struct sei_csv *c, const char *problem,
                               size_t line, size_t line_at, size_t at)
{
  const char *p = c->text + c->pos + line_at;
  const char *end = c->text + c->pos + at;
  c->problem = problem;
  c->problem_line = line;
  c->problem_column = 1;
  for(; p < end; p++)
    c->problem_column += ((unsigned char)*p & 0xC0) != 0x80;
  c->state = FAILED;
  return SEI_CSV_ERROR;
}

static enum sei_csv_event fail_at(struct sei_csv *c, const char *problem,
                                  size_t i)
{
  return fail(c, problem, c->line_now, c->line_at, i - c->pos);
}

/* At the start of the field under way. */
static enum sei_csv_event fail_field(struct sei_csv *c, const char *problem)
{
  if(c->state == IN_QUOTES)
    return fail(c, problem, c->quote_line, c->quote_line_at, c->field_at);
  return fail(c, problem, c->line_now, c->line_at, c->field_at);
}

static enum sei_csv_event fail_nomem(struct sei_csv *c)
{
  c->state = FAILED_NOMEM;
  return SEI_CSV_NOMEM;
}

/* Scans blocks from offset i of the window on, or from the known block's end
 * if i is in front of that: one behind the other, so that the processor works
 * on several at a time. What is less than a block comes by itself. False: the
 * window ends there. */
static __attribute__((noinline)) bool scan_ahead(struct sei_csv *c, size_t i)
{
  size_t at = i < c->block_end ? c->block_end : i, left = c->len - at;
  size_t n = left / SEI_CSV_BLOCK, k;
  const char *p = c->text + at;
  char delimiter = c->delimiter;
  uint32_t wide = 0;
  bool ascii = true;
  if(n > SEI_CSV_AHEAD)
    n = SEI_CSV_AHEAD;
  for(k = 0; k < n; k++, p += SEI_CSV_BLOCK) {
    c->ahead[k] = sei_csv_block(p, delimiter, &ascii);
    wide |= (uint32_t)!ascii << k;
  }
  if(!n && left) {
    c->ahead[n++] = sei_csv_mask(p, left, delimiter, &ascii);
    wide = !ascii;
  }
  c->block_end = at;
  c->ahead_next = 0;
  c->ahead_count = (unsigned)n;
  c->ahead_wide = wide;
  return n > 0;
}

/* The next block becomes the one that is known; nothing in front of offset i
 * of the window matters any more. False: the window ends. */
static inline bool next_block(struct sei_csv *c, size_t i)
{
  if((i > c->block_end || c->ahead_next == c->ahead_count) &&
     !scan_ahead(c, i))
    return false;
  c->mask = c->ahead[c->ahead_next];
  c->block_ascii = !(c->ahead_wide >> c->ahead_next++ & 1);
  c->block_at = c->block_end;
  c->block_end += SEI_CSV_BLOCK;
  if(c->block_end > c->len)
    c->block_end = c->len;
  c->ascii = c->ascii && c->block_ascii;
  return true;
}

/* The bits of the known block from offset i of the window on. */
static inline uint64_t mask_from(const struct sei_csv *c, size_t i)
{
  return i < c->block_end ? c->mask & UINT64_MAX << (i - c->block_at) : 0;
}

/* The same as special(), and nothing that the block knows stands from i on. */
static __attribute__((noinline)) size_t special_behind(struct sei_csv *c,
                                                       size_t i)
{
  while(next_block(c, i))
    if(c->mask)
      return c->block_at + (size_t)__builtin_ctzll(c->mask);
  return c->len;
}

/* The next byte from offset i of the window on that may mean something, or
 * the window's end. Never goes backwards between two calls of input(). */
static inline size_t special(struct sei_csv *c, size_t i)
{
  uint64_t mask = mask_from(c, i);
  if(mask)
    return c->block_at + (size_t)__builtin_ctzll(mask);
  return special_behind(c, i);
}

/* ---- fields ---- */

static bool more_slices(struct sei_csv *c)
{
  size_t cap = c->slices_cap ? c->slices_cap * 2 : FIRST_SLICES;
  struct sei_csv_slice *slices = realloc(c->slices, cap * sizeof *slices);
  if(!slices)
    return false;
  c->slices = slices;
  c->slices_cap = cap;
  c->slices_room = cap < c->max_columns ? cap : c->max_columns;
  return true;
}

/* Copies a field to the scratch, two quotes becoming one. */
static bool unescape(struct sei_csv *c, struct sei_csv_slice *slice)
{
  const char *p = c->text + c->pos + slice->at, *end = p + slice->len;
  char *out = sei_buf_room(&c->scratch, slice->len);
  const char *quote;
  if(!out)
    return false;
  slice->at = c->scratch.len | SEI_CSV_IN_SCRATCH;
  slice->len = 0;
  while((quote = memchr(p, '"', (size_t)(end - p)))) {
    size_t n = (size_t)(quote + 1 - p);
    memcpy(out + slice->len, p, n);
    slice->len += n;
    p = quote + 2;
  }
  memcpy(out + slice->len, p, (size_t)(end - p));
  slice->len += (size_t)(end - p);
  c->scratch.len += slice->len;
  return true;
}

/* Refuses the field under way, `len` bytes long so far, or its row, which
 * ends before offset i of the window. ROW if neither is too large. */
static enum sei_csv_event check_size(struct sei_csv *c, size_t len, size_t i)
{
  if(len > c->max_field)
    return fail_field(c, c->state == IN_QUOTES ?
                      "the quoted field that begins here is larger than "
                      "max_field allows: is its closing quote missing?" :
                      "the field is larger than max_field allows");
  if(i - c->pos > c->max_row)
    return fail(c, "the row is larger than max_row allows", c->line, 0, 0);
  return SEI_CSV_ROW;
}

/* Adds the field that ends before offset i of the window; of a quoted one i
 * is its closing quote. ROW if that went well. */
static enum sei_csv_event add_field(struct sei_csv *c, size_t i)
{
  struct sei_csv_slice *slice;
  size_t at = c->field_at + (c->state == IN_QUOTES);
  size_t len = i - c->pos - at;
  enum sei_csv_event e = check_size(c, len, i + (c->state == IN_QUOTES));
  if(e != SEI_CSV_ROW)
    return e;
  if(c->count == c->max_columns)
    return fail_field(c, "the row has more columns than max_columns allows");
  if(c->count == c->slices_cap && !more_slices(c))
    return fail_nomem(c);
  slice = &c->slices[c->count];
  slice->at = at;
  slice->len = len;
  if(c->escapes && !unescape(c, slice))
    return fail_nomem(c);
  c->count++;
  return SEI_CSV_ROW;
}

static void next_field(struct sei_csv *c, size_t i)
{
  c->field_at = i - c->pos;
  c->state = IN_PLAIN;
  c->escapes = false;
}

/* Ends the row whose line end stands at offset i; i == len: it has none. */
static enum sei_csv_event end_row(struct sei_csv *c, size_t i)
{
  c->row = c->text + c->pos;
  c->row_len = i - c->pos;
  c->skip_lf = i < c->len && c->text[i] == '\r';
  c->pos = i < c->len ? i + 1 : i;
  c->line_now++;
  c->state = BETWEEN_ROWS;
  return SEI_CSV_ROW;
}

/* ---- what stands where; these answer MORE for "go on at *i" ---- */

/* Behind a field at offset i: a delimiter, a line's end or the text's. */
static enum sei_csv_event behind(struct sei_csv *c, size_t *i)
{
  if(*i < c->len && c->text[*i] == c->delimiter) {
    next_field(c, ++*i);
    return SEI_CSV_MORE;
  }
  return end_row(c, *i);
}

static enum sei_csv_event open_quote(struct sei_csv *c, size_t *i)
{
  if(*i - c->pos != c->field_at)
    return fail_at(c, "a quote stands inside a field that does not begin "
                   "with one", *i);
  c->state = IN_QUOTES;
  c->quote_line = c->line_now;
  c->quote_line_at = c->line_at;
  ++*i;
  return SEI_CSV_MORE;
}

static enum sei_csv_event in_plain(struct sei_csv *c, size_t *i)
{
  char ch = c->text[*i];
  if(ch == c->delimiter || ch == '\n' || ch == '\r') {
    enum sei_csv_event e = add_field(c, *i);
    return e == SEI_CSV_ROW ? behind(c, i) : e;
  }
  if(ch == '"')
    return open_quote(c, i);
  if(!ch)
    return fail_at(c, "a NUL byte", *i);
  ++*i;
  return SEI_CSV_MORE;
}

/* A quote inside quotes, and the byte behind it is in the window. */
static enum sei_csv_event quote_in_quotes(struct sei_csv *c, size_t *i)
{
  char ch = *i + 1 < c->len ? c->text[*i + 1] : '\n';
  enum sei_csv_event e;
  if(ch == '"') {
    c->escapes = true;
    *i += 2;
    return SEI_CSV_MORE;
  }
  if(ch != c->delimiter && ch != '\n' && ch != '\r')
    return fail_at(c, "text stands behind a closing quote", *i + 1);
  e = add_field(c, *i);
  ++*i;
  return e == SEI_CSV_ROW ? behind(c, i) : e;
}

static enum sei_csv_event in_quotes(struct sei_csv *c, size_t *i)
{
  char ch = c->text[*i];
  if(ch == '"')
    return quote_in_quotes(c, i);
  if(!ch)
    return fail_at(c, "a NUL byte", *i);
  if(ch == '\n' || ch == '\r') {
    /* the opening quote stands in front, so there is a byte before this */
    if(ch == '\r' || c->text[*i - 1] != '\r')
      c->line_now++;
    c->line_at = *i + 1 - c->pos;
  }
  ++*i;
  return SEI_CSV_MORE;
}

/* The text ends at offset i inside a field. */
static enum sei_csv_event text_end(struct sei_csv *c, size_t i)
{
  enum sei_csv_event e;
  if(c->state == IN_QUOTES)
    return fail_field(c, "the quoted field that begins here has no closing "
                      "quote");
  e = add_field(c, i);
  return e == SEI_CSV_ROW ? end_row(c, i) : e;
}

/* The window ends inside a field that is scanned up to offset i: waits, but
 * not for what is too large already (two bytes may be quotes). */
static enum sei_csv_event cut_off(struct sei_csv *c, size_t i)
{
  size_t len = c->len - c->pos - c->field_at;
  enum sei_csv_event e = check_size(c, len > 2 ? len - 2 : 0, c->len);
  if(e != SEI_CSV_ROW)
    return e;
  if(c->last)
    return text_end(c, i);
  c->at = i - c->pos;
  return SEI_CSV_MORE;
}

static inline void put_slice(struct sei_csv_slice *slice, size_t from,
                             size_t to)
{
  slice->at = from;
  slice->len = to - from;
}

/* Adds the fields without quotes that stand from c->at on, as most do, with
 * nothing but what such a field needs: as long as no limit is near and there
 * are slices. True: the row ended with them; false:
 * in_plain() and others know what stands at the new c->at. */
static inline __attribute__((always_inline)) bool
plain_fields(struct sei_csv *c)
{
  const size_t pos = c->pos;
  const char *row = c->text + pos, delimiter = c->delimiter;
  struct sei_csv_slice *slices = c->slices;
  size_t count = c->count, room = c->slices_room;
  size_t from = c->field_at, at = c->at, block = c->block_at - pos;
  uint64_t mask = mask_from(c, pos + at);
  while(count < room) {
    char ch;
    if(!mask) {
      if(!next_block(c, pos + at)) {
        at = c->len - pos;
        break;
      }
      mask = c->mask;
      block = c->block_at - pos;
      continue;
    }
    at = block + (unsigned)__builtin_ctzll(mask);
    ch = row[at];
    if(at > c->safe_len)
      break;
    if(ch == delimiter) {
      put_slice(&slices[count++], from, at);
      from = ++at;
      mask &= mask - 1;
    }
    else if(ch == '\n' || ch == '\r') {
      put_slice(&slices[count++], from, at);
      c->count = count;
      end_row(c, pos + at);
      return true;
    }
    else
      break;
  }
  c->count = count;
  c->field_at = from;
  c->at = at;
  return false;
}

/* The same behind a field with quotes, at offset *i of the window. */
static __attribute__((noinline)) bool more_plain_fields(struct sei_csv *c,
                                                        size_t *i)
{
  bool done;
  c->at = *i - c->pos;
  done = plain_fields(c);
  *i = c->pos + c->at;
  return done;
}

/* Reads the row on from c->at, whatever stands there. */
static __attribute__((noinline)) enum sei_csv_event
scan_row(struct sei_csv *c)
{
  size_t i = c->pos + c->at;
  enum sei_csv_event e;
  do {
    if(c->state == IN_PLAIN && i < c->len && c->text[i] != '"' &&
       more_plain_fields(c, &i))
      return SEI_CSV_ROW;
    i = special(c, i);
    if(i == c->len)
      return cut_off(c, i);
    /* what a quote means shows only in the byte behind it */
    if(c->state == IN_QUOTES && c->text[i] == '"' && i + 1 == c->len &&
       !c->last)
      return cut_off(c, i);
    e = c->state == IN_QUOTES ? in_quotes(c, &i) : in_plain(c, &i);
  } while(e == SEI_CSV_MORE);
  return e;
}

/* ---- between rows ---- */

/* Passes over a byte order mark. ROW: done; MORE: too few bytes to tell. */
static enum sei_csv_event skip_mark(struct sei_csv *c)
{
  const unsigned char *t = (const unsigned char *)c->text;
  size_t n = c->len < 3 ? c->len : 3;
  if(n >= 2 && ((t[0] == 0xFF && t[1] == 0xFE) ||
                (t[0] == 0xFE && t[1] == 0xFF)))
    return fail_at(c, "the text is UTF-16, not UTF-8", 0);
  if(n < 2 && !c->last && (t[0] == 0xFF || t[0] == 0xFE))
    return SEI_CSV_MORE;
  if(!memcmp(t, BYTE_ORDER_MARK, n)) {
    if(n < 3 && !c->last)
      return SEI_CSV_MORE;
    c->pos = n == 3 ? 3 : 0;
  }
  c->started = true;
  return SEI_CSV_ROW;
}

static void begin_row(struct sei_csv *c)
{
  c->line = c->line_now;
  c->count = 0;
  c->at = c->line_at = 0;
  c->ascii = c->pos >= c->block_end || c->block_ascii;
  c->scratch.len = 0;
  next_field(c, c->pos);
}

/* Goes to where a row begins: over the LF of a CRLF and over empty lines. */
static __attribute__((noinline)) enum sei_csv_event
seek_row(struct sei_csv *c)
{
  c->line_at = 0;
  if(!c->started && c->pos < c->len) {
    enum sei_csv_event e = skip_mark(c);
    if(e != SEI_CSV_ROW)
      return e;
  }
  for(; c->pos < c->len; c->pos++) {
    char ch = c->text[c->pos];
    bool pair = c->skip_lf && ch == '\n';
    c->skip_lf = ch == '\r';
    if(ch != '\n' && ch != '\r')
      return SEI_CSV_ROW;
    c->line_now += !pair;
  }
  return c->last ? SEI_CSV_END : SEI_CSV_MORE;
}

/* Whether a row begins just here, and seek_row() is not needed. */
static inline bool at_row(const struct sei_csv *c)
{
  return c->pos < c->len && c->started && c->text[c->pos] != '\n' &&
    c->text[c->pos] != '\r';
}

static __attribute__((noinline)) enum sei_csv_event
go_on(struct sei_csv *c)
{
  if(c->state == FAILED)
    return SEI_CSV_ERROR;
  return c->state == FAILED_NOMEM ? SEI_CSV_NOMEM : scan_row(c);
}

enum sei_csv_event sei_csv_next(struct sei_csv *c)
{
  if(c->state != BETWEEN_ROWS)
    return go_on(c);
  if(!at_row(c)) {
    enum sei_csv_event e = seek_row(c);
    if(e != SEI_CSV_ROW)
      return e;
  }
  begin_row(c);
  return plain_fields(c) ? SEI_CSV_ROW : scan_row(c);
}
