/* dice - how many runs of n code points two texts share. */
#include <stdlib.h>
#include <string.h>

#include "similarity.h"

enum { ON_STACK = 128 };

static int by_run(const void *x, const void *y)
{
  const struct sei_codes *a = x, *b = y;
  size_t i;
  for(i = 0; i < a->n; i++)
    if(a->at[i] != b->at[i])
      return a->at[i] < b->at[i] ? -1 : 1;
  return 0;
}

/* Every run of a text, sorted. */
static void runs(struct sei_codes *out, struct sei_codes text, size_t size)
{
  size_t i, n = text.n - size + 1;
  for(i = 0; i < n; i++) {
    out[i].at = text.at + i;
    out[i].n = size;
  }
  qsort(out, n, sizeof *out, by_run);
}

static size_t shared(const struct sei_codes *a, size_t m,
                     const struct sei_codes *b, size_t n)
{
  size_t i = 0, j = 0, count = 0;
  while(i < m && j < n) {
    int order = by_run(&a[i], &b[j]);
    count += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return count;
}

static double short_dice(struct sei_codes a, struct sei_codes b)
{
  return a.n == b.n && (!a.n || !memcmp(a.at, b.at, a.n * sizeof *a.at));
}

double sei_dice(struct sei_codes a, struct sei_codes b, size_t size)
{
  struct sei_codes small[ON_STACK], *all = small;
  size_t m = a.n < size ? 0 : a.n - size + 1;
  size_t n = b.n < size ? 0 : b.n - size + 1, common;
  if(!m && !n)
    return short_dice(a, b);
  if(!m || !n)
    return 0;
  if(m + n > ON_STACK) {
    all = malloc((m + n) * sizeof *all);
    if(!all)
      return -1;
  }
  runs(all, a, size);
  runs(all + m, b, size);
  common = shared(all, m, all + m, n);
  if(all != small)
    free(all);
  return 2.0 * (double)common / (double)(m + n);
}
