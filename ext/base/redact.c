/* redact - a secret is overwritten wherever it stands in a text. */
#define _DEFAULT_SOURCE /* strncasecmp */
#include "redact.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHORTEST = 4, PART = 12, LONGEST_ESCAPE = 6 };

/* Bytes at the beginning of the text that are an escape of the character, or
 * 0. */
static size_t escape(const char *text, size_t len, char c)
{
  char escaped[8];
  if(len > 1 && *text == '\\' && text[1] == c && strchr("/\"\\", c))
    return 2;
  snprintf(escaped, sizeof escaped, "%%%02x", (unsigned char)c);
  if(len >= 3 && !strncasecmp(text, escaped, 3))
    return 3;
  snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)c);
  return len >= 6 && !strncasecmp(text, escaped, 6) ? 6 : 0;
}

/* Bytes at the beginning of the text that stand for the character, or 0. A
 * backslash or a percent sign may be the character itself or begin its escape;
 * `escapes` says which comes first. */
static size_t one(const char *text, size_t len, char c, bool escapes)
{
  size_t width = escapes ? escape(text, len, c) : 0;
  if(!width && len && *text == c)
    return 1;
  return width || escapes ? width : escape(text, len, c);
}

/* Bytes at the beginning of the text that show the secret or enough of it. */
static size_t shown(const char *text, size_t len, const char *secret,
                    size_t n, bool escapes)
{
  size_t at = 0, same = 0, width;
  while(same < n &&
        (width = one(text + at, len - at, secret[same], escapes))) {
    at += width;
    same++;
  }
  return same == n || same >= PART || (at == len && same >= SHORTEST) ? at : 0;
}

/* Whether the secret may begin here; quicker than to compare. */
static bool may_begin(char c, char first)
{
  return c == first || c == '\\' || c == '%';
}

/* A byte is overwritten only when no comparison needs it any more: what looks
 * like the secret's first part may overlap with the secret itself. */
void sei_redact(char *text, size_t len, const char *secret, size_t n)
{
  size_t i, plain, escaped, end = 0;
  if(n < SHORTEST)
    return;
  for(i = 0; i < len; i++) {
    if(may_begin(text[i], *secret)) {
      plain = i + shown(text + i, len - i, secret, n, false);
      escaped = i + shown(text + i, len - i, secret, n, true);
      end = plain > end ? plain : end;
      end = escaped > end ? escaped : end;
    }
    if(i < end)
      text[i] = '*';
  }
}

size_t sei_redact_beyond(size_t n)
{
  return n * LONGEST_ESCAPE;
}
