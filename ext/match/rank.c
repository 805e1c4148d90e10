/* rank - the index: from features to the people who have them, and from an
 * account's features to the few people who are compared closely. */
#include "rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rank_private.h"

enum {
  POSTINGS = 4000,    /* looked at for one account, but for the rarest list */
  MOST_PEOPLE = 0x7fffffff
};

/* Strangers that every count is smoothed with: in a list of ten people a name
 * that only one has still says something. */
static const double STRANGERS = 64;

/* Of the sum by which somebody was found, beside what a close look says. */
static const double LETTERS = 0.2;

/* Of the largest sum: who has less is not compared closely. */
static const double FAINT = 0.2;

/* A feature in the table; key 0: empty. */
struct entry {
  uint64_t key;
  uint32_t at;        /* its first posting */
  uint32_t df;        /* how many people have it */
};

struct person {
  uint32_t first;     /* its first part */
  uint32_t key;       /* where its key begins among the keys */
};

struct sei_rank {
  struct sei_rank_records draft;    /* the record being made */
  struct sei_rank_records people;
  struct person *persons;   size_t count, persons_cap;
  char *keys;               size_t keys_len, keys_cap;
  uint32_t *place;          /* of each person in the order of their keys */
  struct entry *table;      size_t table_cap, table_len;
  uint32_t *postings;       size_t postings_len;
  float *sum;               /* of each person, while an account is asked */
  uint32_t *met;            /* people whose sum is not 0 */
  bool built;
  struct sei_rank_features features;
};

struct sei_rank *sei_rank_new(void)
{
  return calloc(1, sizeof(struct sei_rank));
}

static void free_index(struct sei_rank *r)
{
  free(r->place);
  free(r->table);
  free(r->postings);
  free(r->sum);
  free(r->met);
  r->place = r->postings = r->met = NULL;
  r->table = NULL;
  r->sum = NULL;
  r->table_cap = r->table_len = 0;
}

void sei_rank_free(struct sei_rank *r)
{
  if(!r)
    return;
  free_index(r);
  sei_rank_record_free(&r->draft);
  sei_rank_record_free(&r->people);
  free(r->persons);
  free(r->keys);
  free(r);
}

bool sei_rank_add(struct sei_rank *r, enum sei_rank_kind kind,
                  const uint32_t *text, size_t n)
{
  return r->draft.parts_len >= SEI_RANK_PARTS ||
    sei_rank_record_add(&r->draft, kind, text, n);
}

void sei_rank_drop(struct sei_rank *r)
{
  sei_rank_record_clear(&r->draft);
}

size_t sei_rank_people(const struct sei_rank *r)
{
  return r->count;
}

size_t sei_rank_bytes(const struct sei_rank *r)
{
  const struct sei_rank_records *s = &r->people;
  return sizeof *r + s->cps_cap * sizeof *s->cps +
    s->words_cap * sizeof *s->words + s->parts_cap * sizeof *s->parts +
    r->persons_cap * sizeof *r->persons + r->keys_cap +
    r->table_cap * sizeof *r->table + r->postings_len * sizeof *r->postings +
    (r->built ? r->count * 3 * sizeof *r->met : 0);
}

bool sei_rank_person(struct sei_rank *r, const char *key, size_t n)
{
  struct person *p;
  if(r->count >= MOST_PEOPLE || r->keys_len + n + 1 > UINT32_MAX ||
     !sei_rank_room(&r->persons, &r->persons_cap, r->count + 1,
                    sizeof *r->persons) ||
     !sei_rank_room(&r->keys, &r->keys_cap, r->keys_len + n + 1, 1))
    return false;
  p = &r->persons[r->count];
  p->first = (uint32_t)r->people.parts_len;
  p->key = (uint32_t)r->keys_len;
  if(!sei_rank_record_copy(&r->people, &r->draft))
    return false;
  memcpy(r->keys + r->keys_len, key, n);
  r->keys[r->keys_len + n] = 0;
  r->keys_len += n + 1;
  r->count++;
  sei_rank_record_clear(&r->draft);
  return true;
}

static struct sei_rank_view view_of(const struct sei_rank *r, size_t person)
{
  size_t first = r->persons[person].first;
  size_t end = person + 1 < r->count ? r->persons[person + 1].first :
    r->people.parts_len;
  struct sei_rank_view v = {
    r->people.cps, r->people.words, r->people.parts + first, end - first
  };
  return v;
}

static struct sei_rank_view draft_view(const struct sei_rank *r)
{
  struct sei_rank_view v = {
    r->draft.cps, r->draft.words, r->draft.parts, r->draft.parts_len
  };
  return v;
}

/* ---- the table ---- */

static struct entry *find(const struct entry *table, size_t cap,
                          uint64_t key)
{
  size_t i = (size_t)key & (cap - 1);
  while(table[i].key && table[i].key != key)
    i = (i + 1) & (cap - 1);
  return (struct entry *)&table[i];
}

static bool grow(struct sei_rank *r)
{
  size_t i, cap = r->table_cap ? r->table_cap * 2 : 4096;
  struct entry *fresh = calloc(cap, sizeof *fresh);
  if(!fresh)
    return false;
  for(i = 0; i < r->table_cap; i++)
    if(r->table[i].key)
      *find(fresh, cap, r->table[i].key) = r->table[i];
  free(r->table);
  r->table = fresh;
  r->table_cap = cap;
  return true;
}

/* Counts a person's features. `at` is the last person seen, plus one. */
static bool count_person(struct sei_rank *r, size_t person)
{
  struct sei_rank_view v = view_of(r, person);
  size_t i;
  sei_rank_features_of(&r->features, &v, false);
  for(i = 0; i < r->features.count; i++) {
    struct entry *e;
    if(r->table_len * 4 >= r->table_cap * 3 && !grow(r))
      return false;
    e = find(r->table, r->table_cap, r->features.list[i].key);
    if(!e->key) {
      e->key = r->features.list[i].key;
      r->table_len++;
    }
    if(e->at != person + 1) {
      e->at = (uint32_t)person + 1;
      e->df++;
    }
  }
  return true;
}

/* Gives each feature its place among the postings. */
static bool lay_out(struct sei_rank *r)
{
  size_t i, total = 0;
  for(i = 0; i < r->table_cap; i++) {
    r->table[i].at = (uint32_t)total;
    total += r->table[i].df;
    r->table[i].df = 0;
  }
  if(total > UINT32_MAX)
    return false;
  r->postings = malloc((total + 1) * sizeof *r->postings);
  r->postings_len = total;
  return r->postings;
}

static void post_person(struct sei_rank *r, size_t person)
{
  struct sei_rank_view v = view_of(r, person);
  size_t i;
  sei_rank_features_of(&r->features, &v, false);
  for(i = 0; i < r->features.count; i++) {
    struct entry *e = find(r->table, r->table_cap, r->features.list[i].key);
    uint32_t *end = r->postings + e->at + e->df;
    if(e->df && end[-1] == person)
      continue;
    *end = (uint32_t)person;
    e->df++;
  }
}

/* ---- bits ---- */

static uint32_t df_of(const struct sei_rank *r, enum sei_rank_space space,
                      const uint32_t *cps, size_t n)
{
  return find(r->table, r->table_cap, sei_rank_key(space, cps, n))->df;
}

/* log2 of everybody to those who have it; not more than its letters say. */
static float bits_of(const struct sei_rank *r, uint32_t df,
                     const uint32_t *cps, size_t n)
{
  double bits = log2(((double)r->count + STRANGERS) / (df ? df : 1));
  double most = n && sei_rank_dense(cps[0]) ? 7.0 * (double)n :
    3.3 * (double)n;
  return (float)(bits < most ? bits : most);
}

static void weigh(struct sei_rank *r, struct sei_rank_records *s)
{
  size_t i, k;
  for(i = 0; i < s->parts_len; i++)
    for(k = 0; k < s->parts[i].count; k++) {
      struct sei_rank_word *w = &s->words[s->parts[i].first + k];
      const uint32_t *cps = s->cps + w->at;
      uint16_t kind = s->parts[i].kind;
      enum sei_rank_space space = SEI_RANK_TOKEN;
      if(kind == SEI_RANK_DOMAIN)
        space = k < 2 ? SEI_RANK_PLACE : SEI_RANK_LABEL;
      else if(kind == SEI_RANK_HANDLE && k < 2)
        space = SEI_RANK_WHOLE;
      if(kind == SEI_RANK_ADDRESS)
        w->bits = (float)log2((double)r->count + STRANGERS) * 2;
      else
        w->bits = bits_of(r, df_of(r, space, cps, w->len), cps, w->len);
    }
}

/* ---- the order of people ---- */

/* A person, for sorting. */
struct keyed {
  const char *key;
  const uint32_t *cps;      /* all texts */
  size_t n;
  uint32_t person;
};

/* By key, people of one key by their texts, those of one text as they came. */
static int by_key(const void *a, const void *b)
{
  const struct keyed *x = a, *y = b;
  size_t n = x->n < y->n ? x->n : y->n;
  int c = strcmp(x->key, y->key);
  if(!c && n)
    c = memcmp(x->cps, y->cps, n * sizeof *x->cps);
  if(!c && x->n != y->n)
    c = x->n < y->n ? -1 : 1;
  return c ? c : x->person < y->person ? -1 : 1;
}

/* Where the code points of a person begin. */
static size_t begin_of(const struct sei_rank *r, size_t person)
{
  size_t part = person < r->count ? r->persons[person].first :
    r->people.parts_len;
  if(part == r->people.parts_len)
    return r->people.cps_len;
  return r->people.words[r->people.parts[part].first].at;
}

static bool order(struct sei_rank *r)
{
  size_t i;
  struct keyed *list = malloc((r->count + 1) * sizeof *list);
  r->place = malloc((r->count + 1) * sizeof *r->place);
  if(list && r->place) {
    for(i = 0; i < r->count; i++) {
      list[i].key = r->keys + r->persons[i].key;
      list[i].cps = r->people.cps + begin_of(r, i);
      list[i].n = begin_of(r, i + 1) - begin_of(r, i);
      list[i].person = (uint32_t)i;
    }
    qsort(list, r->count, sizeof *list, by_key);
    for(i = 0; i < r->count; i++)
      r->place[list[i].person] = (uint32_t)i;
  }
  free(list);
  return list && r->place;
}

bool sei_rank_build(struct sei_rank *r)
{
  size_t i;
  if(r->built)
    return true;
  free_index(r);
  if(!grow(r))
    return false;
  for(i = 0; i < r->count; i++)
    if(!count_person(r, i))
      return false;
  r->sum = calloc(r->count + 1, sizeof *r->sum);
  r->met = malloc((r->count + 1) * sizeof *r->met);
  if(!r->sum || !r->met || !lay_out(r) || !order(r))
    return false;
  for(i = 0; i < r->count; i++)
    post_person(r, i);
  weigh(r, &r->people);
  r->built = true;
  return true;
}

/* ---- asking ---- */

static int by_feature(const void *a, const void *b)
{
  const struct sei_rank_feature *x = a, *y = b;
  if(x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return x->weight > y->weight ? -1 : x->weight < y->weight;
}

static int by_rarity(const void *a, const void *b)
{
  const struct sei_rank_feature *x = a, *y = b;
  if(x->df != y->df)
    return x->df < y->df ? -1 : 1;
  return x->key < y->key ? -1 : x->key > y->key;
}

/* Keeps the features that somebody has, each once, the rarest first. */
static void look_up(struct sei_rank *r)
{
  struct sei_rank_features *f = &r->features;
  size_t i, n = 0;
  qsort(f->list, f->count, sizeof *f->list, by_feature);
  for(i = 0; i < f->count; i++) {
    const struct entry *e;
    if(i && f->list[i].key == f->list[i - 1].key)
      continue;
    e = find(r->table, r->table_cap, f->list[i].key);
    if(!e->df)
      continue;
    f->list[n] = f->list[i];
    f->list[n].at = e->at;
    f->list[n++].df = e->df;
  }
  f->count = n;
  qsort(f->list, n, sizeof *f->list, by_rarity);
}

/* Adds up what is found, the rarest features first, whole lists only (so that
 * the order of people does not matter). Says how many people were met. */
static size_t collect(struct sei_rank *r)
{
  size_t i, k, met = 0, seen = 0;
  double all = (double)r->count + STRANGERS;
  for(i = 0; i < r->features.count; i++) {
    const struct sei_rank_feature *f = &r->features.list[i];
    float gain = (float)log2(all / f->df) * f->weight;
    if(i && seen + f->df > POSTINGS)
      break;
    seen += f->df;
    for(k = 0; k < f->df; k++) {
      uint32_t p = r->postings[f->at + k];
      r->met[met] = p;
      met += r->sum[p] == 0;
      r->sum[p] += gain;
    }
  }
  return met;
}

struct candidate {
  double score;
  uint32_t person, place;
};

static bool before(const struct candidate *a, const struct candidate *b)
{
  return a->score > b->score ||
    (a->score == b->score && a->place < b->place);
}

/* Puts one into a list of the best `most`, best first. */
static size_t insert(struct candidate *list, size_t n, size_t most,
                     const struct candidate *c)
{
  size_t i;
  if(n == most) {
    if(!before(c, &list[n - 1]))
      return n;
    n--;
  }
  for(i = n; i && before(c, &list[i - 1]); i--)
    list[i] = list[i - 1];
  list[i] = *c;
  return n + 1;
}

/* The people with the largest sums, all of which become 0 again. */
static size_t shortlist(struct sei_rank *r, struct candidate *list)
{
  size_t i, n = 0, met = collect(r);
  for(i = 0; i < met; i++) {
    uint32_t p = r->met[i];
    struct candidate c = { r->sum[p], p, 0 };
    r->sum[p] = 0;
    if(n == SEI_RANK_SHORT && c.score < list[n - 1].score)
      continue;
    c.place = r->place[p];
    n = insert(list, n, SEI_RANK_SHORT, &c);
  }
  while(n && list[n - 1].score < list[0].score * FAINT)
    n--;
  return n;
}

/* From bits to how likely it is: the logistic curve that fits the names and
 * addresses of public git history, for lists of 300 to 16,000 people. */
static double likely(const struct sei_rank *r, double bits)
{
  double everybody = log2((double)r->count + STRANGERS);
  return 1 / (1 + exp2(0.35 * (1.4 * everybody + 8 - bits)));
}

int sei_rank_ask(struct sei_rank *r, struct sei_rank_hit *hits, size_t most)
{
  struct candidate list[SEI_RANK_SHORT], best[32];
  struct sei_rank_evidence e;
  struct sei_rank_view a = draft_view(r);
  size_t i, n, kept = 0;
  if(!sei_rank_build(r))
    return -1;
  if(most > sizeof best / sizeof *best)
    most = sizeof best / sizeof *best;
  weigh(r, &r->draft);
  sei_rank_features_of(&r->features, &a, true);
  look_up(r);
  n = shortlist(r, list);
  for(i = 0; i < n && most; i++) {
    struct sei_rank_view p = view_of(r, list[i].person);
    struct candidate c = list[i];
    sei_rank_compare(&e, &a, &p);
    c.score = sei_rank_bits(&e) + list[i].score * LETTERS;
    kept = insert(best, kept, most, &c);
  }
  for(i = 0; i < kept; i++) {
    hits[i].person = best[i].person;
    hits[i].score = likely(r, best[i].score);
  }
  return (int)kept;
}

bool sei_rank_why(struct sei_rank *r, uint32_t person, struct sei_buf *out)
{
  struct sei_rank_evidence e;
  struct sei_rank_view a = draft_view(r), p = view_of(r, person);
  sei_rank_compare(&e, &a, &p);
  return sei_rank_say(&e, &a, &p, out);
}
