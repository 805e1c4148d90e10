/* page - the paging rule as a state machine fed with numbers.
 *
 * The pages under way lie end to end: a slot's `offset` is where the slot
 * before it ends, next_ask is where the last one ends, and the page that is
 * next in order is the one whose offset is next_take. A change of the page
 * size throws away what begins at some offset and asks again from there.
 */
#include "page_facts.h"

#include <string.h>

enum {
  RESIZED_MAX = 16,     /* pages thrown away in a row for their size */
  STUCK_MAX = 16        /* pages in a row with nothing that is new */
};

static int64_t later(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

/* Whether a slot's page is under way or waits to be taken. */
static bool pending(const struct sei_pages_slot *s)
{
  return s->state == SEI_SLOT_ASKED || s->state == SEI_SLOT_LANDED ||
         s->state == SEI_SLOT_ARRIVED;
}

/* Whether it is to be seen yet what the page holds. */
static bool unseen(const struct sei_pages_slot *s)
{
  return s->state == SEI_SLOT_ASKED || s->state == SEI_SLOT_LANDED;
}

/* Gives up what was asked for from `offset` on, and asks from there again. */
static void restart(struct sei_pages *p, int64_t offset)
{
  unsigned i;
  for(i = 0; i <= p->o.window; i++) {
    struct sei_pages_slot *s = &p->slots[i];
    if(pending(s) && s->offset >= offset)
      s->state = SEI_SLOT_STALE;
  }
  p->next_ask = offset;
}

/* Ends the walk; nothing that is under way is wanted any more, nor a taken
 * page that was judged bad: the walk stands before it. */
static enum sei_pages_answer finish(struct sei_pages *p,
                                    enum sei_pages_answer how)
{
  restart(p, 0);
  if(p->taken >= 0) {
    p->slots[p->taken].state = SEI_SLOT_STALE;
    p->next_take = p->slots[p->taken].offset;
  }
  p->taken = -1;
  p->end = how;
  return how;
}

/* Fails; `s` (or NULL) is the page whose numbers the message names. */
static enum sei_pages_answer fail(struct sei_pages *p,
                                  enum sei_pages_failure why,
                                  const struct sei_pages_slot *s)
{
  p->failure = why;
  if(s) {
    p->bad_page = s->page;
    p->bad_size = s->size;
    p->bad_count = s->facts.count;
    p->bad_total = s->facts.total;
  }
  return finish(p, SEI_PAGES_FAILED);
}

/* Notes a sign of movement, and fails where it must not be. */
static void moved(struct sei_pages *p, unsigned kind,
                  const struct sei_pages_slot *s)
{
  if(!p->drift.kinds) {
    p->drift.page = s->page;
    p->drift.page_size = s->size;
  }
  p->drift.kinds |= kind;
  p->moved |= kind;
  /* what moved across the start of a resumed walk cannot be found again */
  if(p->o.on_drift == SEI_DRIFT_ERROR ||
     (p->o.on_drift == SEI_DRIFT_REPAIR && p->o.start > 0))
    fail(p, SEI_PAGES_DRIFT, s);
}

static void moved_total(struct sei_pages *p, int64_t before, int64_t after,
                        const struct sei_pages_slot *s)
{
  if(p->drift.total_before < 0) {
    p->drift.total_before = before;
    p->drift.total_after = after;
  }
  moved(p, SEI_MOVED_TOTAL, s);
}

static void moved_count(struct sei_pages *p, unsigned kind, int64_t expected,
                        int64_t got, const struct sei_pages_slot *s)
{
  if(p->drift.expected < 0) {
    p->drift.expected = expected;
    p->drift.got = got;
  }
  moved(p, kind, s);
}

/* Starts reading from the start of the walk. The size is in doubt again: a
 * server may have begun to cap it, which is what made the list look moving. */
static void begin_pass(struct sei_pages *p)
{
  restart(p, 0);
  p->next_ask = p->next_take = p->next_judge = p->o.start;
  p->settled = p->ended = p->was_short = false;
  p->moved = p->resized = p->stuck = 0;
  p->prev_total = p->pass ? -1 : p->o.known_total;
  p->prev_count = 0;
}

void sei_pages_defaults(struct sei_pages_options *o)
{
  o->page_size = 100;
  o->max_items = -1;
  o->max_pages = 0;
  o->start = 0;
  o->known_total = -1;
  o->window = SEI_PAGES_WINDOW;
  o->on_drift = SEI_DRIFT_ERROR;
}

const char *sei_pages_begin(struct sei_pages *p,
                            const struct sei_pages_options *o)
{
  if(o->page_size < 1 || o->page_size > SEI_PAGES_MAX)
    return "page_size must be at least 1";
  if(o->start < 0 || o->start > SEI_PAGES_MAX)
    return "the start of a walk cannot be negative or beyond 2^53";
  if(o->known_total > SEI_PAGES_MAX)
    return "a total beyond 2^53 cannot be";
  if(o->window > SEI_PAGES_WINDOW_MAX)
    return "window must be at most 64";
  memset(p, 0, sizeof(*p));
  p->o = *o;
  if(!o->window)
    p->o.window = SEI_PAGES_WINDOW;
  if(o->max_items < 0)
    p->o.max_items = INT64_MAX;
  if(o->max_pages <= 0)
    p->o.max_pages = INT64_MAX;
  if(o->known_total < 0)
    p->o.known_total = -1;
  p->size = o->page_size;
  p->total = p->drift.total_before = p->drift.total_after = -1;
  p->drift.expected = p->drift.got = -1;
  p->taken = -1;
  begin_pass(p);
  return NULL;
}

/* How many records are still wanted. */
static int64_t room(const struct sei_pages *p)
{
  return p->o.max_items - p->delivered;
}

/* Whether the total says that nothing lies at `offset`. The first page of a
 * pass is always read: only it shows what is there now. */
static bool beyond(const struct sei_pages *p, int64_t offset)
{
  return p->settled && p->total >= 0 && offset >= p->total;
}

/* Whether one more request may be under way. Before the size and the total
 * are known, and after a refusal, one at a time finds out at least cost. */
static bool may_ask(const struct sei_pages *p)
{
  unsigned i, busy = 0;
  bool known = p->settled && !p->probing && p->total >= 0;
  unsigned limit = known ? p->o.window : 1;
  for(i = 0; i <= p->o.window; i++)
    busy += pending(&p->slots[i]) &&
            !(known && p->slots[i].state == SEI_SLOT_LANDED);
  return busy < limit && p->requests < p->o.max_pages;
}

bool sei_pages_ask(struct sei_pages *p, struct sei_pages_ask *ask)
{
  struct sei_pages_slot *s;
  int i = 0;
  if(p->end != SEI_PAGES_WAIT || p->ended || !may_ask(p) ||
     beyond(p, p->next_ask) || p->next_ask > SEI_PAGES_MAX ||
     p->next_ask - p->next_judge >= room(p))
    return false;
  while(i <= (int)p->o.window && p->slots[i].state != SEI_SLOT_FREE)
    i++;
  if(i > (int)p->o.window)
    return false;
  s = &p->slots[i];
  s->state = SEI_SLOT_ASKED;
  s->size = p->size;
  s->refused = false;
  s->page = p->next_ask / s->size;
  s->offset = p->next_ask;
  ask->slot = i;
  ask->page = s->page;
  ask->page_size = s->size;
  ask->skip = s->offset - s->page * s->size;
  p->next_ask = (s->page + 1) * s->size;
  p->requests++;
  return true;
}

int sei_pages_next(const struct sei_pages *p)
{
  int i;
  for(i = 0; i <= (int)p->o.window; i++)
    if(unseen(&p->slots[i]) && p->slots[i].offset == p->next_take)
      return i;
  return -1;
}

/* The slot of that number if its page is under way, or NULL. */
static struct sei_pages_slot *asked(struct sei_pages *p, int slot)
{
  if(slot < 0 || slot > (int)p->o.window || !unseen(&p->slots[slot]))
    return NULL;
  return &p->slots[slot];
}

void sei_pages_landed(struct sei_pages *p, int slot)
{
  struct sei_pages_slot *s = asked(p, slot);
  if(s)
    s->state = SEI_SLOT_LANDED;
}

void sei_pages_arrived(struct sei_pages *p, int slot,
                       const struct sei_pages_facts *f)
{
  struct sei_pages_slot *s = asked(p, slot);
  if(!s)
    return;
  s->facts = *f;
  s->state = SEI_SLOT_ARRIVED;
  p->probing = false;
  if(f->total >= 0 && f->total <= SEI_PAGES_MAX)
    p->total = f->total;
}

void sei_pages_refused(struct sei_pages *p, int slot)
{
  struct sei_pages_slot *s = asked(p, slot);
  int64_t from;
  unsigned i;
  if(!s)
    return;
  p->probing = true;
  if(s->size == 1) {    /* final, once the pages before it are used up */
    s->refused = true;
    s->state = SEI_SLOT_ARRIVED;
    return;
  }
  p->size = s->size / 2;
  from = s->offset;
  for(i = 0; i <= p->o.window; i++) {
    if(unseen(&p->slots[i]) && p->slots[i].offset < from)
      from = p->slots[i].offset;
  }
  restart(p, from);
}

int sei_pages_stale(struct sei_pages *p)
{
  int i;
  for(i = 0; i <= (int)p->o.window; i++) {
    if(p->slots[i].state == SEI_SLOT_STALE) {
      p->slots[i].state = SEI_SLOT_FREE;
      return i;
    }
  }
  return -1;
}

/* A pass is over: the walk too, or it is read again. */
static enum sei_pages_answer end_pass(struct sei_pages *p)
{
  if(p->o.on_drift != SEI_DRIFT_REPAIR || !p->moved)
    return finish(p, SEI_PAGES_DONE);
  if(p->pass == SEI_PAGES_REPAIRS)
    return fail(p, SEI_PAGES_DRIFT, NULL);
  p->pass++;
  begin_pass(p);
  return SEI_PAGES_WAIT;
}

/* ---- a page that is next in order ---- */

/* Compares the total with that of the page before. */
static void look_at_total(struct sei_pages *p, const struct sei_pages_slot *s)
{
  if(s->facts.total < 0)
    return;
  if(p->prev_total >= 0 && s->facts.total != p->prev_total)
    moved_total(p, p->prev_total, s->facts.total, s);
  p->prev_total = s->facts.total;
}

/* Compares the number of records with what it should be. */
static void look_at_count(struct sei_pages *p, const struct sei_pages_slot *s,
                          bool whole)
{
  const struct sei_pages_facts *f = &s->facts;
  bool blind = sei_page_total(p, s) < 0;
  int64_t should = whole ? sei_page_total(p, s) : sei_page_expected(p, s);
  if(whole && blind)
    return;
  if(blind && p->was_short && f->count > s->offset - s->page * s->size)
    moved_count(p, SEI_MOVED_SHORT, s->size, p->prev_count, s);
  p->was_short = f->count < s->size;
  if(f->count > should)
    moved_count(p, SEI_MOVED_LONG, should, f->count, s);
  else if(f->count < should && !blind)
    moved_count(p, f->count ? SEI_MOVED_SHORT : SEI_MOVED_EMPTY, should,
                f->count, s);
}

/* Takes the page into the walk. n of *page is 0 if it holds nothing wanted;
 * its slot is then stale at once. */
static enum sei_pages_answer accept(struct sei_pages *p, int slot, bool whole,
                                    struct sei_pages_page *page)
{
  struct sei_pages_slot *s = &p->slots[slot];
  int64_t base = whole ? 0 : s->page * s->size;
  page->slot = slot;
  page->first = s->offset - base;
  page->n = s->facts.count > page->first ? s->facts.count - page->first : 0;
  p->settled = true;
  p->ended = whole || !s->facts.count;
  p->resized = 0;
  p->prev_count = s->facts.count;
  p->prev_fingerprint = s->facts.fingerprint;
  p->next_take = later(s->offset, whole ? s->facts.count : base + s->size);
  s->n = page->n;
  s->state = page->n ? SEI_SLOT_TAKEN : SEI_SLOT_STALE;
  p->judged = !page->n;
  p->handed_out = 0;
  if(page->n)
    p->taken = slot;
  else
    p->next_judge = p->next_take;
  return SEI_PAGES_PAGE;
}

/* The server used another size for this page. Page 0 is in its place all the
 * same and is kept. Any other holds records from elsewhere: it is thrown away
 * (WAIT) and asked for in that size, if there is anything left to ask for. */
static enum sei_pages_answer resize(struct sei_pages *p,
                                    struct sei_pages_slot *s, int64_t size)
{
  int64_t total = sei_page_total(p, s);
  p->size = size;
  if(s->page == 0) {
    s->size = size;
    restart(p, later(s->offset, size));
    return SEI_PAGES_PAGE;
  }
  if(++p->resized > RESIZED_MAX)
    return fail(p, SEI_PAGES_BAD, s);
  restart(p, s->offset);
  if(total < 0 || s->offset < total)
    return SEI_PAGES_WAIT;
  look_at_total(p, s);
  return p->end == SEI_PAGES_WAIT ? end_pass(p) : p->end;
}

/* The page in that slot is next in order: looks at its numbers. WAIT: it was
 * thrown away and is asked for again. */
static enum sei_pages_answer inspect(struct sei_pages *p, int slot,
                                     struct sei_pages_page *page)
{
  struct sei_pages_slot *s = &p->slots[slot];
  bool whole;
  int64_t size;
  if(s->refused)
    return fail(p, SEI_PAGES_REFUSED, s);
  if(!sei_page_possible(s))
    return fail(p, SEI_PAGES_BAD, s);
  if(sei_page_repeats(p, s))
    return fail(p, SEI_PAGES_LOOP, s);
  whole = sei_page_everything(p, s);
  size = whole ? s->size : sei_page_real_size(p, s);
  if(size != s->size) {
    enum sei_pages_answer a = resize(p, s, size);
    if(a != SEI_PAGES_PAGE)
      return a;
  }
  look_at_total(p, s);
  look_at_count(p, s, whole);
  return p->end != SEI_PAGES_WAIT ? p->end : accept(p, slot, whole, page);
}

/* Takes the page that is next in order, if it is there. */
static enum sei_pages_answer take_next(struct sei_pages *p,
                                       struct sei_pages_page *page)
{
  int i = 0;
  if(p->end != SEI_PAGES_WAIT)
    return p->end;
  if(room(p) <= 0)
    return finish(p, SEI_PAGES_DONE);
  if(p->ended)
    return end_pass(p);
  while(i <= (int)p->o.window && !(pending(&p->slots[i]) &&
                                   p->slots[i].offset == p->next_take))
    i++;
  if(i <= (int)p->o.window && p->slots[i].state == SEI_SLOT_ARRIVED)
    return inspect(p, i, page);
  if(beyond(p, p->next_take))
    return end_pass(p);
  if(i <= (int)p->o.window)
    return SEI_PAGES_WAIT;
  if(p->next_take > SEI_PAGES_MAX)
    return fail(p, SEI_PAGES_BAD, NULL);
  if(p->requests >= p->o.max_pages)
    return fail(p, SEI_PAGES_LIMIT, NULL);
  return SEI_PAGES_WAIT;
}

void sei_pages_used(struct sei_pages *p)
{
  int64_t ignored;
  int taken = p->taken;
  if(taken < 0)
    return;
  if(!p->judged)
    sei_pages_judge(p, p->slots[taken].n, 0, &ignored);
  p->slots[taken].state = SEI_SLOT_FREE;
  p->taken = -1;
}

enum sei_pages_answer sei_pages_take(struct sei_pages *p,
                                     struct sei_pages_page *page)
{
  enum sei_pages_answer a;
  sei_pages_used(p);
  do {
    a = take_next(p, page);
  } while(a == SEI_PAGES_PAGE && !page->n);
  return a;
}

enum sei_pages_answer sei_pages_judge(struct sei_pages *p, int64_t fresh,
                                      int64_t twice, int64_t *hand_out)
{
  const struct sei_pages_slot *s;
  *hand_out = 0;
  if(p->taken < 0 || p->judged)
    return p->end;
  s = &p->slots[p->taken];
  p->judged = true;
  p->stuck = twice >= s->n ? p->stuck + 1 : 0;
  if(p->stuck >= STUCK_MAX)
    return fail(p, SEI_PAGES_LOOP, s);
  if(twice > 0) {
    p->drift.twice += twice;
    moved(p, SEI_MOVED_TWICE, s);
    if(p->end != SEI_PAGES_WAIT)
      return p->end;
  }
  *hand_out = fresh < room(p) ? fresh : room(p);
  p->handed_out = *hand_out;
  p->delivered += *hand_out;
  p->next_judge = p->next_take;
  if(*hand_out < fresh) /* the walk ends here, in the middle of the page */
    p->next_take = s->offset + *hand_out;
  return SEI_PAGES_PAGE;
}

int64_t sei_pages_offset(const struct sei_pages *p, int64_t used)
{
  const struct sei_pages_slot *s;
  if(p->o.on_drift == SEI_DRIFT_REPAIR && p->drift.kinds)
    return p->o.start;
  if(p->taken < 0)
    return p->next_take;
  s = &p->slots[p->taken];
  if(!p->judged || used <= 0)
    return s->offset;
  /* a page that held more than it should does not move the next one */
  return used < s->n && s->offset + used < p->next_take ?
    s->offset + used : p->next_take;
}
