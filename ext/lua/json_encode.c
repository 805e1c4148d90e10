/* json_encode - Lua values as JSON text.
 *
 * Recursion is bounded by SEI_JSON_DEPTH_MAX, which also ends cycles. The way
 * from the root to the value in hand is a chain of steps on the C stack; it is
 * spelled out only when something cannot be written.
 */
#include "json.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_mark.h"

/* One step of the path: a member's name, or an index if name is NULL. */
struct step {
  const struct step *up;
  const char *name;
  size_t len;
  lua_Integer index;
};

struct encoder {
  lua_State *L;
  struct sei_buf *out;
  bool canonical;
  int depth;
  char *where;
  size_t where_size, where_len;
};

static const char *encode_value(struct encoder *e, const struct step *up);

/* ---- the path of a failure ---- */

static void where_add(struct encoder *e, const char *s, size_t n)
{
  if(e->where_size < e->where_len + n + 4) { /* room for what shows a cut */
    if(e->where_size >= e->where_len + 4)
      memcpy(e->where + e->where_len, "...", 4);
    e->where_size = 0;
    return;
  }
  memcpy(e->where + e->where_len, s, n);
  e->where_len += n;
  e->where[e->where_len] = 0;
}

static bool is_identifier(const char *s, size_t n)
{
  size_t i;
  for(i = 0; i < n; i++) {
    char c = (char)(s[i] | 32);
    if(s[i] != '_' && !(c >= 'a' && c <= 'z') &&
       !(i && s[i] >= '0' && s[i] <= '9'))
      return false;
  }
  return n > 0;
}

/* A name in brackets, without what could disturb a terminal or a log. */
static void where_name(struct encoder *e, const char *s, size_t n)
{
  bool utf8 = sei_utf8_valid(s, n) == n;
  size_t i;
  where_add(e, "[\"", 2);
  for(i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    bool shown = c >= 0x80 ? utf8 : c >= 0x20 && c != 0x7f && c != '"';
    where_add(e, shown ? s + i : "?", 1);
  }
  where_add(e, "\"]", 2);
}

static void where_path(struct encoder *e, const struct step *s)
{
  char text[32];
  if(!s)
    return;
  where_path(e, s->up);
  if(!s->name) {
    int n = snprintf(text, sizeof text, "[%lld]", (long long)s->index);
    where_add(e, text, (size_t)n);
  }
  else if(is_identifier(s->name, s->len)) {
    where_add(e, ".", 1);
    where_add(e, s->name, s->len);
  }
  else
    where_name(e, s->name, s->len);
}

static const char *fail(struct encoder *e, const struct step *up,
                        const char *problem)
{
  where_path(e, up);
  return problem;
}

/* NULL for what the writers answer on success, else what went wrong. */
static const char *result(struct encoder *e, const struct step *up, int r)
{
  switch(r) {
  case SEI_BUF_OK:
    return NULL;
  case SEI_BUF_FULL:
    return fail(e, up, "more text than the buffer may hold");
  case SEI_JSON_NOT_UTF8:
    return fail(e, up, "a string that is not UTF-8");
  case SEI_JSON_NOT_FINITE:
    return fail(e, up, "a number that is not finite");
  default:
    return fail(e, up, "not enough memory");
  }
}

static const char *put(struct encoder *e, const struct step *up, char c)
{
  return result(e, up, (int)sei_buf_addc(e->out, c));
}

/* ---- members and items ---- */

/* Whether the value on top stands under `key` in the table of digits `big`
 * (0: there is none) and is still these digits. */
static bool is_big(lua_State *L, int big, int key)
{
  bool yes;
  if(!big || lua_type(L, -1) != LUA_TSTRING)
    return false;
  lua_pushvalue(L, key);
  lua_rawget(L, big);
  yes = lua_rawequal(L, -1, -2);
  lua_pop(L, 1);
  return yes;
}

/* The value on top, whose key stands at `key`. */
static const char *element(struct encoder *e, const struct step *at, int big,
                           int key)
{
  if(is_big(e->L, big, key)) {
    size_t n;
    const char *s = lua_tolstring(e->L, -1, &n);
    return result(e, at, (int)sei_buf_add(e->out, s, n));
  }
  return encode_value(e, at);
}

/* The member whose value is on top and whose name stands below it. */
static const char *member(struct encoder *e, const struct step *up, int big,
                          bool first)
{
  struct step at = { up, NULL, 0, 0 };
  int key = lua_gettop(e->L) - 1, r = SEI_BUF_OK;
  const char *problem;
  at.name = lua_tolstring(e->L, key, &at.len);
  if(!first)
    r = (int)sei_buf_addc(e->out, ',');
  if(r == SEI_BUF_OK)
    r = sei_json_put_string(e->out, at.name, at.len);
  if(r == SEI_JSON_NOT_UTF8)
    return fail(e, &at, "a name that is not UTF-8");
  problem = result(e, up, r);
  if(!problem)
    problem = put(e, up, ':');
  return problem ? problem : element(e, &at, big, key);
}

static const char *bad_key(lua_State *L, int key)
{
  if(lua_type(L, key) == LUA_TNUMBER)
    return "a table with both names and numbers as keys";
  return "a table with keys that are neither names nor indices";
}

/* All members in the table's own order. */
static const char *members(struct encoder *e, const struct step *up,
                           int table, int big)
{
  lua_State *L = e->L;
  const char *problem = NULL;
  bool first = true;
  lua_pushnil(L);
  while(!problem && lua_next(L, table)) {
    if(lua_type(L, -2) != LUA_TSTRING)
      return fail(e, up, bad_key(L, -2));
    problem = member(e, up, big, first);
    first = false;
    lua_pop(L, 1);
  }
  return problem;
}

/* ---- members in order ---- */

struct name {
  const char *s;    /* of a key in the table, which keeps it */
  size_t n;
};

static int by_bytes(const void *a, const void *b)
{
  const struct name *x = a, *y = b;
  int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
  if(order)
    return order;
  return x->n < y->n ? -1 : x->n > y->n;
}

/* How many keys the table has; *problem if one is no name. */
static size_t count_names(lua_State *L, int table, const char **problem)
{
  size_t n = 0;
  lua_pushnil(L);
  while(lua_next(L, table)) {
    lua_pop(L, 1);
    if(lua_type(L, -1) != LUA_TSTRING) {
      *problem = bad_key(L, -1);
      lua_pop(L, 1);
      return 0;
    }
    n++;
  }
  return n;
}

enum { FEW = 12 };

/* What qsort() does, quicker for the handful of names that a record has. */
static void sort_few(struct name *list, size_t n)
{
  size_t i, j;
  for(i = 1; i < n; i++) {
    struct name one = list[i];
    for(j = i; j && by_bytes(&list[j - 1], &one) > 0; j--)
      list[j] = list[j - 1];
    list[j] = one;
  }
}

/* The `n` names of the table in order: in `few`, or in a userdata that is
 * pushed. */
static const struct name *sorted_names(lua_State *L, int table, size_t n,
                                       struct name few[FEW])
{
  struct name *list = n <= FEW ? few :
    lua_newuserdatauv(L, n * sizeof *list, 0);
  size_t i = 0;
  lua_pushnil(L);
  while(lua_next(L, table)) {
    lua_pop(L, 1);
    list[i].s = lua_tolstring(L, -1, &list[i].n);
    i++;
  }
  if(n <= FEW)
    sort_few(list, n);
  else
    qsort(list, n, sizeof *list, by_bytes);
  return list;
}

static const char *sorted_members(struct encoder *e, const struct step *up,
                                  int table, int big)
{
  lua_State *L = e->L;
  const char *problem = NULL;
  const struct name *list;
  struct name few[FEW];
  size_t i, n = count_names(L, table, &problem);
  if(problem)
    return fail(e, up, problem);
  if(!n)
    return NULL;
  list = sorted_names(L, table, n, few);
  for(i = 0; i < n && !problem; i++) {
    lua_pushlstring(L, list[i].s, list[i].n);
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    problem = member(e, up, big, i == 0);
    lua_pop(L, 2);
  }
  return problem;
}

/* ---- tables ---- */

/* Whether the keys are 1 to *n and no others; else what is wrong. */
static const char *check_indices(lua_State *L, int table, lua_Integer *n)
{
  lua_Integer greatest = 0;
  *n = 0;
  lua_pushnil(L);
  while(lua_next(L, table)) {
    lua_Integer i;
    lua_pop(L, 1);
    if(lua_type(L, -1) == LUA_TSTRING) {
      lua_pop(L, 1);
      return "a table with both names and numbers as keys, or a name in an "
        "array";
    }
    i = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    if(i < 1) {
      lua_pop(L, 1);
      return "a table with keys that are neither names nor indices";
    }
    if(i > greatest)
      greatest = i;
    ++*n;
  }
  return greatest == *n ? NULL : "an array with holes";
}

static const char *items(struct encoder *e, const struct step *up, int table,
                         int big)
{
  lua_State *L = e->L;
  lua_Integer n;
  struct step at = { up, NULL, 0, 1 };
  const char *problem = check_indices(L, table, &n);
  if(problem)
    return fail(e, up, problem);
  for(; at.index <= n && !problem; at.index++) {
    if(at.index > 1)
      problem = put(e, up, ',');
    lua_pushinteger(L, at.index);
    lua_rawgeti(L, table, at.index);
    if(!problem)
      problem = element(e, &at, big, lua_gettop(L) - 1);
    lua_pop(L, 2);
  }
  return problem;
}

/* Whether an unmarked table is written as an array: its first key is no
 * name. (What mixes both is found out later.) */
static bool looks_like_array(lua_State *L, int table)
{
  bool yes;
  lua_pushnil(L);
  if(!lua_next(L, table))
    return false;
  yes = lua_type(L, -2) != LUA_TSTRING;
  lua_pop(L, 2);
  return yes;
}

static const char *encode_table(struct encoder *e, const struct step *up)
{
  lua_State *L = e->L;
  int table = lua_gettop(L), marks, big;
  bool array;
  const char *problem;
  if(e->depth >= SEI_JSON_DEPTH_MAX)
    return fail(e, up, "nesting deeper than 512 (a cycle?)");
  if(!lua_checkstack(L, 12))
    return fail(e, up, "nesting deeper than Lua's stack");
  marks = sei_marks(L, table);
  big = marks & SEI_MARK_BIG ? lua_gettop(L) : 0;
  array = marks & SEI_MARK_ARRAY || looks_like_array(L, table);
  problem = put(e, up, array ? '[' : '{');
  e->depth++;
  if(problem)
    return problem;
  if(array)
    problem = items(e, up, table, big);
  else if(e->canonical)
    problem = sorted_members(e, up, table, big);
  else
    problem = members(e, up, table, big);
  e->depth--;
  lua_settop(L, table);
  return problem ? problem : put(e, up, array ? ']' : '}');
}

static int put_number(lua_State *L, struct sei_buf *out)
{
  if(lua_isinteger(L, -1))
    return sei_json_put_integer(out, (int64_t)lua_tointeger(L, -1));
  return sei_json_put_real(out, (double)lua_tonumber(L, -1));
}

static int put_string(lua_State *L, struct sei_buf *out)
{
  size_t n;
  const char *s = lua_tolstring(L, -1, &n);
  return sei_json_put_string(out, s, n);
}

/* What is said of a type that JSON has no value for. */
static const char *foreign(int type)
{
  switch(type) {
  case LUA_TNIL:
    return "nil (sei.null is JSON's null)";
  case LUA_TFUNCTION:
    return "a function";
  case LUA_TTHREAD:
    return "a coroutine";
  default:
    return "a userdata";
  }
}

/* Writes the value on top of the stack, and leaves it there. */
static const char *encode_value(struct encoder *e, const struct step *up)
{
  lua_State *L = e->L;
  int type = lua_type(L, -1);
  switch(type) {
  case LUA_TTABLE:
    return encode_table(e, up);
  case LUA_TSTRING:
    return result(e, up, put_string(L, e->out));
  case LUA_TNUMBER:
    return result(e, up, put_number(L, e->out));
  case LUA_TBOOLEAN:
    return result(e, up, (int)sei_buf_adds(e->out, lua_toboolean(L, -1) ?
                                           "true" : "false"));
  case LUA_TLIGHTUSERDATA:
    if(!lua_touserdata(L, -1))
      return result(e, up, (int)sei_buf_adds(e->out, "null"));
    break;
  default:
    break;
  }
  return fail(e, up, foreign(type));
}

const char *sei_encode(lua_State *L, int index, struct sei_buf *out,
                       int canonical, char *where, size_t where_size)
{
  struct encoder e;
  int top = lua_gettop(L);
  const char *problem;
  e.L = L;
  e.out = out;
  e.canonical = canonical != 0;
  e.depth = 0;
  e.where = where;
  e.where_size = where_size;
  e.where_len = 0;
  if(where_size)
    *where = 0;
  luaL_checkstack(L, 12, NULL);
  lua_pushvalue(L, index);
  problem = encode_value(&e, NULL);
  lua_settop(L, top);
  return problem;
}
