/* http_header_test - header lists, what may stand in them, and Retry-After. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "../../ext/http/header.h"

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __LINE__, #ok)

static void check(int ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", __FILE__, line, what);
}

static void test_list(void)
{
  struct sei_headers h = { 0 };
  char name[32];
  int i;
  CHECK(!sei_headers_get(&h, "a"));
  for(i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "X-Name-%d", i);
    CHECK(sei_headers_add(&h, name, name + 2));
  }
  CHECK(sei_headers_add(&h, "x-name-7", "second"));
  CHECK(h.count == 101);
  CHECK(!strcmp(sei_headers_get(&h, "x-NAME-7"), "Name-7"));
  CHECK(!strcmp(sei_headers_get(&h, "X-Name-99"), "Name-99"));
  CHECK(!sei_headers_get(&h, "X-Name"));
  CHECK(!strcmp(h.list[100].value, "second")); /* in order */
  CHECK(h.bytes == 10 * (8 + 6) + 90 * (9 + 7) + 8 + 6);
  sei_headers_free(&h);
  CHECK(h.count == 0 && h.bytes == 0 && !h.list);
  sei_headers_free(&h);
  CHECK(sei_headers_add(&h, "a", "b")); /* may be used again */
  sei_headers_free(&h);
}

static void test_clean(void)
{
  int c;
  for(c = 0; c < 256; c++) {
    char s[3] = { 'a', (char)c, 'b' };
    int bad = (c < 32 && c != '\t') || c == 127;
    CHECK(sei_header_clean(s, 3) == !bad);
  }
  CHECK(sei_header_clean("", 0));
  CHECK(sei_header_clean("a\n", 1));
  CHECK(!sei_header_clean("a\r\nX-Evil: 1", 12));
}

/* 2024-02-28 12:00:00 UTC */
static const double NOW = 1709121600;

static void check_at(const char *value, double now, double seconds, int line)
{
  struct sei_headers h = { 0 };
  double got;
  CHECK(sei_headers_add(&h, "retry-after", value));
  got = sei_header_retry_after(&h, now);
  check(got == seconds, line, value);
  if(got != seconds)
    printf("  got %g, not %g\n", got, seconds);
  sei_headers_free(&h);
}

#define AFTER(value, seconds) check_at(value, NOW, seconds, __LINE__)

static void test_seconds(void)
{
  struct sei_headers none = { 0 };
  CHECK(sei_header_retry_after(&none, NOW) == -1);
  AFTER("0", 0);
  AFTER("120", 120);
  AFTER("007", 7);
  AFTER("4294967296", 4294967296.0);
  AFTER("", -1);
  AFTER("-1", -1);
  AFTER("1.5", -1);
  AFTER("12 s", -1);
  AFTER("soon", -1);
}

static void test_long_number(void)
{
  char digits[400];
  struct sei_headers h = { 0 };
  memset(digits, '9', sizeof digits - 1);
  digits[sizeof digits - 1] = '\0';
  CHECK(sei_headers_add(&h, "Retry-After", digits));
  CHECK(sei_header_retry_after(&h, NOW) >= 1e12);
  CHECK(sei_header_retry_after(&h, NOW) <= 1e13);
  sei_headers_free(&h);
}

static void test_dates(void)
{
  AFTER("Wed, 28 Feb 2024 12:00:30 GMT", 30);
  AFTER("Wed, 28 Feb 2024 11:59:59 GMT", 0); /* is past */
  AFTER("Thu, 29 Feb 2024 12:00:00 GMT", 86400);
  AFTER("Fri, 01 Mar 2024 12:00:00 GMT", 2 * 86400);
  AFTER("Wednesday, 28-Feb-24 12:01:00 GMT", 60);
  AFTER("Sunday, 06-Nov-94 08:49:37 GMT", 0); /* 1994, not 2094 */
  AFTER("Monday, 28-Feb-74 12:00:00 GMT", 1577923200.0); /* 2074: 50 years */
  AFTER("Tuesday, 28-Feb-75 12:00:00 GMT", 0); /* 1975 */
  /* on the last day of 2099 */
  check_at("Friday, 01-Jan-00 00:00:10 GMT", 4102444790.0, 20, __LINE__);
  AFTER("Wed Feb 28 12:00:45 2024", 45);
  AFTER("Fri Mar  1 12:00:00 2024", 2 * 86400);
  AFTER("Sat, 31 Dec 2016 23:59:60 GMT", 0); /* a leap second */
}

static void test_bad_dates(void)
{
  AFTER("Wed, 28 Feb 2024 12:00:30", -1);
  AFTER("Wed, 28 Feb 2024 12:00:30 UTC", -1);
  AFTER("Wed, 28 Feb 2024 12:00:30 GMT ", -1);
  AFTER("Wed, 28 Feb 2024 24:00:00 GMT", -1);
  AFTER("Wed, 28 Feb 2024 12:60:00 GMT", -1);
  AFTER("Wed, 32 Feb 2024 12:00:00 GMT", -1);
  AFTER("Wed, 00 Feb 2024 12:00:00 GMT", -1);
  AFTER("Wed, 28 Fbe 2024 12:00:00 GMT", -1);
  AFTER("Wed, 28 Feb 24 12:00:00 GMT", -1);
  AFTER("Wed, 2", -1);
  AFTER("Wed,", -1);
  AFTER("Wed", -1);
  AFTER("Wednesday, 28 Feb 2024 12:00:00 GMT", -1);
  AFTER("2024-02-28T12:00:00Z", -1);
  AFTER("Wed Feb 28 12:00:45", -1);
  AFTER("Wed Feb 28 12:00:45 2024 GMT", -1);
}

int main(void)
{
  test_list();
  test_clean();
  test_seconds();
  test_long_number();
  test_dates();
  test_bad_dates();
  if(!failures)
    printf("http_header: %d checks\n", checks);
  return failures != 0;
}
