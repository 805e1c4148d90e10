/* csv_fuzz - the CSV reader: the same rows however the text is cut, the same
 * that a plain reader written from RFC 4180 finds, and limits that hold. */
#include "../../ext/base/hash.h"
#include "../../ext/data/csv.h"
#include "fuzz.h"

enum { LONGEST = 4096 };

struct row {
  uint64_t fields;      /* fingerprint of all of them */
  size_t count, line;
};

struct list {
  struct row rows[LONGEST + 1];
  size_t n;
  bool failed;
  const char *problem;
  size_t line, column;
};

static struct list whole, cut, plain;   /* large */

static uint64_t add(uint64_t fields, const char *s, size_t n)
{
  return sei_hash(s, n, fields + 1);
}

/* ---- the reader ---- */

static void keep_row(struct list *out, const struct sei_csv *c)
{
  struct row *r = &out->rows[out->n++];
  size_t i, n;
  MUST(out->n <= LONGEST + 1 && c->count > 0 && c->count <= c->max_columns);
  MUST(c->row_len <= c->max_row);
  r->fields = 0;
  r->count = c->count;
  r->line = c->line;
  for(i = 0; i < c->count; i++) {
    const char *s = sei_csv_field(c, i, &n);
    size_t same, at = sei_csv_place(c, i, &same);
    /* what is doubled is still counted twice */
    MUST(n <= c->max_field && same == n);
    MUST(at + n <= c->row_len + c->scratch.len);
    MUST(!n || !memcmp(s, at < c->row_len ? c->row + at :
                       c->scratch.data + (at - c->row_len), n));
    r->fields = add(r->fields, s, n);
  }
  for(i = 0; i < c->row_len && c->ascii; i++)
    MUST((unsigned char)c->row[i] < 128);
}

static void keep_problem(struct list *out, const struct sei_csv *c)
{
  out->failed = true;
  out->problem = c->problem;
  out->line = c->problem_line;
  out->column = c->problem_column;
  MUST(c->problem && c->problem_line >= 1 && c->problem_column >= 1);
}

static void read_rows(struct list *out, struct sei_csv *c,
                      struct fuzz_window *w)
{
  enum sei_csv_event e;
  out->n = 0;
  out->failed = false;
  fuzz_show(w, 0);
  sei_csv_input(c, w->shown, w->to - w->from, fuzz_last(w));
  do {
    e = sei_csv_next(c);
    MUST(e != SEI_CSV_NOMEM && c->pos <= c->len);
    if(e == SEI_CSV_MORE) {
      MUST(fuzz_show(w, c->pos));
      sei_csv_input(c, w->shown, w->to - w->from, fuzz_last(w));
    }
    else if(e == SEI_CSV_ROW)
      keep_row(out, c);
  } while(e == SEI_CSV_MORE || e == SEI_CSV_ROW);
  if(e == SEI_CSV_ERROR)
    keep_problem(out, c);
  MUST(sei_csv_next(c) == e);
  free(w->shown);
  sei_csv_free(c);
}

/* ---- the plain reader: byte by byte, no limits ---- */

struct reader {
  const char *p, *end;
  char delimiter;
  size_t line;
  char field[LONGEST];
  size_t len;
};

/* Whether a line's end stands here; it is consumed. */
static bool line_end(struct reader *r)
{
  if(r->p == r->end || (*r->p != '\n' && *r->p != '\r'))
    return false;
  r->p += r->end - r->p > 1 && !memcmp(r->p, "\r\n", 2) ? 2 : 1;
  r->line++;
  return true;
}

/* Behind the opening quote. false: not CSV. */
static bool quoted(struct reader *r)
{
  while(r->p < r->end) {
    const char *from = r->p;
    if(*r->p == '"') {
      r->p++;
      if(r->p == r->end)
        return true;
      if(*r->p != '"')
        return *r->p == r->delimiter || *r->p == '\r' || *r->p == '\n';
    }
    if(!*r->p)
      return false;
    if(!line_end(r))
      r->p++;
    if(*from == '"')    /* two are one */
      from++;
    memcpy(r->field + r->len, from, (size_t)(r->p - from));
    r->len += (size_t)(r->p - from);
  }
  return false;
}

static bool unquoted(struct reader *r)
{
  while(r->p < r->end && *r->p != r->delimiter && *r->p != '\r' &&
        *r->p != '\n') {
    if(!*r->p || *r->p == '"')
      return false;
    r->field[r->len++] = *r->p++;
  }
  return true;
}

static bool one_row(struct reader *r, struct row *row)
{
  row->fields = 0;
  row->count = 0;
  row->line = r->line;
  for(;;) {
    bool quote = r->p < r->end && *r->p == '"';
    r->len = 0;
    r->p += quote;
    if(quote ? !quoted(r) : !unquoted(r))
      return false;
    row->fields = add(row->fields, r->field, r->len);
    row->count++;
    if(r->p == r->end || line_end(r))
      return true;
    r->p++;     /* the delimiter */
  }
}

static void read_plainly(struct list *out, const char *text, size_t n,
                         char delimiter)
{
  static struct reader r;
  r.p = text;
  r.end = text + n;
  r.delimiter = delimiter;
  r.line = 1;
  out->n = 0;
  out->failed = n >= 2 && (!memcmp(text, "\xff\xfe", 2) ||
                           !memcmp(text, "\xfe\xff", 2));
  if(n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
    r.p += 3;
  while(!out->failed) {
    while(line_end(&r))
      ;
    if(r.p == r.end)
      return;
    out->failed = !one_row(&r, &out->rows[out->n]);
    out->n += !out->failed;
  }
}

/* ---- comparing ---- */

/* With limits, what is too large may be refused before it is there as a
 * whole, so that another fault behind it is never seen. */
static void same(const struct list *a, const struct list *b, bool limits,
                 bool places)
{
  size_t i;
  MUST(a->failed == b->failed && a->n == b->n);
  for(i = 0; i < a->n; i++)
    MUST(a->rows[i].fields == b->rows[i].fields &&
         a->rows[i].count == b->rows[i].count &&
         a->rows[i].line == b->rows[i].line);
  if(a->failed && places && !limits)
    MUST(a->problem == b->problem && a->line == b->line &&
         a->column == b->column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char delimiters[] = ",,,;\t| ";
  struct fuzz_window a = { (const char *)data + FUZZ_SEED, 0, 0, 0, NULL,
    false, { 0 } }, b;
  struct fuzz_dice d;
  struct sei_csv c;
  size_t limits[3] = { 0, 0, 0 }, i;
  char delimiter;
  bool limited;
  if(!fuzz_seed(&d, &data, &size) || size > LONGEST)
    return 0;
  delimiter = delimiters[fuzz_below(&d, sizeof delimiters - 1)];
  limited = fuzz_below(&d, 4) == 0;
  for(i = 0; i < 3 && limited; i++)
    limits[i] = fuzz_below(&d, 40);
  limited = limits[0] || limits[1] || limits[2];
  a.len = size;
  b = a;
  b.cut = true;
  b.dice.state = fuzz_roll(&d);
  sei_csv_begin(&c, delimiter, limits[0], limits[1], limits[2]);
  read_rows(&whole, &c, &a);
  sei_csv_begin(&c, delimiter, limits[0], limits[1], limits[2]);
  read_rows(&cut, &c, &b);
  same(&whole, &cut, limited, true);
  if(!limited) {
    read_plainly(&plain, (const char *)data, size, delimiter);
    same(&whole, &plain, false, false);
  }
  return 0;
}
