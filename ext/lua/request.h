/* request - a row of the endpoint table and a client become an HTTP request.
 * For C files of this folder. */
#ifndef SEI_LUA_REQUEST_H
#define SEI_LUA_REQUEST_H

#include <lua.h>

#include "client.h"
#include "options.h"

/* Checks the options at `index` of the endpoint's function: its own query
 * parameters, those every call has (timeout, query), and `own`. */
void sei_request_check(lua_State *L, int index,
                       const struct sei_endpoint *e,
                       const struct sei_option *own);

/* Pushes the same options as an array of rows, as sei_options_append() makes
 * them. */
void sei_request_push_options(lua_State *L, const struct sei_endpoint *e,
                              const struct sei_option *own);

/* Pushes the query string for the options at `index`, without page
 * parameters: "" or "?a=b&c=d". */
void sei_request_push_query(lua_State *L, int index,
                            const struct sei_endpoint *e);

/* Pushes `query` with one more parameter. */
void sei_request_add_query(lua_State *L, const char *query, const char *name,
                           const char *value);

/* Pushes base URL, path and query. */
const char *sei_request_push_url(lua_State *L, const struct sei_client *c,
                                 const struct sei_endpoint *e,
                                 const struct sei_send *send);

#endif
