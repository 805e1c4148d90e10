/* resume_test - tokens read back, and nothing else does. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../ext/api/resume.h"
#include "../../ext/base/hash.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

static const char none[] = "this is not a resume token";
static const char damaged[] = "this resume token is damaged";
static const char other[] = "this resume token belongs to another query";
static const char newer[] = "this resume token was made by a newer sei";

static const uint64_t query = UINT64_C(0xfedcba9876543210);

static const char *read_text(const char *text)
{
  struct sei_resume r;
  const char *problem = sei_resume_read(text, strlen(text), query, &r);
  return problem ? problem : "";
}

static int same(const struct sei_resume *a, const struct sei_resume *b)
{
  return a->query == b->query && a->offset == b->offset &&
    a->page_size == b->page_size && a->total == b->total &&
    a->flags == b->flags;
}

static void test_round(void)
{
  static const int64_t big = (int64_t)1 << 53;
  const struct sei_resume list[] = {
    { query, 0, 1, -1, 0 },
    { query, 12345, 500, 80715, 3 },
    { query, big, big, big, UINT32_MAX }
  };
  size_t i;
  for(i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
    char text[SEI_RESUME_SIZE];
    struct sei_resume r;
    size_t n;
    CHECK(sei_resume_write(&list[i], text, sizeof(text)));
    n = strlen(text);
    CHECK(n < SEI_RESUME_SIZE && strncmp(text, "sei1.", 5) == 0);
    CHECK(strspn(text + 3, "0123456789abcdef.-") == n - 3);
    CHECK(!sei_resume_read(text, n, query, &r) && same(&r, &list[i]));
    CHECK(sei_resume_read(text, n, query + 1, &r) &&
          !strcmp(sei_resume_read(text, n, query + 1, &r), other));
  }
}

static void test_write_limits(void)
{
  struct sei_resume r = { query, 5, 10, 100, 0 }, bad;
  char text[SEI_RESUME_SIZE], small[80];
  size_t n;
  CHECK(sei_resume_write(&r, text, sizeof(text)));
  n = strlen(text);
  CHECK(n < sizeof(small));
  CHECK(sei_resume_write(&r, small, n + 1));
  CHECK(!sei_resume_write(&r, small, n) && small[0] == 0);
  CHECK(!sei_resume_write(&r, small, 0));
  bad = r, bad.offset = -1;
  CHECK(!sei_resume_write(&bad, text, sizeof(text)) && !text[0]);
  bad = r, bad.page_size = 0;
  CHECK(!sei_resume_write(&bad, text, sizeof(text)));
  bad = r, bad.total = INT64_MAX;
  CHECK(!sei_resume_write(&bad, text, sizeof(text)));
}

/* Every cut and every change of one character is noticed, and `r` is left
 * alone. */
static void test_damage(void)
{
  const struct sei_resume r = { query, 4200, 100, 80715, 1 };
  struct sei_resume out = r;
  char text[SEI_RESUME_SIZE], copy[SEI_RESUME_SIZE];
  size_t n, i;
  int c;
  CHECK(sei_resume_write(&r, text, sizeof(text)));
  n = strlen(text);
  for(i = 0; i < n; i++) {
    const char *p = sei_resume_read(text, i, query, &out);
    CHECK(p && !strcmp(p, i < 5 ? none : damaged));
    for(c = 0; c < 256; c++) {
      memcpy(copy, text, n + 1);
      copy[i] = (char)c;
      if(copy[i] == text[i])
        continue;
      p = sei_resume_read(copy, n, query, &out);
      CHECK(p && (i < 5 || !strcmp(p, damaged)));
    }
  }
  CHECK(same(&out, &r));
}

static void test_foreign(void)
{
  char text[SEI_RESUME_MAX + 200];
  const struct sei_resume r = { query, 1, 2, 3, 4 };
  struct sei_resume out;
  CHECK(!strcmp(read_text(""), none));
  CHECK(!strcmp(read_text(" \n"), none));
  CHECK(!strcmp(read_text("hello"), none));
  CHECK(!strcmp(read_text("sei."), none));
  CHECK(!strcmp(read_text("sei0.1"), none));
  CHECK(!strcmp(read_text("sei01.1"), none));
  CHECK(!strcmp(read_text("sei99999999999999999999.1"), none));
  CHECK(!strcmp(read_text("sei1.zzz"), damaged));
  CHECK(!strcmp(read_text("sei2.anything.at-all"), newer));
  CHECK(sei_resume_write(&r, text + 2, SEI_RESUME_SIZE));
  text[0] = ' ';
  text[1] = '\t';
  strcat(text, "\r\n");
  CHECK(!strcmp(read_text(text), ""));
  strcat(text, "x");
  CHECK(!strcmp(read_text(text), damaged));
  memset(text, '1', sizeof(text));
  memcpy(text, "sei1.", 5);
  CHECK(!strcmp(sei_resume_read(text, sizeof(text), query, &out), none));
  CHECK(!strcmp(sei_resume_read(text, SEI_RESUME_MAX + 1, query, &out), none));
  CHECK(!strcmp(sei_resume_read(text, SEI_RESUME_MAX, query, &out), damaged));
  CHECK(!strcmp(sei_resume_read("\0sei1.", 6, query, &out), none));
}

/* Right check, wrong numbers: what a forger or a bug would write. */
static void test_ranges(void)
{
  static const char *const fields[] = {
    "0.0.-1.0.", "01.1.-1.0.", "9007199254740993.1.-1.0.", "0.1.-2.0.",
    "0.1.-0.0.", "0.1.-1.4294967296.", "0.1.-1.", "0.1.-1.0.0.", "-1.1.1.0.",
    ".1.1.0.", "99999999999999999999999.1.1.0."
  };
  size_t i;
  for(i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    char text[300];
    int n = snprintf(text, sizeof(text), "sei1.%016" PRIx64 ".%s", query,
                     fields[i]);
    snprintf(text + n, sizeof(text) - (size_t)n, "%016" PRIx64,
             sei_hash(text, (size_t)n, UINT64_C(0x7365692e31)));
    CHECK(!strcmp(read_text(text), damaged));
  }
}

int main(void)
{
  test_round();
  test_write_limits();
  test_damage();
  test_foreign();
  test_ranges();
  if(!failures)
    printf("resume: %d checks\n", checks);
  return failures != 0;
}
