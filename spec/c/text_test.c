/* text_test - folding in C: every set of steps is idempotent on every
 * character there is, normal forms are utf8proc's own, whatever bytes come.
 *
 * Without arguments a slice; `text_test full` goes over everything. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "../../ext/data/text.h"
#include "../../ext/data/text_mail.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

enum { SHOWN = 20 };

static struct sei_text one, two;
static uint64_t state = 1;

static unsigned roll(unsigned below)
{
  state = state * UINT64_C(6364136223846793005) +
    UINT64_C(1442695040888963407);
  return (unsigned)(state >> 33) % below;
}

/* ---- idempotence ---- */

static void show(const char *what, unsigned steps, const char *s, size_t n)
{
  size_t i;
  failures++;
  if(failures > SHOWN)
    return;
  printf("%s, steps 0x%02x:", what, steps);
  for(i = 0; i < n; i++)
    printf(" %02x", (unsigned char)s[i]);
  printf("\n");
}

static void idempotent(const char *s, size_t n, unsigned steps)
{
  checks++;
  if(!sei_text_fold(&one, s, n, steps) || one.len > 12 * n ||
     !sei_text_fold(&two, one.bytes, one.len, steps) || one.len != two.len ||
     memcmp(one.bytes, two.bytes, one.len))
    show("not idempotent", steps, s, n);
}

static size_t put(char *s, int32_t c)
{
  return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)s);
}

/* Alone, between letters of both sizes, and under an accent. */
static void test_character(int32_t c)
{
  char s[32];
  size_t n = put(s, c), k;
  unsigned steps;
  for(steps = 0; steps <= SEI_TEXT_ALL; steps++)
    idempotent(s, n, steps);
  s[0] = 'a';
  n = 1 + put(s + 1, c);
  s[n++] = 'B';
  k = put(s + n, c);
  n += k + put(s + n + k, 0x301);
  s[n++] = 'b';
  for(steps = 0; steps <= SEI_TEXT_ALL; steps++)
    idempotent(s, n, steps);
}

/* Letters without case or marks are the same to each other: one in 64. */
static bool dull(int32_t c)
{
  return utf8proc_category(c) == UTF8PROC_CATEGORY_CN ||
    utf8proc_category(c) == UTF8PROC_CATEGORY_CO ||
    (utf8proc_category(c) == UTF8PROC_CATEGORY_LO &&
     utf8proc_get_property(c)->decomp_seqindex == UINT16_MAX);
}

/* All up to Latin Extended-B, and then every step-th. */
static void test_characters(int32_t step)
{
  int32_t c;
  for(c = 0; c < 0x110000; c += c < 0x250 ? 1 : step)
    if((c < 0xD800 || c > 0xDFFF) && (!dull(c) || c % 64 == 0))
      test_character(c);
}

/* What is most likely to get in each other's way. */
static const int32_t POOL[] = {
  'a', 'B', '\'', ' ', '.', '-', '=', 'D', 'r', 'p', 'h', 'd', 's', 'c', 'm',
  0xA0, 0xB4, 0xC6, 0xDF, 0xE9, 0x130, 0x131, 0x149, 0x1C4, 0x1C5, 0x301,
  0x308, 0x323, 0x338, 0x340, 0x344, 0x345, 0x37E, 0x3B1, 0x3D2, 0x433,
  0x435, 0x438, 0x450, 0x451, 0x5B8, 0x5D0, 0x5F3, 0x627, 0x640, 0x64B,
  0x915, 0x93F, 0x94D, 0x9BE, 0x9C7, 0x10A0, 0x1100, 0x1161, 0x11A8, 0x13A0,
  0x1C90, 0x1E9A, 0x1E9B, 0x1E9E, 0x1F80, 0x1FEF, 0x200B, 0x200D, 0x2019,
  0x2126, 0x212B, 0x3000, 0x304B, 0x3099, 0xAB70, 0xAC00, 0xFB01, 0xFDFA,
  0xFE0F, 0xFFFD, 0x1D400, 0x1D41A, 0x1F44D
};

static size_t random_text(char *s)
{
  size_t n = 0, i, len = 1 + roll(14);
  for(i = 0; i < len; i++)
    n += put(s + n, POOL[roll(sizeof POOL / sizeof *POOL)]);
  return n;
}

static void test_random(int count)
{
  char s[64];
  while(count--) {
    size_t n = random_text(s);
    idempotent(s, n, roll(SEI_TEXT_ALL + 1));
    idempotent(s, n, SEI_TEXT_DEFAULT);
  }
}

/* ---- against utf8proc's own mapping ---- */

static void same_form(const char *s, size_t n, unsigned steps, int options)
{
  utf8proc_uint8_t *form;
  utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)s,
    (utf8proc_ssize_t)n, &form, options | UTF8PROC_STABLE |
    UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE);
  checks++;
  if(!sei_text_fold(&one, s, n, steps) || len < 0 ||
     (size_t)len != one.len || memcmp(form, one.bytes, one.len))
    show("other than utf8proc's", steps, s, n);
  free(form);
}

static void test_forms(int count)
{
  char s[64];
  while(count--) {
    size_t n = random_text(s);
    if(memmem(s, n, "\xc2\xb4", 2) || memmem(s, n, "\xcd\x85", 2) ||
       memmem(s, n, "\xe1\xbe\x80", 3))
      continue; /* an apostrophe; iota below, a mark here and a letter there */
    same_form(s, n, SEI_TEXT_COMPAT, 0);
    same_form(s, n, SEI_TEXT_COMPAT | SEI_TEXT_CASE, UTF8PROC_CASEFOLD);
  }
}

/* ---- known answers ---- */

static bool folds(const char *from, const char *to, unsigned steps)
{
  bool ok = sei_text_fold(&one, from, strlen(from), steps) &&
    one.len == strlen(to) && !memcmp(one.bytes, to, one.len);
  if(!ok)
    printf("'%s': '%.*s' instead of '%s'\n", from, (int)one.len, one.bytes,
           to);
  return ok;
}

static void test_answers(void)
{
  CHECK(folds("Byron, Ada", "byron ada", SEI_TEXT_DEFAULT));
  CHECK(folds("Byron, Ada", "ada byron",
              SEI_TEXT_DEFAULT | SEI_TEXT_ORDER));
  CHECK(folds("Dr. Zo\xc3\xab O\xe2\x80\x99Hara-\xc5\x81o\xc5\x9b",
              "zoe ohara los", SEI_TEXT_DEFAULT));
  CHECK(folds("parseJSONText", "parse JSON Text", SEI_TEXT_CAMEL));
  CHECK(folds("", "", SEI_TEXT_ALL));
  CHECK(folds(" \t\n ", "", SEI_TEXT_DEFAULT));
  CHECK(folds(" - / - ", "- / -", SEI_TEXT_DEFAULT));
  CHECK(folds("A\xcc\x8a", "A\xcc\x8a", 0));
  CHECK(folds("\xf0\x9f\x91\x8d", "\xf0\x9f\x91\x8d", SEI_TEXT_DEFAULT));
}

/* Unicode 15, table 3-8: maximal parts of what is broken. */
static void test_broken(void)
{
  CHECK(folds("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41",
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "A", 0));
  CHECK(folds("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41",
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "A", 0));
  CHECK(folds("\xed\xa0\x80\xed\xbf\xbf\xf4\x91\x92\x93",
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
              0));
  CHECK(folds("J\xf6rg", "j\xef\xbf\xbdrg", SEI_TEXT_DEFAULT));
  CHECK(folds("\xf4\x8f\xbf\xbf\xee\x80\x80", "\xf4\x8f\xbf\xbf\xee\x80\x80",
              0));
}

static void test_points(void)
{
  static const int32_t WANT[] = { 's', 't', 's', 's', ' ', 0x5C71, 0x1F44D };
  const char *s = "ST\xc3\x9f \xe5\xb1\xb1\xf0\x9f\x91\x8d";
  CHECK(sei_text_fold_points(&one, s, strlen(s), SEI_TEXT_CASE));
  CHECK(one.points.len == 7 && !memcmp(one.points.at, WANT, sizeof WANT));
  CHECK(sei_text_fold_points(&one, "Ada", 3, SEI_TEXT_DEFAULT));
  CHECK(one.points.len == 3 && one.points.at[0] == 'a' && one.len == 3);
}

/* ---- large and hostile ---- */

/* Folds n bytes of `part` over and over; the seconds that it took. */
static double test_large(const char *part, size_t n, unsigned steps)
{
  size_t k = strlen(part), i;
  char *s = malloc(n);
  clock_t from = clock();
  if(!s)
    abort();
  for(i = 0; i < n; i++)
    s[i] = part[i % k];
  idempotent(s, n, steps);
  sei_text_trim(&one);
  sei_text_trim(&two);
  free(s);
  return (double)(clock() - from) / CLOCKS_PER_SEC;
}

/* Nothing takes time that grows with the square: that would be thousands of
 * times what letters take. */
static void test_hostile(size_t n)
{
  static const char *const PARTS[] = {
    "a", "'", "B b ", "dr ", "ph d ", "ph ", "\xcc\x81\xcc\xa3", "\xff",
    "e\xcc\x81X\xcc\xa3", "\xef\xb7\xba", "\xe1\x84\x80\xe1\x85\xa1",
    "Aa", "AB\xcc\x81\xcc\x81 c", "ph", "d ph "
  };
  double usual = test_large("\xc3\xa9\xc4\x80", n, SEI_TEXT_ALL);
  size_t i;
  for(i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
    CHECK(test_large(PARTS[i], n, i % 2 ? SEI_TEXT_ALL : SEI_TEXT_DEFAULT) <
          60 * usual + 0.2);
}

/* ---- addresses ---- */

static void test_mail(void)
{
  struct sei_mail m;
  CHECK(!sei_mail_split("", 0, &m) && !sei_mail_split("@", 1, &m));
  CHECK(!sei_mail_split("a@", 2, &m) && !sei_mail_split("@b", 2, &m));
  CHECK(!sei_mail_split("a@.", 3, &m) && !sei_mail_split("a b@c", 5, &m));
  CHECK(sei_mail_split(" a@b@c..\n", 9, &m) && m.local_n == 3 &&
        m.domain_n == 1 && *m.domain == 'c');
  CHECK(sei_mail_kind("", 0) == SEI_MAIL_PERSONAL);
  CHECK(sei_mail_kind("@", 1) == SEI_MAIL_PERSONAL);
  CHECK(sei_mail_kind("+", 1) == SEI_MAIL_PERSONAL);
  CHECK(sei_mail_kind("x[bot]", 6) == SEI_MAIL_BOT);
  CHECK(sei_mail_kind("Web.Master7+x@y.z", 17) == SEI_MAIL_ROLE);
}

int main(int argc, char **argv)
{
  bool full = argc > 1 && !strcmp(argv[1], "full");
  sei_text_init(&one);
  sei_text_init(&two);
  test_answers();
  test_broken();
  test_points();
  test_mail();
  test_hostile((size_t)1 << (full ? 20 : 18));
  test_characters(full ? 1 : 251);
  test_random(full ? 2000000 : 20000);
  test_forms(full ? 1000000 : 20000);
  sei_text_free(&one);
  sei_text_free(&two);
  sei_text_free(&two);
  if(!failures)
    printf("text: %d checks\n", checks);
  return failures != 0;
}
