/* walk_new - the options of a list_* function become a walk. */
#define _DEFAULT_SOURCE
#include "walk_private.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

#include "../api/resume.h"
#include "../base/hash.h"
#include "bytes.h"
#include "json.h"

enum { PAGE_SIZE = 500 };

/* ---- options ---- */

static const struct sei_option PAGED[] = {
  {"page_size", SEI_OPT_INTEGER, 1, 100000, NULL, "500",
   "records in a page; halves when the service refuses it"},
  {"max_items", SEI_OPT_INTEGER, 0, 9007199254740992.0, NULL, "all",
   "records in total"},
  {"max_pages", SEI_OPT_INTEGER, 1, 9007199254740992.0, NULL, "any",
   "requests at most; more are an error"},
  {"window", SEI_OPT_INTEGER, 1, SEI_PAGES_WINDOW_MAX, NULL, "the client's",
   "pages under way at once"},
  {"fields", SEI_OPT_STRINGS, 0, 0, NULL, "all",
   "members to decode; others are left out"},
  {"filter", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "the service's own filter (list_contributors)"},
  {"on_drift", SEI_OPT_CHOICE, 0, 0, "error|warn|repair", "error",
   "what to do when the list changes while it is read"},
  {"resume", SEI_OPT_STRING, 0, 0, NULL, "from the first record",
   "token of an earlier walk:resume()"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static const struct sei_option UNPAGED[] = {
  {"max_items", SEI_OPT_INTEGER, 0, 9007199254740992.0, NULL, "all",
   "records in total"},
  {"fields", SEI_OPT_STRINGS, 0, 0, NULL, "all",
   "members to decode; others are left out"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* Keeps the string on top in PARTS and pops it. */
static const char *hold(lua_State *L, int walk)
{
  const char *s = lua_tostring(L, -1);
  lua_getiuservalue(L, walk, UV_PARTS);
  lua_insert(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return s;
}

/* fields = {"id", …} becomes {id = true, …}; the key that tells records apart
 * is decoded in any case. */
static bool set_fields(lua_State *L, int walk, int options, const char *key)
{
  lua_Integer i, n;
  bool asked = true;
  if(lua_getfield(L, options, "fields") != LUA_TNIL) {
    lua_newtable(L);
    if(lua_isstring(L, -2)) {
      lua_createtable(L, 1, 0);
      lua_pushvalue(L, -3);
      lua_rawseti(L, -2, 1);
      lua_replace(L, -3);
    }
    n = (lua_Integer)lua_rawlen(L, -2);
    for(i = 1; i <= n; i++) {
      lua_rawgeti(L, -2, i);
      lua_pushboolean(L, 1);
      lua_rawset(L, -3);
    }
    if(key) {
      asked = lua_getfield(L, -1, key) != LUA_TNIL;
      lua_pop(L, 1);
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, key);
    }
    lua_setiuservalue(L, walk, UV_FIELDS);
  }
  lua_pop(L, 1);
  return !asked;
}

static void set_filter(lua_State *L, struct sei_walk *w, int walk, int options)
{
  struct sei_buf *b;
  char where[128];
  const char *problem;
  if(lua_getfield(L, options, "filter") == LUA_TNIL) {
    lua_pop(L, 1);
    w->filter = "{}";
    return;
  }
  if(!w->endpoint->filter)
    luaL_error(L, "%s takes no option 'filter'", w->endpoint->name);
  b = sei_bytes_push(L, SEI_FILTER_MAX);
  problem = sei_encode(L, -2, b, 1, where, sizeof where);
  if(problem)
    luaL_error(L, "bad option 'filter' for %s (%s: %s)", w->endpoint->name,
               where, problem);
  lua_pushlstring(L, b->data, b->len);
  w->filter = hold(L, walk);
  lua_pop(L, 2);
}

/* What the group's options say of names and envelope. */
static void set_open_points(lua_State *L, struct sei_walk *w, int walk)
{
  const struct sei_endpoint *e = w->endpoint;
  lua_getiuservalue(L, walk, UV_CLIENT);
  sei_client_push_group(L, lua_gettop(L), e->group);
  w->paged = e->paging != SEI_PAGING_NONE &&
    sei_option_boolean(L, -1, "paged", true);
  w->page_name = sei_option_string(L, -1, "page", e->page_name);
  w->size_name = sei_option_string(L, -1, "page_size", e->size_name);
  w->envelope = sei_option_string(L, -1, "envelope", e->records);
  lua_remove(L, -2);
  lua_getiuservalue(L, walk, UV_PARTS);
  lua_insert(L, -2);
  lua_setfield(L, -2, "group");
  lua_pop(L, 1);
}

const struct sei_option *sei_walk_options(const struct sei_endpoint *e)
{
  return e->paging ? PAGED : UNPAGED;
}

/* The fingerprint of what is asked for; no secret goes in. */
static uint64_t query_fingerprint(const struct sei_walk *w)
{
  const char *parts[5];
  uint64_t h = 0;
  size_t i;
  parts[0] = w->client->base_url;
  parts[1] = w->client->account;
  parts[2] = w->endpoint->name;
  parts[3] = w->query;
  parts[4] = w->filter ? w->filter : "";
  for(i = 0; i < sizeof parts / sizeof *parts; i++)
    h = sei_hash(parts[i], strlen(parts[i]) + 1, h);
  return h;
}

static enum sei_on_drift drift_option(lua_State *L, int options)
{
  const char *s = sei_option_string(L, options, "on_drift", "error");
  return *s == 'w' ? SEI_DRIFT_WARN : *s == 'r' ? SEI_DRIFT_REPAIR :
    SEI_DRIFT_ERROR;
}

static void set_pages(lua_State *L, struct sei_walk *w, int options)
{
  struct sei_pages_options o;
  struct sei_resume token;
  const char *text = sei_option_string(L, options, "resume", NULL), *problem;
  sei_pages_defaults(&o);
  o.window = w->slot_count - 1;
  o.on_drift = drift_option(L, options);
  o.max_items = sei_option_integer(L, options, "max_items", -1);
  o.max_pages = sei_option_integer(L, options, "max_pages", 0);
  o.page_size = PAGE_SIZE;
  if(text) {
    problem = sei_resume_read(text, strlen(text), w->fingerprint, &token);
    if(problem)
      luaL_error(L, "bad option 'resume' for %s (%s)", w->endpoint->name,
                 problem);
    o.start = token.offset;
    o.known_total = token.total;
    o.page_size = token.page_size;
  }
  o.page_size = sei_option_integer(L, options, "page_size", o.page_size);
  w->warn = o.on_drift == SEI_DRIFT_WARN;
  problem = sei_pages_begin(&w->pages, &o);
  if(problem)
    luaL_error(L, "bad options for %s (%s)", w->endpoint->name, problem);
}

/* ---- making one ---- */

/* Whether a look at the slot would change anything. Pages are worth a look
 * when they are whole, a stream whenever bytes have come. */
static bool has_news(const struct sei_walk *w, const struct sei_walk_slot *s)
{
  size_t len;
  if(!s->asked || s->failed || s->landed)
    return false;
  if(sei_exchange_done(&s->x))
    return true;
  len = sei_transfer_body(s->x.transfer)->len;
  return !w->paged && (len > s->looked || len > SEI_STREAM_HIGH);
}

static bool is_ripe(struct sei_waiter *waiter)
{
  struct sei_walk *w = (struct sei_walk *)
    ((char *)waiter - offsetof(struct sei_walk, waiter));
  unsigned i;
  int next = sei_pages_next(&w->pages);
  if(w->at < w->end || w->state != WALK_RUNS ||
     (w->paged && next >= 0 && w->slots[next].landed))
    return true; /* somebody else, who waits too, brought it here */
  for(i = 0; i < w->slot_count; i++)
    if(has_news(w, &w->slots[i]))
      return true;
  return false;
}

static struct sei_walk *new_walk(lua_State *L, struct sei_client *c,
                                 unsigned slots)
{
  size_t size = sizeof(struct sei_walk) + slots * sizeof(struct sei_walk_slot);
  struct sei_walk *w = lua_newuserdatauv(L, size, UV_COUNT);
  memset(w, 0, size);
  w->client = c;
  w->slot_count = slots;
  w->waiter.ripe = is_ripe;
  w->left = -1;
  sei_seen_init(&w->seen, 0);
  luaL_setmetatable(L, SEI_WALK);
  lua_newtable(L);
  lua_setiuservalue(L, -2, UV_PARTS);
  lua_newtable(L);
  lua_setiuservalue(L, -2, UV_LISTS);
  sei_builder_push(L);
  lua_setiuservalue(L, -2, UV_BUILDER);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, UV_CLIENT);
  return w;
}

int sei_walk_new(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 2));
  double deadline = luaL_optnumber(L, 4, 0);
  struct sei_walk *w;
  bool drop;
  unsigned i;
  lua_settop(L, 3);
  luaL_argcheck(L, e && e->kind == SEI_KIND_LIST, 2, "no list endpoint");
  sei_request_check(L, 3, e, sei_walk_options(e));
  w = new_walk(L, c, (unsigned)sei_option_integer(L, 3, "window",
                                                  c->window) + 1);
  w->endpoint = e;
  w->timeout = sei_option_number(L, 3, "timeout", c->timeout);
  w->deadline = deadline;
  set_open_points(L, w, 4);
  sei_request_push_query(L, 3, e);
  w->query = hold(L, 4);
  set_filter(L, w, 4, 3);
  drop = set_fields(L, 4, 3, e->key);
  w->fingerprint = query_fingerprint(w);
  w->left = sei_option_integer(L, 3, "max_items", -1);
  set_pages(L, w, 3);
  for(i = 0; i < w->slot_count; i++)
    w->slots[i].records.drop_key = drop;
  return 1;
}
