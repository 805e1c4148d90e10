/* packed - pages in gzip (RFC 1952), at zlib's usual level.
 *
 * The first to ask for a page waits until it is packed; a heat has a round
 * before those that count.
 */
#include "packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GZIP = 15 + 16 };    /* deflateInit2: the largest window, gzip's head */

const struct bench_packed *bench_packed_find(const struct bench_packed *list,
                                             long page, long size, long total)
{
  while(list && (list->page != page || list->size != size ||
                 list->total != total))
    list = list->next;
  return list;
}

static void fail(void)
{
  fputs("server: a page cannot be packed\n", stderr);
  exit(1);
}

static void pack(struct bench_packed *p, const char *const text[3],
                 const size_t len[3])
{
  size_t room = len[0] + len[1] + len[2] + 1024;
  z_stream z;
  int i;
  memset(&z, 0, sizeof z);
  p->bytes = malloc(room);
  if(!p->bytes || deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, 8,
                               Z_DEFAULT_STRATEGY) != Z_OK)
    fail();
  z.next_out = (Bytef *)p->bytes;
  z.avail_out = (uInt)room;
  for(i = 0; i < 3; i++) {
    z.next_in = (z_const Bytef *)text[i];
    z.avail_in = (uInt)len[i];
    if(deflate(&z, i == 2 ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
      fail();
  }
  p->len = z.total_out;
  deflateEnd(&z);
}

const struct bench_packed *bench_packed_add(struct bench_packed **list,
                                            const struct bench_packed *key,
                                            const char *const text[3],
                                            const size_t len[3])
{
  struct bench_packed *p = malloc(sizeof *p);
  if(!p)
    fail();
  *p = *key;
  pack(p, text, len);
  p->next = *list;
  *list = p;
  return p;
}
