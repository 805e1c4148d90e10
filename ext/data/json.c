/* json - the scanner's state machine: what may come next, and what came.
 *
 * Windows: blanks and separators are consumed as they are met, since the state
 * remembers them; a token is consumed only when it is there as a whole. So
 * the same text gives the same events however it is cut.
 */
#include "json_state.h"

static const unsigned char AFTER_VALUE[] = {
  [TOP] = DONE, [ITEM] = AFTER_ITEM, [FIRST_ITEM] = AFTER_ITEM,
  [MEMBER_VALUE] = AFTER_MEMBER
};

void sei_json_begin(struct sei_json *j, struct sei_buf *scratch,
                    unsigned max_depth, size_t max_string)
{
  memset(j, 0, sizeof *j);
  j->text = "";
  j->scratch = scratch;
  j->max_depth = max_depth ? max_depth : 128;
  if(j->max_depth > SEI_JSON_DEPTH_MAX)
    j->max_depth = SEI_JSON_DEPTH_MAX;
  j->max_string = max_string ? max_string : (size_t)16 << 20;
  j->state = START;
}

void sei_json_input(struct sei_json *j, const char *text, size_t len,
                    bool last)
{
  j->text = text ? text : "";
  j->len = len;
  j->pos = 0;
  j->last = last;
}

void sei_json_mark(const struct sei_json *j, struct sei_json_mark *m)
{
  m->pos = j->pos;
  m->depth = j->depth;
  m->state = j->state;
  memcpy(m->kinds, j->kinds, sizeof m->kinds);
}

void sei_json_back(struct sei_json *j, const struct sei_json_mark *m)
{
  j->pos = m->pos;
  j->depth = m->depth;
  j->state = m->state;
  memcpy(j->kinds, m->kinds, sizeof j->kinds);
}

enum sei_json_event sei_json_fail(struct sei_json *j, const char *at,
                                  const char *problem)
{
  j->problem = problem;
  j->problem_at = (size_t)(at - j->text);
  return SEI_JSON_ERROR;
}

enum sei_json_event sei_json_cut(struct sei_json *j)
{
  if(!j->last)
    return SEI_JSON_MORE;
  return sei_json_fail(j, j->text + j->len, "the text ends too early");
}

/* Only blanks are left in the window. */
static enum sei_json_event at_end(struct sei_json *j)
{
  if(!j->last)
    return SEI_JSON_MORE;
  if(j->state == DONE)
    return SEI_JSON_END;
  if(j->state <= TOP)
    return sei_json_fail(j, j->text + j->len, "the text is empty");
  return sei_json_cut(j);
}

/* RFC 8259 section 8.1: a byte order mark may be ignored, at the very start
 * only. Answers whether the scan may go on. */
static bool start(struct sei_json *j)
{
  static const char mark[] = "\xef\xbb\xbf";
  size_t n = j->len - j->pos;
  if(n > 3)
    n = 3;
  if(j->text[j->pos] == mark[0] && !memcmp(j->text + j->pos, mark, n)) {
    if(n < 3)
      return false;
    j->pos += 3;
  }
  j->state = TOP;
  return true;
}

static enum sei_json_event open(struct sei_json *j, bool object)
{
  unsigned char bit = (unsigned char)(1u << (j->depth & 7));
  if(j->depth >= j->max_depth)
    return sei_json_fail(j, j->text + j->pos, "nested too deeply");
  if(object)
    j->kinds[j->depth >> 3] |= bit;
  else
    j->kinds[j->depth >> 3] &= (unsigned char)~bit;
  j->depth++;
  j->pos++;
  j->state = object ? FIRST_MEMBER : FIRST_ITEM;
  return object ? SEI_JSON_OBJECT : SEI_JSON_ARRAY;
}

static enum sei_json_event close(struct sei_json *j,
                                 enum sei_json_event event)
{
  unsigned up;
  j->pos++;
  j->depth--;
  if(!j->depth) {
    j->state = DONE;
    return event;
  }
  up = j->depth - 1;
  j->state = j->kinds[up >> 3] >> (up & 7) & 1 ? AFTER_MEMBER : AFTER_ITEM;
  return event;
}

static enum sei_json_event word(struct sei_json *j, const char *text,
                                size_t n, enum sei_json_event event)
{
  const char *p = j->text + j->pos;
  size_t have = j->len - j->pos;
  if(memcmp(p, text, have < n ? have : n) != 0)
    return sei_json_fail(j, p, "expected a value");
  if(have < n)
    return sei_json_cut(j);
  j->pos += n;
  j->state = AFTER_VALUE[j->state];
  return event;
}

/* A string value that is not of the usual kind. */
static enum sei_json_event any_string(struct sei_json *j, bool decode)
{
  struct sei_json_raw raw;
  enum sei_json_event e = sei_json_find_string(j, &raw);
  if(e != SEI_JSON_STRING)
    return e;
  if(decode && !sei_json_decode_string(j, &raw))
    return SEI_JSON_ERROR;
  j->pos += raw.len + 2;
  j->state = AFTER_VALUE[j->state];
  return e;
}

static inline enum sei_json_event string(struct sei_json *j, bool decode)
{
  const char *body = j->text + j->pos + 1;
  ptrdiff_t n = sei_plain_body(body, j->text + j->len);
  if(n < 0 || (size_t)n > j->max_string)
    return any_string(j, decode);
  j->str = body;
  j->str_len = (size_t)n;
  j->pos += (size_t)n + 2;
  j->state = AFTER_VALUE[j->state];
  return SEI_JSON_STRING;
}

static enum sei_json_event any_number(struct sei_json *j, bool decode)
{
  enum sei_json_event e = sei_json_number(j, decode);
  if(e != SEI_JSON_MORE && e != SEI_JSON_ERROR)
    j->state = AFTER_VALUE[j->state];
  return e;
}

/* A positive integer of up to 17 digits before a comma or a closing bracket is
 * read here, all else elsewhere. */
static inline enum sei_json_event number(struct sei_json *j, bool decode)
{
  const char *start = j->text + j->pos, *p = start;
  const char *end = j->text + j->len;
  int64_t v = 0;
  if(j->max_string < 18 || *p == '-' || *p == '0')
    return any_number(j, decode);
  if(end - p > 18)
    end = p + 18;
  while(p < end && sei_is_digit(*p))
    v = v * 10 + (*p++ - '0');
  if(p == end || (*p != ',' && *p != '}' && *p != ']'))
    return any_number(j, decode);
  j->integer = v;
  j->pos += (size_t)(p - start);
  j->state = AFTER_VALUE[j->state];
  return SEI_JSON_INTEGER;
}

static inline enum sei_json_event value(struct sei_json *j, char c,
                                        bool decode)
{
  switch(c) {
  case '"':
    return string(j, decode);
  case '{':
    return open(j, true);
  case '[':
    return open(j, false);
  case 't':
    return word(j, "true", 4, SEI_JSON_TRUE);
  case 'f':
    return word(j, "false", 5, SEI_JSON_FALSE);
  case 'n':
    return word(j, "null", 4, SEI_JSON_NULL);
  default:
    if(c == '-' || sei_is_digit(c))
      return number(j, decode);
    return sei_json_fail(j, j->text + j->pos, "expected a value");
  }
}

static inline const char *skip_blanks(const char *p, const char *end)
{
  while(p < end && (unsigned char)*p <= ' ' &&
        (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p++;
  return p;
}

/* A member's name, the blanks and the colon behind it: one token. */
static enum sei_json_event any_key(struct sei_json *j, bool decode)
{
  struct sei_json_raw raw;
  enum sei_json_event e;
  const char *p, *end = j->text + j->len;
  e = sei_json_find_string(j, &raw);
  if(e != SEI_JSON_STRING)
    return e;
  p = skip_blanks(raw.body + raw.len + 1, end);
  if(p == end)
    return sei_json_cut(j);
  if(*p != ':')
    return sei_json_fail(j, p, "expected : behind a name");
  if(decode && !sei_json_decode_string(j, &raw))
    return SEI_JSON_ERROR;
  j->pos = (size_t)(p + 1 - j->text);
  j->state = MEMBER_VALUE;
  return SEI_JSON_KEY;
}

static inline enum sei_json_event key(struct sei_json *j, bool decode)
{
  const char *p = j->text + j->pos, *end = j->text + j->len;
  ptrdiff_t n;
  if(*p != '"')
    return sei_json_fail(j, p, j->state == FIRST_MEMBER ?
                         "expected a name in quotes, or }" :
                         "expected a name in quotes");
  n = sei_plain_body(p + 1, end);
  if(n < 0 || (size_t)n > j->max_string || end - p < n + 3 ||
     p[n + 2] != ':')
    return any_key(j, decode);
  j->str = p + 1;
  j->str_len = (size_t)n;
  j->pos += (size_t)n + 3;
  j->state = MEMBER_VALUE;
  return SEI_JSON_KEY;
}

/* Whether `c` is the comma that a container goes on with: it is consumed and
 * `next` is the state. */
static inline bool comma(struct sei_json *j, char c, enum sei_json_state next)
{
  if(c != ',')
    return false;
  j->pos++;
  j->state = (unsigned char)next;
  return true;
}

/* One token, after the blanks and the separator before it. */
static inline enum sei_json_event step(struct sei_json *j, bool decode)
{
  const char *end = j->text + j->len, *p;
  if(j->state == START && j->pos < j->len && !start(j))
    return sei_json_cut(j);
  for(;;) {
    p = skip_blanks(j->text + j->pos, end);
    j->pos = (size_t)(p - j->text);
    if(p == end)
      return at_end(j);
    switch(j->state) {
    case FIRST_ITEM:
      if(*p == ']')
        return close(j, SEI_JSON_ARRAY_END);
      return value(j, *p, decode);
    case FIRST_MEMBER:
      if(*p == '}')
        return close(j, SEI_JSON_OBJECT_END);
      return key(j, decode);
    case NEXT_MEMBER:
      return key(j, decode);
    case AFTER_ITEM:
      if(comma(j, *p, ITEM))
        continue;
      return *p == ']' ? close(j, SEI_JSON_ARRAY_END) :
        sei_json_fail(j, p, "expected , or ]");
    case AFTER_MEMBER:
      if(comma(j, *p, NEXT_MEMBER))
        continue;
      return *p == '}' ? close(j, SEI_JSON_OBJECT_END) :
        sei_json_fail(j, p, "expected , or }");
    case DONE:
      return sei_json_fail(j, p, "something follows the value");
    default:
      return value(j, *p, decode);
    }
  }
}

enum sei_json_event sei_json_next(struct sei_json *j)
{
  const char *p = j->text + j->pos;
  size_t have = j->len - j->pos;
  if(j->state == AFTER_MEMBER && have && *p == '}')
    return close(j, SEI_JSON_OBJECT_END);
  if(j->state == AFTER_ITEM && have > 1 && *p == ',' && p[1] == '{' &&
     comma(j, ',', ITEM))
    return open(j, true);
  if(j->state == MEMBER_VALUE && have && *p == '"')
    return string(j, true);
  return step(j, true); /* the others are not as frequent */
}

bool sei_json_member(struct sei_json *j, const char *name, size_t n,
                     enum sei_json_event *e)
{
  const char *p = sei_json_behind_name(j, name, n);
  if(!p)
    return false;
  j->pos = (size_t)(p - j->text);
  j->state = MEMBER_VALUE;
  if(j->pos == j->len || (unsigned char)*p <= ' ')
    *e = step(j, true);
  else
    *e = *p == '"' ? string(j, true) : value(j, *p, true);
  return true;
}

enum sei_json_event sei_json_pass_token(struct sei_json *j)
{
  return step(j, false);
}
