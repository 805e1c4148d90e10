/* redact - a secret is overwritten wherever it stands in a text. */
#ifndef SEI_BASE_REDACT_H
#define SEI_BASE_REDACT_H

#include <stddef.h>

/* Overwrites every occurrence of the secret (n bytes; under 4 bytes is no
 * secret) in text with '*': as it is, escaped as in JSON or percent-encoded,
 * and its first part, too, where that is 12 characters or longer or where the
 * text was cut off behind it. The text keeps its length. */
void sei_redact(char *text, size_t len, const char *secret, size_t n);

/* How many bytes of the text's continuation sei_redact() must see to know
 * whether the secret begins before a place at which the text will be cut. */
size_t sei_redact_beyond(size_t n);

#endif
