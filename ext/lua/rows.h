/* rows - rows that are sent: checked by the endpoint's rules, encoded, cut
 * into batches. For C files of this folder. */
#ifndef SEI_LUA_ROWS_H
#define SEI_LUA_ROWS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../api/endpoint.h"
#include "../base/shared.h"

#define SEI_ROWS "sei.rows"

/* The body of the open batch of the rows at `index`, complete with brackets;
 * it lasts until the batch is touched. NULL if that is no such userdata. */
const char *sei_rows_body(lua_State *L, int index, size_t *n);

/* The same bytes, for who holds them longer than that; NULL likewise. */
struct sei_shared *sei_rows_shared(lua_State *L, int index);

/* Pushes the array of a CSV's columns, as the client at index `client` or the
 * endpoint names them; nil: they are the customer's own. */
void sei_columns_push(lua_State *L, int client, const struct sei_endpoint *e);

/* How many rows the open batch of the rows at `index` holds; 0 if that is no
 * such userdata. */
int64_t sei_rows_count(lua_State *L, int index);

/* Whether the endpoint's rows fit into columns, so that a CSV file of them can
 * be sent row by row. */
bool sei_rows_from_file(const struct sei_endpoint *e);

/* Puts the functions of all rows files into the table on top. */
void sei_open_rows(lua_State *L);

#endif
