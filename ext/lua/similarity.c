/* similarity - what scripts see of ext/match/similarity: texts as Lua strings,
 * scores as Lua numbers. */

/***
How much two texts are alike, compared by code points.

All are symmetric and take texts of any length; two equal texts have the score
1. Definitions and results are those of RapidFuzz, with scores from 0 to 1
(Dice, which it does not have, is Sørensen's coefficient of runs of code
points). Case, accents and spelling count as they stand, unless the option
`fold` says that what `sei.text.fold` makes of both texts is to be compared.
Bytes that are no UTF-8 never fail: each maximal part of a broken sequence
counts as U+FFFD (Unicode 15, section 3.9).

Short names cost well under a microsecond. The edit distances and the indel
ratio take time by the product of both lengths: texts of 10,000 code points
take milliseconds, texts of a million minutes.
@module sei.similarity
*/
#include "similarity.h"

#include <lauxlib.h>
#include <string.h>

#include "../data/text.h"
#include "../match/similarity.h"
#include "options.h"

/* Texts up to this many bytes need no memory. */
enum { SMALL = 256, MOST = (1 << 27) - 1 };

#define TEXT "sei.similarity.text"

static int l_text_gc(lua_State *L)
{
  sei_text_free(luaL_checkudata(L, 1, TEXT));
  return 0;
}

struct pair {
  struct sei_codes a, b;
  uint32_t small[2][SMALL];
};

/* Where n code points go: `small`, or memory that Lua collects. */
static uint32_t *room(lua_State *L, uint32_t *small, size_t n)
{
  return n > SMALL ? lua_newuserdatauv(L, n * sizeof *small, 0) : small;
}

/* The argument as code points. */
static struct sei_codes codes(lua_State *L, int arg, uint32_t *small,
                              bool fold)
{
  struct sei_text *text = lua_touserdata(L, lua_upvalueindex(1));
  struct sei_codes c;
  uint32_t *out;
  size_t n;
  const char *s;
  luaL_checktype(L, arg, LUA_TSTRING);
  s = lua_tolstring(L, arg, &n);
  luaL_argcheck(L, n <= MOST, arg, "text of 128 MiB or more");
  if(!fold) {
    c.at = out = room(L, small, n);
    c.n = sei_codes_decode(s, n, out);
    return c;
  }
  if(!sei_text_fold_points(text, s, n, SEI_TEXT_DEFAULT))
    luaL_error(L, "not enough memory");
  c.n = text->points.len;
  c.at = out = room(L, small, c.n);
  if(c.n)
    memcpy(out, text->points.at, c.n * sizeof *out);
  return c;
}

const struct sei_option sei_similarity_options[] = {
  { "fold", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
    "compare what sei.text.fold makes of the texts" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

/* The arguments of the function `name`, whose options, beside those that all
 * have, are in `more` (or NULL). */
static void get(lua_State *L, struct pair *p, const char *name,
                const struct sei_option *more)
{
  const struct sei_option *const tables[] = {
    sei_similarity_options, more, NULL
  };
  bool fold = false;
  lua_settop(L, 3); /* what is pushed from here on is no option */
  if(!lua_isnoneornil(L, 3)) {
    sei_options_check(L, 3, name, tables);
    fold = sei_option_boolean(L, 3, "fold", false);
  }
  p->a = codes(L, 1, p->small[0], fold);
  p->b = codes(L, 2, p->small[1], fold);
}

static int push_score(lua_State *L, double score)
{
  if(score < 0)
    return luaL_error(L, "not enough memory");
  lua_pushnumber(L, score);
  return 1;
}

static int push_distance(lua_State *L, int64_t distance)
{
  if(distance < 0)
    return luaL_error(L, "not enough memory");
  lua_pushinteger(L, (lua_Integer)distance);
  return 1;
}

/***
Jaro's similarity: code points in common that are at most half the longer
length less one apart, and how many of them are out of order. Two empty texts
have the score 1, an empty one and another 0.
@function jaro
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
*/
static int l_similarity_jaro(lua_State *L)
{
  struct pair p;
  get(L, &p, "jaro", NULL);
  return push_score(L, sei_jaro(p.a, p.b));
}

/***
Jaro-Winkler: as `jaro`, and nearer to 1 by a tenth of what is missing for each
of the first four code points that agree, if Jaro's similarity is above 0.7
(Winkler's strcmp95.c; so do RapidFuzz and jellyfish).
@function jaro_winkler
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
@usage sei.similarity.jaro_winkler("martha", "marhta") --> 0.96111
*/
static int l_similarity_jaro_winkler(lua_State *L)
{
  struct pair p;
  get(L, &p, "jaro_winkler", NULL);
  return push_score(L, sei_jaro_winkler(p.a, p.b));
}

/***
Levenshtein's distance: how many insertions, deletions and replacements of one
code point make b of a. `levenshtein_ratio` is its score.
@function levenshtein
@tparam string a
@tparam string b
@tparam ?table options
@treturn integer from 0
*/
static int l_similarity_levenshtein(lua_State *L)
{
  struct pair p;
  get(L, &p, "levenshtein", NULL);
  return push_distance(L, sei_levenshtein(p.a, p.b));
}

/***
1 less Levenshtein's distance by the length of the longer text; 1 for two empty
ones.
@function levenshtein_ratio
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
*/
static int l_similarity_levenshtein_ratio(lua_State *L)
{
  struct pair p;
  get(L, &p, "levenshtein_ratio", NULL);
  return push_score(L, sei_levenshtein_ratio(p.a, p.b));
}

/***
The distance by optimal string alignment: as `levenshtein`, with swaps of two
neighbours, none of which is edited again. `osa_ratio` is its score.
@function osa
@tparam string a
@tparam string b
@tparam ?table options
@treturn integer from 0
*/
static int l_similarity_osa(lua_State *L)
{
  struct pair p;
  get(L, &p, "osa", NULL);
  return push_distance(L, sei_osa(p.a, p.b));
}

/***
1 less the distance by optimal string alignment by the length of the longer
text; 1 for two empty ones.
@function osa_ratio
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
*/
static int l_similarity_osa_ratio(lua_State *L)
{
  struct pair p;
  get(L, &p, "osa_ratio", NULL);
  return push_score(L, sei_osa_ratio(p.a, p.b));
}

/***
1 less the insertions and deletions that make b of a, by both lengths together
(RapidFuzz's `ratio`); 1 for two empty texts.
@function indel_ratio
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
*/
static int l_similarity_indel_ratio(lua_State *L)
{
  struct pair p;
  get(L, &p, "indel_ratio", NULL);
  return push_score(L, sei_indel_ratio(p.a, p.b));
}

/***
The indel ratio of the words in sorted order (RapidFuzz's `token_sort_ratio`).
Words are what is between white space.
@function token_sort
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
@usage sei.similarity.token_sort("Ada Lovelace", "Lovelace Ada") --> 1.0
*/
static int l_similarity_token_sort(lua_State *L)
{
  struct pair p;
  get(L, &p, "token_sort", NULL);
  return push_score(L, sei_token_sort(p.a, p.b));
}

/***
The best indel ratio among the words that both have, those and the rest of a,
those and the rest of b, each word once and sorted (RapidFuzz's
`token_set_ratio`). 1 if one text has all words of the other; 0 if either has
no word.
@function token_set
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
*/
static int l_similarity_token_set(lua_State *L)
{
  struct pair p;
  get(L, &p, "token_set", NULL);
  return push_score(L, sei_token_set(p.a, p.b));
}

const struct sei_option sei_similarity_dice_options[] = {
  { "n", SEI_OPT_INTEGER, 1, 1000, NULL, "2",
    "how many code points make a run" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

/***
Twice the runs of n code points that both texts have, by the runs of both; each
counts as often as it is there. Of texts that are both too short for a run, 1
if they are equal and else 0.
@function dice
@tparam string a
@tparam string b
@tparam ?table options
@treturn number from 0 to 1
@usage sei.similarity.dice("night", "nacht") --> 0.25
*/
static int l_similarity_dice(lua_State *L)
{
  struct pair p;
  size_t size = 2;
  get(L, &p, "dice", sei_similarity_dice_options);
  if(!lua_isnoneornil(L, 3))
    size = (size_t)sei_option_integer(L, 3, "n", 2);
  return push_score(L, sei_dice(p.a, p.b, size));
}

/* Pushes the room for folding, which all functions share. */
static void push_text(lua_State *L)
{
  struct sei_text *text = lua_newuserdatauv(L, sizeof *text, 0);
  sei_text_init(text);
  if(luaL_newmetatable(L, TEXT)) {
    lua_pushcfunction(L, l_text_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
}

int sei_open_similarity(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "jaro", l_similarity_jaro },
    { "jaro_winkler", l_similarity_jaro_winkler },
    { "levenshtein", l_similarity_levenshtein },
    { "levenshtein_ratio", l_similarity_levenshtein_ratio },
    { "osa", l_similarity_osa },
    { "osa_ratio", l_similarity_osa_ratio },
    { "indel_ratio", l_similarity_indel_ratio },
    { "token_sort", l_similarity_token_sort },
    { "token_set", l_similarity_token_set },
    { "dice", l_similarity_dice },
    { NULL, NULL }
  };
  luaL_newlibtable(L, functions);
  push_text(L);
  luaL_setfuncs(L, functions, 1);
  return 1;
}
