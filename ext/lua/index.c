/* index - the candidate index: who comes nearest to an account. Folds the
 * fields of people and accounts and hands them to ext/match/rank. */
#include "index.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "../data/text.h"
#include "../match/rank.h"

#define INDEX "sei.index"

/* What counts of a text, in bytes: no name is longer. */
enum { LONGEST = 1024 };

enum {
  NAME_STEPS = SEI_TEXT_DEFAULT,
  HANDLE_STEPS = (SEI_TEXT_DEFAULT | SEI_TEXT_CAMEL) & ~SEI_TEXT_TITLES,
  ADDRESS_STEPS = SEI_TEXT_CASE
};

struct index {
  lua_Integer person;       /* that is being read; 0: an account is */
  struct sei_rank *rank;    /* NULL: not yet made */
  struct sei_text text;
  struct sei_buf why;
};

static int l_index_gc(lua_State *L)
{
  struct index *x = lua_touserdata(L, 1);
  sei_rank_free(x->rank);
  x->rank = NULL;
  sei_text_free(&x->text);
  sei_buf_free(&x->why);
  return 0;
}

static void no_memory(lua_State *L)
{
  luaL_error(L, "not enough memory");
}

/* ---- texts ---- */

static void add_points(lua_State *L, struct index *x, enum sei_rank_kind kind)
{
  if(!sei_rank_add(x->rank, kind, (const uint32_t *)x->text.points.at,
                   x->text.points.len))
    no_memory(L);
}

static void add(lua_State *L, struct index *x, enum sei_rank_kind kind,
                const char *s, size_t n, unsigned steps)
{
  if(!sei_text_fold_points(&x->text, s, n < LONGEST ? n : LONGEST, steps))
    no_memory(L);
  add_points(L, x, kind);
}

static bool begins(const char *s, size_t n, const char *with)
{
  return n >= strlen(with) && !memcmp(s, with, strlen(with));
}

/* The local part says who it is without its tag: "ann+work" is ann, and
 * "123+ann" at a host that makes addresses of logins is ann, too. */
static void add_address(lua_State *L, struct index *x, const char *s,
                        size_t at, size_t n)
{
  const char *domain = s + at + 1, *local = s;
  size_t domain_len = n - at - 1, len = at;
  const char *plus = memchr(s, '+', at);
  bool made = begins(domain, domain_len, "users.noreply.");
  if(plus && made) {
    local = plus + 1;
    len = (size_t)(s + at - local);
  }
  else if(plus && plus > s)
    len = (size_t)(plus - s);
  add(L, x, SEI_RANK_ADDRESS, s, n, ADDRESS_STEPS);
  add(L, x, SEI_RANK_HANDLE, local, len, HANDLE_STEPS);
  if(!made)
    add(L, x, SEI_RANK_DOMAIN, domain, domain_len, HANDLE_STEPS);
}

/* Where the @ of an address is; 0: it is none. */
static size_t address_at(const char *s, size_t n)
{
  size_t i;
  for(i = n; i > 1; i--)
    if(s[i - 1] == '@')
      return i < n ? i - 1 : 0;
  return 0;
}

/* A login may be an address, or behind a Windows domain. */
static void add_login(lua_State *L, struct index *x, const char *s, size_t n)
{
  size_t at = address_at(s, n);
  const char *slash = memchr(s, '\\', n);
  if(at) {
    add_address(L, x, s, at, n);
    return;
  }
  if(slash) {
    n -= (size_t)(slash + 1 - s);
    s = slash + 1;
  }
  add(L, x, SEI_RANK_HANDLE, s, n, HANDLE_STEPS);
}

/* A name of one word may as well be a login: "AnnLee", "annlee". */
static void add_name(lua_State *L, struct index *x, const char *s, size_t n)
{
  size_t at = 0, len, again;
  if(!sei_text_fold_points(&x->text, s, n, NAME_STEPS))
    no_memory(L);
  if(!sei_text_word(x->text.bytes, x->text.len, &at, &len))
    return;
  at += len;
  if(sei_text_word(x->text.bytes, x->text.len, &at, &again)) {
    add_points(L, x, SEI_RANK_NAME);
    return;
  }
  add(L, x, SEI_RANK_NICK, s, n, NAME_STEPS | SEI_TEXT_CAMEL);
  add(L, x, SEI_RANK_HANDLE, s, n, HANDLE_STEPS);
}

/* The next word of a field as it was given. */
static bool next_word(const char *s, size_t n, size_t *at, size_t *len)
{
  while(*at < n && (unsigned char)s[*at] <= ' ')
    ++*at;
  for(*len = 0; *at + *len < n; ++*len)
    if((unsigned char)s[*at + *len] <= ' ')
      break;
  return *len > 0;
}

/* Addresses are found in names: "Ann Lee ann@example.com". */
static void add_names(lua_State *L, struct index *x, const char *s, size_t n)
{
  char name[LONGEST];
  size_t at = 0, len, kept = 0;
  n = n < LONGEST ? n : LONGEST;
  if(!memchr(s, '@', n)) {
    add_name(L, x, s, n);
    return;
  }
  for(; next_word(s, n, &at, &len); at += len) {
    size_t sign = address_at(s + at, len);
    if(sign) {
      bool pointed = len > 2 && s[at] == '<' && s[at + len - 1] == '>';
      add_address(L, x, s + at + pointed, sign - pointed,
                  len - (pointed ? 2 : 0));
      continue;
    }
    if(kept)
      name[kept++] = ' ';
    memcpy(name + kept, s + at, len);
    kept += len;
  }
  add_name(L, x, name, kept);
}

static void add_email(lua_State *L, struct index *x, const char *s, size_t n)
{
  size_t at = address_at(s, n);
  if(at)
    add_address(L, x, s, at, n);
  else
    add(L, x, SEI_RANK_HANDLE, s, n, HANDLE_STEPS);
}

/* ---- records ---- */

typedef void adder(lua_State *L, struct index *x, const char *s, size_t n);

/* Raises what is wrong with the value on top of the stack. */
static void refuse(lua_State *L, const struct index *x, const char *field)
{
  const char *type = luaL_typename(L, -1);
  if(x->person)
    luaL_error(L, "person %I: %s is a %s, a string was expected",
               (LUAI_UACINT)x->person, field, type);
  luaL_error(L, "account: %s is a %s, a string was expected", field, type);
}

/* Adds the value on top of the stack, which is popped. Missing, "" and null
 * (a light userdata) are nothing. */
static void add_value(lua_State *L, struct index *x, const char *field,
                      adder *how)
{
  int type = lua_type(L, -1);
  if(type == LUA_TSTRING || type == LUA_TNUMBER) {
    size_t n;
    const char *s = lua_tolstring(L, -1, &n);
    how(L, x, s, n);
  }
  else if(type != LUA_TNIL && type != LUA_TLIGHTUSERDATA)
    refuse(L, x, field);
  lua_pop(L, 1);
}

/* One field of the record at `index`: a string, or an array of them. */
static void add_field(lua_State *L, struct index *x, int index,
                      const char *field, adder *how)
{
  lua_Integer i;
  if(lua_getfield(L, index, field) != LUA_TTABLE) {
    add_value(L, x, field, how);
    return;
  }
  for(i = 1; lua_geti(L, -1, i) != LUA_TNIL; i++)
    add_value(L, x, field, how);
  lua_pop(L, 2);
}

/* Makes the record at `index` the one that the index is making. */
static void read_record(lua_State *L, struct index *x, int index)
{
  sei_rank_drop(x->rank);
  add_field(L, x, index, "name", add_names);
  add_field(L, x, index, "email", add_email);
  add_field(L, x, index, "login", add_login);
  add_field(L, x, index, "names", add_names);
  add_field(L, x, index, "emails", add_email);
  add_field(L, x, index, "logins", add_login);
}

/* Pushes what stands for the person on top of the stack where two are equally
 * near: the id, else the address, else the name. */
static void push_key(lua_State *L)
{
  static const char *const FIELDS[] = { "id", "email", "name" };
  size_t i;
  for(i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
    int type = lua_getfield(L, -1, FIELDS[i]);
    if(type == LUA_TSTRING || type == LUA_TNUMBER) {
      lua_tostring(L, -1);
      return;
    }
    lua_pop(L, 1);
  }
  lua_pushliteral(L, "");
}

static void add_person(lua_State *L, struct index *x, lua_Integer i)
{
  size_t n;
  const char *key;
  if(lua_type(L, -1) != LUA_TTABLE)
    luaL_error(L, "person %I is a %s, a table was expected", (LUAI_UACINT)i,
               luaL_typename(L, -1));
  x->person = i;
  read_record(L, x, lua_gettop(L));
  push_key(L);
  key = lua_tolstring(L, -1, &n);
  if(!sei_rank_person(x->rank, key, n))
    no_memory(L);
  lua_pop(L, 2);
}

static struct index *push_index(lua_State *L)
{
  struct index *x = lua_newuserdatauv(L, sizeof *x, 0);
  x->rank = NULL;
  x->person = 0;
  sei_text_init(&x->text);
  sei_buf_init(&x->why, 1 << 16);
  luaL_setmetatable(L, INDEX);
  x->rank = sei_rank_new();
  if(!x->rank)
    no_memory(L);
  return x;
}

/* ---- what scripts call ---- */

/***
Makes an index of people, to find those who come nearest to an account: for
showing to somebody who decides, never for deciding.

It compares names (tokens in any order, initials, beginnings, spelling, short
and foreign forms of first names), logins and the local parts of addresses,
names with logins that are made of them ("jsmith"), and takes each for as much
as it is rare. Of a text the first 1,024 bytes count.
@function sei.match.index
@tparam {table,...} people persons: `name`, `email`, `login` and the arrays
  `names`, `emails`, `logins`, all of which may be missing. Changes to them
  afterwards do not change the index
@treturn index
@raise if it is not an array of tables, or a field is not text
@usage
local index = sei.match.index { { id = "1", name = "Ann Lee" } }
local row = index:rank { login = "annl" } [1]
print(row[1], row[2], row[3])
*/
static int l_index(lua_State *L)
{
  struct index *x;
  lua_Integer i;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  x = push_index(L);
  for(i = 1; lua_geti(L, 1, i) != LUA_TNIL; i++)
    add_person(L, x, i);
  if(!sei_rank_build(x->rank))
    no_memory(L);
  lua_settop(L, 2);
  return 1;
}

/* Pushes {index, score, why}. */
static void push_hit(lua_State *L, struct index *x,
                     const struct sei_rank_hit *hit)
{
  lua_createtable(L, 3, 0);
  lua_pushinteger(L, (lua_Integer)hit->person + 1);
  lua_rawseti(L, -2, 1);
  lua_pushnumber(L, hit->score);
  lua_rawseti(L, -2, 2);
  sei_buf_clear(&x->why);
  if(!sei_rank_why(x->rank, hit->person, &x->why))
    no_memory(L);
  lua_pushlstring(L, x->why.data, x->why.len);
  lua_rawseti(L, -2, 3);
}

/***
The people who come nearest to an account, best first. People of equal score
are in the order of their ids (addresses, names), whatever their order in the
index is.
@function index:rank
@tparam table account `name`, `email`, `login`, as people have them
@tparam[opt=5] integer most how many at most, 1 to 32
@treturn {table,...} `{index, score, why}`: the person's place in the list that
  the index was made of; 0 to 1, a guess how likely it is the same person (of
  those at .9 about nine in ten were, in public git history); what they have in
  common, in words
@raise if the account is not a table, or a field is not text
*/
static int l_index_rank(lua_State *L)
{
  struct index *x = luaL_checkudata(L, 1, INDEX);
  struct sei_rank_hit hits[32];
  lua_Integer most = luaL_optinteger(L, 3, 5);
  int i, n;
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, most >= 1 && most <= 32, 3, "1 to 32 were expected");
  lua_settop(L, 2);
  x->person = 0;
  read_record(L, x, 2);
  n = sei_rank_ask(x->rank, hits, (size_t)most);
  if(n < 0)
    no_memory(L);
  lua_createtable(L, n, 0);
  for(i = 0; i < n; i++) {
    push_hit(L, x, &hits[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static const luaL_Reg METHODS[] = {
  {"rank", l_index_rank},
  {NULL, NULL}
};

void sei_open_index(lua_State *L)
{
  luaL_newmetatable(L, INDEX);
  lua_pushcfunction(L, l_index_gc);
  lua_setfield(L, -2, "__gc");
  lua_newtable(L);
  luaL_setfuncs(L, METHODS, 0);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_index);
  lua_setfield(L, -2, "index");
}
