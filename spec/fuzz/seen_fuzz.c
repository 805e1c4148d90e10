/* seen_fuzz - the set of fingerprints against a plain list of them, within the
 * bytes that it may take. */
#include "../../ext/api/seen.h"
#include "fuzz.h"

enum { MOST = 4096, PLACES = 4 * MOST };

/* The plain list: a table that never grows, looked through from a place that
 * the fingerprint's digits say. */
static struct {
  uint64_t fingerprint;
  unsigned pass;
  bool used;
} known[PLACES];
static size_t count;
static struct sei_seen s;       /* large */

static enum sei_seen_answer plainly(uint64_t fingerprint, unsigned pass)
{
  size_t i = (size_t)(fingerprint % 16381);
  bool used;
  unsigned before;
  while(known[i].used && known[i].fingerprint != fingerprint)
    i = (i + 1) % PLACES;
  used = known[i].used;
  before = known[i].pass;
  known[i].used = true;
  known[i].fingerprint = fingerprint;
  known[i].pass = pass;
  count += !used;
  return !used ? SEI_SEEN_FRESH : before == pass ? SEI_SEEN_TWICE :
    SEI_SEEN_EARLIER;
}

static void add(uint64_t fingerprint, unsigned pass)
{
  size_t before = s.count;
  enum sei_seen_answer a = sei_seen_add(&s, fingerprint, pass), want;
  if(a == SEI_SEEN_FULL) {
    MUST(s.max_bytes && s.count == before);
    MUST(sei_seen_add(&s, fingerprint, pass) == SEI_SEEN_FULL);
    return;
  }
  want = plainly(fingerprint, pass);
  MUST(a == want);
  MUST(s.count == count);
  MUST(s.bytes <= s.peak && (!s.max_bytes || s.peak <= s.max_bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_bytes script = { data, data + size };
  unsigned pass = 0, i;
  size_t max = (size_t)fuzz_take(&script, 2);
  sei_seen_init(&s, max & 1 ? max : 0);
  count = 0;
  memset(known, 0, sizeof known);
  while(script.at < script.end && count < MOST - 300) {
    unsigned how = (unsigned)fuzz_take(&script, 1);
    uint64_t from = fuzz_take(&script, how & 1 ? 1 : 8);
    if(how == 0xff && pass + 1 < SEI_SEEN_PASSES)
      pass++;
    for(i = 0; i <= (how & 2 ? how : 0); i++)   /* one, or many in a row */
      add(from + i * (how & 4 ? 1 : UINT64_C(1) << 56), pass);
  }
  sei_seen_free(&s);
  MUST(s.count == 0 && s.bytes == 0);
  return 0;
}
