/* json_skip - passing over a value that nobody asked for.
 *
 * The usual value is passed over in one go: no blanks, no escapes, whole
 * numbers, all of it in the window. That is either done to its end, under
 * the rules of the scanner, or leaves everything as it was; then the scanner
 * does it token by token, and it alone says what is wrong.
 */
#include "json_state.h"

/* Containers inside the value: a bit each in a word. */
enum { OPEN_MAX = 64 };

/* What is being passed over. `p` moves on only over what is right. */
struct pass {
  const char *p, *end;
  size_t max_string;
  unsigned room;        /* containers that may be open at once */
  unsigned open;
  uint64_t objects;     /* a bit for each of them, the innermost lowest */
};

/* A string without escapes. Bytes above 0x7f are not looked at: nor does the
 * scanner where it does not decode. */
static inline bool pass_string(struct pass *w)
{
  bool high = false;
  const char *q = sei_scan_string(w->p + 1, w->end, &high);
  if(q == w->end || *q != '"' || (size_t)(q - w->p) - 1 > w->max_string)
    return false;
  w->p = q + 1;
  return true;
}

/* A member's name with its colon. */
static inline bool pass_name(struct pass *w)
{
  if(w->p == w->end || *w->p != '"' || !pass_string(w) || w->p == w->end ||
     *w->p != ':')
    return false;
  w->p++;
  return true;
}

/* A whole number that does not begin with 0, and what stands behind it shows
 * that it is one. */
static inline bool pass_number(struct pass *w)
{
  const char *q = w->p;
  if(*q == '0' || !sei_is_digit(*q))
    return false;
  while(q < w->end && sei_is_digit(*q))
    q++;
  if(q == w->end || (*q != ',' && *q != '}' && *q != ']') ||
     (size_t)(q - w->p) > w->max_string)
    return false;
  w->p = q;
  return true;
}

static inline bool pass_word(struct pass *w)
{
  const char *text = *w->p == 't' ? "true" : *w->p == 'f' ? "false" : "null";
  size_t n = *w->p == 'f' ? 5 : 4;
  if((size_t)(w->end - w->p) < n || memcmp(w->p, text, n) != 0)
    return false;
  w->p += n;
  return true;
}

/* Opens a container and stands where its first value begins, or at its end:
 * then *empty. */
static inline bool pass_opening(struct pass *w, bool *empty)
{
  bool object = *w->p == '{';
  if(w->open == w->room)
    return false;
  w->open++;
  w->objects = w->objects << 1 | object;
  if(++w->p == w->end)
    return false;
  *empty = *w->p == (object ? '}' : ']');
  return *empty || !object || pass_name(w);
}

/* Behind a value: passes over the ends of containers, and over a comma up to
 * where the next value begins. Nothing is open any more: that was all. */
static inline bool pass_on(struct pass *w)
{
  while(w->open) {
    bool object = w->objects & 1;
    if(w->p == w->end)
      return false;
    if(*w->p == ',') {
      w->p++;
      return object ? pass_name(w) : w->p < w->end;
    }
    if(*w->p != (object ? '}' : ']'))
      return false;
    w->p++;
    w->objects >>= 1;
    w->open--;
  }
  return true;
}

/* The value at p; true: p stands behind it. */
static bool pass_value(struct pass *w)
{
  bool ok, empty;
  do {
    if(w->p == w->end)
      return false;
    empty = true;
    switch(*w->p) {
    case '"':
      ok = pass_string(w);
      break;
    case '{':
    case '[':
      ok = pass_opening(w, &empty);
      break;
    case 't':
    case 'f':
    case 'n':
      ok = pass_word(w);
      break;
    default:
      ok = pass_number(w);
    }
    if(ok && empty)
      ok = pass_on(w);
  } while(ok && w->open);
  return ok;
}

/* The event that ends a value which begins with `c`. */
static enum sei_json_event end_of(char c)
{
  switch(c) {
  case '"':
    return SEI_JSON_STRING;
  case '{':
    return SEI_JSON_OBJECT_END;
  case '[':
    return SEI_JSON_ARRAY_END;
  case 't':
    return SEI_JSON_TRUE;
  case 'f':
    return SEI_JSON_FALSE;
  case 'n':
    return SEI_JSON_NULL;
  default:
    return SEI_JSON_INTEGER;
  }
}

/* Above the depth where it begins, `kinds` holds nothing that is needed; so
 * going back takes no more than three numbers. */
static enum sei_json_event skip_by_token(struct sei_json *j)
{
  size_t pos = j->pos;
  unsigned depth = j->depth, outside = depth;
  unsigned char state = j->state;
  enum sei_json_event e;
  if(state == FIRST_ITEM || state == FIRST_MEMBER)
    outside--;
  do
    e = sei_json_pass_token(j);
  while(e > SEI_JSON_END && j->depth > outside);
  if(e == SEI_JSON_MORE) {
    j->pos = pos;
    j->depth = depth;
    j->state = state;
  }
  return e;
}

/* The same in one go, from where a member's value begins. false: it cannot be,
 * and nothing has changed. */
static inline bool skip_at_once(struct sei_json *j, const char *from)
{
  struct pass w = { from, j->text + j->len, j->max_string,
    j->max_depth - j->depth, 0, 0 };
  if(w.room > OPEN_MAX)
    w.room = OPEN_MAX;
  if(!pass_value(&w))
    return false;
  j->pos = (size_t)(w.p - j->text);
  j->state = AFTER_MEMBER;
  return true;
}

enum sei_json_event sei_json_skip(struct sei_json *j)
{
  const char *from = j->text + j->pos;
  if(j->state == MEMBER_VALUE && skip_at_once(j, from))
    return end_of(*from);
  return skip_by_token(j);
}

bool sei_json_skip_member(struct sei_json *j, const char *name, size_t n,
                          enum sei_json_event *e)
{
  const char *from = sei_json_behind_name(j, name, n);
  if(!from)
    return false;
  if(skip_at_once(j, from))
    *e = end_of(*from);
  else {
    j->pos = (size_t)(from - j->text);
    j->state = MEMBER_VALUE;
    *e = skip_by_token(j);
  }
  return true;
}
