/* source - where the bytes of a multipart file come from: a regular file, the
 * caller's memory, or pieces that the caller feeds. Knows no libcurl.
 */
#ifndef SEI_HTTP_SOURCE_H
#define SEI_HTTP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum { SEI_FEED_HIGH = 1024 * 1024 }; /* bytes waiting; no more above it */

struct sei_feed {
  int fd;                     /* owned; -1: fed by the caller */
  int64_t size;               /* bytes in all; -1 unknown */
  int64_t left;               /* of them not yet read */
  struct sei_buf waiting;     /* fed, not yet taken */
  size_t taken;               /* of `waiting`, from its start */
  bool ended;                 /* the caller said so */
};

enum sei_feed_result {
  SEI_FEED_OK,                /* *n bytes; 0: the end */
  SEI_FEED_EMPTY,             /* nothing now, more may come */
  SEI_FEED_SHORT,             /* the file ended before its size */
  SEI_FEED_ERROR              /* errno */
};

/* Makes an empty feed without a file. */
void sei_feed_init(struct sei_feed *f);

/* Opens a regular file. false: errno; EINVAL if it is something else. */
bool sei_feed_open(struct sei_feed *f, const char *path);

/* Safe to call twice. */
void sei_feed_free(struct sei_feed *f);

/* Adds a piece. false: over SEI_FEED_HIGH waits, or no memory. */
bool sei_feed_add(struct sei_feed *f, const void *bytes, size_t n);

/* Adds all there is at once, of any length, and its end. false: no memory. */
bool sei_feed_hold(struct sei_feed *f, const void *bytes, size_t n);

/* Bytes that were added and wait. */
size_t sei_feed_waiting(const struct sei_feed *f);

/* Takes up to *n bytes; sets *n to how many. Reading a file may wait for the
 * disk. */
enum sei_feed_result sei_feed_take(struct sei_feed *f, char *out, size_t *n);

#endif
