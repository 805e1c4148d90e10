/* json_mark - what a decoded table remembers about its JSON: that it is an
 * array, and which of its strings stood there as integers that Lua's 64 bits
 * cannot hold ("big"). For the json files of this folder.
 *
 * Both live in the metatable. All plain arrays share one ("sei.array"); a
 * table with big integers has one of its own.
 */
#ifndef SEI_LUA_JSON_MARK_H
#define SEI_LUA_JSON_MARK_H

#include <lua.h>
#include <stdbool.h>

/* The shared metatable's name. */
#define SEI_ARRAY "sei.array"

enum { SEI_MARK_ARRAY = 1, SEI_MARK_BIG = 2 };

/* Pushes the metatable that plain arrays share. */
void sei_array_push_metatable(lua_State *L);

/* Marks the table at `index` as an array, keeping its big marks. false: it
 * has a metatable that is not ours and stays as it is. */
bool sei_array_mark(lua_State *L, int index);

/* The marks of the table at `index`, or'ed. If SEI_MARK_BIG is among them, the
 * table {[key] = digits} was pushed. */
int sei_marks(lua_State *L, int index);

/* Marks the member `key` (a stack index) of `table` as big; `digits` is the
 * stack index of its text. The table has no metatable or one of ours. */
void sei_big_mark(lua_State *L, int table, int key, int digits);

/* Takes the mark away. Only for a table with a metatable of its own. */
void sei_big_clear(lua_State *L, int table, int key);

/* Whether the member `key` of `table` is marked and still has its digits. */
bool sei_big_is(lua_State *L, int table, int key);

#endif
