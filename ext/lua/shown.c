/* shown - what of a reply people may see: no key, no control characters, no
 * page of HTML. */
#define _GNU_SOURCE /* strcasestr */
#include "shown.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/redact.h"
#include "json.h"

const char *sei_shown_skip_blank(const char *s, const char *end)
{
  while(s < end && isspace((unsigned char)*s))
    s++;
  return s;
}

bool sei_shown_html(const struct sei_exchange *x)
{
  const char *type = sei_headers_get(sei_transfer_headers(x->transfer),
                                     "Content-Type");
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  const char *end, *s;
  if(type && strcasestr(type, "text/html"))
    return true;
  if(!body->len)
    return false;
  end = body->data + body->len;
  s = sei_shown_skip_blank(body->data, end);
  return (end - s > 4 && !strncasecmp(s, "<htm", 4)) ||
    (end - s > 9 && !strncasecmp(s, "<!doctype", 9));
}

/* Makes n bytes printable in place: blanks for control characters, question
 * marks for what is no UTF-8. With `cut` the last character may lack a part;
 * answers how many bytes remain without it. */
static size_t make_printable(char *s, size_t n, bool cut)
{
  size_t i;
  for(i = 0; i < n; i++)
    if((unsigned char)s[i] < 32 || s[i] == 127)
      s[i] = ' ';
  for(i = 0; i < n; i++) {
    i += sei_utf8_valid(s + i, n - i);
    if(i < n && cut && n - i < 4 && (unsigned char)s[i] >= 0xc0)
      return i;
    if(i < n)
      s[i] = '?';
  }
  return n;
}

/* How many of n bytes must be looked at to show `most` of them. */
static size_t seen_of(const struct sei_client *c, size_t n, size_t most)
{
  size_t seen = most + sei_redact_beyond(&c->secrets);
  return seen > n ? n : seen;
}

/* Copies `seen` of the n bytes to `copy`, makes them fit to be shown and
 * returns how many of them to show. `cut`: there are more. */
static size_t clean(const struct sei_client *c, char *copy, const char *s,
                    size_t seen, size_t most, bool cut)
{
  size_t len = seen < most ? seen : most;
  if(seen)
    memcpy(copy, s, seen);
  sei_shown_scrub(c, copy, seen);
  return make_printable(copy, len, cut);
}

void sei_shown_scrub(const struct sei_client *c, char *text, size_t n)
{
  sei_redact_values(&c->secrets, text, n);
  sei_redact_names(text, n);
}

char *sei_shown_copy(const struct sei_client *c, const char *s, size_t n,
                     size_t most)
{
  size_t seen = seen_of(c, n, most);
  char *copy = malloc(seen + 1);
  if(copy)
    copy[clean(c, copy, s, seen, most, n > most)] = '\0';
  return copy;
}

const char *sei_shown_push(lua_State *L, const struct sei_client *c,
                           const char *s, size_t n, size_t most)
{
  size_t seen = seen_of(c, n, most);
  char *copy = lua_newuserdatauv(L, seen + 1, 0);
  lua_pushlstring(L, copy, clean(c, copy, s, seen, most, n > most));
  if(n > most) {
    lua_pushliteral(L, "...");
    lua_concat(L, 2);
  }
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}

void sei_shown_redact(const struct sei_client *c,
                      const struct sei_exchange *x)
{
  struct sei_buf *body = sei_transfer_body(x->transfer);
  sei_shown_scrub(c, body->data, body->len);
}

void sei_shown_redact_all(const struct sei_client *c,
                          const struct sei_exchange *x)
{
  const struct sei_headers *h;
  size_t i;
  sei_shown_scrub(c, x->url, strlen(x->url));
  if(!x->transfer)
    return;
  h = sei_transfer_headers(x->transfer);
  for(i = 0; i < h->count; i++)
    sei_shown_scrub(c, h->list[i].value, strlen(h->list[i].value));
  sei_shown_redact(c, x);
}

void sei_shown_title(lua_State *L, const struct sei_client *c,
                     const struct sei_exchange *x)
{
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  const char *s = body->len ? body->data : "", *end = s + body->len, *stop;
  while(s && s < end && (s = memchr(s, '<', (size_t)(end - s))) &&
        (end - s < 7 || strncasecmp(s, "<title", 6)))
    s++;
  s = s && s < end ? memchr(s, '>', (size_t)(end - s)) : NULL;
  stop = s ? memchr(s, '<', (size_t)(end - s)) : NULL;
  if(!stop) {
    lua_pushliteral(L, "");
    return;
  }
  s = sei_shown_skip_blank(s + 1, stop);
  while(stop > s && isspace((unsigned char)stop[-1]))
    stop--;
  sei_shown_push(L, c, s, (size_t)(stop - s), SEI_SHOWN_MAX);
}
