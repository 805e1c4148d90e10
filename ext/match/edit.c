/* edit - Levenshtein, optimal string alignment and the longest common
 * subsequence, bit-parallel.
 *
 * A column of the table of distances is kept as differences between
 * neighbours, a bit each (Myers 1999; Hyyrö 2003, with his rule for swaps;
 * Hyyrö 2004 for subsequences). A text of more than 64 code points is cut into
 * blocks of 64 rows. One block goes through all columns before the next one
 * does, so that only one block's places of letters are held; what a block
 * hands to the one below is three bits per column.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "bits.h"
#include "similarity.h"

enum {
  MORE = 1,   /* the last row is one more than in the column before */
  LESS = 2,   /* one less */
  SWAP = 4    /* the last row may begin a swap */
};

enum { ON_STACK = 256 };

/* The differences down one column of a block. */
struct column {
  uint64_t more, less;   /* a row is one more, one less than that above */
  uint64_t diagonal;     /* no more than the one above and before */
  uint64_t letters;      /* where the column's letter stands in the rows */
};

/* Goes to the next column; `in` are the marks of the block above. Leaves in
 * `more` and `less` how the rows changed against the column before. */
static struct column next(struct column c, uint64_t letters, unsigned in,
                          bool swaps, uint64_t *more, uint64_t *less)
{
  uint64_t x = letters | (in & LESS ? 1 : 0), swap = 0, up, down;
  if(swaps)
    swap = ((~c.diagonal & letters) << 1 | (in & SWAP ? 1 : 0)) & c.letters;
  c.diagonal = (((x & c.more) + c.more) ^ c.more) | x | c.less | swap;
  *more = up = c.less | ~(c.diagonal | c.more);
  *less = down = c.diagonal & c.more;
  up = up << 1 | (in & MORE ? 1 : 0);
  down = down << 1 | (in & LESS ? 1 : 0);
  c.more = down | ~(c.diagonal | up);
  c.less = up & c.diagonal;
  c.letters = letters;
  return c;
}

/* One block of `rows` through all columns; returns how the last row changed
 * from the first column to the last. */
static int64_t block(const uint32_t *at, size_t rows, struct sei_codes text,
                     unsigned char *marks, bool swaps)
{
  struct sei_bits bits;
  struct column c = { ~(uint64_t)0, 0, 0, 0 };
  uint64_t more, less;
  size_t j, last = rows - 1;
  int64_t change = 0;
  sei_bits_fill(&bits, at, rows);
  for(j = 0; j < text.n; j++) {
    uint64_t letters = sei_bits_of(&bits, text.at[j]);
    uint64_t swap = ~c.diagonal & letters;
    c = next(c, letters, marks[j], swaps, &more, &less);
    change += (int64_t)(more >> last & 1) - (int64_t)(less >> last & 1);
    marks[j] = (unsigned char)((more >> 63 ? MORE : 0) |
                               (less >> 63 ? LESS : 0) |
                               (swap >> 63 ? SWAP : 0));
  }
  return change;
}

static int64_t edits(struct sei_codes rows, struct sei_codes text,
                     unsigned char *marks, bool swaps)
{
  size_t i;
  int64_t change = 0;
  memset(marks, MORE, text.n);
  for(i = 0; i < rows.n; i += SEI_BITS_MOST) {
    size_t n = rows.n - i < SEI_BITS_MOST ? rows.n - i : SEI_BITS_MOST;
    change = block(rows.at + i, n, text, marks, swaps);
  }
  return (int64_t)rows.n + change;
}

/* ---- longest common subsequence ---- */

/* One block; `marks` are what the additions carry. Returns how many rows are
 * in the subsequence. */
static int64_t common_block(const uint32_t *at, size_t rows,
                            struct sei_codes text, unsigned char *marks)
{
  struct sei_bits bits;
  uint64_t s = ~(uint64_t)0;
  size_t j;
  sei_bits_fill(&bits, at, rows);
  for(j = 0; j < text.n; j++) {
    uint64_t u = s & sei_bits_of(&bits, text.at[j]), sum;
    bool carry = __builtin_add_overflow(s, u, &sum);
    carry |= __builtin_add_overflow(sum, (uint64_t)marks[j], &sum);
    marks[j] = carry;
    s = sum | (s & ~u);
  }
  return sei_bits_count(~s);
}

static int64_t common(struct sei_codes rows, struct sei_codes text,
                      unsigned char *marks, bool unused)
{
  size_t i;
  int64_t n = 0;
  (void)unused;
  memset(marks, 0, text.n);
  for(i = 0; i < rows.n; i += SEI_BITS_MOST) {
    size_t k = rows.n - i < SEI_BITS_MOST ? rows.n - i : SEI_BITS_MOST;
    n += common_block(rows.at + i, k, text, marks);
  }
  return n;
}

/* ---- what others call ---- */

typedef int64_t measure(struct sei_codes rows, struct sei_codes text,
                        unsigned char *marks, bool swaps);

/* The longer text makes the rows: fewer steps. -1 if there is no memory. */
static int64_t run(measure *f, struct sei_codes a, struct sei_codes b,
                   bool swaps)
{
  unsigned char small[ON_STACK], *marks = small;
  struct sei_codes rows = a.n >= b.n ? a : b, text = a.n >= b.n ? b : a;
  int64_t result;
  if(text.n == 0)
    return f == common ? 0 : (int64_t)rows.n;
  if(text.n > sizeof small) {
    marks = malloc(text.n);
    if(!marks)
      return -1;
  }
  result = f(rows, text, marks, swaps);
  if(marks != small)
    free(marks);
  return result;
}

int64_t sei_levenshtein(struct sei_codes a, struct sei_codes b)
{
  return run(edits, a, b, false);
}

int64_t sei_osa(struct sei_codes a, struct sei_codes b)
{
  return run(edits, a, b, true);
}

static double ratio(int64_t distance, struct sei_codes a, struct sei_codes b)
{
  size_t most = a.n > b.n ? a.n : b.n;
  if(distance < 0)
    return -1;
  return most ? 1.0 - (double)distance / (double)most : 1.0;
}

double sei_levenshtein_ratio(struct sei_codes a, struct sei_codes b)
{
  return ratio(sei_levenshtein(a, b), a, b);
}

double sei_osa_ratio(struct sei_codes a, struct sei_codes b)
{
  return ratio(sei_osa(a, b), a, b);
}

double sei_indel_ratio(struct sei_codes a, struct sei_codes b)
{
  int64_t n = run(common, a, b, false);
  size_t both = a.n + b.n;
  if(n < 0)
    return -1;
  return both ? 2.0 * (double)n / (double)both : 1.0;
}
