/* setopt - curl_easy_setopt() with a checked result and typed values. */
#define _DEFAULT_SOURCE
#include "setopt.h"

#include <limits.h>

void sei_set_long(struct sei_setopt *s, CURLoption option, long value)
{
  if(!s->code)
    s->code = curl_easy_setopt(s->easy, option, value);
}

void sei_set_size(struct sei_setopt *s, CURLoption option, curl_off_t value)
{
  if(!s->code)
    s->code = curl_easy_setopt(s->easy, option, value);
}

void sei_set_string(struct sei_setopt *s, CURLoption option,
                    const char *value)
{
  if(!s->code)
    s->code = curl_easy_setopt(s->easy, option, value);
}

void sei_set_pointer(struct sei_setopt *s, CURLoption option, void *value)
{
  if(!s->code)
    s->code = curl_easy_setopt(s->easy, option, value);
}

void sei_set_seconds(struct sei_setopt *s, CURLoption option, double value)
{
  double ms = value * 1000;
  long most = INT_MAX; /* libcurl refuses more than its own types hold */
  sei_set_long(s, option, ms < 1 ? 1 : ms > (double)most ? most : (long)ms);
}

void sei_set_answer(struct sei_setopt *s, CURLcode code)
{
  if(!s->code)
    s->code = code;
}
