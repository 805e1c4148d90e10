/* auth - how the API key is sent, and what can be read off its shape.
 *
 * The four styles and their defaults are those of api.md section 2.
 */
#ifndef SEI_HTTP_AUTH_H
#define SEI_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "header.h"

enum sei_auth_style {
  SEI_AUTH_BY_SHAPE,          /* decide by sei_auth_shape() */
  SEI_AUTH_X_API_KEY,         /* x-api-key: <key> */
  SEI_AUTH_APIKEY,            /* Authorization: ApiKey <key> */
  SEI_AUTH_BEARER,            /* Authorization: Bearer <key> */
  SEI_AUTH_RAW                /* Authorization: <key> */
};

/* The option's spelling of a style: "x-api-key", "apikey", "bearer", "raw". */
const char *sei_auth_name(enum sei_auth_style s);

/* "apikey" for keys that begin with eyJ, else "x-api-key". */
enum sei_auth_style sei_auth_shape(const char *key);

/* The style that a hint names after a 401: the other likely one. */
enum sei_auth_style sei_auth_other(enum sei_auth_style s);

/* Adds the header line for that key. false: no memory. */
bool sei_auth_add(struct sei_headers *h, enum sei_auth_style s,
                  const char *key);

/* The account id: second segment of a key `pat.<account>.…` or `sat.…`.
 * Writes it to `out` and returns true; false if the key has none or it does
 * not fit. */
bool sei_auth_account(const char *key, char *out, size_t out_size);

#endif
