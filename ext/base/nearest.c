/* nearest - the known name that a misspelt one most likely meant. */
#include "nearest.h"

#include <string.h>

enum { LONGEST = 63 };

static int lower(int c)
{
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Optimal string alignment over three rows. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
  size_t rows[3][LONGEST + 1];
  size_t i, j;
  for(j = 0; j <= nb; j++)
    rows[0][j] = j;
  for(i = 1; i <= na; i++) {
    size_t *now = rows[i % 3], *up = rows[(i + 2) % 3];
    const size_t *up2 = rows[(i + 1) % 3];
    now[0] = i;
    for(j = 1; j <= nb; j++) {
      size_t cost = lower(a[i - 1]) != lower(b[j - 1]);
      now[j] = least(least(up[j] + 1, now[j - 1] + 1), up[j - 1] + cost);
      if(i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
         lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = least(now[j], up2[j - 2] + 1);
    }
  }
  return rows[na % 3][nb];
}

void sei_nearest(const char *wrong, const char *candidate,
                 const char **best, size_t *score)
{
  size_t na = strlen(wrong), nb = strlen(candidate), d;
  size_t allowed = na / 3 > 2 ? na / 3 : 2;
  if(na > LONGEST || nb > LONGEST)
    return;
  d = distance(wrong, na, candidate, nb);
  if(d > allowed || d >= na || (*best && d >= *score))
    return;
  *best = candidate;
  *score = d;
}
