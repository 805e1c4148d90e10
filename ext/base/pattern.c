/* pattern - Lua's patterns with a leash. */
#include "pattern.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_BETWEEN = 4096 };

static const char *match(struct sei_pattern *m, const char *s, const char *p);

/* Remembers what is wrong; NULL, for whoever returns a place. */
static const char *fail(struct sei_pattern *m, const char *problem, int n)
{
  if(!m->problem) {
    m->problem = problem;
    m->problem_number = n;
  }
  return NULL;
}

/* Counts. false: stop here, for `problem` is set. */
static bool count(struct sei_pattern *m, size_t steps)
{
  m->steps += steps;
  if(m->steps >= STEPS_BETWEEN) {
    if(!m->go_on(m->arg, m->steps))
      fail(m, "", 0);
    m->steps = 0;
  }
  return !m->problem;
}

/* ---- one character ---- */

static bool in_class(int c, int class)
{
  bool yes;
  switch(tolower(class)) {
  case 'a': yes = isalpha(c); break;
  case 'c': yes = iscntrl(c); break;
  case 'd': yes = isdigit(c); break;
  case 'g': yes = isgraph(c); break;
  case 'l': yes = islower(c); break;
  case 'p': yes = ispunct(c); break;
  case 's': yes = isspace(c); break;
  case 'u': yes = isupper(c); break;
  case 'w': yes = isalnum(c); break;
  case 'x': yes = isxdigit(c); break;
  case 'z': yes = !c; break; /* deprecated, and still there */
  default: return class == c;
  }
  return isupper(class) ? !yes : yes;
}

/* Whether c is in the set from `p`, its [, to `last`, its ]. */
static bool in_set(int c, const char *p, const char *last)
{
  bool listed = true;
  if(*++p == '^') {
    listed = false;
    p++;
  }
  for(; p < last; p++) {
    if(*p == '%') {
      if(in_class(c, (unsigned char)*++p))
        return listed;
    }
    else if(p[1] == '-' && p + 2 < last) {
      if((unsigned char)*p <= c && c <= (unsigned char)p[2])
        return listed;
      p += 2;
    }
    else if((unsigned char)*p == c)
      return listed;
  }
  return !listed;
}

/* Whether the character at s is what stands from p to `end`. */
static bool single(struct sei_pattern *m, const char *s, const char *p,
                   const char *end)
{
  int c;
  if(!count(m, (size_t)(end - p)) || s >= m->text_end)
    return false;
  c = (unsigned char)*s;
  switch(*p) {
  case '.': return true;
  case '%': return in_class(c, (unsigned char)p[1]);
  case '[': return in_set(c, p, end - 1);
  default: return (unsigned char)*p == c;
  }
}

/* Behind the set that begins at p; a ] that comes first is part of it. */
static const char *set_end(struct sei_pattern *m, const char *p)
{
  const char *q = p + 1;
  if(q < m->pattern_end && *q == '^')
    q++;
  do {
    if(q >= m->pattern_end)
      return fail(m, "malformed pattern (missing ']')", 0);
    if(*q++ == '%') {
      if(q >= m->pattern_end)
        return fail(m, "malformed pattern (missing ']')", 0);
      q++;
    }
  } while(q >= m->pattern_end || *q != ']');
  return count(m, (size_t)(q - p)) ? q + 1 : NULL;
}

/* Behind the single character, class or set at p. */
static const char *class_end(struct sei_pattern *m, const char *p)
{
  if(*p == '%') {
    if(p + 1 >= m->pattern_end)
      return fail(m, "malformed pattern (ends with '%%')", 0);
    return p + 2;
  }
  return *p == '[' ? set_end(m, p) : p + 1;
}

/* ---- repetitions ---- */

static const char *longest(struct sei_pattern *m, const char *s,
                           const char *p, const char *end)
{
  ptrdiff_t n = 0;
  while(single(m, s + n, p, end))
    n++;
  for(; n >= 0 && !m->problem; n--) {
    const char *found = match(m, s + n, end + 1);
    if(found)
      return found;
  }
  return NULL;
}

static const char *shortest(struct sei_pattern *m, const char *s,
                            const char *p, const char *end)
{
  while(!m->problem) {
    const char *found = match(m, s, end + 1);
    if(found)
      return found;
    if(!single(m, s, p, end))
      break;
    s++;
  }
  return NULL;
}

/* ---- captures ---- */

static const char *open_capture(struct sei_pattern *m, const char *s,
                                const char *p, ptrdiff_t what)
{
  const char *found;
  if(m->level >= SEI_PATTERN_CAPTURES)
    return fail(m, "too many captures", 0);
  m->capture[m->level].start = s;
  m->capture[m->level].len = what;
  m->level++;
  found = match(m, s, p);
  if(!found)
    m->level--;
  return found;
}

static const char *close_capture(struct sei_pattern *m, const char *s,
                                 const char *p)
{
  unsigned i = m->level;
  const char *found;
  while(i && m->capture[i - 1].len != SEI_CAPTURE_OPEN)
    i--;
  if(!i)
    return fail(m, "invalid pattern capture", 0);
  m->capture[i - 1].len = s - m->capture[i - 1].start;
  found = match(m, s, p);
  if(!found)
    m->capture[i - 1].len = SEI_CAPTURE_OPEN;
  return found;
}

/* %1 to %9: behind the same text again, or NULL. */
static const char *again(struct sei_pattern *m, const char *s, char digit)
{
  int i = digit - '1';
  size_t n;
  if(i < 0 || i >= (int)m->level || m->capture[i].len == SEI_CAPTURE_OPEN)
    return fail(m, "invalid capture index %%%d", i + 1);
  /* A position's length is -2: as in Lua, nothing is that long. */
  n = (size_t)m->capture[i].len;
  if((size_t)(m->text_end - s) < n || !count(m, n / 16 + 1) ||
     memcmp(m->capture[i].start, s, n))
    return NULL;
  return s + n;
}

/* ---- %b and %f ---- */

/* %bxy at p, its x: behind what is balanced, or NULL. */
static const char *balanced(struct sei_pattern *m, const char *s,
                            const char *p)
{
  size_t open = 1;
  if(p + 1 >= m->pattern_end)
    return fail(m, "malformed pattern (missing arguments to '%%b')", 0);
  if(s >= m->text_end || *s != *p)
    return NULL;
  while(++s < m->text_end && count(m, 1)) {
    if(*s == p[1]) {
      if(!--open)
        return s + 1;
    }
    else if(*s == *p)
      open++;
  }
  return NULL;
}

/* %f[set] with its set from p to `end`: whether there is a frontier at s. */
static bool is_frontier(struct sei_pattern *m, const char *s, const char *p,
                        const char *end)
{
  int before = s == m->text ? 0 : (unsigned char)s[-1];
  int here = s < m->text_end ? (unsigned char)*s : 0;
  return count(m, (size_t)(end - p)) && !in_set(before, p, end - 1) &&
    in_set(here, p, end - 1);
}

/* ---- items of a pattern ---- */

/* The item at *p is a % with a special letter behind it. Moves *p behind it;
 * answers the place in the text, or NULL. */
static const char *special(struct sei_pattern *m, const char *s,
                           const char **p)
{
  const char *set = *p + 2, *end;
  switch((*p)[1]) {
  case 'b':
    s = balanced(m, s, set);
    *p += 4;
    return s;
  case 'f':
    if(set >= m->pattern_end || *set != '[')
      return fail(m, "missing '[' after '%%f' in pattern", 0);
    end = set_end(m, set);
    if(!end)
      return NULL;
    *p = end;
    return is_frontier(m, s, set, end) ? s : NULL;
  default:
    *p += 2;
    return again(m, s, set[-1]);
  }
}

static bool is_special(const struct sei_pattern *m, const char *p)
{
  return *p == '%' && p + 1 < m->pattern_end &&
    (p[1] == 'b' || p[1] == 'f' || isdigit((unsigned char)p[1]));
}

/* A single character, class or set at *p with what may repeat it. Sets *over
 * when the answer is that of the whole rest; else *p moved behind it. */
static const char *item(struct sei_pattern *m, const char *s, const char **p,
                        bool *over)
{
  const char *from = *p, *end = class_end(m, from), *found;
  char suffix = end && end < m->pattern_end ? *end : '\0';
  *over = true;
  if(!end)
    return NULL;
  if(suffix == '*')
    return longest(m, s, from, end);
  if(suffix == '-')
    return shortest(m, s, from, end);
  if(suffix == '+')
    return single(m, s, from, end) ? longest(m, s + 1, from, end) : NULL;
  if(suffix == '?') {
    found = single(m, s, from, end) ? match(m, s + 1, end + 1) : NULL;
    if(found || m->problem)
      return found;
    *over = false;
    *p = end + 1;
    return s;
  }
  if(!single(m, s, from, end))
    return NULL;
  *over = false;
  *p = end;
  return s + 1;
}

/* The rest of the pattern, from p, at s: the end of its match, or NULL. */
static const char *match(struct sei_pattern *m, const char *s, const char *p)
{
  bool over = false;
  if(!m->depth)
    return fail(m, "pattern too complex", 0);
  if(!count(m, 1))
    return NULL;
  m->depth--;
  while(s && !over && p < m->pattern_end) {
    if(*p == '(') {
      bool position = p + 1 < m->pattern_end && p[1] == ')';
      s = open_capture(m, s, p + 1 + position,
                       position ? SEI_CAPTURE_POSITION : SEI_CAPTURE_OPEN);
      over = true;
    }
    else if(*p == ')') {
      s = close_capture(m, s, p + 1);
      over = true;
    }
    else if(*p == '$' && p + 1 == m->pattern_end) {
      s = s == m->text_end ? s : NULL;
      over = true;
    }
    else
      s = is_special(m, p) ? special(m, s, &p) : item(m, s, &p, &over);
  }
  m->depth++;
  return s;
}

const char *sei_pattern_match(struct sei_pattern *m, const char *at)
{
  m->level = 0;
  m->depth = SEI_PATTERN_DEPTH;
  m->problem = NULL;
  return match(m, at, m->pattern);
}
