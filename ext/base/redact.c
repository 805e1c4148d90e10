/* redact - a secret is overwritten wherever it stands in a text. */
#define _DEFAULT_SOURCE /* strncasecmp */
#include "redact.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHORTEST = 4, PART = 12, LONGEST_ESCAPE = 6 };

/* Bytes at the beginning of the text that stand for the character: 1, more if
 * it is escaped, 0 if it is another one. */
static size_t one(const char *text, size_t len, char c)
{
  char escaped[8];
  if(len && *text == c)
    return 1;
  if(len > 1 && *text == '\\' && text[1] == c && strchr("/\"\\", c))
    return 2;
  snprintf(escaped, sizeof escaped, "%%%02x", (unsigned char)c);
  if(len >= 3 && !strncasecmp(text, escaped, 3))
    return 3;
  snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)c);
  return len >= 6 && !strncasecmp(text, escaped, 6) ? 6 : 0;
}

/* Bytes at the beginning of the text that show the secret or enough of it. */
static size_t shown(const char *text, size_t len, const char *secret, size_t n)
{
  size_t at = 0, same = 0, width;
  while(same < n && (width = one(text + at, len - at, secret[same]))) {
    at += width;
    same++;
  }
  return same == n || same >= PART || (at == len && same >= SHORTEST) ? at : 0;
}

/* Whether the secret may begin here; quicker than to compare. */
static int may_begin(char c, char first)
{
  return c == first || c == '\\' || c == '%';
}

void sei_redact(char *text, size_t len, const char *secret, size_t n)
{
  size_t i = 0, width;
  if(n < SHORTEST)
    return;
  while(i < len) {
    width = may_begin(text[i], *secret) ?
      shown(text + i, len - i, secret, n) : 0;
    memset(text + i, '*', width);
    i += width ? width : 1;
  }
}

size_t sei_redact_beyond(size_t n)
{
  return n * LONGEST_ESCAPE;
}
