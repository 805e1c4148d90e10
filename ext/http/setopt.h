/* setopt - curl_easy_setopt() with a checked result and typed values.
 *
 * The first failure is kept and what comes after it is not tried, so that a
 * long list of options is checked once, at its end.
 */
#ifndef SEI_HTTP_SETOPT_H
#define SEI_HTTP_SETOPT_H

#include "libcurl.h"

struct sei_setopt {
  CURL *easy;                 /* borrowed */
  CURLcode code;              /* the first failure, or CURLE_OK */
};

void sei_set_long(struct sei_setopt *s, CURLoption option, long value);
void sei_set_size(struct sei_setopt *s, CURLoption option, curl_off_t value);

/* libcurl copies the string. */
void sei_set_string(struct sei_setopt *s, CURLoption option,
                    const char *value);

/* libcurl borrows what it points to. */
void sei_set_pointer(struct sei_setopt *s, CURLoption option, void *value);

/* Seconds as milliseconds, at least one. */
void sei_set_seconds(struct sei_setopt *s, CURLoption option, double value);

/* For callbacks: curl_easy_setopt() itself knows and checks their types when
 * the option is written out; this keeps what it answered. */
void sei_set_answer(struct sei_setopt *s, CURLcode code);

#endif
