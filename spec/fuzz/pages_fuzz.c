/* pages_fuzz - the paging rule against a server that answers at random.
 *
 * The input is a script: options, then what happens next. Whatever comes, the
 * walk asks within its bounds, never has more than window + 1 pages alive,
 * hands out no more than was wanted, gives every slot back, and ends soon
 * when the server has nothing more to say. */
#include "../../ext/api/page.h"
#include "fuzz.h"

enum { SLOTS = SEI_PAGES_WINDOW_MAX + 1, ROUNDS_LEFT = 2000 };
enum { UNUSED, SENT, CAME, TAKEN };

static struct sei_pages p;
static struct sei_pages_options o;
static struct fuzz_bytes script;
static int state[SLOTS];
static struct sei_pages_ask asks[SLOTS];
static struct sei_pages_facts facts[SLOTS];
static int64_t handed_out, requests;
static int64_t owed;            /* records of a page that was not judged */

static int in_state(int s)
{
  int i, n = 0;
  for(i = 0; i < SLOTS; i++)
    n += state[i] == s;
  return n;
}

/* ---- options ---- */

static void choose(void)
{
  sei_pages_defaults(&o);
  o.page_size = fuzz_extreme(&script);
  o.max_items = fuzz_take(&script, 1) & 1 ? fuzz_extreme(&script) : -1;
  o.max_pages = fuzz_take(&script, 1) & 1 ? fuzz_extreme(&script) : 0;
  o.start = fuzz_take(&script, 1) & 1 ? fuzz_extreme(&script) : 0;
  o.known_total = fuzz_take(&script, 1) & 1 ? fuzz_extreme(&script) : -1;
  o.window = (unsigned)fuzz_take(&script, 1) % (SEI_PAGES_WINDOW_MAX + 2);
  o.on_drift = (enum sei_on_drift)(fuzz_take(&script, 1) % 3);
}

/* ---- the caller's loop ---- */

static void check_ask(const struct sei_pages_ask *a)
{
  MUST(a->slot >= 0 && a->slot <= (int)p.o.window);
  MUST(state[a->slot] == UNUSED);
  MUST(a->page_size >= 1 && a->page_size <= SEI_PAGES_MAX);
  MUST(a->page >= 0 && a->page <= SEI_PAGES_MAX);
  MUST(a->skip >= 0 && a->skip < a->page_size);
  MUST(a->page <= SEI_PAGES_MAX / a->page_size);
}

static void check_bounds(void)
{
  int under_way = in_state(SENT) + in_state(CAME);
  MUST(under_way <= (int)p.o.window);
  MUST(under_way + in_state(TAKEN) <= (int)p.o.window + 1);
  MUST(o.max_pages <= 0 || requests <= o.max_pages);
  MUST(requests == p.requests);
  MUST(o.max_items < 0 || handed_out <= o.max_items);
  MUST(handed_out == p.delivered);
  MUST(p.size >= 1 && p.size <= SEI_PAGES_MAX);
  MUST(p.total >= -1 && p.total <= SEI_PAGES_MAX);
  MUST(p.pass <= SEI_PAGES_REPAIRS);
}

/* Cancels and sends. Answers how many were sent. */
static int send_all(void)
{
  struct sei_pages_ask a;
  int slot, sent = 0;
  while((slot = sei_pages_stale(&p)) >= 0) {
    MUST(slot < SLOTS && state[slot] != UNUSED);
    state[slot] = UNUSED;
  }
  while(sei_pages_ask(&p, &a)) {
    check_ask(&a);
    state[a.slot] = SENT;
    asks[a.slot] = a;
    requests++;
    sent++;
    MUST(sent <= SLOTS);
  }
  check_bounds();
  return sent;
}

/* Some page that is under way, or -1. */
static int pick(void)
{
  int n = in_state(SENT), i, which;
  if(!n)
    return -1;
  which = (int)(fuzz_take(&script, 1) % (unsigned)n);
  for(i = 0; state[i] != SENT || which-- > 0; i++)
    ;
  return i;
}

/* What a server says: often what was asked, now and then anything. */
static void answer(struct sei_pages_facts *f, const struct sei_pages_ask *a)
{
  unsigned how = (unsigned)fuzz_take(&script, 1);
  bool over = script.at >= script.end;
  f->count = over ? 0 : how & 1 ? a->page_size : fuzz_extreme(&script);
  f->total = over || how & 2 ? p.total : fuzz_extreme(&script);
  f->page_size = how & 4 ? a->page_size : how & 8 ? -1 :
    fuzz_extreme(&script);
  f->fingerprint = fuzz_take(&script, how & 16 ? 1 : 2);
}

static void one_comes(void)
{
  int i = pick();
  if(i < 0)
    return;
  if(script.at < script.end && fuzz_take(&script, 1) % 8 == 0) {
    state[i] = CAME;    /* refused with size 1: stale or failed later */
    facts[i].count = -1;
    sei_pages_refused(&p, i);
    return;
  }
  answer(&facts[i], &asks[i]);
  state[i] = CAME;
  sei_pages_arrived(&p, i, &facts[i]);
}

/* Never back behind what was there before, never beyond the next page. */
static void check_offsets(int64_t n)
{
  int64_t before = sei_pages_offset(&p, 0), middle, after;
  middle = sei_pages_offset(&p, n / 2);
  after = sei_pages_offset(&p, n);
  MUST(before >= 0 && before <= middle && middle <= after);
  MUST(after <= SEI_PAGES_MAX * 2);
}

static void judge(const struct sei_pages_page *page)
{
  int64_t fresh = page->n, twice = 0, out = -1;
  enum sei_pages_answer a;
  unsigned how = (unsigned)fuzz_take(&script, 1);
  if(how & 1)
    fresh = (int64_t)(fuzz_take(&script, 2) % (uint64_t)(page->n + 1));
  if(how & 2)
    twice = (int64_t)(fuzz_take(&script, 2) %
                      (uint64_t)(page->n - fresh + 1));
  check_offsets(page->n);
  if(how & 4) {                 /* forgets to: all of it counts as fresh */
    owed = page->n;
    return;
  }
  a = sei_pages_judge(&p, fresh, twice, &out);
  MUST(a == SEI_PAGES_PAGE || a == SEI_PAGES_FAILED);
  MUST(out >= 0 && out <= fresh && (a == SEI_PAGES_PAGE || out == 0));
  handed_out += out;
  if(a == SEI_PAGES_PAGE)
    check_offsets(page->n);
}

static enum sei_pages_answer take(void)
{
  struct sei_pages_page page = { -1, -1, -1 };
  enum sei_pages_answer a = sei_pages_take(&p, &page);
  int i;
  handed_out += owed < p.o.max_items - handed_out ? owed :
    p.o.max_items - handed_out;
  owed = 0;
  for(i = 0; i < SLOTS; i++)
    if(state[i] == TAKEN)
      state[i] = UNUSED;
  if(a != SEI_PAGES_PAGE)
    return a;
  MUST(page.slot >= 0 && page.slot < SLOTS && state[page.slot] == CAME);
  MUST(page.n > 0 && page.first >= 0);
  MUST(page.first + page.n <= facts[page.slot].count);
  state[page.slot] = TAKEN;
  judge(&page);
  return a;
}

/* ---- the walk ---- */

/* What is left is given back, and nothing changes any more. */
static void check_end(enum sei_pages_answer end)
{
  char text[512], small[40];
  struct sei_pages_ask a;
  int slot;
  MUST((end == SEI_PAGES_FAILED) == (p.failure != SEI_PAGES_OK));
  while((slot = sei_pages_stale(&p)) >= 0) {
    MUST(state[slot] != UNUSED);
    state[slot] = UNUSED;
  }
  MUST(in_state(UNUSED) == SLOTS);
  MUST(!sei_pages_ask(&p, &a) && take() == end);
  check_bounds();
  MUST(sei_pages_offset(&p, 0) >= 0);
  sei_pages_problem(&p, text, sizeof text);
  MUST(strlen(text) < sizeof text - 1);
  MUST((*text != '\0') == (end == SEI_PAGES_FAILED || p.drift.kinds));
  sei_pages_problem(&p, small, sizeof small);
  MUST(strncmp(text, small, sizeof small - 1) == 0);
}

static void walk(void)
{
  enum sei_pages_answer a = SEI_PAGES_WAIT;
  int left = ROUNDS_LEFT, idle = 0;
  while(a == SEI_PAGES_WAIT || a == SEI_PAGES_PAGE) {
    if(script.at >= script.end)
      MUST(left-- > 0);         /* it ends when nothing more comes */
    idle = send_all() || in_state(SENT) ? 0 : idle + 1;
    if(fuzz_take(&script, 1) % 4 != 1)
      one_comes();
    a = take();
    if(a == SEI_PAGES_PAGE)
      idle = 0;
    MUST(idle < 3);             /* neither waits for anything nor asks */
  }
  check_end(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *problem;
  script.at = data;
  script.end = data + size;
  memset(state, 0, sizeof state);
  handed_out = requests = owed = 0;
  choose();
  problem = sei_pages_begin(&p, &o);
  if(problem)
    MUST(strlen(problem) > 10);
  else
    walk();
  return 0;
}
