/* signature - letters of a text, counted to two. */
#include "signature.h"

/* To and fro through the classes, so that the most frequent code points share
 * theirs with the rarest. */
static unsigned class_of(uint32_t rank)
{
  unsigned at = rank % SEI_SIGNATURE_CLASSES;
  return rank / SEI_SIGNATURE_CLASSES % 2 ?
    SEI_SIGNATURE_CLASSES - 1 - at : at;
}

struct sei_signature sei_signature_of(const uint32_t *rank, size_t n)
{
  struct sei_signature s = { 0, 0 };
  size_t i, more = 0;
  for(i = 0; i < n; i++) {
    uint64_t one = (uint64_t)1 << 2 * class_of(rank[i]);
    if(!(s.bits & one))
      s.bits |= one;
    else if(!(s.bits & one << 1))
      s.bits |= one << 1;
    else if(more < SEI_SIGNATURE_MORE)
      s.bits |= (uint64_t)1 << (2 * SEI_SIGNATURE_CLASSES + more++);
    else
      s.beyond++;
  }
  return s;
}
