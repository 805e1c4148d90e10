/* reply - is it what was asked for; if not, the error that says so. For C
 * files of this folder. */
#ifndef SEI_LUA_REPLY_H
#define SEI_LUA_REPLY_H

#include <lua.h>

#include "request.h"

enum sei_want {
  SEI_WANT_JSON,    /* a JSON value */
  SEI_WANT_CSV,     /* anything but an HTML page; maybe only its beginning */
  SEI_WANT_ACK      /* 2xx: JSON, "ok" or nothing (api.md section 4 no. 10) */
};

/* For an exchange that is done, or a stream whose status is known. true: the
 * reply is usable as `want`. false: an error object was pushed. */
bool sei_reply_check(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x, enum sei_want want);

/* Whether so much of a reply has come that an error can be made of it. The
 * rest of a stream that is no data would wait for ever to be taken. */
bool sei_reply_tells(const struct sei_exchange *x);

/* Pushes an error object of that kind with the exchange's method, URL,
 * status, request id and a list of its one attempt. `fmt` may hold one %s,
 * for `detail`, which is made printable and loses the key. */
void sei_reply_error(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x, const char *kind,
                     const char *fmt, const char *detail);

/* Gives the error object on top, which somebody else made of the reply's
 * bytes, the same fields; its strings are treated like `detail`. */
void sei_reply_complete(lua_State *L, const struct sei_client *c,
                        const struct sei_exchange *x);

/* Whether a refused list request speaks of its page size. */
bool sei_reply_refuses_size(const struct sei_exchange *x);

/* Decodes the whole body and pushes the value; false: an error object. */
bool sei_reply_decode(lua_State *L, const struct sei_client *c,
                      const struct sei_exchange *x);

#endif
