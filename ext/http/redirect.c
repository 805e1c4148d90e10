/* redirect - where a Location header leads, if one may go there. */
#define _DEFAULT_SOURCE
#include "redirect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcurl.h"

bool sei_redirect_keeps_method(int status, const char *method)
{
  if(status == 307 || status == 308)
    return true;
  return (status == 301 || status == 302 || status == 303) &&
    !strcmp(method, "GET");
}

/* Whether both have that part, and the same. */
static bool same(CURLU *a, CURLU *b, CURLUPart part)
{
  char *x = NULL, *y = NULL;
  bool equal =
    !curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) &&
    !curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) && !strcasecmp(x, y);
  curl_free(x);
  curl_free(y);
  return equal;
}

static bool has(CURLU *u, CURLUPart part)
{
  char *x = NULL;
  bool there = !curl_url_get(u, part, &x, 0);
  curl_free(x);
  return there;
}

static bool may_follow(CURLU *from, CURLU *to)
{
  return same(from, to, CURLUPART_SCHEME) && same(from, to, CURLUPART_HOST) &&
    same(from, to, CURLUPART_PORT) && !has(to, CURLUPART_USER) &&
    !has(to, CURLUPART_PASSWORD);
}

static char *absolute(CURLU *from, CURLU *to, const char *url,
                      const char *location)
{
  char *text = NULL, *copy = NULL;
  if(!curl_url_set(from, CURLUPART_URL, url, 0) &&
     !curl_url_set(to, CURLUPART_URL, url, 0) &&
     !curl_url_set(to, CURLUPART_URL, location, 0) && may_follow(from, to) &&
     !curl_url_set(to, CURLUPART_FRAGMENT, NULL, 0) &&
     !curl_url_get(to, CURLUPART_URL, &text, 0))
    copy = strdup(text);
  curl_free(text);
  return copy;
}

char *sei_redirect_url(const char *url, const char *location)
{
  CURLU *from = curl_url(), *to = curl_url();
  char *found = from && to ? absolute(from, to, url, location) : NULL;
  curl_url_cleanup(from);
  curl_url_cleanup(to);
  return found;
}
