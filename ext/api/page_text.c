/* page_text - what a walk's failure and its movement are called and how they
 * are told. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "page.h"

/* A text of fixed size that is added to; what does not fit is cut. */
struct line {
  char *out;
  size_t size, len;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void put(struct line *l, const char *format, ...)
{
  va_list args;
  int n;
  va_start(args, format);
  n = vsnprintf(l->out + l->len, l->size - l->len, format, args);
  va_end(args);
  if(n > 0)
    l->len = (size_t)n < l->size - l->len ? l->len + (size_t)n : l->size - 1;
}

const char *sei_pages_failure_name(enum sei_pages_failure f)
{
  static const char *const names[] = {
    "ok", "paging_loop", "drift", "page_size_refused", "max_pages",
    "bad_paging"
  };
  return (unsigned)f < sizeof(names) / sizeof(names[0]) ? names[f] : "?";
}

static const char *plural(int64_t n)
{
  return n == 1 ? "" : "s";
}

static void put_drift(struct line *l, const struct sei_pages *p)
{
  const struct sei_pages_drift *d = &p->drift;
  const char *gap = ": ";
  put(l, "the list moved while it was read");
  if(d->total_before >= 0) {
    put(l, "%stotal_count went from %" PRId64 " to %" PRId64, gap,
        d->total_before, d->total_after);
    gap = ", ";
  }
  if(d->twice) {
    put(l, "%s%" PRId64 " record%s came twice", gap, d->twice,
        plural(d->twice));
    gap = ", ";
  }
  if(d->expected >= 0)
    put(l, "%sa page held %" PRId64 " record%s where %" PRId64
        " were due", gap, d->got, plural(d->got), d->expected);
  put(l, "; first seen on page %" PRId64 " (page_size %" PRId64 ")", d->page,
      d->page_size);
}

static void put_drift_failure(struct line *l, const struct sei_pages *p)
{
  put_drift(l, p);
  if(p->o.on_drift != SEI_DRIFT_REPAIR)
    return;
  if(p->o.start > 0)
    put(l, "; a resumed walk cannot be repaired, start a new one");
  else
    put(l, "; it still moved after it was read %d times more",
        SEI_PAGES_REPAIRS);
}

static void put_bad(struct line *l, const struct sei_pages *p)
{
  if(p->resized)
    put(l, "the server changes the page size with every reply: page %" PRId64
        " held %" PRId64 " records where page_size was %" PRId64,
        p->bad_page, p->bad_count, p->bad_size);
  else if(p->next_take > SEI_PAGES_MAX)
    put(l, "the list goes on beyond 2^53 records");
  else
    put(l, "page %" PRId64 " cannot be: it holds %" PRId64
        " records and total_count %" PRId64, p->bad_page, p->bad_count,
        p->bad_total);
}

static void put_limit(struct line *l, const struct sei_pages *p)
{
  put(l, "more than %" PRId64 " page%s would be needed (max_pages): %" PRId64
      " records read", p->o.max_pages, plural(p->o.max_pages), p->next_take);
  if(p->total >= 0)
    put(l, ", total_count is %" PRId64, p->total);
}

void sei_pages_problem(const struct sei_pages *p, char *out, size_t size)
{
  struct line l = { out, size, 0 };
  if(!size)
    return;
  out[0] = 0;
  switch(p->failure) {
  case SEI_PAGES_OK:
    if(p->drift.kinds)
      put_drift(&l, p);
    break;
  case SEI_PAGES_LOOP:
    put(&l, "the server repeats itself: page %" PRId64 " (page_size %" PRId64
        ") brought only records that had just come", p->bad_page,
        p->bad_size);
    break;
  case SEI_PAGES_DRIFT:
    put_drift_failure(&l, p);
    break;
  case SEI_PAGES_REFUSED:
    put(&l, "the server refuses page %" PRId64 " even with page_size 1",
        p->bad_page);
    break;
  case SEI_PAGES_LIMIT:
    put_limit(&l, p);
    break;
  case SEI_PAGES_BAD:
    put_bad(&l, p);
    break;
  }
}
