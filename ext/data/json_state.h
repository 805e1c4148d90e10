/* json_state - what may come next in a JSON text. Private to json.c and
 * json_skip.c.
 */
#ifndef SEI_DATA_JSON_STATE_H
#define SEI_DATA_JSON_STATE_H

#include "json.h"

enum sei_json_state {
  START,          /* nothing was read; a byte order mark may stand here */
  TOP,            /* the value of the text */
  ITEM,           /* an array's value after a comma */
  FIRST_ITEM,     /* or its end */
  MEMBER_VALUE,   /* behind a key and its colon */
  FIRST_MEMBER,   /* a key, or the object's end */
  NEXT_MEMBER,    /* a key after a comma */
  AFTER_ITEM,     /* comma or ] */
  AFTER_MEMBER,   /* comma or } */
  DONE
};

/* The next event as sei_json_next() has it, but what comes is only checked for
 * its form, not decoded (json.c). */
enum sei_json_event sei_json_pass_token(struct sei_json *j);

#endif
