/* records - the body of a list's reply becomes records and facts about the
 * page, while it arrives. For C files of this folder. */
#ifndef SEI_LUA_RECORDS_H
#define SEI_LUA_RECORDS_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../data/json.h"

/* Of a reply's JSON: levels of nesting, bytes of one string or key. */
enum { SEI_RECORDS_DEPTH_MAX = 128,
  SEI_RECORDS_STRING_MAX = 16 * 1024 * 1024 };

enum sei_records_state {
  SEI_RECORDS_START, SEI_RECORDS_MEMBERS, SEI_RECORDS_INSIDE,
  SEI_RECORDS_AFTER, SEI_RECORDS_END, SEI_RECORDS_BAD
};

/* Lives inside a userdata, which frees it. */
struct sei_records {
  struct sei_json json;
  struct sei_buf scratch;
  const char *envelope;     /* "a|b.c|[]", borrowed */
  const char *key;          /* member that tells records apart, or NULL */
  bool drop_key;            /* it was not asked for */
  enum sei_records_state state;
  bool bare, found, nested;
  char prefix[64];          /* of the object that we stand in */
  int64_t count;            /* records built */
  int64_t listed;           /*   and those in the list now */
  int64_t total, page_size; /* as the reply says, -1 if it does not */
  uint64_t fingerprint;     /* of all records' fingerprints, in order */
  struct sei_buf keys;      /* a uint64_t for each record */
  char problem[500];        /* why BAD */
};

/* Where the Lua values are on the stack. */
struct sei_records_place {
  int builder;              /* the builder's userdata */
  int fields;               /* 0 or {[name]=true} */
  int list;                 /* array that records go to */
  int meta;                 /* table for the other members */
};

/* Starts a reply: all zero, or what served for another one, whose memory it
 * then keeps. `envelope` and `key` outlive it. */
void sei_records_begin(struct sei_records *r, const char *envelope,
                       const char *key);

/* Builds what is complete in `body` and drops those bytes. `last`: nothing
 * comes behind. Stops after `most` records in `list` (0: none). The state is
 * END when the reply is over, BAD with a problem; else give it more. */
void sei_records_feed(lua_State *L, struct sei_records *r,
                      const struct sei_records_place *at,
                      struct sei_buf *body, bool last, int64_t most);

/* The fingerprint of the i-th record (from 0). */
uint64_t sei_records_key(const struct sei_records *r, int64_t i);

/* The list was emptied: forgets its records' keys; counting goes on. */
void sei_records_restart(struct sei_records *r);

void sei_records_free(struct sei_records *r);

#endif
