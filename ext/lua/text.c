/* text - sei.text: folding names so that spellings of one name are equal.
 *
 * The work is in ext/data/text.c; its room is one userdata for all functions
 * here, their first upvalue, used again from call to call.
 */

/***
Names made comparable.

`sei.text.fold` brings spellings of one name together: "Łukasz Żak",
"LUKASZ ZAK" and "Dr. Łukasz Żak" become "lukasz zak". It is a row of steps,
always done in this order, and idempotent in every combination:

- `compat`: Unicode's NFKC; characters that nobody sees (zero width, soft
  hyphens, variation selectors) are taken out.
- `punctuation`: apostrophes are taken out ("O'Hara", "O’Hara" and "Ohara"
  become equal); other punctuation, symbols, controls and white space become
  one space. A text of nothing else ("-", an emoji) keeps its characters; one
  of white space alone becomes "".
- `accents`: off Latin and Greek letters; off Cyrillic ones the stress marks
  and the dots of ё (й and ї are letters of their own). Marks of all other
  scripts stay, they are no accents.
- `letters`: Latin letters that do not decompose: ł l, ø o, đ d, ß ss, æ ae,
  œ oe, þ th, ð d, ħ h, ı i, ŋ n, ŧ t, ə e and some 300 more (Unicode CLDR,
  Latin-ASCII). Other scripts are not transliterated.
- `camel` (not by default): "johnSmith" becomes "john Smith", "JSmith"
  "J Smith".
- `case`: Unicode's full case folding.
- `titles`: dr, prof, mr, herr, frau, phd, jr, iii and the like are taken out,
  wherever they stand, unless nothing else remains. Those that are names, too
  (ing, ms, mag, sr, …), only if two words remain.
- `order` (not by default): words sorted, so that "Byron Ada" and "Ada Byron"
  become equal.

By default: all but `camel` and `order`. UTF-8 that is broken is no error:
each broken part becomes U+FFFD, which counts as a letter. NUL bytes are white
space.
@module sei.text
*/
#include "text.h"

#include <lauxlib.h>
#include <string.h>

#include "../base/nearest.h"
#include "../data/text.h"
#include "text_mail.h"

#define ROOM "sei.text"

static int l_room_gc(lua_State *L)
{
  sei_text_free(luaL_checkudata(L, 1, ROOM));
  return 0;
}

static void push_room(lua_State *L)
{
  struct sei_text *t = lua_newuserdatauv(L, sizeof *t, 0);
  sei_text_init(t);
  if(luaL_newmetatable(L, ROOM)) {
    lua_pushcfunction(L, l_room_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
}

/* ---- steps ---- */

static unsigned find_step(const char *name)
{
  unsigned i;
  for(i = 0; sei_text_steps[i]; i++)
    if(!strcmp(sei_text_steps[i], name))
      return 1u << i;
  return 0;
}

static int unknown_step(lua_State *L, const char *name, const char *function)
{
  const char *best = NULL;
  size_t score = 0;
  unsigned i;
  for(i = 0; sei_text_steps[i]; i++)
    sei_nearest(name, sei_text_steps[i], &best, &score);
  if(best)
    return luaL_error(L, "unknown step '%s' for %s (did you mean '%s'?)",
                      name, function, best);
  return luaL_error(L, "unknown step '%s' for %s (compat, punctuation, "
                    "accents, letters, camel, case, titles and order are "
                    "known)", name, function);
}

/* One pair of the table of steps, key and value on top of the stack. */
static unsigned add_step(lua_State *L, const char *function, unsigned steps,
                         bool list)
{
  int name = list ? -1 : -2;
  unsigned step;
  if(list != (bool)lua_isinteger(L, -2) ||
     lua_type(L, name) != LUA_TSTRING ||
     (!list && !lua_isboolean(L, -1)))
    luaL_error(L, "bad steps for %s (an array of names, or a table of "
               "name = true or false expected)", function);
  step = find_step(lua_tostring(L, name));
  if(!step)
    unknown_step(L, lua_tostring(L, name), function);
  return list || lua_toboolean(L, -1) ? steps | step : steps & ~step;
}

/* The steps that an argument asks for. */
static unsigned check_steps(lua_State *L, int arg, const char *function)
{
  unsigned steps;
  bool list;
  if(lua_isnoneornil(L, arg))
    return SEI_TEXT_DEFAULT;
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_pushnil(L);
  if(!lua_next(L, arg))
    return 0;
  list = lua_isinteger(L, -2);
  steps = list ? 0 : SEI_TEXT_DEFAULT;
  do {
    steps = add_step(L, function, steps, list);
    lua_pop(L, 1);
  } while(lua_next(L, arg));
  return steps;
}

/* ---- folding ---- */

static struct sei_text *fold(lua_State *L, const char *function)
{
  struct sei_text *t = lua_touserdata(L, lua_upvalueindex(1));
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  unsigned steps = lua_gettop(L) < 2 ? SEI_TEXT_DEFAULT :
    check_steps(L, 2, function);
  if(!sei_text_fold(t, s, n, steps))
    luaL_error(L, "not enough memory");
  return t;
}

/***
Folds a text. See the steps above.
@function fold
@tparam string s UTF-8
@tparam[opt] table steps either the names of the only steps,
`{"compat", "case"}`, or changes of the default, `{order = true,
titles = false}`
@treturn string the folded text
@usage sei.text.fold "Dr. Zoë O’Hara-Łoś"              --> "zoe ohara los"
sei.text.fold("Byron, Ada", { order = true })   --> "ada byron"
*/
static int l_text_fold(lua_State *L)
{
  struct sei_text *t = fold(L, "fold");
  lua_pushlstring(L, t->bytes, t->len);
  sei_text_trim(t);
  return 1;
}

/***
The words of a folded text.
@function tokens
@tparam string s UTF-8
@tparam[opt] table steps as those of `fold`
@treturn {string,...} in their order; none for a text of white space alone
@usage sei.text.tokens "BYRON, Ada (King)"  --> { "byron", "ada", "king" }
*/
static int l_text_tokens(lua_State *L)
{
  struct sei_text *t = fold(L, "tokens");
  size_t at = 0, n;
  lua_Integer count = 0;
  lua_createtable(L, 4, 0);
  for(; sei_text_word(t->bytes, t->len, &at, &n); at += n) {
    lua_pushlstring(L, t->bytes + at, n);
    lua_rawseti(L, -2, ++count);
  }
  sei_text_trim(t);
  return 1;
}

/* ---- the table ---- */

/***
The names of the steps, in the order in which they are done.
@field steps
*/
static void push_steps(lua_State *L)
{
  lua_Integer i;
  lua_newtable(L);
  for(i = 0; sei_text_steps[i]; i++) {
    lua_pushstring(L, sei_text_steps[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

int sei_open_text(lua_State *L)
{
  static const luaL_Reg FUNCTIONS[] = {
    { "fold", l_text_fold },
    { "tokens", l_text_tokens },
    { NULL, NULL }
  };
  push_room(L);
  lua_newtable(L);
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, FUNCTIONS, 1);
  lua_pushvalue(L, -2);
  sei_text_add_mail(L);
  push_steps(L);
  lua_setfield(L, -2, "steps");
  lua_remove(L, -2);
  return 1;
}
