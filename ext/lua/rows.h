/* rows - rows that are sent: checked by the endpoint's rules, encoded, cut
 * into batches. For C files of this folder. */
#ifndef SEI_LUA_ROWS_H
#define SEI_LUA_ROWS_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#define SEI_ROWS "sei.rows"

/* The body of the open batch of the rows at `index`, complete with brackets;
 * it lasts until the batch is touched. NULL if that is no such userdata. */
const char *sei_rows_body(lua_State *L, int index, size_t *n);

/* How many rows the open batch of the rows at `index` holds; 0 if that is no
 * such userdata. */
int64_t sei_rows_count(lua_State *L, int index);

/* Puts the function rows into the table on top. */
void sei_open_rows(lua_State *L);

#endif
