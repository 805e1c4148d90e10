/* shown - what of a reply people may see. For C files of this folder. */
#ifndef SEI_LUA_SHOWN_H
#define SEI_LUA_SHOWN_H

#include <lua.h>

#include "request.h"

enum { SEI_SHOWN_MAX = 300 };   /* bytes of a text within a message */

/* The first byte that is not blank, or end. */
const char *sei_shown_skip_blank(const char *s, const char *end);

/* Whether the reply says or looks as if it were a web page. */
bool sei_shown_html(const struct sei_exchange *x);

/* Pushes n bytes as printable text: control characters become blanks, what is
 * no UTF-8 question marks, the client's key asterisks; what is longer than
 * `most` bytes is cut and ends in "...". The pushed string. */
const char *sei_shown_push(lua_State *L, const struct sei_client *c,
                           const char *s, size_t n, size_t most);

/* The same as a C string on the heap, without the "..."; NULL: no memory. */
char *sei_shown_copy(const struct sei_client *c, const char *s, size_t n,
                     size_t most);

/* Overwrites the client's keys, old ones too, and what stands behind names of
 * secrets. The text keeps its length. */
void sei_shown_scrub(const struct sei_client *c, char *text, size_t n);

/* Takes the key out of a body that will be shown or handed on: a service that
 * repeats what it got must not make us tell it. */
void sei_shown_redact(const struct sei_client *c,
                      const struct sei_exchange *x);

/* The same with address and headers: the client is about to forget its keys,
 * while errors may yet be made of this. */
void sei_shown_redact_all(const struct sei_client *c,
                          const struct sei_exchange *x);

/* Pushes the title of an HTML page, or "". */
void sei_shown_title(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x);

#endif
