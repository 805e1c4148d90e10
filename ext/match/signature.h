/* signature - 64 bits per text that bound how many code points two texts have
 * in common. For this folder.
 *
 * Code points fall into 29 classes. Each has two bits, the first set where the
 * text has one of the class and the second where it has two; six more bits
 * count, the same way, what goes beyond two in any class. So the bits that two
 * signatures share are never fewer than what the texts share - but for what is
 * beyond those six, which the caller adds (sei_signature.beyond).
 */
#ifndef SEI_MATCH_SIGNATURE_H
#define SEI_MATCH_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

enum {
  SEI_SIGNATURE_CLASSES = 29,
  SEI_SIGNATURE_MORE = 64 - 2 * SEI_SIGNATURE_CLASSES
};

struct sei_signature {
  uint64_t bits;
  size_t beyond;  /* may be added to the common bits of either text alone */
};

/* `rank` are n code points as numbers from 0 by how frequent they are among
 * all texts that are compared: the 29 most frequent have classes of their
 * own. */
struct sei_signature sei_signature_of(const uint32_t *rank, size_t n);

#endif
