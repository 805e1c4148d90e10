/* rank_feature - the features by which people are found. */
#include "rank_private.h"

#include <string.h>

/* How much of its bits a feature brings. A word has about as many 3-grams as
 * code points, which say the same again and again. */
static const float TOKEN = 1, WHOLE = 1, GRAM = 0.3f, PLACE = 0.3f,
  LABEL = 0.6f, SPLIT = 0.7f, PAIR = 0.8f, FIRSTS = 0.5f, FAMILY = 0.5f,
  EXACT = 3;

/* A mark for the ends of a word; no code point. */
enum { EDGE = 0x110000 };

uint64_t sei_rank_key(enum sei_rank_space space, const uint32_t *cps,
                      size_t n)
{
  uint64_t h = ((uint64_t)space + 1) * UINT64_C(0x9E3779B97F4A7C15) + n;
  size_t i;
  for(i = 0; i < n; i++) {
    h = (h ^ cps[i]) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 29;
  }
  h *= UINT64_C(0x94d049bb133111eb);
  h ^= h >> 32;
  return h ? h : 1;
}

static void emit(struct sei_rank_features *f, enum sei_rank_space space,
                 const uint32_t *cps, size_t n, float weight)
{
  struct sei_rank_feature *to;
  if(f->count == SEI_RANK_FEATURES)
    return;
  to = &f->list[f->count++];
  to->key = sei_rank_key(space, cps, n);
  to->weight = weight;
}

/* One letter of an alphabet is an initial, and finds half of all people. */
static bool says_much(const uint32_t *cps, size_t n)
{
  return n > 1 || (n == 1 && sei_rank_dense(cps[0]));
}

static void emit_token(struct sei_rank_features *f,
                       enum sei_rank_space space, const uint32_t *cps,
                       size_t n, float weight)
{
  if(says_much(cps, n))
    emit(f, space, cps, n, weight);
}

/* The 3-grams of a word, ends included. Of scripts that write a name in two
 * or three characters, also each character and each two. */
static void emit_grams(struct sei_rank_features *f, const uint32_t *cps,
                       size_t n)
{
  uint32_t text[SEI_RANK_LENGTH + 2];
  size_t i;
  if(!says_much(cps, n))
    return;
  text[0] = text[n + 1] = EDGE;
  memcpy(text + 1, cps, n * sizeof *cps);
  for(i = 0; i + 3 <= n + 2; i++)
    emit(f, SEI_RANK_GRAM, text + i, 3, GRAM);
  for(i = 0; i < n; i++)
    if(sei_rank_dense(cps[i])) {
      emit(f, SEI_RANK_GRAM, cps + i, 1, GRAM);
      if(i + 1 < n)
        emit(f, SEI_RANK_GRAM, cps + i, 2, GRAM * 2);
    }
}

static void emit_pair(struct sei_rank_features *f, const uint32_t *token,
                      size_t n, uint32_t initial)
{
  uint32_t text[SEI_RANK_LENGTH + 1];
  memcpy(text, token, n * sizeof *text);
  text[n] = initial;
  emit(f, SEI_RANK_PAIR, text, n + 1, PAIR);
}

/* Each token of a name with the initial of each other, and all initials. */
static void emit_pairs(struct sei_rank_features *f, const uint32_t *cps,
                       const struct sei_rank_word *w, size_t count)
{
  uint32_t firsts[SEI_RANK_TOKENS];
  size_t i, k;
  for(i = 0; i < count; i++) {
    firsts[i] = cps[w[i].at];
    for(k = 0; k < SEI_RANK_FAMILIES; k++)
      if(w[i].families[k]) {
        uint32_t family = w[i].families[k];
        emit(f, SEI_RANK_FAMILY, &family, 1, FAMILY);
      }
  }
  if(count > 1)
    emit(f, SEI_RANK_INITIALS, firsts, count, FIRSTS);
  if(count > 4)
    count = 4;
  for(i = 0; i < count; i++)
    for(k = 0; k < count && w[i].len > 1; k++)
      if(i != k)
        emit_pair(f, cps + w[i].at, w[i].len, cps[w[k].at]);
}

static bool is_name(const struct sei_rank_part *part)
{
  return part->kind == SEI_RANK_NAME || part->kind == SEI_RANK_NICK;
}

/* ---- what a person is found by ---- */

static void index_part(struct sei_rank_features *f,
                       const struct sei_rank_view *v,
                       const struct sei_rank_part *part)
{
  const struct sei_rank_word *w = v->words + part->first;
  size_t i;
  if(is_name(part))
    emit_pairs(f, v->cps, w, part->count);
  for(i = 0; i < part->count; i++) {
    const uint32_t *cps = v->cps + w[i].at;
    if(part->kind == SEI_RANK_ADDRESS)
      emit(f, SEI_RANK_EXACT, &w[i].hash, 1, EXACT);
    else if(part->kind == SEI_RANK_DOMAIN)
      emit(f, i < 2 ? SEI_RANK_PLACE : SEI_RANK_LABEL, cps, w[i].len, 1);
    else if(part->kind == SEI_RANK_HANDLE && i < 2)
      emit(f, SEI_RANK_WHOLE, cps, w[i].len, WHOLE);
    else {
      emit_token(f, SEI_RANK_TOKEN, cps, w[i].len, TOKEN);
      emit_grams(f, cps, w[i].len);
    }
    if(part->kind == SEI_RANK_HANDLE && i == 1 && part->count != 3)
      emit_grams(f, cps, w[i].len);
  }
}

/* ---- what an account is searched by ---- */

/* A handle may be two tokens in one: "johnsmith", "jsmith", "smithj". */
static void search_splits(struct sei_rank_features *f, const uint32_t *cps,
                          size_t n)
{
  size_t k;
  for(k = 1; k < n; k++) {
    if(k >= 3)
      emit(f, SEI_RANK_TOKEN, cps, k, SPLIT);
    if(n - k >= 3)
      emit(f, SEI_RANK_TOKEN, cps + k, n - k, SPLIT);
  }
  if(n > 2) {
    emit_pair(f, cps + 1, n - 1, cps[0]);
    emit_pair(f, cps, n - 1, cps[n - 1]);
  }
}

static void search_handle(struct sei_rank_features *f, const uint32_t *cps,
                          const struct sei_rank_word *w, size_t count)
{
  size_t i;
  for(i = 0; i < 2; i++)
    emit(f, SEI_RANK_WHOLE, cps + w[i].at, w[i].len, WHOLE);
  emit_token(f, SEI_RANK_TOKEN, cps + w[1].at, w[1].len, TOKEN);
  emit_token(f, SEI_RANK_LABEL, cps + w[1].at, w[1].len, LABEL);
  emit_grams(f, cps + w[1].at, w[1].len);
  search_splits(f, cps + w[1].at, w[1].len);
  if(w[1].len > 1 && w[1].len < 5)
    emit(f, SEI_RANK_INITIALS, cps + w[1].at, w[1].len, FIRSTS);
  for(i = 2; i < count && count > 3; i++) {
    emit_token(f, SEI_RANK_TOKEN, cps + w[i].at, w[i].len, TOKEN);
    emit_grams(f, cps + w[i].at, w[i].len);
  }
}

static void search_two(struct sei_rank_features *f, const uint32_t *cps,
                       const struct sei_rank_word *a, size_t a_len,
                       const struct sei_rank_word *b, size_t b_len)
{
  uint32_t text[SEI_RANK_LENGTH * 2];
  memcpy(text, cps + a->at, a_len * sizeof *text);
  memcpy(text + a_len, cps + b->at, b_len * sizeof *text);
  if(a_len + b_len <= SEI_RANK_LENGTH)
    emit(f, SEI_RANK_WHOLE, text, a_len + b_len, WHOLE);
}

/* The handles that are made of a name: first and last token, whole or
 * initial, and the initials of all. */
static void search_forms(struct sei_rank_features *f, const uint32_t *cps,
                         const struct sei_rank_word *w, size_t count)
{
  const struct sei_rank_word *first = w, *last = w + count - 1;
  uint32_t text[SEI_RANK_TOKENS];
  size_t i;
  for(i = 0; i < count; i++) {
    text[i] = cps[w[i].at];
    if(w[i].len > 2)
      emit(f, SEI_RANK_WHOLE, cps + w[i].at, w[i].len, WHOLE);
  }
  if(count < 2)
    return;
  if(count > 2)
    emit(f, SEI_RANK_WHOLE, text, count, WHOLE);
  search_two(f, cps, first, first->len, last, last->len);
  search_two(f, cps, last, last->len, first, first->len);
  search_two(f, cps, first, 1, last, last->len);
  search_two(f, cps, last, last->len, first, 1);
  search_two(f, cps, first, first->len, last, 1);
  search_two(f, cps, last, 1, first, first->len);
}

static void search_name(struct sei_rank_features *f, const uint32_t *cps,
                        const struct sei_rank_word *w, size_t count)
{
  size_t i;
  for(i = 0; i < count; i++) {
    emit_token(f, SEI_RANK_TOKEN, cps + w[i].at, w[i].len, TOKEN);
    emit_token(f, SEI_RANK_LABEL, cps + w[i].at, w[i].len, LABEL);
    emit_grams(f, cps + w[i].at, w[i].len);
  }
  emit_pairs(f, cps, w, count);
  search_forms(f, cps, w, count);
}

static void search_domain(struct sei_rank_features *f, const uint32_t *cps,
                          const struct sei_rank_word *w, size_t count)
{
  size_t i;
  for(i = 0; i < count; i++) {
    if(i < 2)
      emit(f, SEI_RANK_PLACE, cps + w[i].at, w[i].len, PLACE);
    else {
      emit(f, SEI_RANK_TOKEN, cps + w[i].at, w[i].len, LABEL);
      emit(f, SEI_RANK_WHOLE, cps + w[i].at, w[i].len, LABEL);
    }
  }
}

static void search_part(struct sei_rank_features *f,
                        const struct sei_rank_view *v,
                        const struct sei_rank_part *part)
{
  const struct sei_rank_word *w = v->words + part->first;
  if(is_name(part))
    search_name(f, v->cps, w, part->count);
  else if(part->kind == SEI_RANK_HANDLE)
    search_handle(f, v->cps, w, part->count);
  else if(part->kind == SEI_RANK_DOMAIN)
    search_domain(f, v->cps, w, part->count);
  else
    emit(f, SEI_RANK_EXACT, &w->hash, 1, EXACT);
}

void sei_rank_features_of(struct sei_rank_features *f,
                          const struct sei_rank_view *v, bool search)
{
  size_t i;
  f->count = 0;
  for(i = 0; i < v->count; i++)
    if(search)
      search_part(f, v, v->parts + i);
    else
      index_part(f, v, v->parts + i);
}
