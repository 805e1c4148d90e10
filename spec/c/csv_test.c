/* csv_test - the CSV reader and writer against fixed cases, at every place
 * where a text can be cut, and against each other on random tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../ext/data/csv.h"

static int checks, failures;

static void check(int ok, int line, const char *what, const char *got)
{
  checks++;
  if(ok)
    return;
  failures++;
  if(failures <= 20)
    printf("%s:%d: %s; got %s\n", __FILE__, line, what, got);
}

#define CHECK(ok, what, got) check(ok, __LINE__, what, got)

/* ---- a reading, written down as text: "1[a][b] 2[c][d] end" ---- */

struct limits { size_t field, row, columns; char delimiter; };

static const struct limits USUAL = { 0, 0, 0, ',' };

static void note_row(struct sei_buf *out, const struct sei_csv *c)
{
  char number[32];
  size_t i, n;
  snprintf(number, sizeof number, "%zu", c->line);
  sei_buf_adds(out, number);
  for(i = 0; c->ascii && i < c->row_len; i++)
    CHECK((signed char)c->row[i] >= 0, "a row said to be ASCII", c->row + i);
  for(i = 0; i < c->count; i++) {
    const char *s = sei_csv_field(c, i, &n);
    sei_buf_addc(out, '[');
    sei_buf_add(out, s, n);
    sei_buf_addc(out, ']');
  }
  sei_buf_addc(out, ' ');
}

static void note_end(struct sei_buf *out, const struct sei_csv *c,
                     enum sei_csv_event e)
{
  char place[64];
  if(e == SEI_CSV_END) {
    sei_buf_add(out, "end", 4);
    return;
  }
  if(e == SEI_CSV_MORE) {
    sei_buf_add(out, "more", 5);
    return;
  }
  snprintf(place, sizeof place, "error %zu:%zu ", c->problem_line,
           c->problem_column);
  sei_buf_adds(out, e == SEI_CSV_NOMEM ? "no memory" : place);
  sei_buf_add(out, c->problem, strlen(c->problem) + 1);
}

/* Where the window ends when `seen` bytes of n are read and more is wanted:
 * at `cut`, else `step` bytes on. */
static size_t next_end(size_t seen, size_t n, size_t cut, size_t step)
{
  if(seen < cut && cut < n)
    return cut;
  return step && n - seen > step ? seen + step : n;
}

/* Reads `text`. Every window is a block of exactly its size, so that valgrind
 * and ASan see a read beyond it. Returns a string in `out`. */
static const char *reading(struct sei_buf *out, const struct limits *limits,
                           const char *text, size_t n, size_t cut,
                           size_t step)
{
  struct sei_csv c;
  size_t begin = 0, end = 0;
  enum sei_csv_event e = SEI_CSV_MORE;
  sei_buf_clear(out);
  sei_csv_begin(&c, limits->delimiter, limits->field, limits->row,
                limits->columns);
  while(e == SEI_CSV_MORE) {
    char *window;
    end = next_end(end, n, cut, step);
    window = malloc(end - begin ? end - begin : 1);
    if(!window)
      exit(2);
    memcpy(window, text + begin, end - begin);
    sei_csv_input(&c, window, end - begin, end == n);
    while((e = sei_csv_next(&c)) == SEI_CSV_ROW)
      note_row(out, &c);
    begin += c.pos;
    free(window);
    if(end == n && e == SEI_CSV_MORE)
      break;
  }
  note_end(out, &c, e);
  sei_csv_free(&c);
  return out->data;
}

/* ---- fixed cases ---- */

struct sample { const char *text, *reading; char delimiter; };

static const struct sample SAMPLES[] = {
  {"", "end", ','},
  {"\n\r\n\r", "end", ','},
  {"a,b\n", "1[a][b] end", ','},
  {"a,b", "1[a][b] end", ','},
  {"a,", "1[a][] end", ','},
  {",", "1[][] end", ','},
  {"\"\"", "1[] end", ','},
  {"\"\"\n\"\"\r\n", "1[] 2[] end", ','},
  {" \n", "1[ ] end", ','},
  {"a\r\nb\nc\rd", "1[a] 2[b] 3[c] 4[d] end", ','},
  {"a\n\n\r\n\rb", "1[a] 5[b] end", ','},
  {"a\r\r\nb", "1[a] 3[b] end", ','},
  {"\"a,b\",c", "1[a,b][c] end", ','},
  {"\"a\"\"b\"\r\n", "1[a\"b] end", ','},
  {"\"\"\"\",\"\"\"\"\"\",x", "1[\"][\"\"][x] end", ','},
  {"\"a\r\nb\rc\n\nd\",e\nf,g", "1[a\r\nb\rc\n\nd][e] 6[f][g] end", ','},
  {"\xEF\xBB\xBF" "a,b\n", "1[a][b] end", ','},
  {"\xEF\xBB\xBF\"a\",b\n", "1[a][b] end", ','},
  {"\xEF\xBB\xBF", "end", ','},
  {"\xEF\xBB", "1[\xEF\xBB] end", ','},
  {"a\n\xEF\xBB\xBF" "b", "1[a] 2[\xEF\xBB\xBF" "b] end", ','},
  {"a,b;c\n", "1[a,b][c] end", ';'},
  {"a\tb\t\"c\td\"\n", "1[a][b][c\td] end", '\t'},
  {"a|b,\t\v|c", "1[a][b,\t\v][c] end", '|'},
  {"M\xC3\xBCller,\xF0\x9F\x98\x80",
   "1[M\xC3\xBCller][\xF0\x9F\x98\x80] end", ','},
  {"0123456789012345678901234567890123456789012345678901234567890123,x\n"
   "01234567890123456789012345678901234567890123456789012345678901,\"y\n\"",
   "1[0123456789012345678901234567890123456789012345678901234567890123][x] "
   "2[01234567890123456789012345678901234567890123456789012345678901][y\n] "
   "end", ','},
  {"a\nb\"c\n", "1[a] error 2:2 a quote stands inside a field that does not "
   "begin with one", ','},
  {"a, \"b\"\n", "error 1:4 a quote stands inside a field that does not begin "
   "with one", ','},
  {"\"a\"b\n", "error 1:4 text stands behind a closing quote", ','},
  {"\n\"\xC3\xBC\n\xC3\xBC\" ,x\n", "error 3:3 text stands behind a closing "
   "quote", ','},
  {"a,b\nc,\"d\n\n", "1[a][b] error 2:3 the quoted field that begins here has "
   "no closing quote", ','},
  {"\"", "error 1:1 the quoted field that begins here has no closing quote",
   ','},
  {"x,\"a\n\"\"", "error 1:3 the quoted field that begins here has no closing "
   "quote", ','},
  {"\xFF\xFE" "a", "error 1:1 the text is UTF-16, not UTF-8", ','},
  {"\xFE\xFF", "error 1:1 the text is UTF-16, not UTF-8", ','},
};

static void test_samples(struct sei_buf *out)
{
  size_t i, cut;
  for(i = 0; i < sizeof SAMPLES / sizeof *SAMPLES; i++) {
    const struct sample *s = &SAMPLES[i];
    struct limits limits = USUAL;
    size_t n = strlen(s->text);
    limits.delimiter = s->delimiter;
    for(cut = 0; cut <= n; cut++) {
      reading(out, &limits, s->text, n, cut, 0);
      CHECK(!strcmp(out->data, s->reading), s->reading, out->data);
      reading(out, &limits, s->text, n, 0, cut + 1);
      CHECK(!strcmp(out->data, s->reading), s->reading, out->data);
    }
  }
}

static void test_nul(struct sei_buf *out)
{
  static const char plain[] = "a\nb,c\0d\n", quoted[] = "\"a\n\0\"";
  size_t step;
  for(step = 1; step < 10; step++) {
    reading(out, &USUAL, plain, sizeof plain - 1, 0, step);
    CHECK(!strcmp(out->data, "1[a] error 2:4 a NUL byte"), "NUL", out->data);
    reading(out, &USUAL, quoted, sizeof quoted - 1, 0, step);
    CHECK(!strcmp(out->data, "error 2:1 a NUL byte"), "NUL", out->data);
  }
}

/* ---- limits: at the limit it works, one above it is refused ---- */

static void expect_limit(struct sei_buf *out, const struct limits *limits,
                         const char *text, const char *expected)
{
  size_t step, n = strlen(text);
  for(step = 1; step <= n; step++) {
    reading(out, limits, text, n, 0, step);
    CHECK(!strncmp(out->data, expected, strlen(expected)), expected,
          out->data);
  }
}

static void test_limits(struct sei_buf *out)
{
  static const struct limits field = { 4, 0, 0, ',' };
  static const struct limits row = { 0, 8, 0, ',' };
  static const struct limits columns = { 0, 0, 3, ',' };
  expect_limit(out, &field, "abcd,\"efgh\"\n", "1[abcd][efgh] end");
  expect_limit(out, &field, "a,\nabcde\n", "1[a][] error 2:1 the field");
  expect_limit(out, &field, "a,\nb,abcdefghijkl", "1[a][] error 2:3 the fie");
  expect_limit(out, &field, "a,\n\"abcde\"", "1[a][] error 2:1 the quoted f");
  expect_limit(out, &field, "a\nb,\"\n\n\n\n\n\n\n\n\n",
               "1[a] error 2:3 the q");
  expect_limit(out, &row, "ab,cd,ef\nx", "1[ab][cd][ef] 2[x] end");
  expect_limit(out, &row, "a\nab,cd,efg\nx", "1[a] error 2:1 the row is lar");
  expect_limit(out, &columns, "1,2,3\n1", "1[1][2][3] 2[1] end");
  expect_limit(out, &columns, "1,2,3\n1,2,3,4", "1[1][2][3] error 2:7 the ro");
}

/* The default limits hold, and a field of many pieces is not scanned anew
 * with every piece (that would take minutes). */
static void test_large(struct sei_buf *out)
{
  size_t n = SEI_CSV_MAX_FIELD, i;
  char *text = malloc(n + 4);
  struct sei_csv c;
  if(!text)
    exit(2);
  memset(text, '\n', n + 4);
  text[0] = '"';
  text[n + 1] = '"';
  sei_csv_begin(&c, ',', 0, 0, 0);
  for(i = 1; i < n + 2; i++) {
    sei_csv_input(&c, text, i, 0);
    if(sei_csv_next(&c) != SEI_CSV_MORE)
      break;
  }
  CHECK(i == n + 2, "waits to the end", c.problem ? c.problem : "?");
  sei_csv_input(&c, text, n + 2, 1);
  CHECK(sei_csv_next(&c) == SEI_CSV_ROW && c.count == 1, "one field", "?");
  CHECK(sei_csv_field(&c, 0, &i) == text + 1 && i == n, "no copy", "?");
  CHECK(sei_csv_next(&c) == SEI_CSV_END, "end", "?");
  sei_csv_free(&c);
  text[n + 1] = '\n';
  reading(out, &USUAL, text, n + 4, 0, 65536);
  CHECK(!strncmp(out->data, "error 1:1 the quoted field", 26), "too large",
        out->data);
  free(text);
}

/* Only fields with doubled quotes are copied, not what follows them. */
static void test_slices(void)
{
  static const char text[] = "\"a\"\"b\",c,\"d\"";
  struct sei_csv c;
  size_t n;
  sei_csv_begin(&c, ',', 0, 0, 0);
  sei_csv_input(&c, text, sizeof text - 1, true);
  CHECK(sei_csv_next(&c) == SEI_CSV_ROW && c.count == 3, "three", "?");
  CHECK(c.ascii, "ASCII", "not");
  CHECK(c.row == text && c.row_len == sizeof text - 1, "the row", "?");
  CHECK(sei_csv_field(&c, 0, &n) == c.scratch.data && n == 3, "copied", "?");
  CHECK(sei_csv_field(&c, 1, &n) == text + 7 && n == 1, "a slice", "?");
  CHECK(sei_csv_field(&c, 2, &n) == text + 10 && n == 1, "a slice", "?");
  sei_csv_free(&c);
}

static void test_many_columns(struct sei_buf *out)
{
  size_t n = SEI_CSV_MAX_COLUMNS;
  char *text = malloc(n);
  struct sei_csv c;
  if(!text)
    exit(2);
  memset(text, ',', n);
  sei_csv_begin(&c, ',', 0, 0, 0);
  sei_csv_input(&c, text, n - 1, 1);
  CHECK(sei_csv_next(&c) == SEI_CSV_ROW && c.count == n, "many columns", "?");
  sei_csv_free(&c);
  reading(out, &USUAL, text, n, 0, 0);
  CHECK(!strncmp(out->data, "error 1:", 8), "too many", out->data);
  free(text);
}

/* ---- the writer ---- */

struct cell { const char *text, *plain, *guarded; };

static const struct cell CELLS[] = {
  {"a b", "a b", "a b"},
  {"a,b", "\"a,b\"", "\"a,b\""},
  {"a\"b\"", "\"a\"\"b\"\"\"", "\"a\"\"b\"\"\""},
  {"a\nb", "\"a\nb\"", "\"a\nb\""},
  {"a\r", "\"a\r\"", "\"a\r\""},
  {"a;\tb", "a;\tb", "a;\tb"},
  {"=1+1", "=1+1", "'=1+1"},
  {"=\"x\"", "\"=\"\"x\"\"\"", "\"'=\"\"x\"\"\""},
  {"+49 30", "+49 30", "'+49 30"},
  {"-", "-", "'-"},
  {"@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"},
  {"\t=1", "\t=1", "'\t=1"},
  {"\r=1", "\"\r=1\"", "\"'\r=1\""},
  {"\n=1", "\"\n=1\"", "\"'\n=1\""},
  {"-5", "-5", "-5"},
  {"+5.25e-7", "+5.25e-7", "+5.25e-7"},
  {"-5.", "-5.", "-5."},
  {"-5e", "-5e", "'-5e"},
  {"-5+cmd|'/c calc'!A0", "-5+cmd|'/c calc'!A0", "'-5+cmd|'/c calc'!A0"},
  {"a=1", "a=1", "a=1"},
  {"\xEF\xBB\xBFx", "\"\xEF\xBB\xBFx\"", "\"\xEF\xBB\xBFx\""},
  {"0123456789012345678901234567890123456789012345678901234567890123,",
   "\"0123456789012345678901234567890123456789012345678901234567890123,\"",
   "\"0123456789012345678901234567890123456789012345678901234567890123,\""},
};

static void test_cells(struct sei_buf *out)
{
  size_t i;
  int guard;
  for(i = 0; i < sizeof CELLS / sizeof *CELLS; i++)
    for(guard = 0; guard < 2; guard++) {
      struct sei_csv_put p = { out, "\r\n", ',', guard, 0, 0 };
      char expected[256];
      snprintf(expected, sizeof expected, "%s,\r\n",
               guard ? CELLS[i].guarded : CELLS[i].plain);
      sei_buf_clear(out);
      sei_csv_put_begin(&p);
      sei_csv_put_field(&p, CELLS[i].text, strlen(CELLS[i].text));
      sei_csv_put_field(&p, NULL, 0);
      sei_csv_put_end(&p);
      sei_buf_addc(out, '\0');
      CHECK(!strcmp(out->data, expected), expected, out->data);
    }
}

static void test_refusals(struct sei_buf *out)
{
  struct sei_csv_put p = { out, "\n", ',', false, 0, 0 };
  struct sei_buf small;
  sei_buf_clear(out);
  sei_csv_put_begin(&p);
  sei_csv_put_field(&p, "", 0);
  sei_csv_put_end(&p);
  CHECK(out->len == 3 && !memcmp(out->data, "\"\"\n", 3), "\"\"", "?");
  CHECK(sei_csv_put_field(&p, "a,\0", 3) == SEI_CSV_HAS_NUL, "NUL", "?");
  sei_buf_init(&small, 8);
  p.out = &small;
  sei_csv_put_begin(&p);
  CHECK(sei_csv_put_field(&p, "abcdefgh", 8) == SEI_BUF_OK, "fits", "?");
  CHECK(sei_csv_put_end(&p) == SEI_BUF_FULL, "the newline does not", "?");
  CHECK(sei_csv_put_field(&p, "", 0) == SEI_BUF_FULL, "nor a comma", "?");
  sei_buf_clear(&small);
  sei_csv_put_begin(&p);
  CHECK(sei_csv_put_field(&p, "\"\"\"\"", 4) == SEI_BUF_FULL, "quotes", "?");
  sei_buf_free(&small);
}

static void test_delimiters(void)
{
  int ch, n = 0;
  for(ch = -128; ch < 128; ch++)
    n += sei_csv_delimiter_ok((char)ch);
  CHECK(n == 1 + 33 - 2, "how many bytes may part fields", "?");
  CHECK(sei_csv_delimiter_ok('\t') && !sei_csv_delimiter_ok('\n') &&
        !sei_csv_delimiter_ok('"') && !sei_csv_delimiter_ok('a') &&
        !sei_csv_delimiter_ok('\0'), "which", "?");
}

/* ---- random tables: written, read back at every size of piece ---- */

static unsigned long long seed = 20240607;

static unsigned random_below(unsigned n)
{
  seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(seed >> 33) % n;
}

static void random_field(struct sei_buf *b)
{
  static const char *const pieces[] = {
    "a", "b", "xyz", " ", ",", ";", "\t", "\"", "\"\"", "\n", "\r", "\r\n",
    "\xC3\xA9", "\xF0\x9F\x98\x80", "\xEF\xBB\xBF", "'", "=", "0", "\v",
    "a longer piece, so that blocks of 64 bytes are crossed now and then"
  };
  unsigned n = random_below(3) ? random_below(6) : 0;
  sei_buf_clear(b);
  while(n--)
    sei_buf_adds(b, pieces[random_below(sizeof pieces / sizeof *pieces)]);
}

/* Writes a table to `text` and, line numbers left out, its reading to
 * `expected`. */
static void random_table(struct sei_buf *text, struct sei_buf *expected,
                         struct sei_csv_put *p)
{
  struct sei_buf field;
  unsigned rows = 1 + random_below(6), columns = 1 + random_below(5), i;
  sei_buf_init(&field, 4096);
  while(rows--) {
    sei_csv_put_begin(p);
    for(i = 0; i < columns; i++) {
      random_field(&field);
      sei_csv_put_field(p, field.data, field.len);
      sei_buf_addc(expected, '[');
      sei_buf_add(expected, field.data, field.len);
      sei_buf_addc(expected, ']');
    }
    sei_csv_put_end(p);
    sei_buf_addc(expected, ' ');
  }
  sei_buf_add(expected, "end", 4);
  if(random_below(2) && text->data[text->len - 1] == '\n')
    text->len -= strlen(p->newline);
  sei_buf_free(&field);
}

/* Takes the line numbers out of a reading: digits in front of a row. */
static void strip(struct sei_buf *out)
{
  char *to = out->data, *from = out->data;
  int start = 1;
  for(; from < out->data + out->len; from++) {
    if(start && *from >= '0' && *from <= '9')
      continue;
    start = from > out->data && *from == ' ' && from[-1] == ']';
    *to++ = *from;
  }
  out->len = (size_t)(to - out->data);
}

static void test_random(struct sei_buf *out)
{
  static const char delimiters[] = ",;\t|";
  struct sei_buf text, expected;
  unsigned round;
  sei_buf_init(&text, 1 << 20);
  sei_buf_init(&expected, 1 << 20);
  for(round = 0; round < 300; round++) {
    struct limits limits = USUAL;
    struct sei_csv_put p = { &text, round & 1 ? "\n" : "\r\n", ',', 0, 0, 0 };
    size_t step, by = 1 + round % 7;
    p.delimiter = limits.delimiter = delimiters[random_below(4)];
    sei_buf_clear(&text);
    sei_buf_clear(&expected);
    random_table(&text, &expected, &p);
    for(step = 1; step <= text.len; step += by) {
      reading(out, &limits, text.data, text.len, 0, step);
      strip(out);
      CHECK(out->len == expected.len &&
            !memcmp(out->data, expected.data, out->len), expected.data,
            out->data);
    }
  }
  sei_buf_free(&text);
  sei_buf_free(&expected);
}

/* Random bytes, most of them special: all sizes of piece give one reading,
 * be it rows or an error. */
static void test_noise(struct sei_buf *out)
{
  static const char bytes[] = {'a', ',', '"', '\n', '\r', '"', ',', '\xC3',
                               '\xBC', '\xEF', '\xBB', '\xBF', 0, 'b', 'c'};
  struct sei_buf whole;
  unsigned round;
  sei_buf_init(&whole, 1 << 16);
  for(round = 0; round < 4000; round++) {
    char text[160];
    size_t n = random_below(round % 10 ? 16 : sizeof text), i;
    for(i = 0; i < n; i++)
      text[i] = bytes[random_below(random_below(8) ? 8 : sizeof bytes)];
    reading(&whole, &USUAL, text, n, 0, 0);
    for(i = 1; i < n; i += 1 + n / 32) {
      reading(out, &USUAL, text, n, 0, i);
      CHECK(out->len == whole.len &&
            !memcmp(out->data, whole.data, out->len), whole.data, out->data);
    }
  }
  sei_buf_free(&whole);
}

int main(void)
{
  struct sei_buf out;
  sei_buf_init(&out, 1 << 26);
  test_samples(&out);
  test_nul(&out);
  test_limits(&out);
  test_large(&out);
  test_slices();
  test_many_columns(&out);
  test_cells(&out);
  test_refusals(&out);
  test_delimiters();
  test_random(&out);
  test_noise(&out);
  sei_buf_free(&out);
  if(failures)
    return 1;
  printf("csv: %d checks\n", checks);
  return 0;
}
