/* shared - a buffer that several hold: it goes with the last of them. */
#include "shared.h"

#include <stdlib.h>

struct sei_shared *sei_shared_new(size_t max)
{
  struct sei_shared *s = malloc(sizeof *s);
  if(!s)
    return NULL;
  sei_buf_init(&s->buf, max);
  s->holders = 1;
  return s;
}

struct sei_shared *sei_shared_hold(struct sei_shared *s)
{
  s->holders++;
  return s;
}

void sei_shared_drop(struct sei_shared *s)
{
  if(!s || --s->holders)
    return;
  sei_buf_free(&s->buf);
  free(s);
}
