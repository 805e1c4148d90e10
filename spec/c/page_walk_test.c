/* page_walk_test - thousands of walks over a simulated server, by seed.
 *
 * The server caps, refuses, hides its total, echoes what it likes and changes
 * its list; replies come in any order. What must hold of a list that stands
 * still: every record once, in order, with the exact number of requests. Of
 * one that moves: nothing twice, and no movement in silence. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../ext/api/page.h"
#include "../../ext/api/seen.h"
#include "../../ext/base/hash.h"

enum { LIST_MAX = 400, STEPS_MAX = 100000, SLOTS = SEI_PAGES_WINDOW_MAX + 1 };
enum echo { ECHO_NONE, ECHO_ASKED, ECHO_REAL };

static int checks, failures;
static char scene[300];         /* what the running walk is, for a failure */

static void check(bool ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  if(++failures <= 20)
    printf("%s:%d: %s; %s\n", __FILE__, line, what, scene);
}

#define CHECK(x) check((x), __LINE__, #x)

static uint64_t dice;

static int64_t roll(int64_t n)
{
  dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int64_t)((dice >> 33) % (uint64_t)n);
}

/* ---- the server ---- */

struct server {
  int64_t ids[LIST_MAX], n, next_id;
  int64_t cap;          /* serves at most so many a page; 0: any number */
  int64_t fixed;        /* always serves so many a page; 0: what is asked */
  bool shows_total;
  enum echo echo;
  int64_t refuse_over;  /* refuses larger pages; -1: none */
  int64_t refuse_after; /*   once it has served so many requests */
  int moves;            /* changes of the list still to come */
  int move_chance;      /* one in so many requests */
  enum { MIXED, INSERTS, REMOVALS } kind; /* of those changes */
  int64_t served;       /* requests answered */
  int64_t moved_at;     /* served at the last change; -1: none */
  int64_t size_seen;    /* total_count was shown once */
};

static void fill(struct server *s, int64_t n)
{
  memset(s, 0, sizeof(*s));
  for(s->n = 0; s->n < n; s->n++)
    s->ids[s->n] = ++s->next_id;
  s->refuse_over = s->moved_at = -1;
}

/* Adds or removes one record anywhere. */
static void move_list(struct server *s)
{
  int64_t at = roll(s->n + 1);
  bool insert = s->kind == INSERTS || (s->kind == MIXED && roll(2));
  if(insert && s->n < LIST_MAX) {
    memmove(s->ids + at + 1, s->ids + at,
            (size_t)(s->n - at) * sizeof(s->ids[0]));
    s->ids[at] = ++s->next_id;
    s->n++;
  }
  else if(!insert && at < s->n) {
    s->n--;
    memmove(s->ids + at, s->ids + at + 1,
            (size_t)(s->n - at) * sizeof(s->ids[0]));
  }
  else
    return;
  s->moved_at = s->served;
  s->moves--;
}

static int64_t real_size(const struct server *s, int64_t asked)
{
  if(s->fixed)
    return s->fixed;
  return s->cap && s->cap < asked ? s->cap : asked;
}

/* Answers a request into ids and facts. false: refused. */
static bool serve(struct server *s, const struct sei_pages_ask *a,
                  int64_t *ids, struct sei_pages_facts *f)
{
  int64_t size = real_size(s, a->page_size), base;
  if(s->moves > 0 && s->served > 0 && roll(s->move_chance) == 0)
    move_list(s);
  s->served++;
  if(s->refuse_over >= 0 && a->page_size > s->refuse_over &&
     s->served > s->refuse_after)
    return false;
  base = a->page * size;
  f->count = base >= s->n ? 0 : s->n - base < size ? s->n - base : size;
  memcpy(ids, s->ids + (f->count ? base : 0),
         (size_t)f->count * sizeof(ids[0]));
  f->total = s->shows_total ? s->n : -1;
  s->size_seen |= s->shows_total;
  f->page_size = s->echo == ECHO_NONE ? -1 :
    s->echo == ECHO_REAL ? size : a->page_size;
  f->fingerprint = sei_hash(ids, (size_t)f->count * sizeof(ids[0]), 1);
  return true;
}

/* ---- the caller ---- */

enum { UNUSED, SENT, LANDED, CAME, TAKEN };

struct flight {
  int state;
  struct sei_pages_ask ask;
  int64_t ids[LIST_MAX];
};

struct walk {
  struct server *server;
  struct sei_pages p;
  struct sei_seen seen;
  struct flight flights[SLOTS];
  int64_t got[4 * LIST_MAX], count;     /* records handed out */
  int64_t max_items;
  bool still;                           /* the list never moves */
  int most_alive;
};

static struct walk w;           /* large; one walk at a time */

static int in_state(int state)
{
  int i, n = 0;
  for(i = 0; i < SLOTS; i++)
    n += w.flights[i].state == state;
  return n;
}

static void check_alive(void)
{
  int alive = in_state(SENT) + in_state(LANDED) + in_state(CAME) +
    in_state(TAKEN);
  CHECK(alive <= (int)w.p.o.window + 1);
  CHECK(in_state(SENT) + in_state(CAME) <= (int)w.p.o.window);
  if(!w.server->size_seen)
    CHECK(in_state(SENT) + in_state(CAME) <= 1);
  if(alive > w.most_alive)
    w.most_alive = alive;
}

/* Cancels what is stale, sends what is asked for. Answers how many. */
static int send_all(void)
{
  struct sei_pages_ask a;
  int slot, sent = 0;
  while((slot = sei_pages_stale(&w.p)) >= 0) {
    CHECK(slot < SLOTS && w.flights[slot].state != UNUSED);
    w.flights[slot].state = UNUSED;
  }
  while(sei_pages_ask(&w.p, &a)) {
    CHECK(a.slot >= 0 && a.slot <= (int)w.p.o.window);
    CHECK(w.flights[a.slot].state == UNUSED);
    CHECK(a.skip >= 0 && a.skip < a.page_size && a.page >= 0);
    if(w.still && w.server->size_seen)
      CHECK(a.page * a.page_size < w.server->n);
    w.flights[a.slot].state = SENT;
    w.flights[a.slot].ask = a;
    sent++;
    check_alive();
  }
  return sent;
}

static void use_up(void)
{
  int i;
  for(i = 0; i < SLOTS; i++) {
    if(w.flights[i].state == TAKEN)
      w.flights[i].state = UNUSED;
  }
}

/* The page whose turn it is: the next request leaves before it is looked at.
 * false: the page was not wanted any more. */
static bool land(int slot)
{
  use_up();
  sei_pages_used(&w.p);
  w.flights[slot].state = LANDED;
  sei_pages_landed(&w.p, slot);
  send_all();
  return w.flights[slot].state == LANDED;
}

/* One of the requests under way, any of them, is answered. */
static bool one_comes(void)
{
  int n = in_state(SENT), pick, i;
  struct sei_pages_facts f;
  if(!n)
    return false;
  pick = (int)roll(n);
  for(i = 0; w.flights[i].state != SENT || pick-- > 0; i++)
    ;
  if(serve(w.server, &w.flights[i].ask, w.flights[i].ids, &f)) {
    if(i == sei_pages_next(&w.p) && roll(2) && !land(i))
      return true;
    w.flights[i].state = CAME;
    sei_pages_arrived(&w.p, i, &f);
  }
  else
    sei_pages_refused(&w.p, i);
  return true;
}

/* The next record is where the resume token would look for it. */
static void check_offset(int64_t used, int64_t id)
{
  int64_t at = sei_pages_offset(&w.p, used);
  if(w.still)
    CHECK(at < w.server->n && w.server->ids[at] == id);
}

/* Judges a taken page and hands out its records. */
static void hand_out(const struct sei_pages_page *page)
{
  enum sei_seen_answer a[LIST_MAX];
  const int64_t *ids = w.flights[page->slot].ids + page->first;
  int64_t fresh = 0, twice = 0, n, i;
  for(i = 0; i < page->n; i++) {
    a[i] = sei_seen_add(&w.seen, (uint64_t)ids[i], w.p.pass);
    fresh += a[i] == SEI_SEEN_FRESH;
    twice += a[i] == SEI_SEEN_TWICE;
  }
  if(sei_pages_judge(&w.p, fresh, twice, &n) != SEI_PAGES_PAGE)
    return;
  CHECK(n <= fresh);
  for(i = 0; i < page->n && n > 0; i++) {
    if(a[i] == SEI_SEEN_FRESH) {
      check_offset(i, ids[i]);
      w.got[w.count++] = ids[i];
      n--;
    }
  }
}

static void take_one(enum sei_pages_answer *end)
{
  struct sei_pages_page page;
  *end = sei_pages_take(&w.p, &page);
  use_up();
  if(*end != SEI_PAGES_PAGE)
    return;
  CHECK(w.flights[page.slot].state == CAME && page.n > 0);
  CHECK(page.first >= 0 && page.first + page.n <= LIST_MAX);
  w.flights[page.slot].state = TAKEN;
  if(roll(4))
    send_all();         /* as it should be: before the page is decoded */
  hand_out(&page);
}

/* Walks to the end. Answers how it ended. */
static enum sei_pages_answer walk(struct server *s,
                                  const struct sei_pages_options *o)
{
  enum sei_pages_answer end = SEI_PAGES_WAIT;
  int steps = 0, sent;
  memset(&w, 0, sizeof(w));
  w.server = s;
  w.still = s->moves == 0;
  sei_seen_init(&w.seen, 0);
  CHECK(sei_pages_begin(&w.p, o) == NULL);
  while(end != SEI_PAGES_DONE && end != SEI_PAGES_FAILED) {
    sent = send_all();
    if(roll(3) && one_comes())
      sent++;
    if(roll(2) || !in_state(SENT)) {
      take_one(&end);
      if(end == SEI_PAGES_WAIT && !sent && !send_all() && !in_state(SENT))
        break;          /* waits for nothing: the check below tells */
    }
    if(++steps > STEPS_MAX)
      break;
  }
  CHECK(end == SEI_PAGES_DONE || end == SEI_PAGES_FAILED);
  send_all();
  CHECK(in_state(SENT) + in_state(CAME) + in_state(TAKEN) == 0);
  CHECK(w.count == w.p.delivered);
  sei_seen_free(&w.seen);
  return end;
}

static void name_scene(const char *test, int64_t seed, const struct server *s,
                       const struct sei_pages_options *o)
{
  snprintf(scene, sizeof(scene), "%s %" PRId64 ": n %" PRId64 " cap %" PRId64
           " fixed %" PRId64 " total %d echo %d refuse %" PRId64 "/%" PRId64
           " moves %d; size %" PRId64 " max %" PRId64 " start %" PRId64
           " window %u drift %d", test, seed, s->n, s->cap, s->fixed,
           s->shows_total, (int)s->echo, s->refuse_over, s->refuse_after,
           s->moves, o->page_size, o->max_items, o->start, o->window,
           (int)o->on_drift);
}

static int64_t pages(int64_t n, int64_t size)
{
  return (n + size - 1) / size;
}

static void random_options(struct sei_pages_options *o)
{
  sei_pages_defaults(o);
  o->page_size = 1 + roll(roll(2) ? 60 : 12);
  o->window = (unsigned)(roll(3) ? roll(7) : roll(SEI_PAGES_WINDOW_MAX + 1));
}

/* Every record wanted, once and in order. */
static void check_exact(const struct server *s,
                        const struct sei_pages_options *o)
{
  int64_t left = s->n > o->start ? s->n - o->start : 0;
  int64_t want = o->max_items >= 0 && o->max_items < left ?
    o->max_items : left;
  CHECK(w.count == want);
  CHECK(want == 0 || memcmp(w.got, s->ids + o->start,
                            (size_t)want * sizeof(w.got[0])) == 0);
  CHECK(w.p.drift.kinds == 0);
  CHECK(o->max_items == 0 ||
        sei_pages_offset(&w.p, 0) >= o->start + w.count);
}

/* A still list: the number of requests is exact. */
static void test_exact(int64_t seed)
{
  struct server s;
  struct sei_pages_options o;
  int64_t want, size, due;
  dice = (uint64_t)seed;
  fill(&s, roll(4) ? roll(LIST_MAX) : roll(4));
  random_options(&o);
  o.max_items = roll(3) ? -1 : roll(s.n + 20);
  o.on_drift = (enum sei_on_drift)roll(3);
  s.shows_total = roll(4) != 0;
  s.echo = (enum echo)roll(3);
  s.cap = roll(2) ? 0 : 1 + roll(40);
  if(roll(5) == 0) {
    s.fixed = 1 + roll(60);
    if(!s.shows_total)
      s.echo = ECHO_REAL;       /* else it looks like one that never pages */
  }
  size = real_size(&s, o.page_size);
  want = o.max_items >= 0 && o.max_items <= s.n ? o.max_items : s.n;
  due = pages(want, size);
  /* with no total, an empty page ends it; with one, page 0 tells it */
  if(o.max_items < 0 || o.max_items > s.n)
    due += !s.shows_total || s.n == 0;
  o.max_pages = roll(2) ? due : 0;      /* exactly enough */
  name_scene("exact", seed, &s, &o);
  CHECK(walk(&s, &o) == SEI_PAGES_DONE);
  check_exact(&s, &o);
  CHECK(w.p.requests == due);
}

/* A still list from the middle, as after a resume token. */
static void test_start(int64_t seed)
{
  struct server s;
  struct sei_pages_options o;
  dice = (uint64_t)seed;
  fill(&s, roll(LIST_MAX));
  random_options(&o);
  o.start = roll(s.n + 10);
  o.max_items = roll(3) ? -1 : roll(s.n + 20);
  s.shows_total = roll(4) != 0;
  o.known_total = s.shows_total && roll(2) ? s.n : -1;
  s.echo = (enum echo)roll(3);
  if(roll(3) == 0) {
    s.cap = 1 + roll(40);       /* another one than when the token was made */
    s.echo = ECHO_REAL;
  }
  name_scene("start", seed, &s, &o);
  CHECK(walk(&s, &o) == SEI_PAGES_DONE);
  check_exact(&s, &o);
  if(!s.cap && s.shows_total && o.max_items < 0)
    CHECK(w.p.requests == (o.start >= s.n ? 1 :
                           pages(s.n, o.page_size) - o.start / o.page_size));
}

/* Page sizes are refused, from the first request or from a later one. */
static void test_refusals(int64_t seed)
{
  struct server s;
  struct sei_pages_options o;
  int64_t size, refusals = 0;
  enum sei_pages_answer end;
  dice = (uint64_t)seed;
  fill(&s, roll(LIST_MAX));
  random_options(&o);
  s.shows_total = roll(4) != 0;
  s.refuse_over = roll(8) ? 1 + roll(20) : 0;
  s.refuse_after = roll(2) ? 0 : roll(12);
  s.echo = (enum echo)roll(3);
  name_scene("refusal", seed, &s, &o);
  end = walk(&s, &o);
  if(s.refuse_over == 0 && end == SEI_PAGES_FAILED) {
    CHECK(w.p.failure == SEI_PAGES_REFUSED);
    CHECK(memcmp(w.got, s.ids, (size_t)w.count * sizeof(w.got[0])) == 0);
    CHECK(sei_pages_offset(&w.p, 0) == w.count);
    return;
  }
  CHECK(end == SEI_PAGES_DONE);
  check_exact(&s, &o);
  for(size = o.page_size; size > s.refuse_over; size /= 2)
    refusals++;
  if(s.refuse_after == 0 && s.shows_total)
    CHECK(w.p.requests == refusals + (s.n ? pages(s.n, size) : 1));
}

/* ---- lists that move ---- */

static bool was_handed_out(int64_t id)
{
  int64_t i;
  for(i = 0; i < w.count && w.got[i] != id; i++)
    ;
  return i < w.count;
}

static void check_once(void)
{
  int64_t i, j;
  for(i = 0; i < w.count; i++) {
    for(j = i + 1; j < w.count && w.got[i] != w.got[j]; j++)
      ;
    CHECK(j >= w.count);
  }
}

static void moving_server(struct server *s, struct sei_pages_options *o,
                          int64_t seed)
{
  dice = (uint64_t)seed;
  fill(s, roll(LIST_MAX / 2));
  random_options(o);
  s->shows_total = true;
  s->echo = (enum echo)roll(3);
  s->move_chance = (int)(1 + roll(12));
}

/* One change, SEI_DRIFT_ERROR: noticed if it fell between two replies. */
static void test_one_move(int64_t seed)
{
  struct server s;
  struct sei_pages_options o;
  enum sei_pages_answer end;
  char text[512];
  moving_server(&s, &o, seed);
  s.moves = 1;
  name_scene("one move", seed, &s, &o);
  end = walk(&s, &o);
  if(s.moved_at < 0) {
    CHECK(end == SEI_PAGES_DONE);
    w.still = true;
    check_exact(&s, &o);
    return;
  }
  CHECK(end == SEI_PAGES_FAILED && w.p.failure == SEI_PAGES_DRIFT);
  CHECK(w.p.drift.kinds != 0);
  sei_pages_problem(&w.p, text, sizeof(text));
  CHECK(strstr(text, "the list moved") == text);
}

/* Many changes, SEI_DRIFT_WARN: goes on to the end, hands out nothing twice,
 * and says so. At page_size 1 a repeated page cannot be told from a loop. */
static void test_warn(int64_t seed)
{
  struct server s;
  struct sei_pages_options o;
  enum sei_pages_answer end;
  moving_server(&s, &o, seed);
  s.moves = (int)(1 + roll(20));
  s.kind = roll(2) ? INSERTS : MIXED;
  o.on_drift = SEI_DRIFT_WARN;
  if(roll(3) == 0)
    o.max_items = roll(s.n + 20);
  name_scene("warn", seed, &s, &o);
  end = walk(&s, &o);
  CHECK(end == SEI_PAGES_DONE || w.p.failure == SEI_PAGES_LOOP);
  CHECK(end == SEI_PAGES_DONE || s.kind == MIXED || o.page_size < 17);
  check_once();
  CHECK(o.max_items < 0 || w.count <= o.max_items);
  if(s.kind == INSERTS && s.moved_at >= 0 && o.max_items < 0)
    CHECK(w.p.drift.kinds != 0);
}

/* Changes that come to an end, SEI_DRIFT_REPAIR: what is there at the end was
 * all handed out, if they ended before the last pass. */
static void test_repair(int64_t seed, int *repaired)
{
  struct server s;
  struct sei_pages_options o;
  enum sei_pages_answer end;
  int64_t i;
  int missing = 0;
  moving_server(&s, &o, seed);
  s.moves = (int)(1 + roll(roll(2) ? 4 : 60));
  s.kind = roll(2) ? INSERTS : REMOVALS; /* both at once can hide */
  o.on_drift = SEI_DRIFT_REPAIR;
  name_scene("repair", seed, &s, &o);
  end = walk(&s, &o);
  check_once();
  CHECK(w.p.pass <= SEI_PAGES_REPAIRS);
  if(end == SEI_PAGES_FAILED) {
    CHECK(w.p.failure == SEI_PAGES_DRIFT || w.p.failure == SEI_PAGES_LOOP);
    CHECK(w.p.failure == SEI_PAGES_LOOP || w.p.pass == SEI_PAGES_REPAIRS);
    return;
  }
  for(i = 0; i < s.n; i++)
    missing += !was_handed_out(s.ids[i]);
  /* the only change that can go unseen is one before the last pass began */
  CHECK(missing == 0);
  *repaired += w.p.pass > 0;
}

int main(void)
{
  int64_t seed;
  int repaired = 0, most = 0;
  for(seed = 1; seed <= 2500; seed++) {
    test_exact(seed);
    if(w.most_alive > most)
      most = w.most_alive;
    test_start(seed);
    test_refusals(seed);
  }
  for(seed = 1; seed <= 1000; seed++) {
    test_one_move(seed);
    test_warn(seed);
    test_repair(seed, &repaired);
  }
  scene[0] = 0;
  CHECK(repaired > 100);
  CHECK(most > 30);
  if(!failures)
    printf("page_walk: %d checks\n", checks);
  return failures != 0;
}
