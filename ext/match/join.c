/* join - goes through the left texts; for each, through the ranges of right
 * texts that it may be like. */
#include "join.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "jaro.h"
#include "join_pair.h"
#include "join_side.h"
#include "signature.h"
#include "similarity.h"

/* Rounding never decides: what a bound misses by less is compared. */
#define SLACK 1e-9

/* Right texts of one length that begin like the left one, or do not. */
struct span {
  size_t n;                             /* the length */
  uint32_t from, to;
  bool like;                            /* the first code point is the same */
  size_t need[SEI_WINKLER_PREFIX + 1];  /* common ones, by common prefix */
};

struct sei_join {
  double cutoff;
  size_t limit;
  sei_scan *scan;
  struct sei_join_side left, right;
  bool started;
  enum sei_join_status ended;           /* MORE: not yet */
  /* Where it is: */
  uint32_t at;                          /* the left place */
  struct span *span;                    /* for its length and first one */
  size_t spans, on;                     /* of them, the present one */
  uint32_t next;                        /* right place to scan from */
  uint16_t found[SEI_SCAN_MOST];        /* by the scan, from `base` on */
  size_t finds, find;
  uint32_t base;
  /* Of the left text: */
  struct sei_signature mine;
  uint64_t head;
  uint64_t *place;                      /* of each letter, where it stands */
  /* What came out: */
  struct sei_join_hit *hit;
  size_t hits, room;
  size_t *from, *to;                    /* its hits, by left index */
  uint64_t compared;
};

struct sei_join *sei_join_new(double cutoff, size_t limit)
{
  struct sei_join *j = calloc(1, sizeof *j);
  if(!j)
    return NULL;
  j->cutoff = cutoff;
  j->limit = limit;
  j->scan = sei_scan_best();
  j->ended = SEI_JOIN_MORE;
  return j;
}

enum sei_join_status sei_join_add(struct sei_join *j, enum sei_side side,
                                  struct sei_codes text)
{
  struct sei_join_side *s = side == SEI_LEFT ? &j->left : &j->right;
  return sei_join_side_add(s, text) ? SEI_JOIN_DONE : SEI_JOIN_NOMEM;
}

void sei_join_use(struct sei_join *j, sei_scan *scan)
{
  j->scan = scan;
}

/* ---- what is needed ---- */

/* Whether texts of m and n code points (from 1) of which `common` are common,
 * all in order, could reach the cutoff with this prefix. */
static bool may_reach(const struct sei_join *j, size_t m, size_t n,
                      size_t common, size_t prefix)
{
  double best = common ? sei_jaro_score(m, n, common, 0) : 0;
  return sei_winkler(best + SLACK, prefix) + SLACK >= j->cutoff;
}

/* The fewest common code points with which they could; more than the shorter
 * text has, if none are enough. */
static size_t needed(const struct sei_join *j, size_t m, size_t n,
                     size_t prefix)
{
  size_t low = 0, high = (m < n ? m : n) + 1;
  while(low < high) {
    size_t middle = low + (high - low) / 2;
    if(may_reach(j, m, n, middle, prefix))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* ---- which ranges ---- */

static void add_span(struct sei_join *j, const struct span *like,
                     uint32_t from, uint32_t to, bool is_like)
{
  size_t least = like->need[is_like ? SEI_WINKLER_PREFIX : 0];
  size_t m = j->left.text[j->at].n;
  struct span *s = &j->span[j->spans];
  if(from == to || least > (m < like->n ? m : like->n))
    return;
  *s = *like;
  s->from = from;
  s->to = to;
  s->like = is_like;
  j->spans++;
}

/* The ranges of one length. */
static void plan_group(struct sei_join *j, const struct sei_join_group *g)
{
  struct sei_codes mine = j->left.text[j->at];
  struct span s = { g->n, 0, 0, false, { 0 } };
  uint32_t from = g->to, to = g->to;
  size_t i;
  if(!mine.n || !g->n) {
    /* Nothing is as like as nothing; all else is not like it at all. */
    size_t need = (mine.n == g->n) >= j->cutoff ? 0 : 1;
    s.need[0] = need;
    add_span(j, &s, g->from, g->to, false);
    return;
  }
  for(i = 0; i <= SEI_WINKLER_PREFIX; i++)
    s.need[i] = needed(j, mine.n, g->n, i);
  sei_join_side_range(&j->right, g, mine.at[0], &from, &to);
  add_span(j, &s, g->from, from, false);
  add_span(j, &s, from, to, true);
  add_span(j, &s, to, g->to, false);
}

/* Left texts of one length and first code point have the same ranges. */
static bool same_plan(const struct sei_join *j)
{
  struct sei_codes a, b;
  if(j->at == 0)
    return false;
  a = j->left.text[j->at - 1];
  b = j->left.text[j->at];
  return a.n == b.n && (!a.n || a.at[0] == b.at[0]);
}

static void plan(struct sei_join *j)
{
  size_t i;
  j->spans = 0;
  for(i = 0; i < j->right.groups; i++)
    plan_group(j, &j->right.group[i]);
}

/* ---- from text to text ---- */

/* Marks where the letters of the left text stand, or wipes the marks. */
static void mark(struct sei_join *j, bool on)
{
  struct sei_codes text = j->left.text[j->at];
  size_t i;
  if(text.n <= SEI_BITS_MOST)
    for(i = 0; i < text.n; i++)
      j->place[text.at[i]] = on ?
        j->place[text.at[i]] | (uint64_t)1 << i : 0;
}

static void enter(struct sei_join *j)
{
  struct sei_codes text = j->left.text[j->at];
  if(!same_plan(j))
    plan(j);
  j->mine = sei_signature_of(text.at, text.n);
  j->head = sei_join_head(text);
  mark(j, true);
  j->from[j->left.index[j->at]] = j->hits;
  j->on = 0;
  j->next = j->spans ? j->span[0].from : 0;
}

static int by_right(const void *x, const void *y)
{
  const struct sei_join_hit *a = x, *b = y;
  return (a->right > b->right) - (a->right < b->right);
}

static void leave(struct sei_join *j)
{
  uint32_t index = j->left.index[j->at];
  mark(j, false);
  j->to[index] = j->hits;
  qsort(j->hit + j->from[index], j->hits - j->from[index], sizeof *j->hit,
        by_right);
  if(++j->at < j->left.count)
    enter(j);
  else
    j->ended = SEI_JOIN_DONE;
}

static bool start(struct sei_join *j)
{
  int64_t letters = sei_join_rank(&j->left, &j->right);
  size_t n = (size_t)j->left.count + 1;
  j->started = true;
  if(letters < 0 || !sei_join_side_sort(&j->left) ||
     !sei_join_side_sort(&j->right))
    return false;
  j->span = malloc((3 * j->right.groups + 1) * sizeof *j->span);
  j->place = calloc((size_t)letters + 1, sizeof *j->place);
  j->from = calloc(n, sizeof *j->from);
  j->to = calloc(n, sizeof *j->to);
  j->hit = malloc(64 * sizeof *j->hit);
  j->room = 64;
  if(!j->span || !j->place || !j->from || !j->to || !j->hit)
    return false;
  if(j->left.count)
    enter(j);
  else
    j->ended = SEI_JOIN_DONE;
  return true;
}

/* ---- pairs ---- */

static enum sei_join_status add_hit(struct sei_join *j, uint32_t right,
                                    double score)
{
  if(j->hits == j->limit)
    return SEI_JOIN_FULL;
  if(j->hits == j->room) {
    size_t room = j->room * 2;
    void *new = room <= SIZE_MAX / sizeof *j->hit ?
      realloc(j->hit, room * sizeof *j->hit) : NULL;
    if(!new)
      return SEI_JOIN_NOMEM;
    j->hit = new;
    j->room = room;
  }
  j->hit[j->hits].right = right;
  j->hit[j->hits++].score = score;
  return SEI_JOIN_MORE;
}

static uint32_t candidate(const struct sei_join *j, size_t i)
{
  return j->base + j->found[i];
}

/* Compares the next candidate, of any length. */
static enum sei_join_status judge_any(struct sei_join *j, size_t *cost)
{
  uint32_t right = candidate(j, j->find++);
  struct sei_codes a = j->left.text[j->at], b = j->right.text[right];
  double score = sei_jaro_winkler(a, b);
  j->compared++;
  *cost += 8 + a.n + b.n;
  if(score < 0)
    return SEI_JOIN_NOMEM;
  return score >= j->cutoff ? add_hit(j, j->right.index[right], score) :
    SEI_JOIN_MORE;
}

/* Compares the next candidates, at most four, of 1 to 64 code points. */
static enum sei_join_status judge_four(struct sei_join *j, size_t *cost)
{
  const struct span *s = &j->span[j->on];
  const uint32_t *text[SEI_PAIRS];
  struct sei_common common[SEI_PAIRS];
  struct sei_codes mine = j->left.text[j->at];
  enum sei_join_status status = SEI_JOIN_MORE;
  size_t least = s->need[s->like ? SEI_WINKLER_PREFIX : 0];
  size_t n = j->finds - j->find, i;
  n = n < SEI_PAIRS ? n : SEI_PAIRS;
  for(i = 0; i < SEI_PAIRS; i++)
    text[i] = j->right.text[candidate(j, j->find + (i < n ? i : 0))].at;
  sei_pair_common(j->place, mine.n, text, s->n, common);
  for(i = 0; i < n && status == SEI_JOIN_MORE; i++) {
    uint32_t right = candidate(j, j->find + i);
    double score;
    if(sei_bits_count(common[i].left) < least)
      continue;
    score = sei_pair_score(j->place, mine, j->right.text[right], common[i]);
    if(score >= j->cutoff)
      status = add_hit(j, j->right.index[right], score);
  }
  j->find += n;
  j->compared += n;
  *cost += 8 * n;
  return status;
}

static enum sei_join_status judge(struct sei_join *j, size_t *cost)
{
  size_t m = j->left.text[j->at].n, n = j->span[j->on].n;
  return m && n && m <= SEI_BITS_MOST && n <= SEI_BITS_MOST ?
    judge_four(j, cost) : judge_any(j, cost);
}

/* Of right texts that begin like the left one, leaves those that may have so
 * much in common as their whole common prefix calls for: the scan only knew of
 * the first code point. */
static void refine(struct sei_join *j)
{
  const struct span *s = &j->span[j->on];
  const uint64_t *bits = j->right.bits + j->base;
  const uint64_t *head = j->right.head + j->base;
  size_t i, kept = 0;
  for(i = 0; i < j->finds; i++) {
    unsigned at = j->found[i];
    uint64_t other = head[at] ^ j->head;
    unsigned prefix = other ? (unsigned)__builtin_ctzll(other) / 16 :
      SEI_WINKLER_PREFIX;
    unsigned both = sei_bits_count(j->mine.bits & bits[at]);
    j->found[kept] = (uint16_t)at;
    kept += both + j->mine.beyond >= s->need[prefix];
  }
  j->finds = kept;
}

/* Finds candidates among the next right texts of the present range. */
static void look(struct sei_join *j)
{
  const struct span *s = &j->span[j->on];
  size_t n = s->to - j->next, i;
  size_t need = s->need[s->like ? SEI_WINKLER_PREFIX : 0];
  need = need > j->mine.beyond ? need - j->mine.beyond : 0;
  if(n > SEI_SCAN_MOST)
    n = SEI_SCAN_MOST;
  j->base = j->next;
  j->find = j->finds = 0;
  if(!need)
    for(i = 0; i < n; i++)
      j->found[j->finds++] = (uint16_t)i;
  else if(need <= 64)
    j->finds = j->scan(j->mine.bits, j->right.bits + j->base, n,
                       (unsigned)need, j->found);
  if(s->like)
    refine(j);
  j->next += (uint32_t)n;
}

/* To the next candidates, of this left text or of the next one. */
static void advance(struct sei_join *j, size_t *cost)
{
  if(j->on < j->spans && j->next < j->span[j->on].to) {
    look(j);
    *cost += (j->next - j->base) / 8 + 1;
  }
  else if(j->on + 1 < j->spans)
    j->next = j->span[++j->on].from;
  else
    leave(j);
}

enum sei_join_status sei_join_step(struct sei_join *j, size_t budget)
{
  size_t cost = 0;
  if(!j->started && !start(j))
    j->ended = SEI_JOIN_NOMEM;
  while(j->ended == SEI_JOIN_MORE && cost < budget) {
    if(j->find < j->finds)
      j->ended = judge(j, &cost);
    else
      advance(j, &cost);
  }
  return j->ended;
}

/* ---- results ---- */

const struct sei_join_hit *sei_join_hits(const struct sei_join *j, size_t i,
                                         size_t *n)
{
  *n = j->to[i] - j->from[i];
  return j->hit + j->from[i];
}

size_t sei_join_count(const struct sei_join *j)
{
  return j->hits;
}

uint64_t sei_join_compared(const struct sei_join *j)
{
  return j->compared;
}

void sei_join_free(struct sei_join *j)
{
  if(!j)
    return;
  sei_join_side_free(&j->left);
  sei_join_side_free(&j->right);
  free(j->span);
  free(j->place);
  free(j->hit);
  free(j->from);
  free(j->to);
  free(j);
}
