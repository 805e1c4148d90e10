/* json_write_test - UTF-8, strings and numbers as the JSON writer puts them,
 * and numbers there and back. */
#define _GNU_SOURCE
#include "json_check.h"

#include <locale.h>
#include <math.h>

/* ---- UTF-8 ---- */

/* RFC 3629's table, byte by byte and independently of the scanner's. */
static bool is_valid(const unsigned char *s, size_t n)
{
  unsigned long c, least;
  size_t more;
  while(n) {
    if(*s < 0x80) {
      s++;
      n--;
      continue;
    }
    more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : 1;
    if(*s < 0xc0 || *s > 0xf7 || n <= more)
      return false;
    c = *s & (0x3fu >> more);
    least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    n -= more + 1;
    for(s++; more; more--, s++) {
      if(*s >> 6 != 2)
        return false;
      c = c << 6 | (*s & 0x3f);
    }
    if(c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
      return false;
  }
  return true;
}

static void test_utf8(void)
{
  static const unsigned char bytes[] = { 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
    0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
    0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
  enum { K = sizeof bytes };
  unsigned i, wrong = 0;
  for(i = 0; i < K * K * K * K; i++) {
    char s[4];
    bool ours;
    s[0] = (char)bytes[i % K];
    s[1] = (char)bytes[i / K % K];
    s[2] = (char)bytes[i / K / K % K];
    s[3] = (char)bytes[i / K / K / K];
    ours = sei_utf8_valid(s, 4) == 4;
    wrong += ours != is_valid((const unsigned char *)s, 4);
  }
  CHECK(wrong == 0);
  CHECK(sei_utf8_valid("abcdefghijk\xff", 12) == 11);
  CHECK(sei_utf8_valid("abcdefg\xe2\x82", 9) == 7);
  CHECK(sei_utf8_valid("", 0) == 0);
}

/* ---- writer ---- */

static bool writes(const char *s, size_t n, const char *want)
{
  struct sei_buf b;
  bool same;
  sei_buf_init(&b, 1000);
  same = sei_json_put_string(&b, s, n) == SEI_BUF_OK &&
    b.len == strlen(want) && !memcmp(b.data, want, b.len);
  sei_buf_free(&b);
  return same;
}

static void test_put_string(void)
{
  struct sei_buf b;
  CHECK(writes("", 0, "\"\""));
  CHECK(writes("abc", 3, "\"abc\""));
  CHECK(writes("a\"b\\c/", 6, "\"a\\\"b\\\\c/\""));
  CHECK(writes("\b\f\n\r\t\1\x1f\x7f", 8,
               "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""));
  CHECK(writes("a\0b", 3, "\"a\\u0000b\""));
  CHECK(writes("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7\xe2\x82\xac", 12,
               "\"\\u2028\\u2029\xe2\x80\xa7\xe2\x82\xac\""));
  CHECK(writes("gr\xc3\xbc\xc3\x9f", 6, "\"gr\xc3\xbc\xc3\x9f\""));
  sei_buf_init(&b, 6);
  CHECK(sei_json_put_string(&b, "\xff", 1) == SEI_JSON_NOT_UTF8);
  CHECK(sei_json_put_string(&b, "a\n\xff", 3) == SEI_JSON_NOT_UTF8);
  CHECK(b.len == 0);
  CHECK(sei_json_put_string(&b, "12345", 5) == SEI_BUF_FULL && b.len == 0);
  CHECK(sei_json_put_string(&b, "1\n234", 5) == SEI_BUF_FULL && b.len == 0);
  CHECK(sei_json_put_string(&b, "1234", 4) == SEI_BUF_OK && b.len == 6);
  sei_buf_free(&b);
}

static bool writes_real(double d, const char *want)
{
  struct sei_buf b;
  bool same;
  sei_buf_init(&b, 1000);
  same = sei_json_put_real(&b, d) == SEI_BUF_OK && b.len == strlen(want) &&
    !memcmp(b.data, want, b.len);
  if(!same)
    fprintf(stderr, "want %s got %.*s\n", want, (int)b.len, b.data);
  sei_buf_free(&b);
  return same;
}

static void test_put_numbers(void)
{
  struct sei_buf b;
  CHECK(writes_real(1, "1.0"));
  CHECK(writes_real(-0.0, "-0.0"));
  CHECK(writes_real(0.1, "0.1"));
  CHECK(writes_real(-1.5, "-1.5"));
  CHECK(writes_real(100, "100.0"));
  CHECK(writes_real(0.00001, "0.00001"));
  CHECK(writes_real(0.000001, "1e-6"));
  CHECK(writes_real(1e16, "10000000000000000.0"));
  CHECK(writes_real(1e17, "1e17"));
  CHECK(writes_real(1.5e300, "1.5e300"));
  CHECK(writes_real(5e-324, "5e-324"));
  CHECK(writes_real(1.7976931348623157e308, "1.7976931348623157e308"));
  CHECK(writes_real(2.2250738585072014e-308, "2.2250738585072014e-308"));
  CHECK(writes_real(0.1 + 0.2, "0.30000000000000004"));
  CHECK(writes_real(5e-324 * 7, "3.5e-323"));
  CHECK(writes_real(0x1p-44, "5.684341886080802e-14"));
  CHECK(writes_real(0x1p976, "6.386688990511104e293"));
  sei_buf_init(&b, 1000);
  CHECK(sei_json_put_real(&b, NAN) == SEI_JSON_NOT_FINITE);
  CHECK(sei_json_put_real(&b, -INFINITY) == SEI_JSON_NOT_FINITE);
  CHECK(sei_json_put_integer(&b, INT64_MIN) == SEI_BUF_OK);
  CHECK(sei_json_put_integer(&b, INT64_MAX) == SEI_BUF_OK);
  CHECK(sei_json_put_integer(&b, 0) == SEI_BUF_OK);
  CHECK(b.len == 40 &&
        !memcmp(b.data, "-922337203685477580892233720368547758070", 40));
  sei_buf_free(&b);
}

/* The double that a text is, through the scanner. */
static double scanned(const char *text, size_t n)
{
  struct sei_buf scratch;
  struct sei_json j;
  double d = NAN;
  sei_buf_init(&scratch, 4096);
  sei_json_begin(&j, &scratch, 0, 0);
  sei_json_input(&j, text, n, true);
  if(sei_json_next(&j) == SEI_JSON_REAL)
    d = j.real;
  sei_buf_free(&scratch);
  return d;
}

/* Random bits, and the neighbours of powers of two and ten: written and read
 * back they are the same bits, and strtod reads the same as the scanner. */
static void test_reals(void)
{
  struct sei_buf b;
  unsigned i, wrong = 0, unlike = 0;
  random_state = 7;
  sei_buf_init(&b, 1000);
  for(i = 0; i < 6000; i++) {
    uint64_t bits = (uint64_t)below(1u << 31) << 33 ^
      (uint64_t)below(1u << 31) << 11 ^ below(1u << 11);
    double d, s;
    char text[64];
    memcpy(&d, &bits, sizeof d);
    if(i % 3 == 1)
      d = nextafter(ldexp(1, (int)below(2000) - 1000), below(3));
    else if(i % 3 == 2)
      d = nextafter(pow(10, (int)below(600) - 300), below(3));
    if(!isfinite(d))
      continue;
    sei_buf_clear(&b);
    sei_json_put_real(&b, d);
    s = scanned(b.data, b.len);
    wrong += memcmp(&s, &d, sizeof d) != 0;
    sprintf(text, "%.*e", (int)below(25), d);
    if(isfinite(strtod(text, NULL)) && strchr(text, '.'))
      unlike += scanned(text, strlen(text)) != strtod(text, NULL);
  }
  CHECK(wrong == 0);
  CHECK(unlike == 0);
  sei_buf_free(&b);
}

/* A host may have set a locale whose decimal point is a comma. */
static void test_locale(void)
{
  static const char *const names[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8",
    "ps_AF.UTF-8", "C" };
  unsigned i;
  for(i = 0; i < sizeof names / sizeof *names; i++) {
    if(!setlocale(LC_NUMERIC, names[i]))
      continue;
    CHECK(writes_real(1.5, "1.5"));
    CHECK(writes_real(0.1, "0.1"));
    CHECK(writes_real(0.30000000000000004, "0.30000000000000004"));
    CHECK(writes_real(1.25e-300, "1.25e-300"));
    CHECK(scanned("1.5", 3) == 1.5);
    CHECK(scanned("1.234567890123456789e-5", 23) * 1e5 > 1.2);
  }
}

/* A text is plain if the writer adds nothing but the quotes: every byte, and
 * the characters at the edges, at every place of texts of every length. Of
 * what begins like U+2028 a no says nothing. */
static unsigned count_wrong_plain(const char *what, size_t width)
{
  char text[56];
  size_t n, at;
  unsigned wrong = 0;
  for(n = width; n < sizeof text; n++)
    for(at = 0; at + width <= n; at++) {
      struct sei_buf b;
      bool plain;
      sei_buf_init(&b, 1000);
      memset(text, 'x', n);
      memcpy(text + at, what, width);
      plain = !sei_json_put_string(&b, text, n) && b.len == n + 2 &&
        !memcmp(b.data + 1, text, n);
      wrong += *what == '\xe2' ? !plain && sei_json_is_plain(text, n) :
        plain != sei_json_is_plain(text, n);
      sei_buf_free(&b);
    }
  return wrong;
}

static void test_plain(void)
{
  static const char *const longer[] = { "\xc3\xa9", "\xe2\x80\x93",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xf0\x9f\x98\x80", "\xe2\x80",
    "\xc3\xa9\"", "\xed\xa0\x80", "\x7f\xe6\x97\xa5" };
  unsigned i, wrong = 0;
  for(i = 0; i < 256; i++) {
    char c = (char)i;
    wrong += count_wrong_plain(&c, 1);
  }
  for(i = 0; i < sizeof longer / sizeof *longer; i++)
    wrong += count_wrong_plain(longer[i], strlen(longer[i]));
  CHECK(wrong == 0);
  CHECK(sei_json_is_plain("", 0));
}

static void test_digits(void)
{
  static const struct { int64_t i; const char *text; } cases[] = {
    {0, "0"}, {7, "7"}, {-7, "-7"}, {5322, "5322"},
    {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}
  };
  size_t k, n;
  for(k = 0; k < sizeof cases / sizeof *cases; k++) {
    char space[SEI_JSON_DIGITS];
    const char *s = sei_json_digits(cases[k].i, space, &n);
    CHECK(n == strlen(cases[k].text) && !memcmp(s, cases[k].text, n));
  }
}

int main(void)
{
  test_utf8();
  test_put_string();
  test_plain();
  test_digits();
  test_put_numbers();
  test_reals();
  test_locale();
  return finish("json_write");
}
