/* join_plain - Jaro-Winkler over all pairs, as it is usually written: what
 * spec/bench/join.lua measures the join against.
 *
 *   join_plain CUTOFF LEFT RIGHT OUT
 *
 * LEFT and RIGHT have a name of UTF-8 per line. Writes "I K SCORE" for each
 * pair that reaches the cutoff to OUT, and the CPU seconds of the comparing to
 * standard output.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct name {
  uint32_t *at;
  int n;
};

enum { MOST = 1 << 20, LONGEST = 4096 };

static double jaro_winkler(struct name a, struct name b)
{
  char in_a[LONGEST], in_b[LONGEST];
  int range = (a.n > b.n ? a.n : b.n) / 2 - 1;
  int i, j, k = 0, matches = 0, moved = 0, prefix = 0;
  double score;
  if(a.n == 0 || b.n == 0)
    return a.n == b.n;
  if(range < 0)
    range = 0;
  memset(in_a, 0, (size_t)a.n);
  memset(in_b, 0, (size_t)b.n);
  for(i = 0; i < a.n; i++) {
    int from = i > range ? i - range : 0;
    int to = i + range + 1 < b.n ? i + range + 1 : b.n;
    for(j = from; j < to; j++)
      if(!in_b[j] && a.at[i] == b.at[j]) {
        in_a[i] = in_b[j] = 1;
        matches++;
        break;
      }
  }
  if(matches == 0)
    return 0;
  for(i = 0; i < a.n; i++)
    if(in_a[i]) {
      while(!in_b[k])
        k++;
      moved += a.at[i] != b.at[k++];
    }
  score = ((double)matches / a.n + (double)matches / b.n +
           (double)(matches - moved / 2) / matches) / 3.0;
  if(score > 0.7) {
    while(prefix < 4 && prefix < a.n && prefix < b.n &&
          a.at[prefix] == b.at[prefix])
      prefix++;
    score += prefix * 0.1 * (1.0 - score);
  }
  return score;
}

/* A line of valid UTF-8. */
static struct name decode(const char *s, size_t bytes)
{
  struct name name = { malloc((bytes + 1) * sizeof(uint32_t)), 0 };
  size_t i;
  for(i = 0; name.at && i < bytes; i++) {
    unsigned char c = (unsigned char)s[i];
    if((c & 0xc0) == 0x80)
      name.at[name.n - 1] = name.at[name.n - 1] << 6 | (c & 0x3f);
    else
      name.at[name.n++] = c < 0x80 ? c : c < 0xe0 ? c & 0x1f :
        c < 0xf0 ? c & 0x0f : c & 0x07;
  }
  return name;
}

static struct name *load(const char *path, int *count)
{
  static char line[LONGEST];
  struct name *all = malloc(MOST * sizeof *all);
  FILE *f = fopen(path, "r");
  *count = 0;
  while(f && all && *count < MOST && fgets(line, sizeof line, f))
    all[(*count)++] = decode(line, strcspn(line, "\n"));
  if(f)
    fclose(f);
  return all;
}

int main(int argc, char **argv)
{
  int m, n, i, k;
  double cutoff, seconds;
  struct name *left, *right;
  clock_t start;
  FILE *out;
  if(argc != 5)
    return 2;
  cutoff = atof(argv[1]);
  left = load(argv[2], &m);
  right = load(argv[3], &n);
  out = fopen(argv[4], "w");
  if(!left || !right || !out)
    return 1;
  start = clock();
  for(i = 0; i < m; i++)
    for(k = 0; k < n; k++) {
      double score = jaro_winkler(left[i], right[k]);
      if(score >= cutoff)
        fprintf(out, "%d %d %.17g\n", i + 1, k + 1, score);
    }
  seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  fclose(out);
  printf("%.6f\n", seconds);
  return 0;
}
