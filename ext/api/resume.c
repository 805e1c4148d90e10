/* resume - writes and reads resume tokens. */
#include "resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/hash.h"

#define NUMBER_MAX ((int64_t)1 << 53)
#define CHECK_SEED UINT64_C(0x7365692e31)     /* "sei.1" */

enum { VERSION = 1, HEX_DIGITS = 16 };

static bool in_range(const struct sei_resume *r)
{
  return r->offset >= 0 && r->offset <= NUMBER_MAX &&
    r->page_size >= 1 && r->page_size <= NUMBER_MAX &&
    r->total >= -1 && r->total <= NUMBER_MAX;
}

bool sei_resume_write(const struct sei_resume *r, char *out, size_t size)
{
  char text[SEI_RESUME_SIZE];
  int n, m;
  if(size)
    out[0] = 0;
  if(!in_range(r))
    return false;
  n = snprintf(text, sizeof(text), "sei%d.%016" PRIx64 ".%" PRId64 ".%" PRId64
               ".%" PRId64 ".%" PRIu32 ".", VERSION, r->query, r->offset,
               r->page_size, r->total, r->flags);
  if(n < 0 || (size_t)n >= sizeof(text))
    return false;
  m = snprintf(text + n, sizeof(text) - (size_t)n, "%016" PRIx64,
               sei_hash(text, (size_t)n, CHECK_SEED));
  if(m != HEX_DIGITS || (size_t)n + HEX_DIGITS >= size)
    return false;
  memcpy(out, text, (size_t)n + HEX_DIGITS + 1);
  return true;
}

static bool blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Reads decimal digits, a minus sign if `min` is below 0, and the dot behind
 * them; moves *s there. One spelling per number: no zeros in front. */
static bool read_number(const char **s, const char *end, int64_t min,
                        int64_t max, int64_t *out)
{
  const char *p = *s, *first;
  bool minus = min < 0 && p < end && *p == '-';
  int64_t v = 0;
  p += minus;
  for(first = p; p < end && *p >= '0' && *p <= '9'; p++) {
    if(v > (max - (*p - '0')) / 10)
      return false;
    v = v * 10 + (*p - '0');
  }
  if(p == first || (*first == '0' && (minus || p - first > 1)))
    return false;
  if(p == end || *p != '.')
    return false;
  *out = minus ? -v : v;
  *s = p + 1;
  return *out >= min;
}

/* Reads exactly 16 digits, lower case. */
static bool read_hex(const char **s, const char *end, uint64_t *out)
{
  const char *p = *s;
  uint64_t v = 0;
  int i;
  if(end - p < HEX_DIGITS)
    return false;
  for(i = 0; i < HEX_DIGITS; i++, p++) {
    if(*p >= '0' && *p <= '9')
      v = v << 4 | (uint64_t)(*p - '0');
    else if(*p >= 'a' && *p <= 'f')
      v = v << 4 | (uint64_t)(*p - 'a' + 10);
    else
      return false;
  }
  *out = v;
  *s = p;
  return true;
}

/* Reads what stands behind "sei1." */
static bool read_fields(const char *text, const char *s, const char *end,
                        struct sei_resume *r)
{
  uint64_t check;
  int64_t flags;
  size_t checked;
  if(!read_hex(&s, end, &r->query) || s == end || *s++ != '.')
    return false;
  if(!read_number(&s, end, 0, NUMBER_MAX, &r->offset) ||
     !read_number(&s, end, 1, NUMBER_MAX, &r->page_size) ||
     !read_number(&s, end, -1, NUMBER_MAX, &r->total) ||
     !read_number(&s, end, 0, UINT32_MAX, &flags))
    return false;
  r->flags = (uint32_t)flags;
  checked = (size_t)(s - text);
  return read_hex(&s, end, &check) && s == end &&
    check == sei_hash(text, checked, CHECK_SEED);
}

const char *sei_resume_read(const char *text, size_t len, uint64_t query,
                            struct sei_resume *r)
{
  const char *end = text + len, *s;
  struct sei_resume read;
  int64_t version;
  while(text < end && blank(*text))
    text++;
  while(end > text && blank(end[-1]))
    end--;
  if(end - text > SEI_RESUME_MAX || end - text < 4 || memcmp(text, "sei", 3))
    return "this is not a resume token";
  s = text + 3;
  if(!read_number(&s, end, 1, INT32_MAX, &version))
    return "this is not a resume token";
  if(version > VERSION)
    return "this resume token was made by a newer sei";
  if(!read_fields(text, s, end, &read))
    return "this resume token is damaged";
  if(read.query != query)
    return "this resume token belongs to another query";
  *r = read;
  return NULL;
}
