/* gunzip_fuzz - unpacking: the same however the bytes come, whole exactly if
 * every member is, what was packed comes out again, and a bomb stops when the
 * sink says so. */
#include <zlib.h>

#include "../../ext/http/gunzip.h"
#include "fuzz.h"

enum { LONGEST = 4096, ROOM = 1 << 18 };

struct unpacked {
  unsigned char bytes[ROOM];
  size_t len;
  bool stopped;
  enum sei_gunzip_result result;
  bool whole;
};

static struct unpacked at_once, in_pieces;      /* large */
static unsigned char packed[3 * LONGEST];
static size_t packed_len;

static bool on_bytes(void *user, const void *bytes, size_t n)
{
  struct unpacked *u = user;
  MUST(n > 0 && n <= 16384 && !u->stopped);
  if(n > ROOM - u->len) {
    u->stopped = true;
    return false;
  }
  memcpy(u->bytes + u->len, bytes, n);
  u->len += n;
  return true;
}

static void unpack(struct unpacked *u, const void *bytes, size_t n, bool cut,
                   struct fuzz_dice *d)
{
  struct fuzz_window w = { bytes, n, 0, 0, NULL, cut, { fuzz_roll(d) } };
  struct sei_gunzip *g = sei_gunzip_new();
  MUST(g != NULL);
  u->len = 0;
  u->stopped = false;
  u->result = SEI_GUNZIP_OK;
  MUST(sei_gunzip_whole(g));
  while(u->result == SEI_GUNZIP_OK && fuzz_show(&w, w.to - w.from))
    u->result = sei_gunzip_add(g, w.shown, w.to - w.from, on_bytes, u);
  MUST(u->stopped == (u->result == SEI_GUNZIP_STOPPED));
  u->whole = sei_gunzip_whole(g);
  free(w.shown);
  sei_gunzip_free(g);
}

/* Appends one gzip member. */
static void pack(const uint8_t *bytes, size_t n, int level)
{
  z_stream z;
  memset(&z, 0, sizeof z);
  MUST(deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) ==
       Z_OK);
  z.next_in = (Bytef *)(uintptr_t)bytes;
  z.avail_in = (uInt)n;
  z.next_out = packed + packed_len;
  z.avail_out = (uInt)(sizeof packed - packed_len);
  MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
  packed_len = sizeof packed - z.avail_out;
  deflateEnd(&z);
}

static void compare(const void *bytes, size_t n, struct fuzz_dice *d)
{
  size_t less;
  unpack(&at_once, bytes, n, false, d);
  unpack(&in_pieces, bytes, n, true, d);
  /* how much comes before a fault depends on the pieces, so one of the two
   * sinks may be full when the other hears of the fault */
  if(!at_once.stopped && !in_pieces.stopped)
    MUST(at_once.result == in_pieces.result);
  if(at_once.result == SEI_GUNZIP_OK)
    MUST(at_once.len == in_pieces.len && at_once.whole == in_pieces.whole);
  less = at_once.len < in_pieces.len ? at_once.len : in_pieces.len;
  MUST(memcmp(at_once.bytes, in_pieces.bytes, less) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_dice d;
  size_t half;
  if(!fuzz_seed(&d, &data, &size) || size > LONGEST)
    return 0;
  compare(data, size, &d);
  packed_len = 0;
  half = fuzz_below(&d, size + 1);
  pack(data, half, (int)fuzz_below(&d, 10));
  pack(data + half, size - half, (int)fuzz_below(&d, 10));
  compare(packed, packed_len, &d);
  MUST(at_once.result == SEI_GUNZIP_OK && at_once.whole);
  MUST(at_once.len == size && (!size || !memcmp(at_once.bytes, data, size)));
  compare(packed, packed_len - 1 - fuzz_below(&d, 8), &d);
  MUST(at_once.result == SEI_GUNZIP_OK && !at_once.whole);
  packed[fuzz_below(&d, packed_len)] ^= (uint8_t)(1u << fuzz_below(&d, 8));
  compare(packed, packed_len, &d);
  return 0;
}
