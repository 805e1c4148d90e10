/* text_mail - the part of sei.text that is about e-mail addresses: their local
 * part, one form for the ways to write an address, and local parts that are no
 * person's. The knowledge is in ext/data/text_mail.c.
 *
 *** @module sei.text
 */
#include "text_mail.h"

#include <lauxlib.h>
#include <string.h>

#include "../data/text.h"
#include "../data/text_mail.h"
#include "options.h"

enum { ALIASES_MAX = 16 };      /* one domain standing for the next */

const struct sei_option sei_text_mail_options[] = {
  { "plus", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
    "\"ada+news@…\" becomes \"ada@…\" (but not at users.noreply.*, where the "
    "login is behind the plus sign)" },
  { "dots", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
    "dots are left out at gmail.com (\"Dots don't matter in Gmail "
    "addresses\", Gmail's help)" },
  { "googlemail", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
    "googlemail.com becomes gmail.com" },
  { "domains", SEI_OPT_TABLE, 0, 0, NULL, "none",
    "{[alias] = real}: domains of one's own that are the same" },
  { NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL }
};

/* Folds the case of the text at `index` and pushes the result. */
static const char *push_lower(lua_State *L, int index, size_t *n)
{
  struct sei_text *t = lua_touserdata(L, lua_upvalueindex(1));
  size_t len;
  const char *s = lua_tolstring(L, index, &len);
  if(!sei_text_fold(t, s, len, SEI_TEXT_CASE | SEI_TEXT_COMPAT))
    luaL_error(L, "not enough memory");
  lua_pushlstring(L, t->bytes, t->len);
  sei_text_trim(t);
  return lua_tolstring(L, -1, n);
}

/***
The local part of an address: what is before its last @, as it is written.
@function local_part
@tparam string email
@treturn ?string nil if it is no address
@usage sei.text.local_part "Ada.Byron@example.com"   --> "Ada.Byron"
*/
static int l_text_local_part(lua_State *L)
{
  struct sei_mail m;
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  if(sei_mail_split(s, n, &m))
    lua_pushlstring(L, m.local, m.local_n);
  else
    lua_pushnil(L);
  return 1;
}

/* ---- one form ---- */

/* Raises unless all pairs of the table at `index` are domains; pushes the
 * table with small letters. */
static void push_domains(lua_State *L, int index)
{
  size_t n;
  lua_newtable(L);
  lua_pushnil(L);
  while(lua_next(L, index)) {
    if(lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING ||
       !lua_rawlen(L, -2) || !lua_rawlen(L, -1) ||
       strchr(lua_tostring(L, -2), '@') || strchr(lua_tostring(L, -1), '@'))
      luaL_error(L, "bad option 'domains' for normalize_email (a table of "
                 "alias = domain expected, as in {[\"old.example\"] = "
                 "\"example.com\"})");
    push_lower(L, -2, &n);
    push_lower(L, -2, &n);
    lua_rawset(L, -5);
    lua_pop(L, 1);
  }
}

/* The domain that the one on top of the stack stands for, in its place. */
static void follow_domains(lua_State *L, int options)
{
  int i;
  if(lua_getfield(L, options, "domains") == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  push_domains(L, lua_gettop(L));
  lua_replace(L, -2);
  for(i = 0; i <= ALIASES_MAX; i++) {
    lua_pushvalue(L, -2);
    if(lua_rawget(L, -2) == LUA_TNIL || lua_rawequal(L, -1, -3)) {
      lua_pop(L, 2);
      return;
    }
    lua_replace(L, -3);
  }
  luaL_error(L, "bad option 'domains' for normalize_email (the aliases go "
             "round in a circle at \"%s\")", lua_tostring(L, -2));
}

static void add_local(lua_State *L, luaL_Buffer *b, const struct sei_mail *m,
                      bool dots)
{
  size_t i, start = luaL_bufflen(b);
  (void)L;
  for(i = 0; i < m->local_n; i++)
    if(!dots || m->local[i] != '.')
      luaL_addchar(b, m->local[i]);
  if(luaL_bufflen(b) == start) /* of dots alone */
    luaL_addlstring(b, m->local, m->local_n);
}

/***
One form for the ways to write an address, to compare it; not to send to.

Small letters: domains are so by RFC 5321 (section 2.4), local parts in
practice.
Blanks around it and a dot behind the domain are left out.
@function normalize_email
@tparam string email
@tparam ?table options
@treturn ?string nil if it is no address
@usage sei.text.normalize_email "A.Byr+x@GoogleMail.com" --> "abyr@gmail.com"
*/
static int l_text_normalize_email(lua_State *L)
{
  static const struct sei_option *const TABLES[] = {
    sei_text_mail_options, NULL
  };
  struct sei_mail m;
  size_t n;
  const char *s;
  bool gmail;
  luaL_Buffer b;
  luaL_checkstring(L, 1);
  lua_settop(L, 2);
  sei_options_check(L, 2, "normalize_email", TABLES);
  s = push_lower(L, 1, &n);
  if(!sei_mail_split(s, n, &m)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushlstring(L, m.domain, m.domain_n);
  follow_domains(L, 2);
  if(sei_option_boolean(L, 2, "googlemail", true) &&
     sei_mail_is_googlemail(lua_tostring(L, -1), lua_rawlen(L, -1))) {
    lua_pushliteral(L, "gmail.com");
    lua_replace(L, -2);
  }
  m.domain = lua_tolstring(L, -1, &m.domain_n);
  if(sei_option_boolean(L, 2, "plus", true))
    sei_mail_untag(&m);
  gmail = *m.local != '"' && sei_mail_is_gmail(m.domain, m.domain_n) &&
    sei_option_boolean(L, 2, "dots", true);
  luaL_buffinit(L, &b);
  add_local(L, &b, &m, gmail);
  luaL_addchar(&b, '@');
  luaL_addlstring(&b, m.domain, m.domain_n);
  luaL_pushresult(&b);
  return 1;
}

/***
Is a local part no person's name? For rules that decide by local part, or that
leave accounts of programs and posts alone.
@function is_generic
@tparam string local_part or a whole address, or a login
@treturn boolean
@treturn ?string what it is: "bot" (a program: noreply, jenkins,
anything[bot], svc-anything), "role" (a post that several hold: info, support,
webmaster; RFC 2142 and others) or "common" (what many people call their own
mailbox: me, mail, github, dev; the whole address may well be a person's)
@usage sei.text.is_generic "no-reply"     --> true, "bot"
*/
static int l_text_is_generic(lua_State *L)
{
  static const char *const NAMES[] = { NULL, "bot", "role", "common" };
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  enum sei_mail_kind kind = sei_mail_kind(s, n);
  lua_pushboolean(L, kind != SEI_MAIL_PERSONAL);
  if(kind == SEI_MAIL_PERSONAL)
    lua_pushnil(L);
  else
    lua_pushstring(L, NAMES[kind]);
  return 2;
}

void sei_text_add_mail(lua_State *L)
{
  static const luaL_Reg FUNCTIONS[] = {
    { "local_part", l_text_local_part },
    { "normalize_email", l_text_normalize_email },
    { "is_generic", l_text_is_generic },
    { NULL, NULL }
  };
  luaL_setfuncs(L, FUNCTIONS, 1);
}
