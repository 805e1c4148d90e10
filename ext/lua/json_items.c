/* json_items - for lua/sei: the records of a JSON file, one at a time and with
 * the lines where they begin, in memory that does not grow with the file.
 *
 * The text is any number of JSON values one after the other (a tool that
 * walks pages often just concatenates them), or an array of pages. Of an array
 * each item is a record. An object is a record itself, unless it is an
 * envelope: it has an array where one of the given paths says.
 */
#include "json_items.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "../data/json.h"
#include "error.h"
#include "json.h"

#define ITEMS "sei.json.items"

enum { STRING_MAX = 16 * 1024 * 1024, PATH_MAX_LEN = 200, DEPTH_MAX = 16 };

enum { NAME = 1, PATHS, BUILDER, FAILURE, USER_VALUES = FAILURE };

enum place { TOP, INSIDE, AFTER };

struct items {
  struct sei_json json;
  struct sei_buf scratch;
  struct sei_buf text;      /* what was fed and not yet read */
  const char *paths;        /* "a.b|c", of user value PATHS */
  enum place place;
  unsigned base;            /* INSIDE: the depth of the items' array, */
  unsigned outer;           /*   AFTER: that of what holds the envelope */
  bool last, failed;
  bool more;                /* the last envelope says that pages follow it */
  lua_Integer line;         /* of the byte at `counted` */
  size_t counted;           /* offset in the window */
  lua_Integer item_line;
};

/* ---- lines ---- */

/* The line of the byte at offset `at` of the window; never goes back. */
static lua_Integer line_at(struct items *t, size_t at)
{
  const char *p = t->json.text + t->counted, *end = t->json.text + at;
  while(p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    t->line++;
    p++;
  }
  if(at > t->counted)
    t->counted = at;
  return t->line;
}

/* The column of that byte, in bytes; the beginning of a long line may be gone
 * already, then 0. */
static lua_Integer column_at(const struct items *t, size_t at)
{
  size_t i = at;
  while(i && t->json.text[i - 1] != '\n')
    i--;
  return i || t->line == 1 ? (lua_Integer)(at - i + 1) : 0;
}

/* ---- errors ---- */

static int fail(lua_State *L, struct items *t, const char *problem, size_t at)
{
  lua_Integer line = line_at(t, at), column = column_at(t, at);
  lua_getiuservalue(L, 1, NAME);
  sei_error_push(L, "decode", "%s:%I: bad JSON: %s", lua_tostring(L, -1),
                 (LUAI_UACINT)line, problem);
  lua_pushinteger(L, line);
  lua_setfield(L, -2, "line");
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "file");
  if(column) {
    lua_pushinteger(L, column);
    lua_setfield(L, -2, "column");
  }
  t->failed = true;
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 1, FAILURE);
  return lua_error(L);
}

/* ---- envelopes ---- */

static bool is_key(const struct sei_json *j, const char *name)
{
  return j->str_len == strlen(name) && !memcmp(j->str, name, j->str_len);
}

/* The member's value that was just named: skipped, but for what says whether
 * this page is the last: "isLastPage" (Bitbucket and Jira Server), "isLast"
 * (Jira Cloud), "next" (Bitbucket Cloud), "hasNextPage" in the "pageInfo" of
 * GraphQL, whose members come as events of their own. */
static enum sei_json_event skip_member(struct items *t)
{
  struct sei_json *j = &t->json;
  bool last = is_key(j, "isLastPage") || is_key(j, "isLast");
  bool more = is_key(j, "hasNextPage"), next = is_key(j, "next");
  enum sei_json_event e;
  if(!last && !more && !next && !is_key(j, "pageInfo"))
    return sei_json_skip(j);
  e = sei_json_next(j);
  if(e == SEI_JSON_ARRAY)
    return sei_json_skip(j);
  if((last && e == SEI_JSON_FALSE) || (more && e == SEI_JSON_TRUE) ||
     (next && e == SEI_JSON_STRING))
    t->more = true;
  return e;
}

/* Whether the path is one of `paths`, or with `below` the beginning of one. */
static bool accepts(const char *paths, const char *path, size_t n, bool below)
{
  while(paths) {
    size_t len = strcspn(paths, "|");
    if(len >= n && !memcmp(paths, path, n) &&
       (below ? paths[n] == '.' : len == n))
      return true;
    paths = paths[len] ? paths + len + 1 : NULL;
  }
  return false;
}

/* Where the members of an object lead. */
struct descent {
  char path[PATH_MAX_LEN];
  size_t ends[DEPTH_MAX];   /* lengths of the prefixes that stand open */
  int open;
};

/* Adds the member that was just read. False: no path is that long. */
static bool add_name(struct descent *d, const struct sei_json *j, size_t *n)
{
  size_t at = d->ends[d->open];
  if(at + j->str_len + 2 > sizeof d->path || d->open + 1 == DEPTH_MAX)
    return false;
  if(at)
    d->path[at++] = '.';
  memcpy(d->path + at, j->str, j->str_len);
  *n = at + j->str_len;
  return true;
}

/* The value of the member that was just named: ARRAY if it holds the items,
 * OBJECT if it is on the way there. */
static enum sei_json_event enter(struct items *t, struct descent *d)
{
  struct sei_json *j = &t->json;
  enum sei_json_event e;
  size_t n = 0;
  bool known = add_name(d, j, &n);
  bool here = known && accepts(t->paths, d->path, n, false);
  bool below = known && accepts(t->paths, d->path, n, true);
  if(known && is_key(j, "pageInfo")) {
    e = skip_member(t);
    if(e == SEI_JSON_OBJECT)
      d->ends[++d->open] = n;
    return e;
  }
  if(!here && !below) {
    e = skip_member(t);
    return e == SEI_JSON_OBJECT ? sei_json_skip(j) : e;
  }
  e = sei_json_next(j);
  if(e == SEI_JSON_ARRAY && !here)
    return sei_json_skip(j);
  if(e == SEI_JSON_OBJECT && !below)
    return sei_json_skip(j);
  if(e == SEI_JSON_OBJECT)
    d->ends[++d->open] = n;
  return e;
}

/* Looks into an object that was just entered. ARRAY: at the items of an
 * envelope; OBJECT_END: it is none; else MORE or ERROR. */
static enum sei_json_event descend(struct items *t)
{
  struct sei_json *j = &t->json;
  struct descent d;
  enum sei_json_event e;
  d.open = 0;
  d.ends[0] = 0;
  t->more = false;
  do {
    e = sei_json_next(j);
    if(e == SEI_JSON_OBJECT_END && d.open-- == 0)
      return e;
    if(e == SEI_JSON_KEY)
      e = enter(t, &d);
  } while(e > SEI_JSON_END && e != SEI_JSON_ARRAY);
  return e;
}

/* ---- one step ---- */

/* Builds the record whose first event was read. */
static enum sei_json_event record(lua_State *L, struct items *t,
                                  enum sei_json_event first, size_t start)
{
  struct sei_build w;
  enum sei_json_event e;
  t->item_line = line_at(t, start);
  lua_getiuservalue(L, 1, BUILDER);
  sei_build_begin(&w, L, lua_gettop(L), 0);
  e = sei_build(&w, &t->json, first);
  if(e != SEI_JSON_MORE && e != SEI_JSON_ERROR)
    lua_replace(L, -3);
  else
    lua_pop(L, 1);
  lua_pop(L, 1);
  return e;
}

/* An object that is no item of an envelope: it is one itself and is entered,
 * or a record and is built. */
static enum sei_json_event object(lua_State *L, struct items *t, size_t start)
{
  struct sei_json_mark mark;
  enum sei_json_event e;
  if(t->paths) {
    sei_json_mark(&t->json, &mark);
    e = descend(t);
    if(e == SEI_JSON_ARRAY) {
      t->outer = mark.depth - 1;
      t->place = INSIDE;
      t->base = t->json.depth;
    }
    if(e != SEI_JSON_OBJECT_END)
      return e;
    sei_json_back(&t->json, &mark);
  }
  return record(L, t, SEI_JSON_OBJECT, start);
}

/* Begins the next of several texts that stand one after the other. */
static void begin(struct items *t)
{
  size_t pos = t->json.pos, len = t->json.len;
  const char *text = t->json.text;
  sei_json_begin(&t->json, &t->scratch, 0, STRING_MAX);
  sei_json_input(&t->json, text, len, t->last);
  t->json.pos = pos;
}

/* Passes over blanks. False: there is nothing but them. */
static bool find(struct items *t)
{
  while(t->json.pos < t->json.len && t->json.text[t->json.pos] &&
        strchr(" \t\r\n", t->json.text[t->json.pos]))
    t->json.pos++;
  return t->json.pos < t->json.len;
}

/* One step from the top; what it builds is pushed. */
static enum sei_json_event step_top(lua_State *L, struct items *t)
{
  size_t start;
  enum sei_json_event e;
  if(!find(t))
    return t->last ? SEI_JSON_END : SEI_JSON_MORE;
  begin(t);
  e = sei_json_next(&t->json);
  start = t->json.pos - 1;
  if(e == SEI_JSON_OBJECT)
    return object(L, t, start);
  if(e == SEI_JSON_ARRAY) {
    t->place = INSIDE;
    t->base = 1;
  }
  else if(e != SEI_JSON_MORE && e != SEI_JSON_ERROR && e != SEI_JSON_END)
    fail(L, t, "an object or an array of objects was expected", start);
  return e;
}

/* Behind the items of an envelope: its other members. */
static enum sei_json_event step_after(struct items *t)
{
  enum sei_json_event e = sei_json_next(&t->json);
  if(e == SEI_JSON_KEY)
    e = skip_member(t);
  if(e > SEI_JSON_END && t->json.depth == t->outer) {
    t->place = t->outer ? INSIDE : TOP;
    t->base = 1;
  }
  return e;
}

static enum sei_json_event step_inside(lua_State *L, struct items *t)
{
  enum sei_json_event e = sei_json_next(&t->json);
  size_t start = t->json.pos - 1;
  if(e == SEI_JSON_OBJECT)
    return t->base == 1 ? object(L, t, start) : record(L, t, e, start);
  if(e == SEI_JSON_ARRAY_END) {
    if(t->json.depth < t->base)
      t->place = t->json.depth ? AFTER : TOP;
  }
  else if(e == SEI_JSON_ARRAY && t->base == 1 && t->json.depth == 2)
    return e; /* a page in an array of pages */
  else if(e != SEI_JSON_MORE && e != SEI_JSON_ERROR)
    fail(L, t, "an item of the array is no object", start);
  return e;
}

static enum sei_json_event step(lua_State *L, struct items *t)
{
  switch(t->place) {
  case TOP:
    return step_top(L, t);
  case INSIDE:
    return step_inside(L, t);
  default:
    return step_after(t);
  }
}

/* ---- what Lua calls ---- */

/* core.json_items(name, paths) -> items. `paths`: nil, or "a.b|c". */
static int l_json_items(lua_State *L)
{
  struct items *t;
  luaL_checkstring(L, 1);
  luaL_optstring(L, 2, NULL);
  lua_settop(L, 2);
  t = lua_newuserdatauv(L, sizeof *t, USER_VALUES);
  memset(t, 0, sizeof *t);
  t->line = 1;
  t->paths = lua_tostring(L, 2);
  sei_buf_init(&t->scratch, STRING_MAX);
  sei_buf_init(&t->text, (size_t)1 << 40);
  sei_json_begin(&t->json, &t->scratch, 0, STRING_MAX);
  luaL_setmetatable(L, ITEMS);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 3, NAME);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, 3, PATHS);
  sei_builder_push(L);
  lua_setiuservalue(L, 3, BUILDER);
  return 1;
}

/* core.items_feed(items, bytes | nil): nil ends the text. */
static int l_items_feed(lua_State *L)
{
  struct items *t = luaL_checkudata(L, 1, ITEMS);
  size_t n = 0, pos = t->json.pos;
  const char *bytes = lua_isnoneornil(L, 2) ? NULL :
    luaL_checklstring(L, 2, &n);
  line_at(t, pos);
  sei_buf_drop(&t->text, pos);
  t->counted -= pos;
  t->json.pos = 0;
  t->last = !bytes;
  if(bytes && sei_buf_add(&t->text, bytes, n) != SEI_BUF_OK) {
    sei_json_input(&t->json, t->text.data, t->text.len, false);
    return luaL_error(L, "not enough memory");
  }
  sei_json_input(&t->json, t->text.data, t->text.len, t->last);
  return 0;
}

/* core.items_next(items) -> record, line | nil (feed it) | false, more (the
 * end; more: the last envelope says that pages follow it). Raises an error
 * object; it is for good. */
static int l_items_next(lua_State *L)
{
  struct items *t = luaL_checkudata(L, 1, ITEMS);
  enum sei_json_event e;
  lua_settop(L, 1);
  if(t->failed) {
    lua_getiuservalue(L, 1, FAILURE);
    return lua_error(L);
  }
  for(;;) {
    struct sei_json_mark mark;
    enum place place = t->place;
    unsigned base = t->base, outer = t->outer;
    sei_json_mark(&t->json, &mark);
    e = step(L, t);
    if(lua_gettop(L) > 1) {
      lua_pushinteger(L, t->item_line);
      return 2;
    }
    if(e == SEI_JSON_ERROR)
      return fail(L, t, t->json.problem, t->json.problem_at);
    if(e == SEI_JSON_MORE || e == SEI_JSON_END) {
      sei_json_back(&t->json, &mark);
      t->place = place;
      t->base = base;
      t->outer = outer;
      if(e == SEI_JSON_END)
        lua_pushboolean(L, 0);
      else
        lua_pushnil(L);
      lua_pushboolean(L, t->more);
      return 2;
    }
  }
}

static int l_items_gc(lua_State *L)
{
  struct items *t = luaL_checkudata(L, 1, ITEMS);
  sei_buf_free(&t->scratch);
  sei_buf_free(&t->text);
  return 0;
}

void sei_open_json_items(lua_State *L)
{
  static const luaL_Reg meta[] = {{"__gc", l_items_gc}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"json_items", l_json_items}, {"items_feed", l_items_feed},
    {"items_next", l_items_next}, {NULL, NULL}
  };
  luaL_newmetatable(L, ITEMS);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
