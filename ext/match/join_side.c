/* join_side - collects the texts of one side and puts them into order. */
#include "join_side.h"

#include <stdlib.h>
#include <string.h>

#include "signature.h"

enum { CODES = 0x110000 };

/* Makes room for `more` items behind `used`; NULL if there is no memory. */
static void *grow(void *old, size_t used, size_t more, size_t *room,
                  size_t size)
{
  size_t wanted = *room ? *room : 64;
  void *new;
  if(used + more <= *room)
    return old;
  while(wanted < used + more)
    wanted += wanted / 2;
  new = wanted <= SIZE_MAX / size ? realloc(old, wanted * size) : NULL;
  if(new)
    *room = wanted;
  return new;
}

bool sei_join_side_add(struct sei_join_side *s, struct sei_codes text)
{
  size_t room = s->ends_room;
  void *new = grow(s->ends, s->count, 1, &room, sizeof *s->ends);
  if(!new || room > UINT32_MAX)
    return false;
  s->ends = new;
  s->ends_room = (uint32_t)room;
  /* One more, so that there is an array even without any text. */
  new = grow(s->codes, s->used, text.n + 1, &s->room, sizeof *s->codes);
  if(!new)
    return false;
  s->codes = new;
  if(text.n)
    memcpy(s->codes + s->used, text.at, text.n * sizeof *text.at);
  s->used += text.n;
  s->ends[s->count++] = s->used;
  return true;
}

/* ---- ranks ---- */

struct letter {
  uint64_t times;
  uint32_t code;
};

static int by_times(const void *x, const void *y)
{
  const struct letter *a = x, *b = y;
  if(a->times != b->times)
    return a->times > b->times ? -1 : 1;
  return (a->code > b->code) - (a->code < b->code);
}

/* Gathers the code points that are there, the most frequent first; `times` is
 * by code point. NULL: no memory. */
static struct letter *letters(const uint64_t *times, size_t *count)
{
  struct letter *all;
  size_t n = 0;
  uint32_t code;
  for(code = 0; code < CODES; code++)
    n += times[code] != 0;
  all = malloc((n + 1) * sizeof *all);
  if(!all)
    return NULL;
  *count = n;
  for(n = 0, code = 0; code < CODES; code++)
    if(times[code]) {
      all[n].times = times[code];
      all[n++].code = code;
    }
  qsort(all, n, sizeof *all, by_times);
  return all;
}

int64_t sei_join_rank(struct sei_join_side *left, struct sei_join_side *right)
{
  uint64_t *times = calloc(CODES, sizeof *times);
  struct letter *all = NULL;
  size_t i, n = 0;
  if(times) {
    for(i = 0; i < left->used; i++)
      times[left->codes[i]]++;
    for(i = 0; i < right->used; i++)
      times[right->codes[i]]++;
    all = letters(times, &n);
  }
  if(all) {
    for(i = 0; i < n; i++)
      times[all[i].code] = i;
    for(i = 0; i < left->used; i++)
      left->codes[i] = (uint32_t)times[left->codes[i]];
    for(i = 0; i < right->used; i++)
      right->codes[i] = (uint32_t)times[right->codes[i]];
  }
  free(times);
  free(all);
  return all ? (int64_t)n : -1;
}

/* ---- order ---- */

struct place {
  uint64_t key;      /* length, first code point */
  uint32_t index;
};

static int by_key(const void *x, const void *y)
{
  const struct place *a = x, *b = y;
  if(a->key != b->key)
    return a->key < b->key ? -1 : 1;
  return (a->index > b->index) - (a->index < b->index);
}

static struct sei_codes added(const struct sei_join_side *s, uint32_t i)
{
  size_t from = i ? s->ends[i - 1] : 0;
  struct sei_codes text = { s->codes + from, s->ends[i] - from };
  return text;
}

/* The indexes of the texts in their new order. */
static bool order(struct sei_join_side *s)
{
  struct place *all = malloc(((size_t)s->count + 1) * sizeof *all);
  uint32_t i;
  if(!all)
    return false;
  for(i = 0; i < s->count; i++) {
    struct sei_codes text = added(s, i);
    all[i].key = (uint64_t)text.n << 24 | (text.n ? text.at[0] : 0);
    all[i].index = i;
  }
  qsort(all, s->count, sizeof *all, by_key);
  for(i = 0; i < s->count; i++)
    s->index[i] = all[i].index;
  free(all);
  return true;
}

static bool group(struct sei_join_side *s)
{
  size_t room = 0;
  uint32_t i;
  for(i = 0; i < s->count; i++) {
    if(!s->groups || s->group[s->groups - 1].n != s->text[i].n) {
      void *new = grow(s->group, s->groups, 1, &room, sizeof *s->group);
      if(!new)
        return false;
      s->group = new;
      s->group[s->groups].n = s->text[i].n;
      s->group[s->groups++].from = i;
    }
    s->group[s->groups - 1].to = i + 1;
  }
  return true;
}

uint64_t sei_join_head(struct sei_codes text)
{
  uint64_t head = 0;
  size_t i;
  for(i = 0; i < 4 && i < text.n; i++)
    head |= (uint64_t)(text.at[i] & 0xffff) << 16 * i;
  return head;
}

bool sei_join_side_sort(struct sei_join_side *s)
{
  size_t n = (size_t)s->count + 1;
  uint32_t i;
  s->index = malloc(n * sizeof *s->index);
  s->text = malloc(n * sizeof *s->text);
  s->bits = malloc(n * sizeof *s->bits);
  s->head = malloc(n * sizeof *s->head);
  if(!s->index || !s->text || !s->bits || !s->head || !order(s))
    return false;
  for(i = 0; i < s->count; i++) {
    s->text[i] = added(s, s->index[i]);
    s->bits[i] = sei_signature_of(s->text[i].at, s->text[i].n).bits;
    s->head[i] = sei_join_head(s->text[i]);
  }
  return group(s);
}

/* The first place from `from` on whose text begins with `first` or later. */
static uint32_t search(const struct sei_join_side *s, uint32_t from,
                       uint32_t to, uint32_t first)
{
  while(from < to) {
    uint32_t middle = from + (to - from) / 2;
    if(s->text[middle].at[0] < first)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

void sei_join_side_range(const struct sei_join_side *s,
                         const struct sei_join_group *g, uint32_t first,
                         uint32_t *from, uint32_t *to)
{
  *from = search(s, g->from, g->to, first);
  *to = search(s, *from, g->to, first + 1);
}

void sei_join_side_free(struct sei_join_side *s)
{
  free(s->codes);
  free(s->ends);
  free(s->index);
  free(s->text);
  free(s->bits);
  free(s->head);
  free(s->group);
  memset(s, 0, sizeof *s);
}
