/* batch - counts rows and bytes of a body that is cut into batches. */
#include "batch.h"

bool sei_batch_begin(struct sei_batch *b, size_t max_rows, size_t max_bytes,
                     size_t envelope, size_t separator)
{
  b->max_rows = max_rows ? max_rows : (size_t)-1;
  b->max_bytes = b->enough = max_bytes ? max_bytes : (size_t)-1;
  b->envelope = envelope;
  b->separator = separator;
  sei_batch_close(b);
  return envelope <= b->max_bytes;
}

void sei_batch_enough(struct sei_batch *b, size_t bytes)
{
  b->enough = bytes < b->max_bytes ? bytes : b->max_bytes;
}

enum sei_batch_answer sei_batch_offer(struct sei_batch *b, size_t row_bytes)
{
  size_t gap = b->rows ? b->separator : 0;
  size_t most = b->rows ? b->enough : b->max_bytes, left;
  if(b->envelope > b->max_bytes || row_bytes > b->max_bytes - b->envelope)
    return SEI_BATCH_NEVER;
  left = most > b->bytes ? most - b->bytes : 0;
  /* subtracting keeps lengths near SIZE_MAX from wrapping round */
  if(b->rows >= b->max_rows || gap > left || row_bytes > left - gap)
    return SEI_BATCH_CLOSE;
  b->rows++;
  b->bytes += gap + row_bytes;
  return SEI_BATCH_FITS;
}

void sei_batch_close(struct sei_batch *b)
{
  b->rows = 0;
  b->bytes = b->envelope;
}
