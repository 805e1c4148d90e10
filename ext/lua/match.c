/* match - sei.match.join: the join of ext/match for lists of Lua strings,
 * folded by ext/data/text where that is asked for. */
#include "match.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "../data/text.h"
#include "../match/join.h"
#include "error.h"
#include "options.h"

#define WORK "sei.match.work"

/* Pairs between two looks at how it stands. */
enum { SLICE = 1 << 22 };

/* All memory of a join outside Lua. */
struct work {
  struct sei_join *join;
  struct sei_text text;
  uint32_t *codes;       /* one text */
  size_t room;
};

static int l_work_gc(lua_State *L)
{
  struct work *w = luaL_checkudata(L, 1, WORK);
  sei_join_free(w->join);
  w->join = NULL;
  sei_text_free(&w->text);
  free(w->codes);
  w->codes = NULL;
  w->room = 0;
  return 0;
}

static struct work *push_work(lua_State *L)
{
  struct work *w = lua_newuserdatauv(L, sizeof *w, 0);
  w->join = NULL;
  sei_text_init(&w->text);
  w->codes = NULL;
  w->room = 0;
  luaL_setmetatable(L, WORK);
  return w;
}

static int no_memory(lua_State *L)
{
  return luaL_error(L, "not enough memory");
}

/* ---- the texts ---- */

static struct sei_codes decoded(lua_State *L, struct work *w, const char *s,
                                size_t n)
{
  struct sei_codes c;
  if(n > w->room) {
    size_t room = n < 256 ? 256 : 2 * n;
    uint32_t *codes = realloc(w->codes, room * sizeof *codes);
    if(!codes)
      no_memory(L);
    w->codes = codes;
    w->room = room;
  }
  c.at = w->codes;
  c.n = sei_codes_decode(s, n, w->codes);
  return c;
}

static struct sei_codes folded(lua_State *L, struct work *w, const char *s,
                               size_t n)
{
  struct sei_codes c;
  if(!sei_text_fold_points(&w->text, s, n, SEI_TEXT_DEFAULT))
    no_memory(L);
  c.at = (const uint32_t *)w->text.points.at;
  c.n = w->text.points.len;
  return c;
}

/* Adds the strings of an array and returns how many there are. */
static lua_Integer add_all(lua_State *L, struct work *w, int arg, bool fold)
{
  lua_Integer i, n = luaL_len(L, arg);
  for(i = 1; i <= n; i++) {
    struct sei_codes c;
    size_t len;
    const char *s;
    if(lua_geti(L, arg, i) != LUA_TSTRING)
      luaL_error(L, "bad argument #%d to 'sei.match.join' (array of strings "
                 "expected, got a %s at %I)", arg, luaL_typename(L, -1),
                 (LUAI_UACINT)i);
    s = lua_tolstring(L, -1, &len);
    if(len > INT32_MAX / 16)
      luaL_error(L, "bad argument #%d to 'sei.match.join' (text of %I bytes "
                 "at %I)",
                 arg, (LUAI_UACINT)len, (LUAI_UACINT)i);
    c = fold ? folded(L, w, s, len) : decoded(L, w, s, len);
    if(sei_join_add(w->join, arg == 1 ? SEI_LEFT : SEI_RIGHT, c) !=
       SEI_JOIN_DONE)
      no_memory(L);
    lua_pop(L, 1);
  }
  return n;
}

/* ---- the hits ---- */

static void push_hits(lua_State *L, const struct sei_join *join,
                      lua_Integer lefts)
{
  lua_Integer i, at = 0;
  size_t n, k, all = sei_join_count(join);
  lua_createtable(L, all < INT32_MAX ? (int)all : INT32_MAX, 0);
  for(i = 0; i < lefts; i++) {
    const struct sei_join_hit *hit = sei_join_hits(join, (size_t)i, &n);
    for(k = 0; k < n; k++) {
      lua_createtable(L, 3, 0);
      lua_pushinteger(L, i + 1);
      lua_rawseti(L, -2, 1);
      lua_pushinteger(L, (lua_Integer)hit[k].right + 1);
      lua_rawseti(L, -2, 2);
      lua_pushnumber(L, hit[k].score);
      lua_rawseti(L, -2, 3);
      lua_rawseti(L, -2, ++at);
    }
  }
}

static int too_many(lua_State *L, lua_Integer limit, double cutoff)
{
  lua_pushnil(L);
  lua_pushnumber(L, (lua_Number)cutoff);
  sei_error_push(L, "too_large", "more than %I pairs reach the cutoff %s",
                 (LUAI_UACINT)limit, lua_tostring(L, -1));
  lua_remove(L, -2);
  lua_pushliteral(L, "a higher cutoff finds fewer; 'limit' allows more, at "
                  "about 150 bytes each");
  lua_setfield(L, -2, "hint");
  return 2;
}

/* ---- options ---- */

const struct sei_option sei_match_join_options[] = {
  { "cutoff", SEI_OPT_ANY, 0, 0, "share", "0.90",
    "the least similarity of a pair, from 0 to 1" },
  { "fold", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
    "compare what sei.text.fold makes of the texts" },
  { "limit", SEI_OPT_INTEGER, 0, 1e15, NULL, "10000000",
    "how many pairs may be found; each takes about 150 bytes" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

static double check_cutoff(lua_State *L)
{
  double cutoff = 0.9;
  int type = lua_getfield(L, 3, "cutoff");
  if(type != LUA_TNIL) {
    cutoff = type == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if(!(cutoff >= 0 && cutoff <= 1)) {
      luaL_tolstring(L, -1, NULL);
      luaL_error(L, "bad option 'cutoff' for sei.match.join (number from 0 "
                 "to 1 expected, got %s)", type == LUA_TNUMBER ?
                 lua_tostring(L, -1) : luaL_typename(L, -2));
    }
  }
  lua_pop(L, 1);
  return cutoff;
}

/***
Finds all pairs of two lists of texts whose Jaro-Winkler similarity is the
cutoff or more: exactly those that comparing each with each by
`sei.similarity.jaro_winkler` would find, many times faster. Nothing is left
out by first letters or the like.

Two empty texts have the similarity 1, so leave out what has no name. Bytes
that are no UTF-8 count as U+FFFD. The whole result is made at once; how many
pairs it may have is limited.
@function sei.match.join
@tparam {string,...} left
@tparam {string,...} right
@tparam ?table options
@treturn ?{{integer,integer,number},...} a table of index in `left`, index in
`right` and similarity for each pair, ordered by the first and then by the
second; or nil and an error object of kind "too_large"
@usage local options = { cutoff = 0.92, fold = true }
for _, pair in ipairs(assert(sei.match.join(names, logins, options))) do
  print(names[pair[1]], logins[pair[2]], pair[3])
end
*/
static int l_match_join(lua_State *L)
{
  static const struct sei_option *const TABLES[] = {
    sei_match_join_options, NULL
  };
  struct work *w;
  enum sei_join_status status;
  lua_Integer limit, lefts;
  double cutoff;
  bool fold;
  lua_settop(L, 3);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  sei_options_check(L, 3, "sei.match.join", TABLES);
  cutoff = check_cutoff(L);
  fold = sei_option_boolean(L, 3, "fold", false);
  limit = sei_option_integer(L, 3, "limit", 10000000);
  w = push_work(L);
  w->join = sei_join_new(cutoff, (size_t)limit);
  if(!w->join)
    return no_memory(L);
  lefts = add_all(L, w, 1, fold);
  add_all(L, w, 2, fold);
  do
    status = sei_join_step(w->join, SLICE);
  while(status == SEI_JOIN_MORE);
  if(status == SEI_JOIN_NOMEM)
    return no_memory(L);
  if(status == SEI_JOIN_FULL)
    return too_many(L, limit, cutoff);
  push_hits(L, w->join, lefts);
  lua_pushcfunction(L, l_work_gc);
  lua_pushvalue(L, 4);
  lua_call(L, 1, 0);
  return 1;
}

void sei_open_match(lua_State *L)
{
  if(luaL_newmetatable(L, WORK)) {
    lua_pushcfunction(L, l_work_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, l_match_join);
  lua_setfield(L, -2, "join");
}
