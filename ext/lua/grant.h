/* grant - what a client may do that works for somebody who is not trusted.
 * For C files of this folder.
 *
 * The check stands where every request begins, below all that Lua decides:
 * which operations, whether any of them writes, which hosts, how many
 * requests, until when. A client's grant never becomes wider.
 */
#ifndef SEI_LUA_GRANT_H
#define SEI_LUA_GRANT_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "../api/endpoint.h"
#include "options.h"

struct sei_client;

struct sei_grant {
  bool on;                  /* false: the client may do everything */
  bool writes;
  uint64_t operations;      /* a bit for each row of the endpoint table */
  char *hosts;              /* owned; "a|b:8080|", or NULL: any */
  uint64_t requests;        /* that are left, repetitions included */
  double deadline;          /* sei_clock() seconds */
};

/* What the option `grant` of sei.client takes. */
extern const struct sei_option sei_grant_options[];

/* Reads the option of the table at `options` into the client, whose address
 * is known by now. Raises for what is wrong with it. */
void sei_grant_read(lua_State *L, int options, struct sei_client *c);

/* Raises an error object of kind "refused" and code "grant" unless the client
 * may ask this of that URL; `file`: a file of ours is to be sent. */
void sei_grant_check(lua_State *L, const struct sei_client *c,
                     const struct sei_endpoint *e, const char *url,
                     bool file);

/* Takes one of the requests that are left; false: there is none, or the time
 * is over. */
bool sei_grant_take(struct sei_client *c);

void sei_grant_free(struct sei_grant *g);

/* Puts the function granted into the table on top. */
void sei_open_grant(lua_State *L);

#endif
