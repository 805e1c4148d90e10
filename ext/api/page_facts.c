/* page_facts - reads a page's numbers: total, due count, real page size. */
#include "page_facts.h"

bool sei_page_possible(const struct sei_pages_slot *s)
{
  const struct sei_pages_facts *f = &s->facts;
  return f->count >= 0 && f->count <= SEI_PAGES_MAX &&
    f->total <= SEI_PAGES_MAX && f->page_size <= SEI_PAGES_MAX;
}

bool sei_page_repeats(const struct sei_pages *p,
                      const struct sei_pages_slot *s)
{
  const struct sei_pages_facts *f = &s->facts;
  /* when the total changed too, it is records that moved by a page */
  return p->prev_count > 0 && f->count == p->prev_count &&
    f->fingerprint == p->prev_fingerprint &&
    (f->total < 0 || p->prev_total < 0 || f->total == p->prev_total);
}

int64_t sei_page_total(const struct sei_pages *p,
                       const struct sei_pages_slot *s)
{
  return s->facts.total >= 0 ? s->facts.total : p->total;
}

int64_t sei_page_expected(const struct sei_pages *p,
                          const struct sei_pages_slot *s)
{
  int64_t left = sei_page_total(p, s);
  if(left < 0)
    return s->size;
  left -= s->page * s->size;
  return left < 0 ? 0 : left < s->size ? left : s->size;
}

bool sei_page_everything(const struct sei_pages *p,
                         const struct sei_pages_slot *s)
{
  int64_t total = sei_page_total(p, s);
  if(p->settled || s->facts.count <= s->size)
    return false;
  return total >= 0 ? s->facts.count >= total : s->facts.page_size <= s->size;
}

/* The size of the first page of a pass when that is not page 0. The echo
 * counts most: a page of another size is not where we think it is, however
 * many records it holds. */
static int64_t size_of_later(const struct sei_pages *p,
                             const struct sei_pages_slot *s)
{
  const struct sei_pages_facts *f = &s->facts;
  if(f->page_size > 0 && f->page_size < s->size)
    return f->page_size;
  if(f->count > s->size)
    return f->page_size > s->size ? f->page_size : f->count;
  return f->count != sei_page_expected(p, s) ? f->count : s->size;
}

int64_t sei_page_real_size(const struct sei_pages *p,
                           const struct sei_pages_slot *s)
{
  const struct sei_pages_facts *f = &s->facts;
  int64_t expected = sei_page_expected(p, s);
  bool less = f->count < expected;
  if(!f->count)
    return s->size;
  if(!p->settled && s->page > 0)
    return size_of_later(p, s);
  if(!p->settled)       /* page 0 is in its place at any size */
    return less || f->count > s->size ? f->count : s->size;
  /* later a wrong number alone is movement; with an echo it is a cap, also
   * where more came than was left */
  if(f->count != expected && f->page_size >= f->count &&
     f->page_size < s->size)
    return f->page_size;
  return s->size;
}
