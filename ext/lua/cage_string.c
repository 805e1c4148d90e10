/* cage_string - the library string of a cage.
 *
 * Patterns are matched by ext/base/pattern, which can be stopped; what else
 * may take longer than its result is large is done anew. What packs bytes and
 * dumps functions is left out.
 */
#define _GNU_SOURCE /* memmem */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "../base/pattern.h"
#include "cage.h"

enum { STEP = 1024 };   /* characters between two looks at the clock */

/* ---- string.rep ---- */

static int l_rep(lua_State *L)
{
  size_t n, m, unit, size, have;
  const char *s = luaL_checklstring(L, 1, &n);
  lua_Integer times = luaL_checkinteger(L, 2);
  const char *between = luaL_optlstring(L, 3, "", &m);
  luaL_Buffer b;
  char *to;
  unit = n + m;
  if(times <= 0 || (times > 1 && !unit) || (times == 1 && !n)) {
    lua_pushliteral(L, "");
    return 1;
  }
  if((lua_Unsigned)times > sei_cage_of(L)->memory_max / (unit ? unit : 1))
    return luaL_error(L, "resulting string too large");
  size = unit * (size_t)times;
  sei_cage_tick(L, size / 64);
  to = luaL_buffinitsize(L, &b, size);
  memcpy(to, s, n);
  memcpy(to + n, between, m);
  for(have = unit; have < size; have *= 2)
    memcpy(to + have, to, have < size - have ? have : size - have);
  luaL_pushresultsize(&b, size - m);
  return 1;
}

/* ---- patterns ---- */

static bool go_on(void *cage, uint64_t steps)
{
  return sei_cage_charge(cage, steps);
}

/* What was done since go_on() was asked counts, too. */
static int charged(struct sei_pattern *m, int results)
{
  sei_cage_charge(m->arg, m->steps);
  m->steps = 0;
  return results;
}

/* Prepares a match of the text and the pattern at these indices; a leading ^
 * is the caller's. */
static void prepare(lua_State *L, struct sei_pattern *m, int text,
                    int pattern)
{
  size_t n;
  memset(m, 0, sizeof *m);
  m->text = luaL_checklstring(L, text, &n);
  m->text_end = m->text + n;
  m->pattern = luaL_checklstring(L, pattern, &n);
  m->pattern_end = m->pattern + n;
  m->go_on = go_on;
  m->arg = sei_cage_of(L);
}

static bool take_anchor(struct sei_pattern *m)
{
  if(m->pattern == m->pattern_end || *m->pattern != '^')
    return false;
  m->pattern++;
  return true;
}

/* Tries the pattern at one place; raises what is wrong with it. */
static const char *try(lua_State *L, struct sei_pattern *m, const char *at)
{
  const char *end = sei_pattern_match(m, at);
  if(m->problem) {
    sei_cage_tick(L, 0);
    luaL_error(L, m->problem, m->problem_number);
  }
  return end;
}

/* Pushes capture i of a match, or the whole of it where there are none. */
static void push_capture(lua_State *L, const struct sei_pattern *m,
                         unsigned i, const char *from, const char *to)
{
  const struct sei_capture *c = &m->capture[i];
  if(i >= m->level) {
    if(i)
      luaL_error(L, "invalid capture index %%%d", (int)i + 1);
    lua_pushlstring(L, from, (size_t)(to - from));
  }
  else if(c->len == SEI_CAPTURE_POSITION)
    lua_pushinteger(L, c->start - m->text + 1);
  else if(c->len == SEI_CAPTURE_OPEN)
    luaL_error(L, "unfinished capture");
  else
    lua_pushlstring(L, c->start, (size_t)c->len);
}

/* All captures; `from` NULL: none instead of the whole match. */
static int push_captures(lua_State *L, const struct sei_pattern *m,
                         const char *from, const char *to)
{
  unsigned i, n = !m->level && from ? 1 : m->level;
  luaL_checkstack(L, (int)n, "too many captures");
  for(i = 0; i < n; i++)
    push_capture(L, m, i, from, to);
  return (int)n;
}

/* Where to begin, from 0, by the argument at `index`; beyond the end it is
 * n + 1. */
static size_t start_of(lua_State *L, int index, size_t n)
{
  lua_Integer i = luaL_optinteger(L, index, 1);
  if(i > 0)
    return (lua_Unsigned)i - 1 > n ? n + 1 : (size_t)i - 1;
  if(!i || i < -(lua_Integer)n)
    return 0;
  return n - (size_t)-i;
}

static int find_plain(lua_State *L, const struct sei_pattern *m,
                      const char *at)
{
  size_t n = (size_t)(m->pattern_end - m->pattern);
  const char *found = n ?
    memmem(at, (size_t)(m->text_end - at), m->pattern, n) : at;
  sei_cage_tick(L, (size_t)(m->text_end - at) / 64);
  if(!found) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - m->text + 1);
  lua_pushinteger(L, found - m->text + (lua_Integer)n);
  return 2;
}

static bool has_specials(const struct sei_pattern *m)
{
  const char *p;
  for(p = m->pattern; p < m->pattern_end; p++)
    if(*p && strchr("^$*+?.([%-", *p))
      return true;
  return false;
}

static int search(lua_State *L, bool find)
{
  struct sei_pattern m;
  const char *at, *end;
  size_t from;
  bool anchor;
  prepare(L, &m, 1, 2);
  from = start_of(L, 3, (size_t)(m.text_end - m.text));
  if(from > (size_t)(m.text_end - m.text)) {
    lua_pushnil(L);
    return 1;
  }
  at = m.text + from;
  if(find && (lua_toboolean(L, 4) || !has_specials(&m)))
    return find_plain(L, &m, at);
  anchor = take_anchor(&m);
  do {
    end = try(L, &m, at);
    if(end && find) {
      lua_pushinteger(L, at - m.text + 1);
      lua_pushinteger(L, end - m.text);
      return charged(&m, 2 + push_captures(L, &m, NULL, NULL));
    }
    if(end)
      return charged(&m, push_captures(L, &m, at, end));
  } while(at++ < m.text_end && !anchor);
  lua_pushnil(L);
  return charged(&m, 1);
}

static int l_find(lua_State *L)
{
  return search(L, true);
}

static int l_match(lua_State *L)
{
  return search(L, false);
}

/* ---- string.gmatch: text, pattern, place, end of the last match ---- */

enum { UP_TEXT = 1, UP_PATTERN, UP_AT, UP_LAST };

static int l_gmatch_next(lua_State *L)
{
  struct sei_pattern m;
  const char *at, *end, *last;
  prepare(L, &m, lua_upvalueindex(UP_TEXT), lua_upvalueindex(UP_PATTERN));
  at = m.text + lua_tointeger(L, lua_upvalueindex(UP_AT));
  last = lua_isnil(L, lua_upvalueindex(UP_LAST)) ? NULL :
    m.text + lua_tointeger(L, lua_upvalueindex(UP_LAST));
  for(; at <= m.text_end; at++) {
    end = try(L, &m, at);
    if(end && end != last) {
      lua_pushinteger(L, end - m.text);
      lua_copy(L, -1, lua_upvalueindex(UP_AT));
      lua_replace(L, lua_upvalueindex(UP_LAST));
      return charged(&m, push_captures(L, &m, at, end));
    }
  }
  return charged(&m, 0);
}

static int l_gmatch(lua_State *L)
{
  size_t n;
  luaL_checklstring(L, 1, &n);
  luaL_checkstring(L, 2);
  lua_pushinteger(L, (lua_Integer)start_of(L, 3, n));
  lua_replace(L, 3);
  lua_settop(L, 3);
  lua_pushnil(L);
  lua_pushcclosure(L, l_gmatch_next, 4);
  return 1;
}

/* ---- string.gsub ---- */

/* Adds the replacement text, index 3, for a match. */
static void add_text(lua_State *L, luaL_Buffer *b,
                     const struct sei_pattern *m, const char *from,
                     const char *to)
{
  size_t n, i, next = STEP;
  const char *s = lua_tolstring(L, 3, &n);
  for(i = 0; i < n; i++) {
    if(i >= next) { /* captures may be empty, and take no memory */
      sei_cage_tick(L, STEP);
      next = i + STEP;
    }
    if(s[i] != '%')
      luaL_addchar(b, s[i]);
    else if(++i < n && s[i] == '%')
      luaL_addchar(b, '%');
    else if(i < n && s[i] == '0')
      luaL_addlstring(b, from, (size_t)(to - from));
    else if(i < n && s[i] >= '1' && s[i] <= '9') {
      push_capture(L, m, (unsigned)(s[i] - '1'), from, to);
      luaL_tolstring(L, -1, NULL); /* a position is a number */
      lua_remove(L, -2);
      luaL_addvalue(b);
    }
    else
      luaL_error(L, "invalid use of '%%' in replacement string");
  }
  sei_cage_tick(L, n % STEP / 16);
}

/* Adds what a match becomes. false: it stays as it is. */
static bool add_value(lua_State *L, luaL_Buffer *b,
                      const struct sei_pattern *m, const char *from,
                      const char *to)
{
  int type = lua_type(L, 3);
  if(type == LUA_TSTRING || type == LUA_TNUMBER) {
    add_text(L, b, m, from, to);
    return true;
  }
  if(type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(L, m, from, to), 1);
  }
  else {
    push_capture(L, m, 0, from, to);
    lua_gettable(L, 3);
  }
  if(!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(b, from, (size_t)(to - from));
    return false;
  }
  if(!lua_isstring(L, -1))
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(b);
  return true;
}

static int l_gsub(lua_State *L)
{
  struct sei_pattern m;
  const char *at, *last = NULL, *end;
  lua_Integer max, n = 0;
  bool anchor, changed = false;
  int type = lua_type(L, 3);
  luaL_Buffer b;
  prepare(L, &m, 1, 2);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING ||
                   type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  max = luaL_optinteger(L, 4, m.text_end - m.text + 1);
  anchor = take_anchor(&m);
  luaL_buffinit(L, &b);
  for(at = m.text; n < max; ) {
    end = try(L, &m, at);
    if(end && end != last) {
      n++;
      changed |= add_value(L, &b, &m, at, end);
      at = last = end;
    }
    else if(at < m.text_end)
      luaL_addchar(&b, *at++);
    else
      break;
    if(anchor)
      break;
  }
  if(changed)
    luaL_addlstring(&b, at, (size_t)(m.text_end - at));
  if(changed)
    luaL_pushresult(&b);
  else
    lua_pushvalue(L, 1);
  lua_pushinteger(L, n);
  return charged(&m, 2);
}

void sei_cage_open_string(lua_State *L)
{
  static const char *const STAY[] = {
    "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower",
    "match", "rep", "reverse", "sub", "upper", NULL
  };
  static const luaL_Reg OWN[] = {
    {"find", l_find}, {"gmatch", l_gmatch}, {"gsub", l_gsub},
    {"match", l_match}, {"rep", l_rep}, {NULL, NULL}
  };
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_setfuncs(L, OWN, 0);
  sei_cage_open_format(L);
  sei_cage_only(L, STAY);
  lua_pop(L, 1);
}
