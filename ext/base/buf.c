/* buf - a growing byte buffer that is born with a maximum. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void sei_buf_init(struct sei_buf *b, size_t max)
{
  memset(b, 0, sizeof *b);
  b->max = max;
}

/* The next capacity that holds `need` bytes and stays within `max`. */
static size_t grown(const struct sei_buf *b, size_t need)
{
  size_t cap = b->cap ? b->cap : FIRST_CAP;
  while(cap < need)
    cap = cap > b->max / 2 ? b->max : cap * 2;
  return cap > b->max && need <= b->max ? b->max : cap;
}

static enum sei_buf_result ensure(struct sei_buf *b, size_t n)
{
  size_t cap;
  char *data;
  if(n > b->max - b->len)
    return SEI_BUF_FULL;
  if(b->len + n <= b->cap)
    return SEI_BUF_OK;
  cap = grown(b, b->len + n);
  data = realloc(b->data, cap);
  if(!data)
    return SEI_BUF_NOMEM;
  b->data = data;
  b->cap = cap;
  return SEI_BUF_OK;
}

enum sei_buf_result sei_buf_add(struct sei_buf *b, const void *bytes, size_t n)
{
  enum sei_buf_result r;
  if(!n)
    return SEI_BUF_OK;
  r = ensure(b, n);
  if(r != SEI_BUF_OK)
    return r;
  memcpy(b->data + b->len, bytes, n);
  b->len += n;
  return SEI_BUF_OK;
}

enum sei_buf_result sei_buf_adds(struct sei_buf *b, const char *s)
{
  return sei_buf_add(b, s, strlen(s));
}

enum sei_buf_result sei_buf_addc(struct sei_buf *b, char c)
{
  return sei_buf_add(b, &c, 1);
}

char *sei_buf_room(struct sei_buf *b, size_t n)
{
  if(ensure(b, n ? n : 1) != SEI_BUF_OK)
    return NULL;
  return b->data + b->len;
}

void sei_buf_drop(struct sei_buf *b, size_t n)
{
  b->len -= n;
  if(n && b->len)
    memmove(b->data, b->data + n, b->len);
}

void sei_buf_clear(struct sei_buf *b)
{
  b->len = 0;
}

void sei_buf_free(struct sei_buf *b)
{
  free(b->data);
  b->data = NULL;
  b->len = b->cap = 0;
}

void sei_buf_wipe(struct sei_buf *b)
{
  if(b->data)
    explicit_bzero(b->data, b->cap);
  sei_buf_free(b);
}
