/* rank_record - texts to words. */
#include <stdlib.h>
#include <string.h>

#include "rank_private.h"

bool sei_rank_room(void *array, size_t *cap, size_t need, size_t size)
{
  void *old, *fresh;
  size_t n = *cap ? *cap : 16;
  if(need <= *cap)
    return true;
  while(n < need)
    n += n / 2;
  if(n > SIZE_MAX / size)
    return false;
  memcpy(&old, array, sizeof old);
  fresh = realloc(old, n * size);
  if(!fresh)
    return false;
  memcpy(array, &fresh, sizeof fresh);
  *cap = n;
  return true;
}

uint32_t sei_rank_hash(const uint32_t *cps, size_t n)
{
  uint64_t h = UINT64_C(0x9E3779B97F4A7C15) + n;
  size_t i;
  for(i = 0; i < n; i++) {
    h = (h ^ cps[i]) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 29;
  }
  return (uint32_t)(h >> 16);
}

/* Hiragana to the end of the ideographs, Hangul syllables, and the planes of
 * further ideographs (Unicode, Blocks.txt). */
bool sei_rank_dense(uint32_t cp)
{
  return (cp >= 0x2E80 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7AF) ||
    (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFF);
}

static bool is_digit(uint32_t cp)
{
  return cp >= '0' && cp <= '9';
}

/* Appends a word; the room is there. */
static void add_word(struct sei_rank_records *s, size_t at, size_t len)
{
  struct sei_rank_word *w = &s->words[s->words_len++];
  size_t i;
  w->at = (uint32_t)at;
  w->len = (uint8_t)len;
  memset(w->families, 0, sizeof w->families);
  w->hash = sei_rank_hash(s->cps + at, len);
  w->bits = 0;
  w->letters = 0;
  for(i = 0; i < len; i++)
    w->letters |= UINT32_C(1) << (s->cps[at + i] & 31);
}

/* The next stretch without spaces at or after *from; its length. */
static size_t next_token(const uint32_t *text, size_t n, size_t *from)
{
  size_t i = *from, end;
  while(i < n && text[i] <= ' ')
    i++;
  for(end = i; end < n && text[end] > ' '; )
    end++;
  *from = i;
  return end - i;
}

static size_t shorter(size_t n)
{
  return n < SEI_RANK_LENGTH ? n : SEI_RANK_LENGTH;
}

static void copy(struct sei_rank_records *s, const uint32_t *from, size_t n)
{
  memcpy(s->cps + s->cps_len, from, n * sizeof *from);
  s->cps_len += n;
}

static void add_name(struct sei_rank_records *s, const uint32_t *text,
                     size_t n)
{
  size_t at = 0, len, tokens = 0;
  while(tokens++ < SEI_RANK_TOKENS && (len = next_token(text, n, &at)) > 0) {
    copy(s, text + at, shorter(len));
    add_word(s, s->cps_len - shorter(len), shorter(len));
    sei_rank_families(s->cps + s->cps_len - shorter(len), shorter(len),
                      s->words[s->words_len - 1].families);
    at += len;
  }
}

/* Without digits at its ends, unless nothing is left. */
static void add_stem(struct sei_rank_records *s, size_t at, size_t len)
{
  size_t from = at, to = at + len;
  while(to > from && is_digit(s->cps[to - 1]))
    to--;
  while(from < to && is_digit(s->cps[from]))
    from++;
  if(from < to)
    add_word(s, from, to - from);
  else
    add_word(s, at, len);
}

/* Where the pieces of a text begin in what add_whole made of it. */
struct pieces {
  size_t count;
  size_t at[SEI_RANK_TOKENS], len[SEI_RANK_TOKENS];
};

/* Appends the text's code points without its spaces, says how many. */
static size_t squash(struct sei_rank_records *s, const uint32_t *text,
                     size_t n, struct pieces *p)
{
  size_t at = 0, len, begin = s->cps_len;
  p->count = 0;
  while((len = next_token(text, n, &at)) > 0) {
    size_t room = SEI_RANK_LENGTH - (s->cps_len - begin);
    size_t fits = len < room ? len : room;
    if(!fits)
      break;
    if(p->count < SEI_RANK_TOKENS) {
      p->at[p->count] = s->cps_len;
      p->len[p->count++] = fits;
    }
    copy(s, text + at, fits);
    at += len;
  }
  return s->cps_len - begin;
}

static void add_handle(struct sei_rank_records *s, const uint32_t *text,
                       size_t n)
{
  struct pieces p;
  size_t i, begin = s->cps_len, len = squash(s, text, n, &p);
  if(!len)
    return;
  add_word(s, begin, len);
  add_stem(s, begin, len);
  for(i = 0; i < p.count; i++)
    add_stem(s, p.at[i], p.len[i]);
}

static void add_domain(struct sei_rank_records *s, const uint32_t *text,
                       size_t n)
{
  struct pieces p;
  size_t i, begin = s->cps_len, len = squash(s, text, n, &p), two = begin;
  if(!len)
    return;
  if(p.count > 2)
    two = p.at[p.count - 2];
  add_word(s, begin, len);
  add_word(s, two, begin + len - two);
  for(i = 0; i + 1 < p.count; i++)
    if(p.len[i] > 3)
      add_word(s, p.at[i], p.len[i]);
}

/* Whether the words from `first` on are those of another text of the kind. */
static bool known(const struct sei_rank_records *s, unsigned kind,
                  size_t first)
{
  size_t i, k, count = s->words_len - first;
  for(i = 0; i < s->parts_len; i++) {
    if(s->parts[i].kind != kind || s->parts[i].count != count)
      continue;
    for(k = 0; k < count; k++)
      if(s->words[s->parts[i].first + k].hash != s->words[first + k].hash)
        break;
    if(k == count)
      return true;
  }
  return false;
}

bool sei_rank_record_add(struct sei_rank_records *s, enum sei_rank_kind kind,
                         const uint32_t *text, size_t n)
{
  size_t first = s->words_len, begin = s->cps_len;
  struct sei_rank_part *part;
  if(!sei_rank_room(&s->cps, &s->cps_cap, s->cps_len +
                    SEI_RANK_LENGTH * SEI_RANK_TOKENS, sizeof *s->cps) ||
     !sei_rank_room(&s->words, &s->words_cap, first + SEI_RANK_TOKENS + 2,
                    sizeof *s->words) ||
     !sei_rank_room(&s->parts, &s->parts_cap, s->parts_len + 1,
                    sizeof *s->parts))
    return false;
  if(kind == SEI_RANK_NAME || kind == SEI_RANK_NICK)
    add_name(s, text, n);
  else if(kind == SEI_RANK_DOMAIN)
    add_domain(s, text, n);
  else if(kind == SEI_RANK_HANDLE)
    add_handle(s, text, n);
  else if(n) {
    copy(s, text, shorter(n));
    add_word(s, s->cps_len - shorter(n), shorter(n));
    s->words[first].hash = sei_rank_hash(text, n);
  }
  if(s->words_len == first || known(s, kind, first)) {
    s->words_len = first;
    s->cps_len = begin;
    return true;
  }
  part = &s->parts[s->parts_len++];
  part->first = (uint32_t)first;
  part->kind = (uint16_t)kind;
  part->count = (uint16_t)(s->words_len - first);
  return true;
}

bool sei_rank_record_copy(struct sei_rank_records *to,
                          const struct sei_rank_records *from)
{
  size_t i;
  if(to->cps_len + from->cps_len > UINT32_MAX ||
     !sei_rank_room(&to->cps, &to->cps_cap, to->cps_len + from->cps_len,
                    sizeof *to->cps) ||
     !sei_rank_room(&to->words, &to->words_cap,
                    to->words_len + from->words_len, sizeof *to->words) ||
     !sei_rank_room(&to->parts, &to->parts_cap,
                    to->parts_len + from->parts_len, sizeof *to->parts))
    return false;
  for(i = 0; i < from->parts_len; i++) {
    struct sei_rank_part *part = &to->parts[to->parts_len + i];
    *part = from->parts[i];
    part->first += (uint32_t)to->words_len;
  }
  for(i = 0; i < from->words_len; i++) {
    struct sei_rank_word *word = &to->words[to->words_len + i];
    *word = from->words[i];
    word->at += (uint32_t)to->cps_len;
  }
  if(from->cps_len)
    copy(to, from->cps, from->cps_len);
  to->words_len += from->words_len;
  to->parts_len += from->parts_len;
  return true;
}

void sei_rank_record_clear(struct sei_rank_records *s)
{
  s->cps_len = s->words_len = s->parts_len = 0;
}

void sei_rank_record_free(struct sei_rank_records *s)
{
  free(s->cps);
  free(s->words);
  free(s->parts);
  memset(s, 0, sizeof *s);
}
