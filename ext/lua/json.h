/* json - the table builder and encoder: ext/data/json on one side, Lua values
 * on the other. For C files of this folder; what Lua sees is in json.c. */
#ifndef SEI_LUA_JSON_H
#define SEI_LUA_JSON_H

#include <lua.h>

#include "../base/buf.h"
#include "../data/json.h"
#include "options.h"

/* Keeps what makes building fast from one record to the next: the cache of
 * interned keys, the sizes that tables of this shape had. It lives in a
 * userdata; the userdata owns everything (nothing leaks when Lua raises). */
struct sei_builder;

/* Pushes a new builder (a userdata with __gc) and returns it. */
struct sei_builder *sei_builder_push(lua_State *L);

/* Builds the value whose first event `first` was just read from `j` and pushes
 * it. `builder_index` is where the builder's userdata stands on the stack.
 * `fields`: 0, or the stack index of a table {[name]=true,…}: if the value is
 * an object, only these members of it are built, others are skipped. What
 * that table says is remembered as long as it is the same table: use one for
 * many records, and do not change it in between.
 * Answers the event that ended the value; on MORE and ERROR nothing is
 * pushed, and on MORE the caller goes back to its own mark. May raise on
 * memory only. */
enum sei_json_event sei_build(lua_State *L, int builder_index,
                              struct sei_json *j, enum sei_json_event first,
                              int fields);

/* Appends the JSON of the value at `index`. Returns NULL, or a static text
 * that says what cannot be written; then `where` (of where_size bytes, at
 * least 4) names the place as a path, "[3].email", or is empty for the value
 * itself, and `out` holds a useless beginning. Never raises but on memory. */
const char *sei_encode(lua_State *L, int index, struct sei_buf *out,
                       int canonical, char *where, size_t where_size);

/* The same for what stands beside those values and has other members: what is
 * remembered of them is not looked for among these. */
enum sei_json_event sei_build_beside(lua_State *L, int builder_index,
                                     struct sei_json *j,
                                     enum sei_json_event first);

/* Pushes cjson.null's light userdata. */
void sei_push_null(lua_State *L);

/* What sei.json.decode and sei.json.encode take. */
extern const struct sei_option sei_json_decode_options[];
extern const struct sei_option sei_json_encode_options[];

/* Registers sei.json's functions in a new table and pushes it. */
int sei_open_json(lua_State *L);

#endif
