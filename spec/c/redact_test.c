/* redact_test - a secret is overwritten in every spelling, and nothing else
 * is. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../ext/base/redact.h"

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

static struct sei_redact secrets;

/* The text in a block of its own length, so that a sanitizer sees a byte too
 * many. */
static char *block(const char *text, size_t n)
{
  char *copy = malloc(n ? n : 1);
  if(!copy)
    exit(2);
  memcpy(copy, text, n);
  return copy;
}

static void compare(const char *is, size_t n, const char *expected,
                    const char *text, int line)
{
  bool same = n == strlen(expected) && !memcmp(is, expected, n);
  check(same, line, text);
  if(!same)
    printf("  is %.*s\n", (int)n, is);
}

static void values_at(const char *text, const char *expected, int line)
{
  size_t n = strlen(text);
  char *copy = block(text, n);
  sei_redact_values(&secrets, copy, n);
  compare(copy, n, expected, text, line);
  free(copy);
}

static void names_at(const char *text, const char *expected, int line)
{
  size_t n = strlen(text);
  char *copy = block(text, n);
  sei_redact_names(copy, n);
  compare(copy, n, expected, text, line);
  free(copy);
}

#define VALUES(text, expected) values_at(text, expected, __LINE__)
#define NAMES(text, expected) names_at(text, expected, __LINE__)

static void know(const char *secret)
{
  CHECK(sei_redact_add(&secrets, secret, strlen(secret)));
}

static void test_spellings(void)
{
  know("ab/c\"d+e");
  VALUES("x ab/c\"d+e y", "x ******** y");
  VALUES("\"ab\\/c\\\"d+e\"", "\"**********\"");
  VALUES("ab\\\\\\/c\\\\\\\"d+e.", "**************.");
  VALUES("ab%2Fc%22d%2be&", "**************&");
  VALUES("ab%252Fc%2522d%252Be&", "********************&");
  VALUES("ab&#47;c&quot;d&#x2b;e;", "**********************;");
  VALUES("ab\\u002fc\\u0022d\\u002Be", "***********************");
  VALUES("\"ab/c\"\"d+e\"", "\"*********\"");
  VALUES("ab/c\"d+f ab/c", "ab/c\"d+f ****");
  VALUES("nothing", "nothing");
  VALUES("", "");
  sei_redact_wipe(&secrets);
  know("key\""); /* its end is not the end of a string */
  VALUES("{\"a\":\"key\\\"\"}", "{\"a\":\"*****\"}");
  sei_redact_wipe(&secrets);
  know("a\\b\\c");
  VALUES("a\\b\\c a\\\\b\\\\c a\\\\\\\\b\\\\\\\\c",
         "***** ******* ***********");
  sei_redact_wipe(&secrets);
  know("k%7eyz");
  VALUES("k%7eyz k%257eyz", "****** ********");
  sei_redact_wipe(&secrets);
}

static void test_base64(void)
{
  know("s3cr3t-k3y");
  VALUES("czNjcjN0LWszeQ==", "*************Q==");       /* s3cr3t-k3y */
  VALUES("OnMzY3IzdC1rM3k=", "On************k=");       /* : before it */
  VALUES("dTpzM2NyM3QtazN5", "dTp*************");       /* u: before it */
  VALUES("dTpzM2Ny\r\nM3QtazN5.", "dTp***************.");
  VALUES("dTpzM2Ny\\r\\nM3QtazN5.", "dTp*****************.");
  sei_redact_wipe(&secrets);
  know("\xfb\xff\xfe\xfb\xff\xfe");
  VALUES("+//++//+ -__--__- %2B%2F/++//%2b",
         "******** ******** **************");
  sei_redact_wipe(&secrets);
}

static void test_parts(void)
{
  know("pat.account.one.SECRET");
  VALUES("pat.account. pat.account", "************ ***********");
  VALUES("pat.account.two.OTHER, pat", "*********************, pat");
  VALUES("see pat.account.one.SEC", "see *******************");
  VALUES("pat.accounX.one", "pat.accounX.one");
  know("pat.account.two.SECOND");
  VALUES("pat.account.two.SECOND!", "**********************!");
  VALUES("pat.account.one.SECRET!", "**********************!");
  CHECK(sei_redact_beyond(&secrets) >= 22 * 6);
  sei_redact_wipe(&secrets);
  VALUES("pat.account.two.SECOND!", "pat.account.two.SECOND!");
}

static void test_memory(void)
{
  char name[16];
  int i;
  know("abc"); /* no secret */
  VALUES("abc", "abc");
  CHECK(secrets.count == 0);
  for(i = 0; i < 9; i++) {
    snprintf(name, sizeof name, "key-%d-", i);
    know(name);
    know(name);
  }
  CHECK(secrets.count == 9);
  VALUES("key-0- key-1- key-8-", "key-0- ****** ******");
  sei_redact_wipe(&secrets);
}

static void test_names(void)
{
  NAMES("{\"password\":\"a b\",\"x\":1}", "{\"password\":\"***\",\"x\":1}");
  NAMES("{\"api_key\" : \"a\\\"b\"}", "{\"api_key\" : \"****\"}");
  NAMES("{\\\"token\\\":\\\"a\\\\\\\"b\\\"}",
        "{\\\"token\\\":\\\"******\\\"}");
  NAMES("{\"token\":\"cut off", "{\"token\":\"*******");
  NAMES("?a=1&api-key=zz&b=2", "?a=1&api-key=**&b=2");
  NAMES("Authorization: Bearer abcdefghijkl\r\nA: b",
        "Authorization: Bearer ************\r\nA: b");
  NAMES("Authorization: is missing", "Authorization: is missing");
  NAMES("x-api-key: 0123456789ab", "x-api-key: ************");
  NAMES("{\"token\":null,\"secret\":7}", "{\"token\":null,\"secret\":7}");
  NAMES("{\"tokens\":\"a\",\"next_token_x\":\"b\"}",
        "{\"tokens\":\"a\",\"next_token_x\":\"b\"}");
  NAMES("token", "token");
  NAMES("token:", "token:");
  NAMES("token=", "token=");
  NAMES("password=\"a b\" c", "password=\"***\" c");
}

static double seconds_of(const char *unit, size_t n)
{
  size_t i, len = strlen(unit);
  char *text = malloc(n);
  clock_t start;
  if(!text)
    exit(2);
  for(i = 0; i < n; i++)
    text[i] = unit[i % len];
  start = clock();
  sei_redact_values(&secrets, text, n);
  sei_redact_names(text, n);
  free(text);
  return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Texts that nearly match, over and over: eight times as long takes at most
 * some sixteen times as long. */
static void test_linear(void)
{
  static const char *const UNITS[] = {
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaa!", "\\\\\\\\\\\\", "%25",
    "&#x61;", "token:", "token=\"\\", "token: a b c d e f ", "\"\"\"\"", "\r\n"
  };
  char secret[4096];
  size_t i;
  memset(secret, 'a', sizeof secret);
  CHECK(sei_redact_add(&secrets, secret, sizeof secret));
  for(i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
    double small = seconds_of(UNITS[i], 200000);
    double large = seconds_of(UNITS[i], 1600000);
    check(large < small * 16 + 0.5, __LINE__, UNITS[i]);
  }
  sei_redact_wipe(&secrets);
}

/* Nothing beyond the text is touched or read, whatever is in it. */
static void test_any_bytes(void)
{
  static const char ALPHABET[] = "ab/\"\\%2f&#x;u0token:=- \r\n+_";
  unsigned long seed = 1;
  int round;
  know("ab/\"\\ab");
  for(round = 0; round < 20000; round++) {
    char text[40];
    size_t n, i;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    n = (seed >> 40) % sizeof text;
    for(i = 0; i < n; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      text[i] = ALPHABET[(seed >> 33) % (sizeof ALPHABET - 1)];
    }
    {
      char *copy = block(text, n);
      sei_redact_values(&secrets, copy, n);
      sei_redact_names(copy, n);
      for(i = 0; i < n; i++)
        if(copy[i] != text[i] && copy[i] != '*')
          break;
      CHECK(i == n);
      free(copy);
    }
  }
  sei_redact_wipe(&secrets);
}

int main(void)
{
  test_spellings();
  test_base64();
  test_parts();
  test_memory();
  test_names();
  test_linear();
  test_any_bytes();
  printf("redact_test: %d checks, %d failures\n", checks, failures);
  return failures != 0;
}
