/* gunzip - zlib's inflate behind a sink, with members that follow each other
 * (RFC 1952 section 2.2). */
#define _DEFAULT_SOURCE
#define ZLIB_CONST
#include "gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { CHUNK = 16 * 1024, GZIP_ONLY = 16 + MAX_WBITS };

struct sei_gunzip {
  z_stream z;
  bool whole;                 /* at the start, or behind a member's end */
};

struct sei_gunzip *sei_gunzip_new(void)
{
  struct sei_gunzip *g = calloc(1, sizeof *g);
  if(!g)
    return NULL;
  if(inflateInit2(&g->z, GZIP_ONLY) != Z_OK) {
    free(g);
    return NULL;
  }
  g->whole = true;
  return g;
}

void sei_gunzip_free(struct sei_gunzip *g)
{
  if(!g)
    return;
  inflateEnd(&g->z);
  free(g);
}

/* One call of inflate() and the sink. */
static enum sei_gunzip_result unpack(struct sei_gunzip *g,
                                     sei_gunzip_sink *sink, void *user)
{
  unsigned char out[CHUNK];
  size_t n;
  int r;
  if(g->whole && inflateReset(&g->z) != Z_OK)
    return SEI_GUNZIP_BAD;
  g->z.next_out = out;
  g->z.avail_out = CHUNK;
  r = inflate(&g->z, Z_NO_FLUSH);
  n = CHUNK - g->z.avail_out;
  g->whole = r == Z_STREAM_END;
  if(r == Z_MEM_ERROR)
    return SEI_GUNZIP_NOMEM;
  if(r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
    return SEI_GUNZIP_BAD;
  return !n || sink(user, out, n) ? SEI_GUNZIP_OK : SEI_GUNZIP_STOPPED;
}

enum sei_gunzip_result sei_gunzip_add(struct sei_gunzip *g,
                                      const void *bytes, size_t n,
                                      sei_gunzip_sink *sink, void *user)
{
  enum sei_gunzip_result r = SEI_GUNZIP_OK;
  if(n > UINT_MAX)
    return SEI_GUNZIP_BAD;
  g->z.next_in = bytes;
  g->z.avail_in = (uInt)n;
  g->z.avail_out = CHUNK;
  /* a full output buffer may mean that more is ready inside zlib */
  while(r == SEI_GUNZIP_OK &&
        (g->z.avail_in || (!g->z.avail_out && !g->whole)))
    r = unpack(g, sink, user);
  g->z.next_in = NULL; /* the bytes are the caller's */
  return r;
}

bool sei_gunzip_whole(const struct sei_gunzip *g)
{
  return g->whole;
}
