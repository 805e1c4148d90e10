/* rank_score - how near two records are, in bits: each thing in common counts
 * as much as it is rare among the people; what contradicts is taken off. */
#include <string.h>

#include "rank_private.h"
#include "similarity.h"

static const double
  INITIAL = 2.0,      /* bits of a single letter that agrees */
  LETTER = 2.8,       /* bits of one more letter of a beginning */
  LOOSE = 1.8,        /* taken off for a letter of a handle that stays over */
  OVER = 0.6,         /* taken off for a token that only one of them has */
  DIGIT = 0.2,        /* the same for a digit */
  LABEL = 0.7,        /* of the bits of a domain that is named after one */
  PLACE = 0.25,       /* of the bits of a common domain */
  AGAINST = 0.5;      /* of the bits of tokens that contradict */

static const float NEVER = -1000;

static double least(double a, double b)
{
  return a < b ? a : b;
}

static double largest(double a, double b)
{
  return a > b ? a : b;
}

static const uint32_t *text(const struct sei_rank_view *v,
                            const struct sei_rank_word *w)
{
  return v->cps + w->at;
}

static bool equal(const uint32_t *a, const struct sei_rank_word *x,
                  const uint32_t *b, const struct sei_rank_word *y)
{
  return x->hash == y->hash && x->len == y->len &&
    !memcmp(a, b, x->len * sizeof *a);
}

static size_t common(const uint32_t *a, size_t m, const uint32_t *b, size_t n)
{
  size_t i = 0;
  while(i < m && i < n && a[i] == b[i])
    i++;
  return i;
}

/* ---- two tokens of names ---- */

/* Letters that only one of the words has, at most. */
static int differing(const struct sei_rank_word *x,
                     const struct sei_rank_word *y)
{
  return __builtin_popcount(x->letters ^ y->letters);
}

/* Whether both are of one family of first names. */
static bool related(const struct sei_rank_word *x,
                    const struct sei_rank_word *y)
{
  int i, k;
  for(i = 0; i < SEI_RANK_FAMILIES; i++)
    for(k = 0; k < SEI_RANK_FAMILIES; k++)
      if(x->families[i] && x->families[i] == y->families[k])
        return true;
  return false;
}

/* Bits for two tokens being one; 0: they are not. */
static double token_bits(const struct sei_rank_view *a,
                         const struct sei_rank_word *x,
                         const struct sei_rank_view *p,
                         const struct sei_rank_word *y,
                         enum sei_rank_likeness *what)
{
  const uint32_t *s = text(a, x), *t = text(p, y);
  double bits = least(x->bits, y->bits), near;
  size_t same;
  *what = SEI_RANK_EQUAL;
  if(equal(s, x, t, y))
    return x->len == 1 ? least(bits, INITIAL) : bits;
  same = common(s, x->len, t, y->len);
  *what = SEI_RANK_INITIAL;
  if(x->len == 1 || y->len == 1)
    return same ? least(bits, INITIAL) : 0;
  *what = SEI_RANK_FAMILIAR;
  if(related(x, y))
    return bits * 0.7;
  *what = SEI_RANK_BEGINNING;
  if(same >= 3 || (same >= 2 && (same == x->len || same == y->len))) {
    double part = same == x->len || same == y->len ? 0.75 : 0.5;
    if(part > 0.6 || same * 2 > x->len || same * 2 > y->len)
      return least(largest(x->bits, y->bits) * part, LETTER * (double)same);
  }
  *what = SEI_RANK_ALIKE;
  if(x->len < 3 || y->len < 3 || differing(x, y) > 5)
    return 0;
  near = sei_jaro((struct sei_codes){ s, x->len },
                  (struct sei_codes){ t, y->len });
  return near > 0.82 ? bits * (near - 0.6) * 2 : 0;
}

/* ---- two names ---- */

struct match {
  unsigned left, right;         /* bit sets of tokens that found another */
  double bits;
};

/* The best pair that is left; false: none. */
static bool pair(const double bits[][SEI_RANK_TOKENS], size_t m, size_t n,
                 struct match *got, size_t *left, size_t *right)
{
  double best = 0;
  size_t i, k;
  for(i = 0; i < m; i++)
    for(k = 0; k < n && !(got->left >> i & 1); k++)
      if(!(got->right >> k & 1) && bits[i][k] > best) {
        best = bits[i][k];
        *left = i;
        *right = k;
      }
  if(best <= 0)
    return false;
  got->left |= 1u << *left;
  got->right |= 1u << *right;
  got->bits += best;
  return true;
}

/* Bits of the tokens that found none, and how many; initials do not count. */
static double rest(const struct sei_rank_word *w, size_t n, unsigned found,
                   size_t *count)
{
  double bits = 0;
  size_t i;
  *count = 0;
  for(i = 0; i < n; i++)
    if(!(found >> i & 1)) {
      bits += w[i].len > 1 ? w[i].bits : INITIAL;
      ++*count;
    }
  return bits;
}

static void note(struct sei_rank_pairs *pairs, size_t left, size_t right,
                 enum sei_rank_likeness how)
{
  struct sei_rank_pair *to;
  if(!pairs)
    return;
  to = &pairs->list[pairs->count++];
  to->left = (uint8_t)left;
  to->right = (uint8_t)right;
  to->how = (uint8_t)how;
}

double sei_rank_names(const struct sei_rank_view *a,
                      const struct sei_rank_part *x,
                      const struct sei_rank_view *p,
                      const struct sei_rank_part *y,
                      struct sei_rank_pairs *pairs)
{
  double bits[SEI_RANK_TOKENS][SEI_RANK_TOKENS], more, less;
  enum sei_rank_likeness what[SEI_RANK_TOKENS][SEI_RANK_TOKENS];
  const struct sei_rank_word *v = a->words + x->first;
  const struct sei_rank_word *w = p->words + y->first;
  struct match got = { 0, 0, 0 };
  size_t i, k, over_left, over_right;
  for(i = 0; i < x->count; i++)
    for(k = 0; k < y->count; k++)
      bits[i][k] = token_bits(a, v + i, p, w + k, &what[i][k]);
  while(pair((const double (*)[SEI_RANK_TOKENS])bits, x->count, y->count,
             &got, &i, &k))
    note(pairs, i, k, what[i][k]);
  more = rest(v, x->count, got.left, &over_left);
  less = rest(w, y->count, got.right, &over_right);
  got.bits -= OVER * (double)(over_left + over_right);
  if(x->kind == SEI_RANK_NICK || y->kind == SEI_RANK_NICK)
    return largest(got.bits, 0);
  return got.bits - AGAINST * least(more, less);
}

/* ---- a handle and a name ---- */

enum { SPLIT_TOKENS = 4, SETS = 1 << SPLIT_TOKENS };

/* A handle that is taken apart into the tokens of a name. */
struct split {
  const uint32_t *handle;
  size_t len, count;
  const struct sei_rank_word *tokens;
  uint8_t same[SPLIT_TOKENS][SEI_RANK_LENGTH]; /* of a token, from there on */
};

static bool is_digit(uint32_t cp)
{
  return cp >= '0' && cp <= '9';
}

static void raise_to(float *to, double value)
{
  if(value > *to)
    *to = (float)value;
}

/* What follows for the places after i, from the tokens used so far. */
static void advance(const struct split *s, float (*best)[SETS], size_t i,
                    unsigned used)
{
  double now = best[i][used];
  size_t k;
  raise_to(&best[i + 1][used],
           now - (is_digit(s->handle[i]) ? DIGIT : LOOSE));
  for(k = 0; k < s->count; k++) {
    const struct sei_rank_word *w = s->tokens + k;
    size_t same = s->same[k][i];
    if(!same || used >> k & 1)
      continue;
    raise_to(&best[i + 1][used | 1u << k], now + least(INITIAL, w->bits));
    if(same > 1)
      raise_to(&best[i + same][used | 1u << k], now + (same == w->len ?
               w->bits : least(w->bits, LETTER * (double)same) * 0.85));
  }
}

/* The most bits of all ways to take the handle apart; 0 at least. */
static double explain(const struct split *s)
{
  float best[SEI_RANK_LENGTH + 1][SETS];
  unsigned used, sets = 1u << s->count;
  double most = 0;
  size_t i;
  for(i = 0; i <= s->len; i++)
    for(used = 0; used < sets; used++)
      best[i][used] = NEVER;
  best[0][0] = 0;
  for(i = 0; i < s->len; i++)
    for(used = 0; used < sets; used++)
      if(best[i][used] > NEVER)
        advance(s, best, i, used);
  for(used = 0; used < sets; used++)
    most = largest(most, best[s->len][used]);
  return most;
}

/* Finds where the tokens are in the handle. False: none is, nor three letters
 * of one, nor may the handle be initials. */
static bool locate(struct split *s, const struct sei_rank_view *v)
{
  size_t i, k, initials = 0;
  bool any = false;
  for(k = 0; k < s->count; k++) {
    const uint32_t *t = text(v, s->tokens + k);
    size_t n = s->tokens[k].len, most = 0;
    for(i = 0; i < s->len; i++) {
      size_t same = s->handle[i] != t[0] ? 0 :
        common(s->handle + i, s->len - i, t, n);
      s->same[k][i] = (uint8_t)same;
      most = same > most ? same : most;
    }
    any = any || most >= 3 || (most == n && n > 1) ||
      (most && sei_rank_dense(t[0]));
    initials += most > 0;
  }
  return any || (initials >= 2 && s->len <= s->count + 2);
}

/* Bits for a handle being made of a name. */
static double form_bits(const struct sei_rank_view *h,
                        const struct sei_rank_word *stem,
                        const struct sei_rank_view *n,
                        const struct sei_rank_part *name)
{
  struct split s;
  s.handle = text(h, stem);
  s.len = stem->len;
  s.tokens = n->words + name->first;
  s.count = name->count < SPLIT_TOKENS ? name->count : SPLIT_TOKENS;
  return locate(&s, n) ? explain(&s) : 0;
}

/* ---- two handles ---- */

static double handle_bits(const struct sei_rank_view *a,
                          const struct sei_rank_word *x,
                          const struct sei_rank_view *p,
                          const struct sei_rank_word *y)
{
  const uint32_t *s = text(a, x + 1), *t = text(p, y + 1);
  double bits;
  size_t same;
  if(equal(text(a, x), x, text(p, y), y))
    return largest(x->bits, y->bits);
  bits = least(x[1].bits, y[1].bits);
  if(equal(s, x + 1, t, y + 1))
    return bits * 0.85;
  same = common(s, x[1].len, t, y[1].len);
  if(same >= 4 && (same == x[1].len || same == y[1].len))
    return least(LETTER * (double)same, bits) * 0.7;
  if(same >= 5)
    return least(LETTER * (double)same, bits) * 0.45;
  return 0;
}

/* ---- two records ---- */

static double label_bits(const struct sei_rank_view *h,
                         const struct sei_rank_part *domain,
                         const struct sei_rank_view *n,
                         const struct sei_rank_part *other)
{
  double best = 0;
  size_t i;
  for(i = 2; i < domain->count; i++) {
    const struct sei_rank_word *w = h->words + domain->first + i;
    const struct sei_rank_word *o = n->words + other->first;
    double bits = 0;
    if(other->kind != SEI_RANK_HANDLE)
      bits = form_bits(h, w, n, other);
    else if(equal(text(h, w), w, text(n, o), o))
      bits = o->bits;
    best = largest(best, least(bits, w->bits));
  }
  return best;
}

static double place_bits(const struct sei_rank_view *a,
                         const struct sei_rank_word *v,
                         const struct sei_rank_view *p,
                         const struct sei_rank_word *w)
{
  if(equal(text(a, v), v, text(p, w), w))
    return v->bits;
  return equal(text(a, v + 1), v + 1, text(p, w + 1), w + 1) ? v[1].bits : 0;
}

static double address_bits(const struct sei_rank_word *v,
                           const struct sei_rank_word *w)
{
  return v->hash == w->hash ? v->bits : 0;
}

static void keep(struct sei_rank_evidence *e,
                 enum sei_rank_kind_of_evidence kind, double bits,
                 const struct sei_rank_part *x, const struct sei_rank_part *y)
{
  struct sei_rank_found *f = &e->best[kind];
  if(f->left && f->bits >= bits)
    return;
  f->bits = bits;
  f->left = x;
  f->right = y;
}

/* Compares a text of the account with one of the person. */
static void compare(struct sei_rank_evidence *e,
                    const struct sei_rank_view *a,
                    const struct sei_rank_part *x,
                    const struct sei_rank_view *p,
                    const struct sei_rank_part *y)
{
  const struct sei_rank_word *v = a->words + x->first;
  const struct sei_rank_word *w = p->words + y->first;
  unsigned left = x->kind == SEI_RANK_NICK ? SEI_RANK_NAME : x->kind;
  unsigned right = y->kind == SEI_RANK_NICK ? SEI_RANK_NAME : y->kind;
  switch(left * 8 + right) {
  case SEI_RANK_NAME * 8 + SEI_RANK_NAME:
    keep(e, SEI_RANK_NAMES, sei_rank_names(a, x, p, y, NULL), x, y);
    break;
  case SEI_RANK_HANDLE * 8 + SEI_RANK_HANDLE:
    keep(e, SEI_RANK_HANDLES, handle_bits(a, v, p, w), x, y);
    break;
  case SEI_RANK_HANDLE * 8 + SEI_RANK_NAME:
    keep(e, SEI_RANK_FORMED, form_bits(a, v + 1, p, y), x, y);
    break;
  case SEI_RANK_NAME * 8 + SEI_RANK_HANDLE:
    keep(e, SEI_RANK_FORMS, form_bits(p, w + 1, a, x), x, y);
    break;
  case SEI_RANK_DOMAIN * 8 + SEI_RANK_NAME:
  case SEI_RANK_DOMAIN * 8 + SEI_RANK_HANDLE:
    keep(e, SEI_RANK_LABELS, label_bits(a, x, p, y), x, y);
    break;
  case SEI_RANK_NAME * 8 + SEI_RANK_DOMAIN:
  case SEI_RANK_HANDLE * 8 + SEI_RANK_DOMAIN:
    keep(e, SEI_RANK_LABELS, label_bits(p, y, a, x), x, y);
    break;
  case SEI_RANK_DOMAIN * 8 + SEI_RANK_DOMAIN:
    keep(e, SEI_RANK_PLACES, place_bits(a, v, p, w), x, y);
    break;
  case SEI_RANK_ADDRESS * 8 + SEI_RANK_ADDRESS:
    keep(e, SEI_RANK_ADDRESSES, address_bits(v, w), x, y);
    break;
  }
}

void sei_rank_compare(struct sei_rank_evidence *e,
                      const struct sei_rank_view *a,
                      const struct sei_rank_view *p)
{
  size_t i, k;
  memset(e, 0, sizeof *e);
  for(i = 0; i < a->count; i++)
    for(k = 0; k < p->count; k++)
      compare(e, a, a->parts + i, p, p->parts + k);
}

/* What follows from one another counts in full only once. */
double sei_rank_bits(const struct sei_rank_evidence *e)
{
  static const double PART[] = { 1, 0.45, 0.25, 0.15, 0.1 };
  double list[SEI_RANK_LABELS + 1], sum;
  size_t i, k;
  for(i = 0; i <= SEI_RANK_LABELS; i++) {
    double x = e->best[i].bits * (i == SEI_RANK_LABELS ? LABEL : 1);
    for(k = i; k && list[k - 1] < x; k--)
      list[k] = list[k - 1];
    list[k] = x;
  }
  sum = e->best[SEI_RANK_ADDRESSES].bits +
    PLACE * e->best[SEI_RANK_PLACES].bits;
  for(i = 0; i <= SEI_RANK_LABELS; i++)
    sum += list[i] > 0 ? list[i] * PART[i] : list[i];
  return sum;
}
