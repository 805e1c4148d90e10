/* client - one SEI account: where it is, with which key, over which pool. For
 * C files of this folder; what Lua sees is in client.c. */
#ifndef SEI_LUA_CLIENT_H
#define SEI_LUA_CLIENT_H

#include <lua.h>
#include <stdbool.h>

#include "../api/endpoint.h"
#include "../base/buf.h"
#include "../http/auth.h"
#include "../http/pool.h"

#define SEI_CLIENT "sei.client"

/* Somebody who waits for something of this client: a call, a page, bytes of a
 * stream. While one of them could go on, the client's descriptor stays
 * readable, so that whoever drives the loop next wakes it up, too. */
struct sei_waiter {
  struct sei_waiter *next, **at;  /* in the client's list; at: NULL outside */
  unsigned count;                 /* coroutines that wait for the same thing */
  bool (*ripe)(struct sei_waiter *w);
};

struct sei_client {
  struct sei_pool *pool;          /* NULL: closed */
  char *base_url;                 /* without a slash at its end */
  struct sei_buf key;             /* NUL-terminated; empty: not read yet */
  enum sei_auth_style auth;
  char account[128];              /* "" none */
  char *strings[3];               /* owns what `http` points to */
  struct sei_http_options http;
  unsigned window;
  double timeout;                 /* seconds, of a call */
  size_t max_body;                /* bytes of a reply that is not a stream */
  struct sei_waiter *waiters;
};

/* The client at `index`, whether open or closed; raises for anything else. */
struct sei_client *sei_client_check(lua_State *L, int index);

/* The same, and it must be open: raises an error object of kind "closed". */
struct sei_client *sei_client_open(lua_State *L, int index);

/* Enters and leaves the list. Several coroutines may wait for one thing: the
 * last one to leave takes it out. */
void sei_client_await(struct sei_client *c, struct sei_waiter *w);
void sei_client_unawait(struct sei_client *c, struct sei_waiter *w);

/* Takes it out whoever waits: it is about to be collected. */
void sei_client_forget(struct sei_client *c, struct sei_waiter *w);

/* Something became ripe other than by a step. */
void sei_client_wake(struct sei_client *c);

/* Pushes the options that override open points of the endpoint's group (a
 * table, maybe empty), kept by the client at `index`. */
void sei_client_push_group(lua_State *L, int index, enum sei_group group);

/* Puts the functions client, set_key, poll, … into the table on top. */
void sei_open_client(lua_State *L);

#endif
