/* redact_test - a secret does not show in any spelling, wherever it stands. */
#include <stdio.h>
#include <string.h>

#include "../../ext/base/redact.h"

static int checks, failures;

/* Redacting `secret` makes `want` of `text`. */
static void gives(int line, const char *secret, const char *text,
                  const char *want)
{
  char copy[256];
  snprintf(copy, sizeof copy, "%s", text);
  sei_redact(copy, strlen(copy), secret, strlen(secret));
  checks++;
  if(!strcmp(copy, want))
    return;
  failures++;
  printf("%s:%d: %s becomes %s\n", __FILE__, line, text, copy);
}

#define GIVES(secret, text, want) gives(__LINE__, secret, text, want)

static void test_spellings(void)
{
  GIVES("ab/c+", "x ab/c+ y ab/c+", "x ***** y *****");
  GIVES("ab/c+", "\"ab\\/c+\"", "\"******\"");
  GIVES("ab/c+", "ab%2Fc%2b.", "*********.");
  GIVES("ab/c+", "\\u0061b/c\\u002B.", "***************.");
  GIVES("ab/c+", "ab/c-", "ab/c-");
  GIVES("abc", "abc", "abc");           /* too short to be a secret */
}

/* Both are a character of their own and the beginning of an escape. */
static void test_escape_characters(void)
{
  GIVES("a\\\"b", "a\\\"b a\\\\\\\"b", "**** ******");
  GIVES("\\\\ab", "\\\\ab \\\\\\\\ab", "**** ******");
  GIVES("a%b%", "a%b% a%25b%25 .", "**** ******** .");
}

static void test_parts(void)
{
  GIVES("0123456789abcdef", "x0123456789ab-", "x************-");
  GIVES("0123456789abcdef", "x0123456789a-", "x0123456789a-");
  GIVES("0123456789abcdef", "x0123", "x****");  /* cut off */
  GIVES("0123456789abcdef", "x012", "x012");
}

/* What looks like the secret's beginning must not hide its true one. */
static void test_overlap(void)
{
  GIVES("aab-", "aaab-", "a****");
  GIVES("abcabcabcabcX", "abcabcabcabcabcabcX.", "*******************.");
}

int main(void)
{
  test_spellings();
  test_escape_characters();
  test_parts();
  test_overlap();
  if(failures)
    return 1;
  printf("redact: %d checks\n", checks);
  return 0;
}
