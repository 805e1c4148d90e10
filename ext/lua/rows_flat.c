/* rows_flat - rows of which all members are texts or integers: from a Lua
 * table or a line of CSV straight into the request.
 *
 * What is here is sure of every row that it takes, and leaves all others, good
 * or bad, to the general way: rows_rules.c and json_encode.c. The bytes are
 * the same either way: members in the order of their names, as a canonical
 * encoding has them.
 */
#include "rows_private.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../data/json.h"

static bool fits(const struct sei_field *f)
{
  return f->required && strlen(f->name) < SEI_FLAT_NAME &&
    (f->type == SEI_FIELD_STRING || f->type == SEI_FIELD_INTEGER);
}

bool sei_flat_can(const struct sei_endpoint *e)
{
  const struct sei_field *f = e->fields;
  size_t n = 0;
  if(!f || e->open_fields || e->either)
    return false;
  for(; f->name; f++, n++)
    if(n == SEI_FLAT_MAX || !fits(f))
      return false;
  return n > 0;
}

/* The members in the order of their names. */
static void sort_members(struct sei_flat *flat, const struct sei_endpoint *e)
{
  const struct sei_field *f;
  size_t i;
  for(f = e->fields; f->name; f++) {
    for(i = flat->count; i && strcmp(flat->members[i - 1].field->name,
                                     f->name) > 0; i--)
      flat->members[i] = flat->members[i - 1];
    flat->members[i].field = f;
    flat->count++;
  }
}

/* What stands in front of the values, and behind the last one. */
static void spell_out(struct sei_flat *flat)
{
  bool was_text = false;
  size_t i;
  for(i = 0; i < flat->count; i++) {
    struct sei_flat_member *m = &flat->members[i];
    bool is_text = m->field->type == SEI_FIELD_STRING;
    m->before_len = (size_t)snprintf(m->before, sizeof m->before, "%s%s\"%s\":"
                                     "%s", was_text ? "\"" : "",
                                     i ? "," : "{", m->field->name,
                                     is_text ? "\"" : "");
    was_text = is_text;
  }
  flat->after = was_text ? "\"}" : "}";
}

void sei_flat_describe(lua_State *L, int index)
{
  struct sei_rows *r = lua_touserdata(L, index);
  size_t i;
  if(!sei_flat_can(r->endpoint))
    return;
  sort_members(&r->flat, r->endpoint);
  spell_out(&r->flat);
  lua_createtable(L, SEI_FLAT_MAX, 0);
  for(i = 0; i < r->flat.count; i++) {
    r->flat.members[i].name = lua_pushstring(L,
                                             r->flat.members[i].field->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setiuservalue(L, index, SEI_ROWS_NAMES);
}

/* ---- values ---- */

/* Whether a text needs no second look: of no more bytes than the service
 * keeps characters, one that is documented, and in JSON nothing to escape. (A
 * CSV's reader has seen to it that it is UTF-8.) */
static bool is_fit(const struct sei_rows *r, const struct sei_field *f,
                   const char *s, size_t n)
{
  const char *listed;
  if(!n || (f->max_length && n > f->max_length))
    return false;
  listed = r->endpoint->warn_values ? sei_rows_listed(r->endpoint, f->name) :
    NULL;
  return (!listed || sei_rows_lists(listed, s, n)) &&
    (r->csv || sei_json_is_plain(s, n));
}

/* The value on top of the stack. */
static bool take(lua_State *L, const struct sei_rows *r,
                 const struct sei_field *f, struct sei_flat_value *v)
{
  if(f->type == SEI_FIELD_STRING) {
    if(lua_type(L, -1) != LUA_TSTRING)
      return false;
    v->s = lua_tolstring(L, -1, &v->n);
    return is_fit(r, f, v->s, v->n);
  }
  if(!lua_isinteger(L, -1))
    return false;
  v->s = sei_json_digits((int64_t)lua_tointeger(L, -1), v->digits, &v->n);
  return true;
}

/* Which member the key below the top is; `count` if none. Short strings are
 * the same where their address is (lua.h: the names are kept alive). */
static size_t member_of(lua_State *L, const struct sei_flat *flat)
{
  const char *name;
  size_t i = 0;
  if(lua_type(L, -2) != LUA_TSTRING)
    return flat->count;
  name = lua_tostring(L, -2);
  while(i < flat->count && flat->members[i].name != name)
    i++;
  return i;
}

bool sei_flat_read(lua_State *L, const struct sei_rows *r,
                   struct sei_flat_value *values)
{
  const struct sei_flat *flat = &r->flat;
  int row = lua_gettop(L);
  size_t found = 0, i;
  if(!lua_istable(L, row))
    return false;
  if(lua_getmetatable(L, row)) {
    lua_pop(L, 1);
    return false;
  }
  lua_pushnil(L);
  while(lua_next(L, row)) {
    i = member_of(L, flat);
    if(i == flat->count || !take(L, r, flat->members[i].field, &values[i])) {
      lua_settop(L, row);
      return false;
    }
    found++;
    lua_pop(L, 1);
  }
  return found == flat->count;
}

/* Whether these are the digits that the number would be written with. */
static bool is_number(const char *s, size_t n)
{
  size_t i = n && *s == '-', first = i;
  if(n - i < 1 || n - i > 18 || (s[i] == '0' && n > 1))
    return false;
  while(i < n && s[i] >= '0' && s[i] <= '9')
    i++;
  return i == n && i > first;
}

bool sei_flat_read_text(const struct sei_rows *r, size_t member,
                        const char *s, size_t n, struct sei_flat_value *value)
{
  const struct sei_field *f = r->flat.members[member].field;
  value->s = s;
  value->n = n;
  return f->type == SEI_FIELD_STRING ? is_fit(r, f, s, n) : is_number(s, n);
}

/* ---- bytes ---- */

enum sei_batch_answer sei_flat_add(lua_State *L, struct sei_rows *r,
                                   const struct sei_flat_value *values,
                                   lua_Integer row, lua_Integer line)
{
  const struct sei_flat *flat = &r->flat;
  size_t n = strlen(flat->after), i;
  enum sei_batch_answer answer;
  char *to;
  for(i = 0; i < flat->count; i++)
    n += flat->members[i].before_len + values[i].n;
  answer = sei_batch_offer(&r->batch, n);
  if(answer != SEI_BATCH_FITS)
    return answer;
  to = sei_rows_place(L, r, n, row, line);
  for(i = 0; i < flat->count; i++) {
    memcpy(to, flat->members[i].before, flat->members[i].before_len);
    to += flat->members[i].before_len;
    memcpy(to, values[i].s, values[i].n);
    to += values[i].n;
  }
  memcpy(to, flat->after, strlen(flat->after));
  return answer;
}
