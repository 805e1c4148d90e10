/* json - the table builder and encoder: ext/data/json on one side, Lua values
 * on the other. For C files of this folder; what Lua sees is in json.c. */
#ifndef SEI_LUA_JSON_H
#define SEI_LUA_JSON_H

#include <lua.h>
#include <stdbool.h>

#include "../base/buf.h"
#include "../data/json.h"
#include "options.h"

/* Keeps what makes building fast from one record to the next: the cache of
 * interned keys, the sizes that tables of this shape had. It lives in a
 * userdata; the userdata owns everything (nothing leaks when Lua raises). */
struct sei_builder;

/* Pushes a new builder (a userdata with __gc) and returns it. */
struct sei_builder *sei_builder_push(lua_State *L);

/* A container that is open (private). */
struct sei_frame {
  int slot;             /* stack index of the table */
  unsigned count;       /* members or items in the table */
  short place;          /* where the container stands */
  short last;           /* the member that came last; 0: none yet */
  short member;         /* where the next value stands */
  short pending;        /* items on the stack; -1: they go into the table */
  bool object, chosen;  /* chosen: only some members are wanted */
  bool big;             /* has members marked as big */
};

/* Values that are built one after the other (private). */
struct sei_build {
  lua_State *L;
  struct sei_builder *b;
  struct sei_json *j;
  int cache, fields;    /* stack indices */
  unsigned epoch;       /* of the fields */
  struct sei_frame *f; /* the innermost that is open */
  struct sei_frame frame[SEI_JSON_DEPTH_MAX + 1];
};

/* Makes ready for building values, and pushes one value: it, the builder's
 * userdata at `builder_index` and `fields` stay where they are on the stack as
 * long as values are built, each from this height of the stack or a few slots
 * above.
 * `fields`: 0, or the stack index of a table {[name]=true,…}: of a value that
 * is an object only these members are built, others are skipped. What that
 * table says is remembered as long as it is the same table: use one for many
 * records, and do not change it in between. */
void sei_build_begin(struct sei_build *w, lua_State *L, int builder_index,
                     int fields);

/* Builds the value whose first event `first` was just read from `j` and pushes
 * it. Answers the event that ended the value; on MORE and ERROR nothing is
 * pushed, and on MORE the caller goes back to its own mark. May raise on
 * memory only. */
enum sei_json_event sei_build(struct sei_build *w, struct sei_json *j,
                              enum sei_json_event first);

/* The same for what stands beside those values and has other members: what is
 * remembered of them is not looked for among these, and all are built. */
enum sei_json_event sei_build_beside(struct sei_build *w, struct sei_json *j,
                                     enum sei_json_event first);

/* Appends the JSON of the value at `index`. Returns NULL, or a static text
 * that says what cannot be written; then `where` (of where_size bytes, at
 * least 4) names the place as a path, "[3].email", or is empty for the value
 * itself, and `out` holds a useless beginning. Never raises but on memory. */
const char *sei_encode(lua_State *L, int index, struct sei_buf *out,
                       int canonical, char *where, size_t where_size);

/* Pushes cjson.null's light userdata. */
void sei_push_null(lua_State *L);

/* What sei.json.decode and sei.json.encode take. */
extern const struct sei_option sei_json_decode_options[];
extern const struct sei_option sei_json_encode_options[];

/* Registers sei.json's functions in a new table and pushes it. */
int sei_open_json(lua_State *L);

#endif
