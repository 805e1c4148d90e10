/* csv_write_fuzz - the CSV writer: what it writes, the reader takes back field
 * by field; the guard against formulas adds one apostrophe and nothing else;
 * a row that fails can be taken out again. */
#include "../../ext/data/csv.h"
#include "fuzz.h"

enum { MOST = 256 };

struct field {
  const char *s;
  size_t n;
};

struct table {
  struct field fields[MOST];
  size_t n;
  bool row_ends[MOST];  /* behind that field */
  bool bad;             /* the row under way holds a NUL */
};

static struct table t;  /* large */

/* Spreadsheets run what begins like this (OWASP, "CSV Injection"). */
static bool risky(const struct field *f)
{
  return f->n && *f->s && strchr("=+-@\t\r\n", *f->s);
}

static bool numeric(const struct field *f)
{
  size_t i;
  for(i = 0; i < f->n; i++)
    if(!f->s[i] || !strchr("+-0123456789.eE", f->s[i]))
      return false;
  return true;
}

/* Fields are split where the input says so: at bytes 1 (field) and 2 (row). */
static void split(const char *s, size_t n)
{
  const char *end = s + n;
  memset(&t, 0, sizeof t);
  while(s < end && t.n < MOST) {
    const char *p = s;
    while(p < end && *p != 1 && *p != 2)
      p++;
    t.fields[t.n].s = s;
    t.fields[t.n].n = (size_t)(p - s);
    t.row_ends[t.n] = p == end || *p == 2 || t.n == MOST - 1;
    t.n++;
    s = p + 1;
  }
  if(t.n)
    t.row_ends[t.n - 1] = true;
}

static bool row_is_bad(size_t first)
{
  for(;; first++) {
    if(t.fields[first].n &&
       memchr(t.fields[first].s, 0, t.fields[first].n))
      return true;
    if(t.row_ends[first])
      return false;
  }
}

/* Writes one row from field i on; answers the first one behind it. A row with
 * a NUL in it is taken out again. */
static size_t put_row(struct sei_csv_put *p, size_t i)
{
  int r = 0;
  bool bad = row_is_bad(i), end = false;
  sei_csv_put_begin(p);
  for(; !end; i++) {
    if(!r)
      r = sei_csv_put_field(p, t.fields[i].s, t.fields[i].n);
    end = t.row_ends[i];
  }
  MUST(r == (bad ? (int)SEI_CSV_HAS_NUL : (int)SEI_BUF_OK));
  if(bad)
    p->out->len = p->start;
  else
    MUST(sei_csv_put_end(p) == SEI_BUF_OK);
  return i;
}

static void same_field(const struct sei_csv *c, size_t k,
                       const struct field *f, bool guard)
{
  size_t n;
  const char *s = sei_csv_field(c, k, &n);
  if(n == f->n + 1 && guard && risky(f)) {
    MUST(*s == '\'');
    s++;
    n--;
  }
  else if(guard && risky(f)) /* as it was: then it must be a number */
    MUST(numeric(f));
  MUST(n == f->n && (!n || memcmp(s, f->s, n) == 0));
}

static void read_back(const struct sei_buf *b, char delimiter, bool guard)
{
  struct sei_csv c;
  size_t i = 0, k;
  sei_csv_begin(&c, delimiter, 0, 0, 0);
  sei_csv_input(&c, b->data, b->len, true);
  while(i < t.n) {
    if(row_is_bad(i)) {
      while(!t.row_ends[i++])
        ;
      continue;
    }
    MUST(sei_csv_next(&c) == SEI_CSV_ROW);
    for(k = 0; k < c.count; k++, i++) {
      same_field(&c, k, &t.fields[i], guard);
      MUST(t.row_ends[i] == (k + 1 == c.count));
    }
  }
  MUST(sei_csv_next(&c) == SEI_CSV_END);
  sei_csv_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char delimiters[] = ",,;\t|";
  struct fuzz_dice d;
  struct sei_buf b;
  struct sei_csv_put p;
  char *text;
  size_t i = 0;
  if(!fuzz_seed(&d, &data, &size) || size > 4096)
    return 0;
  text = fuzz_copy(data, size);
  split(text, size);
  sei_buf_init(&b, 1 << 20);
  p.out = &b;
  p.newline = fuzz_below(&d, 2) ? "\n" : "\r\n";
  p.delimiter = delimiters[fuzz_below(&d, 5)];
  p.guard = fuzz_below(&d, 2) != 0;
  while(i < t.n)
    i = put_row(&p, i);
  read_back(&b, p.delimiter, p.guard);
  sei_buf_free(&b);
  free(text);
  return 0;
}
