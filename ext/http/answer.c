/* answer - a transfer that is recorded, or answered from a recording. */
#include "answer.h"

#include <errno.h>
#include <string.h>

#include "transfer_private.h"

enum { PIECE = 64 * 1024 };

struct sei_kept *sei_transfer_kept(struct sei_transfer *t)
{
  return &t->kept;
}

void sei_transfer_keep(struct sei_transfer *t, struct sei_buf *b,
                       const void *bytes, size_t n)
{
  if(t->kept.cut || !b->max)
    return;
  if(sei_buf_add(b, bytes, n) == SEI_BUF_OK)
    return;
  t->kept.cut = true;
  sei_buf_wipe(b);
}

bool sei_transfer_pump(struct sei_transfer *t)
{
  char piece[PIECE];
  size_t n;
  if(t->failure != SEI_FAILURE_NONE)
    return true;
  for(;;) {
    n = sizeof piece;
    switch(sei_feed_take(&t->feed, piece, &n)) {
    case SEI_FEED_EMPTY:
      return false;
    case SEI_FEED_OK:
      break;
    case SEI_FEED_SHORT:
      n = 0;
      break;
    default:
      sei_transfer_fail(t, SEI_FAILURE_SOURCE, "cannot read the file: %s",
                        strerror(errno));
      return true;
    }
    if(!n)
      return true;
    sei_transfer_keep(t, &t->kept.file, piece, n);
    t->uploaded += (int64_t)n;
  }
}

static bool copy_headers(struct sei_transfer *t, const struct sei_headers *h)
{
  size_t i;
  sei_headers_free(&t->headers);
  for(i = 0; h && i < h->count; i++)
    if(!sei_headers_add(&t->headers, h->list[i].name, h->list[i].value))
      return false;
  return true;
}

/* The limits hold for a recorded reply, too. false: no memory. */
static bool copy_body(struct sei_transfer *t, const struct sei_answer *a)
{
  enum sei_buf_result r = sei_buf_add(&t->body, a->body, a->body_len);
  if(r == SEI_BUF_FULL)
    sei_transfer_fail(t, SEI_FAILURE_TOO_LARGE, "the reply is over %zu bytes",
                      t->max_body);
  else if(r == SEI_BUF_OK)
    t->received = a->body_len;
  return r != SEI_BUF_NOMEM;
}

bool sei_transfer_answer(struct sei_transfer *t, const struct sei_answer *a)
{
  bool failed = t->failure != SEI_FAILURE_NONE;
  if(t->state != SEI_TRANSFER_NEW)
    return true;
  if(!failed) {
    if(!copy_headers(t, a->headers) || !copy_body(t, a))
      return false;
    t->status = a->status;
    t->head_done = a->status != 0;
    t->submitted = t->started = sei_clock();
    if(a->failure != SEI_FAILURE_NONE)
      sei_transfer_fail(t, a->failure, "%s", a->problem ? a->problem : "");
  }
  if(a->open && t->failure == SEI_FAILURE_NONE)
    return true;
  sei_transfer_finish(t, CURLE_OK);
  t->sent = a->sent && !failed;
  return true;
}
