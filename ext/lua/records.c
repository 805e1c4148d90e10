/* records - the body of a list's reply becomes records and facts about the
 * page, while it arrives.
 *
 * The envelope is not documented for every endpoint (api.md section 3, open
 * points), so it is walked member by member: the first array at an accepted
 * place holds the records, small members are kept as they are for walk:meta().
 * The scanner never consumes part of a record: what is cut off by the end of
 * the bytes is read again when more have come.
 */
#include "records.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../base/hash.h"
#include "json.h"

void sei_records_begin(struct sei_records *r, const char *envelope,
                       const char *key)
{
  struct sei_buf scratch = r->scratch, keys = r->keys;
  memset(r, 0, sizeof *r);
  scratch.max = SEI_RECORDS_STRING_MAX;
  keys.max = (size_t)1 << 40;
  scratch.len = keys.len = 0;
  r->scratch = scratch;
  r->keys = keys;
  sei_json_begin(&r->json, &r->scratch, SEI_RECORDS_DEPTH_MAX,
                 SEI_RECORDS_STRING_MAX);
  r->envelope = envelope;
  r->key = key;
  r->total = r->page_size = -1;
}

void sei_records_free(struct sei_records *r)
{
  sei_buf_free(&r->scratch);
  sei_buf_free(&r->keys);
}

void sei_records_restart(struct sei_records *r)
{
  sei_buf_clear(&r->keys);
  r->listed = 0;
}

uint64_t sei_records_key(const struct sei_records *r, int64_t i)
{
  uint64_t key;
  memcpy(&key, r->keys.data + (size_t)i * sizeof key, sizeof key);
  return key;
}

/* ---- which place is accepted ---- */

/* Whether `path` is one of the alternatives, or with `below` the beginning of
 * a longer one ("data" of "data.content"). */
static bool accepts(const struct sei_records *r, const char *path, bool below)
{
  const char *at = r->envelope;
  size_t n = strlen(path);
  while(at) {
    char end = strlen(at) >= n ? at[n] : '|';
    if(!strncmp(at, path, n) &&
       (below ? end == '.' : (end == '|' || end == '\0')))
      return true;
    at = strchr(at, '|');
    at = at ? at + 1 : NULL;
  }
  return false;
}

static void bad(struct sei_records *r, const char *problem)
{
  r->state = SEI_RECORDS_BAD;
  snprintf(r->problem, sizeof r->problem, "%s", problem);
}

static void not_json(struct sei_records *r)
{
  r->state = SEI_RECORDS_BAD;
  snprintf(r->problem, sizeof r->problem, "the reply is not JSON: %s, behind "
           "record %lld", r->json.problem, (long long)r->count);
}

/* Adds the reply's own words, if it has any: a refusal with the status 200. */
static void add_words(lua_State *L, struct sei_records *r, int meta, size_t n)
{
  static const char *const NAMES[] = {"message", "error"};
  size_t i;
  for(i = 0; i < 2 && n < sizeof r->problem; i++) {
    if(lua_getfield(L, meta, NAMES[i]) == LUA_TSTRING)
      n += (size_t)snprintf(r->problem + n, sizeof r->problem - n,
                            "; its %s: %.150s", NAMES[i],
                            lua_tostring(L, -1));
    lua_pop(L, 1);
  }
}

/* Names the keys that were found instead of records. */
static void no_records(lua_State *L, struct sei_records *r, int meta)
{
  size_t n = (size_t)snprintf(r->problem, sizeof r->problem,
    "no records in the reply; it has the keys");
  const char *comma = " ";
  r->state = SEI_RECORDS_BAD;
  for(lua_pushnil(L); lua_next(L, meta); lua_pop(L, 1)) {
    if(n < sizeof r->problem && lua_type(L, -2) == LUA_TSTRING)
      n += (size_t)snprintf(r->problem + n, sizeof r->problem - n, "%s%.40s",
                            comma, lua_tostring(L, -2));
    comma = ", ";
  }
  add_words(L, r, meta, n);
}

/* ---- facts ---- */

static int64_t number(lua_State *L, int table, const char *const *names)
{
  int64_t found = -1;
  for(; *names && found < 0; names++) {
    lua_getfield(L, table, *names);
    if(lua_isinteger(L, -1))
      found = lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  return found;
}

/* api.md names total_count and page_size under _metadata; the others are the
 * spellings of common frameworks, for the envelopes it leaves open. */
static void read_facts(lua_State *L, struct sei_records *r, int meta)
{
  static const char *const TOTALS[] = {
    "total_count", "totalCount", "totalElements", "total", NULL
  };
  static const char *const SIZES[] = {"page_size", "pageSize", NULL};
  if(lua_getfield(L, meta, "_metadata") != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_pushvalue(L, meta);
  }
  r->total = number(L, lua_gettop(L), TOTALS);
  r->page_size = number(L, lua_gettop(L), SIZES);
  lua_pop(L, 1);
  if(!r->found)
    no_records(L, r, meta);
}

/* ---- one record ---- */

/* What one call of sei_records_feed() needs throughout. */
struct feed {
  lua_State *L;
  struct sei_records *r;
  const struct sei_records_place *at;
  int key;              /* stack index of the key's name, if there is one */
  struct sei_build build;
};

/* Hashes the record's key (the record is on top); false: it has none. Logins
 * that nobody is linked to all have the id "0". */
static bool hash_key(struct feed *f, uint64_t *key)
{
  lua_State *L = f->L;
  size_t n = 0;
  const char *s = NULL;
  bool has;
  if(!f->r->key)
    return false;
  lua_pushvalue(L, f->key);
  if(lua_rawget(L, -2) == LUA_TSTRING || lua_isinteger(L, -1))
    s = lua_tolstring(L, -1, &n);
  has = n && !(n == 1 && *s == '0');
  if(has)
    *key = sei_hash(s, n, 1);
  lua_pop(L, 1);
  if(f->r->drop_key) {
    lua_pushvalue(L, f->key);
    lua_pushnil(L);
    lua_rawset(L, -3);
  }
  return has;
}

static enum sei_json_event one_record(struct feed *f,
                                      enum sei_json_event first)
{
  struct sei_records *r = f->r;
  size_t start = r->json.pos - 1;
  uint64_t key;
  enum sei_json_event ev;
  ev = sei_build(&f->build, &r->json, first);
  if(ev == SEI_JSON_MORE || ev == SEI_JSON_ERROR)
    return ev;
  if(!hash_key(f, &key)) /* then it is told apart by all of its bytes */
    key = sei_hash(r->json.text + start, r->json.pos - start, 0);
  r->fingerprint = sei_hash(&key, sizeof key, r->fingerprint);
  lua_rawseti(f->L, f->at->list, ++r->listed);
  if(sei_buf_add(&r->keys, &key, sizeof key) != SEI_BUF_OK)
    luaL_error(f->L, "not enough memory");
  r->count++;
  return ev;
}

/* ---- the envelope ---- */

static enum sei_json_event start(struct sei_records *r)
{
  enum sei_json_event ev = sei_json_next(&r->json);
  if(ev == SEI_JSON_OBJECT)
    r->state = SEI_RECORDS_MEMBERS;
  else if(ev == SEI_JSON_ARRAY && accepts(r, "[]", false)) {
    r->bare = r->found = true;
    r->state = SEI_RECORDS_INSIDE;
  }
  else if(ev == SEI_JSON_ARRAY)
    bad(r, "the reply is a bare array where an object was expected");
  else if(ev != SEI_JSON_MORE && ev != SEI_JSON_ERROR)
    bad(r, "the reply is neither an object nor an array");
  return ev;
}

/* One member whose KEY was read: records begin, an object is entered, or a
 * value is kept in `meta`. */
static enum sei_json_event member(struct feed *f)
{
  lua_State *L = f->L;
  struct sei_records *r = f->r;
  char path[160];
  enum sei_json_event ev;
  const char *name = lua_pushlstring(L, r->json.str, r->json.str_len);
  snprintf(path, sizeof path, "%s%s%.60s", r->prefix, r->nested ? "." : "",
           name);
  ev = sei_json_next(&r->json);
  if(ev == SEI_JSON_ARRAY && !r->found && accepts(r, path, false)) {
    r->state = SEI_RECORDS_INSIDE;
    r->found = true;
  }
  else if(ev == SEI_JSON_OBJECT && !r->nested && accepts(r, path, true)) {
    r->nested = true;
    snprintf(r->prefix, sizeof r->prefix, "%.60s", name);
  }
  else if(ev != SEI_JSON_MORE && ev != SEI_JSON_ERROR) {
    ev = sei_build_beside(&f->build, &r->json, ev);
    if(ev != SEI_JSON_MORE && ev != SEI_JSON_ERROR) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, f->at->meta);
    }
  }
  lua_pop(L, 1);
  return ev;
}

static enum sei_json_event members(struct feed *f)
{
  struct sei_records *r = f->r;
  enum sei_json_event ev = sei_json_next(&r->json);
  if(ev == SEI_JSON_KEY)
    return member(f);
  if(ev == SEI_JSON_OBJECT_END && r->nested) {
    r->nested = false;
    r->prefix[0] = '\0';
  }
  else if(ev == SEI_JSON_OBJECT_END)
    r->state = SEI_RECORDS_AFTER;
  return ev;
}

static enum sei_json_event inside(struct feed *f)
{
  struct sei_records *r = f->r;
  enum sei_json_event ev = sei_json_next(&r->json);
  if(ev == SEI_JSON_OBJECT)
    return one_record(f, ev);
  if(ev == SEI_JSON_ARRAY_END)
    r->state = r->bare ? SEI_RECORDS_AFTER : SEI_RECORDS_MEMBERS;
  else if(ev != SEI_JSON_MORE && ev != SEI_JSON_ERROR)
    bad(r, "a record in the reply is not an object");
  return ev;
}

static enum sei_json_event one_step(struct feed *f)
{
  struct sei_records *r = f->r;
  enum sei_json_event ev;
  switch(r->state) {
  case SEI_RECORDS_START:
    return start(r);
  case SEI_RECORDS_MEMBERS:
    return members(f);
  case SEI_RECORDS_INSIDE:
    return inside(f);
  default:
    break;
  }
  ev = sei_json_next(&r->json);
  if(ev == SEI_JSON_END) {
    r->state = SEI_RECORDS_END;
    read_facts(f->L, r, f->at->meta);
  }
  return ev;
}

/* What stands on the stack all the time: what the builder pushes, the name of
 * the key. */
static void make_ready(struct feed *f)
{
  luaL_checkstack(f->L, 8, NULL);
  sei_build_begin(&f->build, f->L, f->at->builder, f->at->fields);
  if(f->r->key)
    lua_pushstring(f->L, f->r->key);
  f->key = lua_gettop(f->L);
}

void sei_records_feed(lua_State *L, struct sei_records *r,
                      const struct sei_records_place *at,
                      struct sei_buf *body, bool last, int64_t most)
{
  struct feed f;
  struct sei_json_mark mark;
  enum sei_json_event ev = SEI_JSON_NULL;
  int64_t enough = most ? r->count + most : INT64_MAX;
  int top = lua_gettop(L);
  f.L = L;
  f.r = r;
  f.at = at;
  make_ready(&f);
  sei_json_input(&r->json, body->data, body->len, last);
  while(r->state < SEI_RECORDS_END && r->count < enough) {
    sei_json_mark(&r->json, &mark);
    ev = one_step(&f);
    if(ev == SEI_JSON_MORE || ev == SEI_JSON_ERROR)
      break;
  }
  lua_settop(L, top);
  if(ev == SEI_JSON_ERROR)
    not_json(r);
  else {
    if(ev == SEI_JSON_MORE)
      sei_json_back(&r->json, &mark);
    sei_buf_drop(body, r->json.pos);
  }
}
