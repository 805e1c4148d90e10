/* page - the paging rule: which request next, when the walk is over, and
 * whether what came is complete.
 *
 * Plain C fed with numbers only: no request, no record, no memory of its own.
 * Source of the rules: api.md section 4 nos. 1, 6 and 8. `has_next` is never
 * looked at; a walk ends by arithmetic or on an empty page.
 *
 * Offsets count records of the whole list from 0. Since the API addresses by
 * page index, the record at offset o is on page o / page_size, behind
 * o % page_size others. That is all there is to a change of the page size.
 *
 * The caller's loop, in this order each time round:
 *
 *   while((slot = sei_pages_stale(p)) >= 0)  cancel the request of that slot,
 *                                            forget its page;
 *   while(sei_pages_ask(p, &ask))            send it, its reply is ask.slot's;
 *   a reply came:     sei_pages_arrived() or sei_pages_refused(); or, to have
 *     the next request under way while this one is decoded, for the slot that
 *     sei_pages_next() names: sei_pages_landed(), the two loops above, decode,
 *     sei_pages_arrived();
 *   the page before is used up: sei_pages_take(), then the two loops above
 *     once more, so that the next request is under way while this page is
 *     decoded; then count its records against the seen set, sei_pages_judge().
 *
 * At most `window` pages are asked for or wait, and one is taken: window + 1
 * pages are alive, in slots 0 to window.
 */
#ifndef SEI_API_PAGE_H
#define SEI_API_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SEI_PAGES_WINDOW = 4,         /* the default */
  SEI_PAGES_WINDOW_MAX = 64,
  SEI_PAGES_REPAIRS = 3         /* further passes of SEI_DRIFT_REPAIR */
};

/* No number of records or pages goes beyond this (2^53), so that sums of a
 * few of them fit and Lua's floats hold them. */
#define SEI_PAGES_MAX ((int64_t)1 << 53)

/* What to do when the list moves while it is read. No record is handed out
 * twice under any of them, as far as the caller's seen set knows it. */
enum sei_on_drift {
  SEI_DRIFT_ERROR,      /* fail at the first sign */
  SEI_DRIFT_WARN,       /* go on, count, tell in `drift` */
  SEI_DRIFT_REPAIR      /* read again from the start, handing out what is new,
                           until a pass sees no movement; SEI_PAGES_REPAIRS
                           further passes, then fail. A walk that starts
                           behind record 0 cannot be repaired: it fails. */
};

struct sei_pages_options {
  int64_t page_size;    /* records; 1 to SEI_PAGES_MAX */
  int64_t max_items;    /* records to hand out; negative: all */
  int64_t max_pages;    /* requests, repeated ones too; 0 or less: any */
  int64_t start;        /* offset of the first record wanted. Behind 0, use
                           the token's page_size: a server that caps a larger
                           one without echoing it is not always found out */
  int64_t known_total;  /* total_count of the walk that is resumed, or -1;
                           another one now is drift */
  unsigned window;      /* 1 to SEI_PAGES_WINDOW_MAX; 0: the default */
  enum sei_on_drift on_drift;
};

/* A request to send. `skip` says how many of its first records were handed
 * out already (the taken page says it again, as `first`). */
struct sei_pages_ask {
  int slot;             /* 0 to window */
  int64_t page;         /* index from 0 */
  int64_t page_size;
  int64_t skip;
};

/* What is known of a page that came. */
struct sei_pages_facts {
  int64_t count;        /* records on it */
  int64_t total;        /* total_count, negative: none given */
  int64_t page_size;    /* echoed by the server, negative: none given */
  uint64_t fingerprint; /* of all its records, in order */
};

/* A page that is next in order: its records first to first + n - 1. n > 0. */
struct sei_pages_page {
  int slot;
  int64_t first;
  int64_t n;
};

enum sei_pages_answer {
  SEI_PAGES_WAIT,       /* not there yet: look for stale slots, ask, wait */
  SEI_PAGES_PAGE,       /* here it is; or, from judge: hand it out */
  SEI_PAGES_DONE,       /* everything was handed out; see `drift` */
  SEI_PAGES_FAILED      /* see `failure` and sei_pages_problem() */
};

enum sei_pages_failure {
  SEI_PAGES_OK,
  SEI_PAGES_LOOP,       /* the same page, or the same records, again */
  SEI_PAGES_DRIFT,      /* the list moved; numbers in `drift` */
  SEI_PAGES_REFUSED,    /* the server refuses even page_size 1 */
  SEI_PAGES_LIMIT,      /* more than max_pages requests are needed */
  SEI_PAGES_BAD         /* numbers that cannot be, or a page size that
                           changes with every reply */
};

/* Signs of movement; bits. */
enum {
  SEI_MOVED_TOTAL = 1,  /* total_count changed from one page to the next */
  SEI_MOVED_TWICE = 2,  /* a record came twice in one pass */
  SEI_MOVED_SHORT = 4,  /* a page before the end held less than it should */
  SEI_MOVED_EMPTY = 8,  /* a page before the end was empty */
  SEI_MOVED_LONG = 16   /* a page held more than it should */
};

struct sei_pages_drift {
  unsigned kinds;       /* SEI_MOVED_ bits of the whole walk; 0: none */
  int64_t page;         /* where the first sign was: page index, */
  int64_t page_size;    /*   and the page size at that time */
  int64_t total_before; /* the first change of total_count; -1: none */
  int64_t total_after;
  int64_t expected;     /* the first page with a wrong number of records: */
  int64_t got;          /*   how many it should have held, and did; -1: none */
  int64_t twice;        /* records dropped because they came twice */
};

enum sei_pages_slot_state {
  SEI_SLOT_FREE, SEI_SLOT_ASKED, SEI_SLOT_LANDED, SEI_SLOT_ARRIVED,
  SEI_SLOT_TAKEN, SEI_SLOT_STALE
};

struct sei_pages_slot {         /* private */
  enum sei_pages_slot_state state;
  int64_t page, size;           /* as asked */
  int64_t offset;               /* of the first record wanted of it */
  int64_t n;                    /* once taken: records wanted of it */
  bool refused;                 /* even page_size 1 */
  struct sei_pages_facts facts;
};

struct sei_pages {
  /* to read */
  int64_t size;         /* page size in use; may shrink or be the server's */
  int64_t total;        /* newest total_count, -1 while unknown */
  int64_t delivered;    /* records handed out, by the judgements */
  int64_t requests;     /* asked for so far */
  unsigned pass;        /* 0, or the number of the repairing pass: 1 to
                           SEI_PAGES_REPAIRS. The mark for sei_seen_add(). */
  struct sei_pages_drift drift;
  enum sei_pages_failure failure;

  /* private */
  struct sei_pages_options o;
  enum sei_pages_answer end;    /* WAIT while the walk goes on */
  bool settled;         /* a page of this pass was taken: its size is real */
  bool probing;         /* a size was refused: one request, until it works */
  bool ended;           /* an empty page, or everything in one reply */
  bool was_short;       /* total unknown: only the last page may be short */
  bool judged;          /* the taken page was */
  unsigned moved;       /* SEI_MOVED_ bits of this pass */
  unsigned resized;     /* pages thrown away in a row for their size */
  unsigned stuck;       /* pages in a row whose records all came twice */
  int64_t next_ask;     /* offset of the first record not asked for */
  int64_t next_take;    /*   …and not taken */
  int64_t next_judge;   /*   …and not judged */
  int64_t prev_total;   /* of the page before in this pass, or -1 */
  int64_t prev_count;   /*   and its records, 0: there is none */
  uint64_t prev_fingerprint;
  int taken;            /* slot of the taken page, or -1 */
  int64_t handed_out;   /* of the taken page; see sei_pages_offset() */
  int64_t bad_page, bad_size;   /* where it failed, and on what numbers: */
  int64_t bad_count, bad_total; /*   for sei_pages_problem() */
  struct sei_pages_slot slots[SEI_PAGES_WINDOW_MAX + 1];
};

/* Fills in: 100 records a page, all of them, any number of pages, from the
 * first record, no known total, the default window, SEI_DRIFT_ERROR. */
void sei_pages_defaults(struct sei_pages_options *o);

/* Starts a walk; options are copied. Returns NULL, or a static text that says
 * which option cannot be. Nothing to free ever. */
const char *sei_pages_begin(struct sei_pages *p,
                            const struct sei_pages_options *o);

/* Whether a request is to be sent now, and which. It counts as sent. Answers
 * false when the window is full, the rest is not needed (total, max_items),
 * the first page must be taken before more is known, or the walk is over. */
bool sei_pages_ask(struct sei_pages *p, struct sei_pages_ask *ask);

/* The page of that slot came. Slots that are not asked for are passed over.
 * Pages may come in any order. */
void sei_pages_arrived(struct sei_pages *p, int slot,
                       const struct sei_pages_facts *f);

/* The page taken before is used up: its slot is free. */
void sei_pages_used(struct sei_pages *p);

/* The slot of the page that is next in order, if it is under way; or -1. */
int sei_pages_next(const struct sei_pages *p);

/* The bytes of that slot's page came, and nobody knows yet what is in them. It
 * takes no place in the window any more, unless the size or the total that the
 * next request depends on is still to be found out. */
void sei_pages_landed(struct sei_pages *p, int slot);

/* The server refused that slot's page size (not anything else). The size is
 * halved and the walk goes on from the same record; requests under way with
 * the old size are stale, and so is this slot. When the size was 1 the walk
 * fails, in sei_pages_take(), once the pages before were handed out. */
void sei_pages_refused(struct sei_pages *p, int slot);

/* A slot whose request is to be cancelled or whose page is to be forgotten,
 * or -1. The slot is free afterwards. Until it was named here it is not given
 * out again. After DONE and FAILED all that is under way is named. */
int sei_pages_stale(struct sei_pages *p);

/* Says that the page taken before is used up (its slot is free), and takes
 * the next one in order. On PAGE *page is it; it must be judged before its
 * records are handed out. DONE and FAILED repeat themselves. */
enum sei_pages_answer sei_pages_take(struct sei_pages *p,
                                     struct sei_pages_page *page);

/* Judges the taken page's records first to first + n - 1, as the seen set
 * (seen.h) with the mark `pass` answered for them: `fresh` never seen,
 * `twice` seen before in this pass; the rest was seen in a pass before. The
 * caller drops all that are not fresh. Answers PAGE and how many of the fresh
 * ones to hand out, from the front (fewer than all: max_items is reached; the
 * rest is dropped), or FAILED: hand out none. A caller without a seen set
 * says n and 0; so does a page that is not judged when the next is taken. */
enum sei_pages_answer sei_pages_judge(struct sei_pages *p, int64_t fresh,
                                      int64_t twice, int64_t *hand_out);

/* The offset for a resume token: of the first record not handed out, when the
 * caller is through with the first `used` (0 to n; dropped ones count) of the
 * taken page. When max_items ended the walk in the middle of a page of which
 * records were dropped, it may lie up to that many records too early. Under
 * SEI_DRIFT_REPAIR, once movement was seen, it is the walk's start, because
 * only a walk over everything finds what was missed. */
int64_t sei_pages_offset(const struct sei_pages *p, int64_t used);

/* The failure's name for an error object: "paging_loop", "drift",
 * "page_size_refused", "max_pages", "bad_paging"; "ok". Static. */
const char *sei_pages_failure_name(enum sei_pages_failure f);

/* Writes one sentence with its numbers: the failure, or without one the
 * movement seen (for a warning), or "". Always terminated, cut at `size`
 * bytes; 512 are enough. */
void sei_pages_problem(const struct sei_pages *p, char *out, size_t size);

#endif
