/* redirect - where a Location header leads, if one may go there with the key.
 *
 * Only to the same scheme, host and port: libcurl guards Authorization across
 * hosts, but never x-api-key (style.md 8), so it follows nothing by itself.
 */
#ifndef SEI_HTTP_REDIRECT_H
#define SEI_HTTP_REDIRECT_H

#include <stdbool.h>

/* Whether a reply with that status asks to repeat the request elsewhere with
 * the same method: 307 and 308 any, 301, 302 and 303 only a GET (RFC 9110
 * section 15.4). */
bool sei_redirect_keeps_method(int status, const char *method);

/* The absolute URL that `location` names, seen from `url`; NULL if it is
 * malformed, goes to another origin, or there is no memory. The caller
 * frees it. */
char *sei_redirect_url(const char *url, const char *location);

#endif
