/* answer - a transfer that is recorded, or answered from a recording: what
 * went out and came in is kept beside its use; or a reply is put in its place
 * without any network.
 */
#ifndef SEI_HTTP_ANSWER_H
#define SEI_HTTP_ANSWER_H

#include "transfer.h"

/* What a transfer keeps, if sei_request said `keep`: the multipart file's
 * bytes, and the reply's, unpacked. Both are the transfer's; whoever takes
 * the buffers leaves empty ones. */
struct sei_kept {
  struct sei_buf file, reply;
  bool cut;                   /* over the limit, or no memory: not all */
};

struct sei_kept *sei_transfer_kept(struct sei_transfer *t);

/* A reply that is put in place of one from the network. All is copied. */
struct sei_answer {
  enum sei_failure failure;   /* NONE: a whole reply */
  const char *problem;        /* its sentence */
  bool sent;                  /* of a failure: see sei_transfer_sent() */
  int status;                 /* 0: none came */
  const struct sei_headers *headers; /* NULL: none */
  const char *body;
  size_t body_len;
  bool open;                  /* what came is there, the end never comes: the
                                 transfer stays NEW */
};

/* Takes the multipart file of a transfer that will never run, as far as it is
 * there, into what is kept. Returns whether all of it was taken. A file that
 * cannot be read makes the transfer fail when it is answered. */
bool sei_transfer_pump(struct sei_transfer *t);

/* Answers a transfer that is NEW: it is DONE, unless `open`. What failed
 * before (a file that cannot be read) goes before. false: no memory. */
bool sei_transfer_answer(struct sei_transfer *t, const struct sei_answer *a);

#endif
