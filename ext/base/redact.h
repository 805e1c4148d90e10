/* redact - secrets are overwritten wherever they stand in a text.
 *
 * By value: the forms in which a secret may come back to us are computed once,
 * when it is added. By name: what stands behind a name such as "password".
 * Linear in the text's length. A text keeps its length, and JSON and CSV stay
 * what they are.
 */
#ifndef SEI_BASE_REDACT_H
#define SEI_BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

enum {
  SEI_REDACT_SHORTEST = 4,  /* bytes; what is shorter is no secret */
  SEI_REDACT_SECRETS = 8,   /* remembered; the oldest is forgotten first */
  SEI_REDACT_FORMS = 4      /* of one: itself, base64 at three alignments */
};

/* A spelling that is looked for; escapes are seen through when comparing. */
struct sei_redact_form {
  char *bytes;              /* owned; wiped when freed */
  size_t len;               /* 0: there is none */
};

/* Zeroed memory knows no secret. */
struct sei_redact {
  struct sei_redact_form forms[SEI_REDACT_SECRETS][SEI_REDACT_FORMS];
  size_t count;             /* secrets added, forgotten ones too */
  size_t longest;           /* bytes of the longest form */
  bool begins[256];         /* bytes with which a form may begin */
};

/* Adds a secret of n bytes; does nothing if it is known or too short. false:
 * no memory, nothing was added. */
bool sei_redact_add(struct sei_redact *r, const char *secret, size_t n);

/* Overwrites with '*' every occurrence of every secret: as it is, as base64
 * (either alphabet, any alignment, broken into lines or not), and each of
 * those percent-encoded or escaped as in JSON or HTML, also twice; and its
 * first part, where that is 12 characters or longer (with the rest of the
 * word: keys of one account begin alike) or the text was cut off behind 4 or
 * more. A secret with backslashes in a row is found as it is and as JSON. */
void sei_redact_values(const struct sei_redact *r, char *text, size_t len);

/* Overwrites what stands behind a name of a secret (Authorization, x-api-key,
 * password, token, cookie, …): a JSON string; the value behind name=; behind
 * "name:" words of 12 characters and more, so that messages stay readable. */
void sei_redact_names(char *text, size_t len);

/* How many bytes of the text's continuation sei_redact_values() must see to
 * know whether a secret begins before a place at which the text will be
 * cut. */
size_t sei_redact_beyond(const struct sei_redact *r);

/* Wipes all secrets and forgets them. */
void sei_redact_wipe(struct sei_redact *r);

#endif
