/* json_state - what may come next in a JSON text. Private to json.c and
 * json_skip.c.
 */
#ifndef SEI_DATA_JSON_STATE_H
#define SEI_DATA_JSON_STATE_H

#include "json_scan.h"

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

/* Where the value begins, or the blanks before it, if the next token is
 * exactly this member name, without escapes or blanks; or NULL. Consumes
 * nothing. */
static inline const char *sei_json_behind_name(const struct sei_json *j,
                                               const char *name, size_t n)
{
  const char *p = j->text + j->pos;
  size_t have = j->len - j->pos, comma_too = j->state == AFTER_MEMBER;
  if(have < n + 3 + comma_too || n > j->max_string)
    return NULL;
  if(comma_too) {
    if(*p++ != ',')
      return NULL;
  }
  else if(j->state != FIRST_MEMBER && j->state != NEXT_MEMBER)
    return NULL;
  if(p[0] != '"' || p[n + 1] != '"' || p[n + 2] != ':' ||
     !sei_same(p + 1, name, n))
    return NULL;
  return p + n + 3;
}

/* The next event as sei_json_next() has it, but what comes is only checked for
 * its form, not decoded (json.c). */
enum sei_json_event sei_json_pass_token(struct sei_json *j);

#endif
