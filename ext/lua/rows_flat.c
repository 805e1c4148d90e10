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

#include "../data/csv.h"
#include "../data/json.h"

/* A name, beside what stands around it: `","":"`. Short enough to be one of
 * Lua's short strings, which are the same where their address is. */
enum { FLAT_NAME = 32 };

static bool fits(const struct sei_field *f)
{
  return f->required && strlen(f->name) < FLAT_NAME &&
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

/* What stands in front of the values; and how much that is, with what stands
 * behind the last one. */
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
    flat->around += m->before_len;
    was_text = is_text;
  }
  flat->around += was_text ? 2 : 1;
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
    struct sei_flat_member *m = &r->flat.members[i];
    m->listed = sei_rows_listed(r->endpoint, m->field->name);
    m->any = !m->listed && !m->field->max_length;
    m->text = m->field->type == SEI_FIELD_STRING;
    lua_pushstring(L, m->field->name);
    m->name = lua_topointer(L, -1);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setiuservalue(L, index, SEI_ROWS_NAMES);
}

/* ---- values ---- */

/* Whether a text needs no second look: of no more bytes than the service
 * keeps characters, one that is documented, and in JSON nothing to escape. (A
 * CSV's reader has seen to it that it is UTF-8.) */
static bool is_fit(const struct sei_flat_member *m, bool csv,
                   const char *s, size_t n)
{
  size_t most = m->field->max_length;
  if(!n || (!m->any && ((most && n > most) ||
                        (m->listed && !sei_rows_lists(m->listed, s, n)))))
    return false;
  return csv || sei_json_is_plain(s, n);
}

/* The value on top of the stack. */
static bool take(lua_State *L, const struct sei_flat_member *m,
                 struct sei_flat_value *v)
{
  if(m->field->type == SEI_FIELD_STRING) {
    if(lua_type(L, -1) != LUA_TSTRING)
      return false;
    v->s = lua_tolstring(L, -1, &v->n);
    return is_fit(m, false, v->s, v->n);
  }
  if(!lua_isinteger(L, -1))
    return false;
  v->s = sei_json_digits((int64_t)lua_tointeger(L, -1), v->digits, &v->n);
  return true;
}

/* Which member the key below the top is; `count` if none. */
static size_t member_of(lua_State *L, const struct sei_flat *flat)
{
  const void *name = lua_topointer(L, -2);
  size_t i = 0;
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
    if(i == flat->count || !take(L, &flat->members[i], &values[i])) {
      lua_settop(L, row);
      return false;
    }
    found++;
    lua_pop(L, 1);
  }
  return found == flat->count;
}

/* Whether these are the digits that the number would be written with. */
static inline bool is_number(const char *s, size_t n)
{
  size_t i = n && *s == '-';
  if(n - i < 1 || n - i > 18 || (s[i] == '0' && n > 1))
    return false;
  for(; i < n; i++)
    if((unsigned char)(s[i] - '0') > 9)
      return false;
  return true;
}

/* Most texts of a CSV need not be looked into, nor a function to say so. */
static inline bool is_good(const struct sei_flat_member *m, bool csv,
                           const char *s, size_t n)
{
  if(!m->text)
    return is_number(s, n);
  return csv && m->any ? n > 0 : is_fit(m, csv, s, n);
}

bool sei_flat_read_csv(const struct sei_rows *r, const struct sei_csv *c,
                       const size_t column[SEI_FLAT_MAX],
                       struct sei_flat_value *values)
{
  size_t i;
  for(i = 0; i < r->flat.count; i++) {
    struct sei_flat_value *v = &values[i];
    v->s = sei_csv_field(c, column[i], &v->n);
    if(!is_good(&r->flat.members[i], r->csv, v->s, v->n))
      return false;
  }
  return true;
}

bool sei_flat_check_csv(const struct sei_rows *r, const struct sei_csv *c,
                        const size_t column[SEI_FLAT_MAX])
{
  const struct sei_flat_member *m = r->flat.members;
  const struct sei_flat_member *end = m + r->flat.count;
  bool csv = r->csv;
  for(; m < end; m++, column++) {
    size_t n;
    const char *s = sei_csv_field(c, *column, &n);
    if(!is_good(m, csv, s, n))
      return false;
  }
  return true;
}

static bool is_fit_csv(const void *member, const char *s, size_t n)
{
  return is_fit(member, true, s, n);
}

void sei_flat_want(const struct sei_rows *r,
                   const size_t column[SEI_FLAT_MAX],
                   struct sei_csv_want *want)
{
  size_t i;
  for(i = 0; i < r->flat.count; i++) {
    const struct sei_flat_member *m = &r->flat.members[i];
    struct sei_csv_want *w = &want[column[i]];
    w->kind = !m->text ? SEI_CSV_DIGITS : m->any ? SEI_CSV_TEXT : SEI_CSV_ASK;
    w->ask = is_fit_csv;
    w->about = m;
  }
}

/* ---- bytes ---- */

/* Copies a text of a usual length without a call. */
static char *put(char *to, const char *s, size_t n)
{
  if(n >= 16 && n <= 32) {
    memcpy(to, s, 16);
    memcpy(to + n - 16, s + n - 16, 16);
  }
  else
    memcpy(to, s, n);
  return to + n;
}

enum sei_batch_answer sei_flat_add(lua_State *L, struct sei_rows *r,
                                   const struct sei_flat_value *values,
                                   lua_Integer row, lua_Integer line)
{
  const struct sei_flat *flat = &r->flat;
  size_t n = flat->around, i;
  enum sei_batch_answer answer;
  char *to;
  for(i = 0; i < flat->count; i++)
    n += values[i].n;
  answer = sei_batch_offer(&r->batch, n);
  if(answer != SEI_BATCH_FITS)
    return answer;
  to = sei_rows_place(L, r, n, row, line);
  for(i = 0; i < flat->count; i++) {
    const struct sei_flat_member *m = &flat->members[i];
    memcpy(to, m->before, SEI_FLAT_BEFORE); /* there is room behind it */
    to = put(to + m->before_len, values[i].s, values[i].n);
  }
  if(flat->members[flat->count - 1].field->type == SEI_FIELD_STRING)
    *to++ = '"';
  *to = '}';
  return answer;
}
