/* redact - a secret is overwritten wherever it stands in a text. */
#include "redact.h"

#include <string.h>

enum { SHORTEST = 4 };

void sei_redact(char *text, size_t len, const char *secret, size_t n)
{
  size_t i = 0;
  if(n < SHORTEST)
    return;
  while(i + n <= len)
    if(text[i] == secret[0] && !memcmp(text + i, secret, n)) {
      memset(text + i, '*', n);
      i += n;
    }
    else
      i++;
}
