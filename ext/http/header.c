/* header - the list of header fields, and what may stand in one. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAP = 8 };

static bool grow(struct sei_headers *h)
{
  size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
  struct sei_header *list;
  if(h->count < h->cap)
    return true;
  list = realloc(h->list, cap * sizeof *list);
  if(!list)
    return false;
  h->list = list;
  h->cap = cap;
  return true;
}

bool sei_headers_add(struct sei_headers *h, const char *name,
                     const char *value)
{
  struct sei_header *slot;
  if(!grow(h))
    return false;
  slot = &h->list[h->count];
  slot->name = strdup(name);
  slot->value = strdup(value);
  if(!slot->name || !slot->value) {
    free(slot->name);
    free(slot->value);
    return false;
  }
  h->count++;
  h->bytes += strlen(name) + strlen(value);
  return true;
}

const char *sei_headers_get(const struct sei_headers *h, const char *name)
{
  size_t i;
  for(i = 0; i < h->count; i++)
    if(!strcasecmp(h->list[i].name, name))
      return h->list[i].value;
  return NULL;
}

void sei_headers_free(struct sei_headers *h)
{
  size_t i;
  for(i = 0; i < h->count; i++) {
    explicit_bzero(h->list[i].value, strlen(h->list[i].value));
    free(h->list[i].value);
    free(h->list[i].name);
  }
  free(h->list);
  memset(h, 0, sizeof *h);
}

bool sei_header_clean(const char *s, size_t n)
{
  size_t i;
  for(i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}
