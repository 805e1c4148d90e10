/* json_skip - passing over a value that nobody asked for.
 *
 * The usual value is passed over in one go: no blanks, whole numbers, all of
 * it in the window, and a little more. That is either done to its end, under
 * the rules of the scanner, or leaves everything as it was; then the scanner
 * does it token by token, and it alone says what is wrong.
 */
#include "json_state.h"

/* Containers inside the value: a bit each in a word. And what is left of the
 * window for the bytes behind a token, so that they need no look at its end:
 * the longest that is read without one is a word of eight digits. */
enum { OPEN_MAX = 64, SLACK = 8 };

/* All of these stand at `p`, where a token begins, and answer where the next
 * one does: NULL, if it is not the usual kind, or ends behind `end`. No token
 * can be too long, since `end` is near enough; SLACK bytes behind it may be
 * read. */

/* A string. Neither bytes above 0x7f nor what is escaped are looked at: nor
 * does the scanner where it does not decode. */
static inline const char *pass_string(const char *p, const char *end)
{
  bool high = false;
  for(p++;; p += 2) {
    p = sei_scan_string(p, end, &high);
    if(p >= end)
      return NULL;
    if(*p == '"')
      return p + 1;
    if(*p != '\\' || (unsigned char)p[1] < 0x20)
      return NULL;
  }
}

/* A member's name with its colon. */
static inline const char *pass_name(const char *p, const char *end)
{
  if(p >= end || *p != '"')
    return NULL;
  p = pass_string(p, end);
  return p && *p == ':' ? p + 1 : NULL;
}

/* Behind the digits; at `end` or behind it, if there are too many. */
static inline const char *pass_digits(const char *p, const char *end)
{
#ifdef SEI_SWAR
  for(; p < end; p += 8) {
    uint64_t x, other;
    memcpy(&x, p, 8);
    x ^= SEI_ONES * '0'; /* digits are now 0 to 9 */
    other = ((x + SEI_ONES * 0x76) | x) & SEI_TOPS; /* the lowest is right */
    if(other)
      return p + __builtin_ctzll(other) / 8;
  }
#else
  while(p < end && sei_is_digit(*p))
    p++;
#endif
  return p;
}

/* A whole number, and what stands behind it shows that it is one. */
static inline const char *pass_number(const char *p, const char *end)
{
  if(!sei_is_digit(*p))
    return NULL;
  p = *p == '0' ? p + 1 : pass_digits(p, end);
  return p < end && (*p == ',' || *p == '}' || *p == ']') ? p : NULL;
}

static inline const char *pass_word(const char *p)
{
  if(*p == 'f')
    return sei_same4(p + 1, "alse") ? p + 5 : NULL;
  return sei_same4(p, *p == 't' ? "true" : "null") ? p + 4 : NULL;
}

static inline const char *pass_scalar(const char *p, const char *end)
{
  if(*p == '"')
    return pass_string(p, end);
  if(*p == 't' || *p == 'f' || *p == 'n')
    return pass_word(p);
  return pass_number(p, end);
}

/* Behind a value in the containers `*objects`, which are a bit each under a
 * topmost one, the innermost lowest; 1: in objects. Passes over the ends of
 * containers, and over a comma up to where the next value begins. */
static inline const char *pass_on(const char *p, const char *end,
                                  uint64_t *objects)
{
  uint64_t in = *objects;
  while(in > 1 && *p == (in & 1 ? '}' : ']')) {
    in >>= 1;
    if(++p >= end)
      return NULL;
  }
  *objects = in;
  if(in == 1)
    return p;
  if(*p != ',')
    return NULL;
  return in & 1 ? pass_name(p + 1, end) : p + 1;
}

/* The container that begins at p, and all within. */
static const char *pass_container(const char *p, const char *end,
                                  unsigned room)
{
  uint64_t in = 1;
  do {
    if(p >= end)
      return NULL;
    if(*p == '{' || *p == '[') {
      bool object = *p == '{';
      if(in >> room)
        return NULL;
      in = in << 1 | object;
      p++;
      if(*p != (object ? '}' : ']')) {
        p = object ? pass_name(p, end) : p;
        continue;
      }
    }
    else
      p = pass_scalar(p, end);
    if(p)
      p = pass_on(p, end, &in);
  } while(p && in > 1);
  return p;
}

static inline const char *pass_value(const char *p, const char *end,
                                     unsigned room)
{
  if(p >= end)
    return NULL;
  return *p == '{' || *p == '[' ? pass_container(p, end, room) :
    pass_scalar(p, end);
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

/* How far tokens may go that begin at `from` or later: SLACK bytes are left
 * behind, and none is longer than a string may be. Not behind `from`: there is
 * no room for any. */
static inline const char *near_end(const struct sei_json *j, const char *from)
{
  const char *end = j->text + j->len;
  if(end - from <= SLACK)
    return from;
  end -= SLACK;
  return (size_t)(end - from) > j->max_string ? from + j->max_string : end;
}

static inline unsigned room_for_more(const struct sei_json *j)
{
  unsigned room = j->max_depth - j->depth;
  return room < OPEN_MAX ? room : OPEN_MAX - 1;
}

enum sei_json_event sei_json_skip(struct sei_json *j)
{
  const char *from = j->text + j->pos, *behind = NULL;
  if(j->state == MEMBER_VALUE)
    behind = pass_value(from, near_end(j, from), room_for_more(j));
  if(!behind)
    return skip_by_token(j);
  j->pos = (size_t)(behind - j->text);
  j->state = AFTER_MEMBER;
  return end_of(*from);
}

/* Where the name's value begins, if the name at p is this one; or NULL. */
static inline const char *pass_this_name(const char *p, const char *end,
                                         const struct sei_json_name *name)
{
  size_t n = name->len;
  if(end - p < (ptrdiff_t)n + 3 || p[0] != '"' || p[n + 1] != '"' ||
     p[n + 2] != ':' || !sei_same(p + 1, name->bytes, n))
    return NULL;
  return p + n + 3;
}

short sei_json_skip_known(struct sei_json *j,
                          const struct sei_json_name *names, short at,
                          unsigned mark)
{
  const char *p = j->text + j->pos, *end = near_end(j, p), *done = NULL;
  unsigned room = room_for_more(j);
  short last = 0;
  if(j->state == AFTER_MEMBER && p < end && *p == ',')
    p++;
  else if(j->state != FIRST_MEMBER && j->state != NEXT_MEMBER)
    return 0;
  while(at && names[at].mark == mark) {
    p = pass_this_name(p, end, &names[at]);
    if(p)
      p = pass_value(p, end, room);
    if(!p)
      break;
    last = at;
    done = p;
    if(*p++ != ',')
      break;
    at = names[at].next;
  }
  if(last) {
    j->pos = (size_t)(done - j->text);
    j->state = AFTER_MEMBER;
  }
  return last;
}
