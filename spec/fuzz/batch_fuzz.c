/* batch_fuzz - batches stay within rows and bytes, are cut no earlier than
 * they must be, and a row that fits nowhere is named at once. */
#include "../../ext/api/batch.h"
#include "fuzz.h"

typedef unsigned __int128 wide; /* no sum of sizes is too large for it */

static size_t size_of(struct fuzz_bytes *b)
{
  return (size_t)fuzz_extreme(b);
}

static void offer_all(struct sei_batch *b, struct fuzz_bytes *script,
                      wide max_rows, wide max_bytes, wide envelope, wide gap)
{
  wide rows = 0, bytes = envelope;
  while(script->at < script->end) {
    size_t row = size_of(script);
    wide grown = bytes + (rows ? gap : 0) + row;
    enum sei_batch_answer a = sei_batch_offer(b, row);
    if(envelope + row > max_bytes)
      MUST(a == SEI_BATCH_NEVER);
    else if(grown > max_bytes || rows == max_rows) {
      MUST(a == SEI_BATCH_CLOSE && rows > 0);
      sei_batch_close(b);
      MUST(b->rows == 0 && b->bytes == envelope);
      MUST(sei_batch_offer(b, row) == SEI_BATCH_FITS);
      rows = 1;
      bytes = envelope + row;
    }
    else {
      MUST(a == SEI_BATCH_FITS);
      rows++;
      bytes = grown;
    }
    MUST(b->rows == rows && b->bytes == bytes);
    MUST(rows <= max_rows && bytes <= max_bytes);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_bytes script = { data, data + size };
  struct sei_batch b;
  size_t max_rows = size_of(&script), max_bytes = size_of(&script);
  size_t envelope = size_of(&script), gap = size_of(&script);
  wide rows = max_rows ? max_rows : SIZE_MAX;
  wide bytes = max_bytes ? max_bytes : SIZE_MAX;
  bool fits = sei_batch_begin(&b, max_rows, max_bytes, envelope, gap);
  MUST(fits == (envelope <= bytes));
  if(fits)
    offer_all(&b, &script, rows, bytes, envelope, gap);
  else
    MUST(sei_batch_offer(&b, size_of(&script)) == SEI_BATCH_NEVER);
  return 0;
}
