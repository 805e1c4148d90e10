/* json_test - the scanner without Lua: what is accepted, what is refused and
 * where, every way of cutting a text into windows, skipping. */
#include "json_check.h"

/* ---- events as text ---- */

/* Appends what one event says: "S:abc", "I:1", "[" and so on. */
static void describe(struct sei_buf *out, const struct sei_json *j,
                     enum sei_json_event e)
{
  static const char *const marks[] = { "?", "ERROR", "END", "null", "false",
    "true", "I:", "B:", "R:", "S:", "K:", "[", "]", "{", "}" };
  char number[64];
  sei_buf_adds(out, marks[e]);
  if(e == SEI_JSON_INTEGER)
    sprintf(number, "%lld", (long long)j->integer);
  else if(e == SEI_JSON_REAL)
    sprintf(number, "%a", j->real);
  else
    *number = 0;
  sei_buf_adds(out, number);
  if(e == SEI_JSON_STRING || e == SEI_JSON_KEY || e == SEI_JSON_BIG)
    sei_buf_add(out, j->str, j->str_len);
  sei_buf_addc(out, ' ');
}

static void describe_error(struct sei_buf *out, const struct sei_json *j,
                           size_t base)
{
  char where[40];
  sprintf(where, " at %lu", (unsigned long)(base + j->problem_at));
  sei_buf_adds(out, j->problem);
  sei_buf_adds(out, where);
}

/* A text being read, now and then skipping a value. */
struct reading {
  struct sei_json j;
  struct sei_buf scratch, out;
  size_t base;          /* of the window in the text */
  unsigned skip_every;  /* 0: never */
  unsigned values;
};

/* The next event, every n-th key's or container's value skipped. */
static enum sei_json_event next_event(struct reading *r, bool *may_skip)
{
  enum sei_json_event e;
  if(*may_skip && r->skip_every && r->values % r->skip_every == 0) {
    e = sei_json_skip(&r->j);
    if(e > SEI_JSON_END) {
      sei_buf_adds(&r->out, "skipped ");
      *may_skip = false;
      r->values++;
    }
    else if(e == SEI_JSON_ERROR)
      describe(&r->out, &r->j, e);
    return e;
  }
  e = sei_json_next(&r->j);
  if(e == SEI_JSON_MORE)
    return e;
  describe(&r->out, &r->j, e);
  if(*may_skip)
    r->values++;
  *may_skip = e == SEI_JSON_KEY || e == SEI_JSON_ARRAY ||
    e == SEI_JSON_OBJECT;
  return e;
}

/* Reads `text` in windows that grow by `step` bytes (0: all at once), each in
 * an allocation of its own, so that tools see a read beyond it. Consumed
 * bytes are dropped at once. The caller frees the answer. */
static char *read_all(const char *text, size_t len, size_t step,
                      unsigned skip_every, unsigned max_depth,
                      size_t max_string)
{
  struct reading r;
  size_t end = step && step < len ? step : len;
  bool may_skip = false;
  enum sei_json_event e = SEI_JSON_MORE;
  memset(&r, 0, sizeof r);
  sei_buf_init(&r.scratch, len + 64);
  sei_buf_init(&r.out, 1 << 24);
  r.skip_every = skip_every;
  sei_json_begin(&r.j, &r.scratch, max_depth, max_string);
  for(;;) {
    size_t n = end - r.base;
    char *window = malloc(n ? n : 1);
    memcpy(window, text + r.base, n);
    sei_json_input(&r.j, window, n, end == len);
    do
      e = next_event(&r, &may_skip);
    while(e > SEI_JSON_END);
    if(e == SEI_JSON_ERROR)
      describe_error(&r.out, &r.j, r.base);
    free(window);
    if(e != SEI_JSON_MORE || end == len)
      break;
    r.base += r.j.pos;
    end = end + step < len ? end + step : len;
  }
  sei_buf_addc(&r.out, '\0');
  sei_buf_free(&r.scratch);
  return r.out.data;
}

/* Whether the text gives the same whatever the windows are. */
static bool same_in_windows(const char *text, size_t len, unsigned skip_every,
                            unsigned max_depth, size_t max_string)
{
  char *want = read_all(text, len, 0, skip_every, max_depth, max_string);
  bool same = true;
  size_t step;
  for(step = 1; step < len && same; step++) {
    char *got = read_all(text, len, step, skip_every, max_depth, max_string);
    same = !strcmp(want, got);
    if(!same)
      fprintf(stderr, "step %lu of %.*s\n want %s\n  got %s\n",
              (unsigned long)step, (int)len, text, want, got);
    free(got);
  }
  free(want);
  return same;
}

static bool gives_n(const char *text, size_t len, const char *want)
{
  char *got = read_all(text, len, 0, 0, 0, 0);
  bool same = !strcmp(got, want);
  if(!same)
    fprintf(stderr, "%.*s\n want %s\n  got %s\n", (int)len, text, want, got);
  free(got);
  return same && same_in_windows(text, len, 0, 0, 0);
}

static bool gives(const char *text, const char *want)
{
  return gives_n(text, strlen(text), want);
}

/* ---- what is accepted ---- */

static void test_values(void)
{
  CHECK(gives("null", "null END "));
  CHECK(gives(" true ", "true END "));
  CHECK(gives("false\n", "false END "));
  CHECK(gives("[]", "[ ] END "));
  CHECK(gives("\t{ }\r\n", "{ } END "));
  CHECK(gives("[1, 2,[ ],{}]", "[ I:1 I:2 [ ] { } ] END "));
  CHECK(gives("{\"a\" : 1,\"b\":[true]}", "{ K:a I:1 K:b [ true ] } END "));
  CHECK(gives("{\"a\":\"abcdefghijklmnopqrstuvwxyz\",\"\":null}",
              "{ K:a S:abcdefghijklmnopqrstuvwxyz K: null } END "));
  CHECK(gives("\xef\xbb\xbf[1]", "[ I:1 ] END "));
  CHECK(gives("{\"a\":1,\"a\":2}", "{ K:a I:1 K:a I:2 } END "));
}

static void test_strings(void)
{
  CHECK(gives("\"\"", "S: END "));
  CHECK(gives("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
              "S:\"\\/\b\f\n\r\t END "));
  CHECK(gives("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
              "S:A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 END "));
  CHECK(gives("\"0123456789abcde\\u00410123456789abcdef\"",
              "S:0123456789abcdeA0123456789abcdef END "));
  CHECK(gives("\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"",
              "S:gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 END "));
  CHECK(gives("{\"k\\u0041\":1}", "{ K:kA I:1 } END "));
  CHECK(gives("\"\x7f\"", "S:\x7f END "));
}

static void test_numbers(void)
{
  CHECK(gives("0", "I:0 END "));
  CHECK(gives("[-1,10,9223372036854775807,-9223372036854775808]",
              "[ I:-1 I:10 I:9223372036854775807 I:-9223372036854775808 ] "
              "END "));
  CHECK(gives("[9223372036854775808,-9223372036854775809]",
              "[ B:9223372036854775808 B:-9223372036854775809 ] END "));
  CHECK(gives("[123456789012345678,1234567890123456789,"
              "9999999999999999999,12345678901234567890,"
              "18446744073709551617]",
              "[ I:123456789012345678 I:1234567890123456789 "
              "B:9999999999999999999 B:12345678901234567890 "
              "B:18446744073709551617 ] END "));
  CHECK(gives("[-0,-0.0,0.0]", "[ R:-0x0p+0 R:-0x0p+0 R:0x0p+0 ] END "));
  CHECK(gives("[1.0,0.5,1e0,1E+2,25e-2,-1.5]",
              "[ R:0x1p+0 R:0x1p-1 R:0x1p+0 R:0x1.9p+6 R:0x1p-2 R:-0x1.8p+0 "
              "] END "));
  CHECK(gives("[0e999999999999999999999,1e-999999999999999999999]",
              "[ R:0x0p+0 R:0x0p+0 ] END "));
}

/* ---- what is refused, and where ---- */

static void test_bad_structure(void)
{
  CHECK(gives("", "ERROR the text is empty at 0"));
  CHECK(gives(" \n", "ERROR the text is empty at 2"));
  CHECK(gives("\xef\xbb\xbf", "ERROR the text is empty at 3"));
  CHECK(gives("\xef\xbb", "ERROR the text ends too early at 2"));
  CHECK(gives(" \xef\xbb\xbf[1]", "ERROR expected a value at 1"));
  CHECK(gives("1 \xef\xbb\xbf", "I:1 ERROR something follows the value at 2"));
  CHECK(gives("[", "[ ERROR the text ends too early at 1"));
  CHECK(gives("[1", "[ I:1 ERROR the text ends too early at 2"));
  CHECK(gives("[1,]", "[ I:1 ERROR expected a value at 3"));
  CHECK(gives("[,1]", "[ ERROR expected a value at 1"));
  CHECK(gives("[1 2]", "[ I:1 ERROR expected , or ] at 3"));
  CHECK(gives("[1}", "[ I:1 ERROR expected , or ] at 2"));
  CHECK(gives("{\"a\":1]", "{ K:a I:1 ERROR expected , or } at 6"));
  CHECK(gives("{\"a\":1,}",
              "{ K:a I:1 ERROR expected a name in quotes at 7"));
  CHECK(gives("{a:1}", "{ ERROR expected a name in quotes, or } at 1"));
  CHECK(gives("{\"a\" 1}", "{ ERROR expected : behind a name at 5"));
  CHECK(gives("{\"a\":}", "{ K:a ERROR expected a value at 5"));
  CHECK(gives("{\"a\":1", "{ K:a I:1 ERROR the text ends too early at 6"));
  CHECK(gives("{\"a\"", "{ ERROR the text ends too early at 4"));
  CHECK(gives("[] []", "[ ] ERROR something follows the value at 3"));
  CHECK(gives("]", "ERROR expected a value at 0"));
  CHECK(gives("// x", "ERROR expected a value at 0"));
  CHECK(gives("\f1", "ERROR expected a value at 0"));
}

static void test_bad_tokens(void)
{
  CHECK(gives("nul", "ERROR the text ends too early at 3"));
  CHECK(gives("nulx", "ERROR expected a value at 0"));
  CHECK(gives("True", "ERROR expected a value at 0"));
  CHECK(gives("truex", "true ERROR something follows the value at 4"));
  CHECK(gives("NaN", "ERROR expected a value at 0"));
  CHECK(gives("Infinity", "ERROR expected a value at 0"));
  CHECK(gives("-Infinity", "ERROR expected a digit at 1"));
  CHECK(gives("[01]", "[ ERROR a number begins with 0 at 1"));
  CHECK(gives("-01", "ERROR a number begins with 0 at 1"));
  CHECK(gives("[0x10]", "[ I:0 ERROR expected , or ] at 2"));
  CHECK(gives("+1", "ERROR expected a value at 0"));
  CHECK(gives(".5", "ERROR expected a value at 0"));
  CHECK(gives("[1.]", "[ ERROR expected a digit at 3"));
  CHECK(gives("[1e]", "[ ERROR expected a digit at 3"));
  CHECK(gives("[1e+]", "[ ERROR expected a digit at 4"));
  CHECK(gives("-", "ERROR the text ends too early at 1"));
  CHECK(gives("1.", "ERROR the text ends too early at 2"));
  CHECK(gives("[1e999]", "[ ERROR number too large for a double at 1"));
  CHECK(gives("'a'", "ERROR expected a value at 0"));
}

static void test_bad_strings(void)
{
  CHECK(gives("\"abc", "ERROR the text ends too early at 4"));
  CHECK(gives("\"abc\\\"", "ERROR the text ends too early at 6"));
  CHECK(gives("\"a\nb\"", "ERROR control character in a string at 2"));
  CHECK(gives_n("\"a\0b\"", 5, "ERROR control character in a string at 2"));
  CHECK(gives("\"0123456789abcdef\x1f\"",
              "ERROR control character in a string at 17"));
  CHECK(gives("\"a\\\x01\"", "ERROR control character in a string at 3"));
  CHECK(gives("\"a\\x\"", "ERROR invalid escape in a string at 2"));
  CHECK(gives("\"\\u12g4\"", "ERROR invalid escape in a string at 1"));
  CHECK(gives("\"\\u12\"", "ERROR invalid escape in a string at 1"));
  CHECK(gives("\"x\\ud800\"", "ERROR lone surrogate escape in a string at 2"));
  CHECK(gives("\"\\udc00\\udc00\"",
              "ERROR lone surrogate escape in a string at 1"));
  CHECK(gives("\"\\udc00\"", "ERROR lone surrogate escape in a string at 1"));
  CHECK(gives("\"\\ud800\\u0041\"",
              "ERROR lone surrogate escape in a string at 1"));
  CHECK(gives("\"\\ud800\\\"\"",
              "ERROR lone surrogate escape in a string at 1"));
  CHECK(gives("\"ab\xff\"", "ERROR invalid UTF-8 in a string at 3"));
  CHECK(gives("\"\xc3\"", "ERROR invalid UTF-8 in a string at 1"));
  CHECK(gives("{\"\xc0\x80\":1}", "{ ERROR invalid UTF-8 in a string at 2"));
  CHECK(gives("\xff", "ERROR expected a value at 0"));
}

static bool limited(const char *text, unsigned depth, size_t max_string,
                    const char *want)
{
  char *got = read_all(text, strlen(text), 0, 0, depth, max_string);
  bool same = !strcmp(got, want);
  if(!same)
    fprintf(stderr, "%s\n want %s\n  got %s\n", text, want, got);
  free(got);
  return same && same_in_windows(text, strlen(text), 0, depth, max_string);
}

static void test_limits(void)
{
  CHECK(limited("[[1]]", 2, 0, "[ [ I:1 ] ] END "));
  CHECK(limited("[[[1]]]", 2, 0, "[ [ ERROR nested too deeply at 2"));
  CHECK(limited("[{\"a\":[]}]", 2, 0,
                "[ { K:a ERROR nested too deeply at 6"));
  CHECK(limited("[\"abcd\"]", 0, 4, "[ S:abcd ] END "));
  CHECK(limited("[\"abcde\"]", 0, 4, "[ ERROR string too long at 1"));
  CHECK(limited("[\"abcde", 0, 4, "[ ERROR string too long at 1"));
  CHECK(limited("[\"abcd", 0, 4, "[ ERROR the text ends too early at 6"));
  CHECK(limited("[1234,12345]", 0, 4, "[ I:1234 ERROR number too long at 6"));
  CHECK(limited("[1.25,1.255]", 0, 4,
                "[ R:0x1.4p+0 ERROR number too long at 6"));
}

static void test_deep(void)
{
  enum { N = SEI_JSON_DEPTH_MAX };
  char text[2 * N + 4];
  char *got;
  memset(text, '[', N);
  memset(text + N, ']', N);
  text[2 * N] = 0;
  got = read_all(text, 2 * N, 0, 0, 100000, 0);
  CHECK(strstr(got, "] END ") != NULL);
  free(got);
  got = read_all(text, 2 * N, 0, 0, 0, 0);
  CHECK(strstr(got, "ERROR nested too deeply at 128") != NULL);
  free(got);
  memset(text, '[', N + 1);
  got = read_all(text, N + 1, 0, 0, 100000, 0);
  CHECK(strstr(got, "ERROR nested too deeply at 512") != NULL);
  free(got);
}

/* ---- skipping, marks, names known in advance ---- */

static void test_skip(void)
{
  static const char text[] = "{\"a\":[1,{\"b\":\"x\\\"y]\"},[]],\"c\":{},"
    "\"d\":\"a string of more than sixteen\",\"e\":-1.5e3,\"f\":null,"
    "\"g\":{\"h\":{\"i\":[true,false]}},\"j\":123456789}";
  unsigned every;
  char *got = read_all(text, sizeof text - 1, 0, 1, 0, 0);
  CHECK(!strcmp(got, "{ skipped END "));
  free(got);
  for(every = 1; every < 8; every++)
    CHECK(same_in_windows(text, sizeof text - 1, every, 0, 0));
  got = read_all("[1,2", 4, 0, 1, 0, 0);
  CHECK(!strcmp(got, "[ ERROR the text ends too early at 4"));
  free(got);
  got = read_all("{\"a\":[1,}", 9, 0, 1, 0, 0);
  CHECK(!strcmp(got, "{ ERROR expected a value at 8"));
  free(got);
}

/* What a string with byte `c` at `at` says, with much or little behind it. */
static bool one_byte(unsigned char c, unsigned at, unsigned behind)
{
  char text[128], want[128], *got;
  bool same;
  unsigned n = 40, total = n + 2 + behind;
  memset(text, 'a', sizeof text);
  memset(text + n + 2, ' ', behind);
  text[0] = text[n + 1] = '"';
  text[1 + at] = (char)c;
  if(c < 0x20)
    sprintf(want, "ERROR control character in a string at %u", 1 + at);
  else if(c >= 0x80)
    sprintf(want, "ERROR invalid UTF-8 in a string at %u", 1 + at);
  else
    sprintf(want, "S:%.*s END ", (int)n, text + 1);
  got = read_all(text, total, 0, 0, 0, 0);
  same = !strcmp(got, want);
  free(got);
  return same;
}

static void test_every_byte(void)
{
  unsigned c, at, wrong = 0;
  for(c = 0; c < 256; c++)
    for(at = 0; at < 40 && c != '"' && c != '\\'; at++)
      wrong += !one_byte((unsigned char)c, at, 0) +
        !one_byte((unsigned char)c, at, 40);
  CHECK(wrong == 0);
}

static void start(struct sei_json *j, struct sei_buf *scratch,
                  const char *text, bool last)
{
  sei_json_begin(j, scratch, 0, 0);
  sei_json_input(j, text, strlen(text), last);
}

/* The short cut for `name`, wanted or not: it takes nothing. */
static bool refuses(struct sei_json *j, const char *name)
{
  size_t pos = j->pos, n = strlen(name);
  unsigned char state = j->state;
  struct sei_json_name names[] = {{NULL, 0, 0, 0}, {name, 1, 0, 0}};
  enum sei_json_event e;
  names[1].len = (unsigned short)n;
  return !sei_json_member(j, name, n, &e) &&
    !sei_json_skip_known(j, names, 1, 1) && j->pos == pos &&
    j->state == state;
}

/* The short cut takes it, and its value is this integer. */
static bool takes(struct sei_json *j, const char *name, int64_t value)
{
  enum sei_json_event e;
  return sei_json_member(j, name, strlen(name), &e) &&
    e == SEI_JSON_INTEGER && j->integer == value;
}

static void test_member(void)
{
  struct sei_buf scratch;
  struct sei_json j;
  enum sei_json_event e;
  sei_buf_init(&scratch, 1000);
  start(&j, &scratch, "{\"ab\":1,\"full_name_of\":2,\"e\" :3,\"x\":[1],"
        "\"f\":", true);
  CHECK(refuses(&j, "ab")); /* not yet in the object */
  CHECK(sei_json_next(&j) == SEI_JSON_OBJECT);
  CHECK(refuses(&j, "a"));
  CHECK(refuses(&j, "ac"));
  CHECK(takes(&j, "ab", 1));
  CHECK(refuses(&j, "ab"));
  CHECK(refuses(&j, "full_nameXof"));
  CHECK(refuses(&j, "Xull_name_of"));
  CHECK(refuses(&j, "full_name_oX"));
  CHECK(takes(&j, "full_name_of", 2));
  CHECK(refuses(&j, "e")); /* a blank: the long way */
  CHECK(sei_json_next(&j) == SEI_JSON_KEY);
  CHECK(refuses(&j, "e")); /* a value comes */
  CHECK(sei_json_next(&j) == SEI_JSON_INTEGER && j.integer == 3);
  CHECK(sei_json_next(&j) == SEI_JSON_KEY);
  CHECK(sei_json_skip(&j) == SEI_JSON_ARRAY_END);
  CHECK(refuses(&j, "f\":...."));
  CHECK(sei_json_member(&j, "f", 1, &e) && e == SEI_JSON_ERROR);
  sei_buf_free(&scratch);
}

/* The window may end anywhere inside the name; nothing behind it is read. */
static void test_key_cut(void)
{
  static const char text[] = "{\"a\":1,\"name\":";
  struct sei_buf scratch;
  size_t n;
  sei_buf_init(&scratch, 1000);
  for(n = 7; n < sizeof text; n++) {
    struct sei_json j;
    enum sei_json_event e;
    char *window = malloc(n);
    memcpy(window, text, n);
    sei_json_begin(&j, &scratch, 0, 0);
    sei_json_input(&j, window, n, false);
    CHECK(sei_json_next(&j) == SEI_JSON_OBJECT);
    CHECK(takes(&j, "a", 1));
    CHECK(sei_json_member(&j, "name", 4, &e) == (n == sizeof text - 1));
    CHECK(n < sizeof text - 1 || e == SEI_JSON_MORE);
    free(window);
  }
  sei_buf_free(&scratch);
}

static void test_mark(void)
{
  struct sei_buf scratch;
  struct sei_json j;
  struct sei_json_mark m;
  sei_buf_init(&scratch, 1000);
  start(&j, &scratch, "[{\"a\":[1", false);
  CHECK(sei_json_next(&j) == SEI_JSON_ARRAY);
  sei_json_mark(&j, &m);
  while(sei_json_next(&j) > SEI_JSON_END)
    ;
  sei_json_back(&j, &m);
  sei_json_input(&j, "{\"a\":[1]},{}]", 13, true);
  CHECK(sei_json_next(&j) == SEI_JSON_OBJECT);
  CHECK(sei_json_skip(&j) == SEI_JSON_OBJECT_END);
  CHECK(j.depth == 1);
  CHECK(sei_json_next(&j) == SEI_JSON_OBJECT);
  CHECK(sei_json_next(&j) == SEI_JSON_OBJECT_END);
  CHECK(sei_json_next(&j) == SEI_JSON_ARRAY_END);
  CHECK(sei_json_next(&j) == SEI_JSON_END);
  CHECK(sei_json_next(&j) == SEI_JSON_END);
  sei_buf_free(&scratch);
}

/* An error is answered again and again. */
static void test_stays(void)
{
  struct sei_buf scratch;
  struct sei_json j;
  sei_buf_init(&scratch, 1000);
  start(&j, &scratch, "[1,x]", true);
  CHECK(sei_json_next(&j) == SEI_JSON_ARRAY);
  CHECK(sei_json_next(&j) == SEI_JSON_INTEGER);
  CHECK(sei_json_next(&j) == SEI_JSON_ERROR && j.problem_at == 3);
  CHECK(sei_json_next(&j) == SEI_JSON_ERROR && j.problem_at == 3);
  sei_buf_free(&scratch);
  sei_buf_init(&scratch, 2); /* too little for what is escaped */
  start(&j, &scratch, "\"abc\\n\"", true);
  CHECK(sei_json_next(&j) == SEI_JSON_ERROR);
  CHECK(!strcmp(j.problem, "not enough memory for a string"));
  start(&j, &scratch, "1.12345678901234567890", true);
  CHECK(sei_json_next(&j) == SEI_JSON_ERROR);
  CHECK(!strcmp(j.problem, "not enough memory for a number"));
  sei_buf_free(&scratch);
}

/* ---- generated texts ---- */

static void generate(struct sei_buf *b, unsigned depth)
{
  static const char *const scalars[] = { "null", "true", "false", "0", "-12",
    "3.25", "1e3", "123456789012345678901", "\"\"", "\"a\\nb\"",
    "\"plain text longer than a block\"", "\"\xc3\xa9\\u00e9\"", "-0",
    "2.2250738585072014e-308" };
  unsigned i, n = below(4), kind = depth ? below(4) : 0;
  if(kind < 2) {
    sei_buf_adds(b, scalars[below(sizeof scalars / sizeof *scalars)]);
    return;
  }
  sei_buf_adds(b, kind == 2 ? "[" : "{");
  for(i = 0; i < n; i++) {
    if(i)
      sei_buf_adds(b, below(3) ? "," : " ,\n");
    if(kind == 3)
      sei_buf_adds(b, below(3) ? "\"name\":" : "\"k\\u0041\" : ");
    generate(b, depth - 1);
  }
  sei_buf_adds(b, kind == 2 ? "]" : "}");
}

/* Every cut of many texts, whole and damaged, with and without skipping. */
static void test_generated(void)
{
  struct sei_buf b;
  unsigned i;
  random_state = 20240229;
  sei_buf_init(&b, 1 << 20);
  for(i = 0; i < 250; i++) {
    sei_buf_clear(&b);
    generate(&b, 5);
    if(b.len > 400)
      b.len = 400;
    if(i % 3 == 0)
      b.data[below((unsigned)b.len)] = "\"\\{}[],:x\x01\xff"[below(11)];
    CHECK(same_in_windows(b.data, b.len, i % 4, 0, 0));
  }
  sei_buf_free(&b);
}

int main(void)
{
  test_values();
  test_strings();
  test_numbers();
  test_every_byte();
  test_bad_structure();
  test_bad_tokens();
  test_bad_strings();
  test_limits();
  test_deep();
  test_skip();
  test_member();
  test_key_cut();
  test_mark();
  test_stays();
  test_generated();
  return finish("json");
}
