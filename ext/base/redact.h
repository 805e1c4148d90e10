/* redact - a secret is overwritten wherever it stands in a text. */
#ifndef SEI_BASE_REDACT_H
#define SEI_BASE_REDACT_H

#include <stddef.h>

/* Overwrites every occurrence of the secret (n bytes; under 4 bytes is no
 * secret) in text with '*'. The text keeps its length. */
void sei_redact(char *text, size_t len, const char *secret, size_t n);

#endif
