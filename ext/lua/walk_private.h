/* walk_private - what the files of the iterator share. */
#ifndef SEI_LUA_WALK_PRIVATE_H
#define SEI_LUA_WALK_PRIVATE_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "../api/page.h"
#include "../api/seen.h"
#include "records.h"
#include "request.h"
#include "walk.h"

/* User values. PARTS holds strings the struct points to. */
enum { UV_CLIENT = 1, UV_LIST, UV_BUILDER, UV_FIELDS, UV_META, UV_PARTS,
  UV_LISTS, UV_ERROR, UV_COUNT = UV_ERROR };

enum sei_walk_state { WALK_RUNS, WALK_ENDED, WALK_FAILED, WALK_CLOSED };

struct sei_walk_slot {
  struct sei_exchange x;
  struct sei_records records;
  size_t looked;    /* bytes of the body that wait and were looked at: what is
                       cut off there needs more of them */
  bool asked, failed;
  bool landed;      /* paged: the reply is whole and good; it is built when
                       its turn comes */
  int64_t size;     /* records asked for */
  struct sei_buf spare;     /* memory for the next reply's body */
  unsigned attempt;         /* of the request whose reply is being built */
};

struct sei_walk {
  struct sei_client *client;
  const struct sei_endpoint *endpoint;
  struct sei_waiter waiter;
  enum sei_walk_state state;
  bool paged;
  bool warn;
  int64_t served;                   /* pages handed out */
  bool inside;      /* sei_walk_poll(); still set at its start: Lua raised in
                       the middle of it */
  const char *query, *filter;       /* kept by PARTS */
  const char *page_name, *size_name, *envelope;
  uint64_t fingerprint;             /* of the query, for resume tokens */
  double timeout;                   /* seconds, for a page */
  double deadline;                  /* of all pages, sei_clock(); 0: none */
  struct sei_pages pages;
  struct sei_seen seen;
  struct sei_pages_page page;       /* being handed out */
  bool asked;       /* since the last step: one is to send it */
  bool stepped;     /* in the middle of sei_walk_poll() */
  bool small;       /* the page that was built last */
  int owed;                         /* KiB of pages before, which the
                                       collector was not told of yet */
  bool kept;        /* the caller keeps records: the last collection between
                       two pages freed little */
  int wasted;       /* collections for one small page that were not worth it */
  int64_t at, end;                  /* records of it: next, one behind */
  int64_t left;                     /* of max_items, unpaged; -1 all */
  unsigned char *dropped;           /* of the page's records; NULL: none */
  int64_t dropped_size;
  unsigned slot_count;
  struct sei_walk_slot slots[];
};

/* All of these expect the walk's userdata at stack index 1. */

/* walk_new.c: core.walk(client, endpoint, options[, deadline]) -> walk. */
int sei_walk_new(lua_State *L);

/* walk_page.c: sends the request for a page; the slot is then asked. */
void sei_walk_send(lua_State *L, struct sei_walk *w,
                   const struct sei_pages_ask *ask);

/* Frees the slot's request; the slot is not asked any more. */
void sei_walk_forget(struct sei_walk_slot *s);

/* Looks at what has come for the request in slot i. Paged: a whole reply is
 * judged by its status; good, it has landed. Unpaged: builds at most `most`
 * records (0: all). A slot that has failed leaves the error in UV_ERROR. */
void sei_walk_tend(lua_State *L, struct sei_walk *w, int i, int64_t most);

/* Builds the page that has landed in slot i and tells the rule of it, unless
 * its bytes are bad: then the slot has failed. */
void sei_walk_build(lua_State *L, struct sei_walk *w, int i);

/* walk_poll.c: does what can be done without waiting. true: the next call has
 * an answer: a record, the end or an error. */
bool sei_walk_poll(lua_State *L, struct sei_walk *w);

/* Whether the next page is small and has landed, and the loop in Lua had its
 * turn just now: then nobody need wait nor step for it. */
bool sei_walk_is_ready(const struct sei_walk *w);

#endif
