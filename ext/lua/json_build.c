/* json_build - Lua values straight from the scanner's events.
 *
 * Tables are what decoding costs, so the builder remembers what it saw. Each
 * *place* of a text (the member `email` of an array's element, say) has a
 * node: how many members or items the container had that last stood there,
 * and which member names came in which order. The next record's tables are
 * made with these sizes, and its names are compared with the text as they
 * stand, never hashed again. All of it is only a guess: a wrong one costs
 * time, not truth.
 *
 * No recursion: open containers are frames, their tables lie on Lua's stack.
 * The first frame is none: a value that stands in it is the whole.
 */
#include "json.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "json_mark.h"

/* What is seldom needed stays out of the functions that call it. */
#ifdef __GNUC__
#define SEI_NOINLINE __attribute__((noinline))
#else
#define SEI_NOINLINE
#endif

enum {
  PLACES = 512,       /* nodes; when they run out the guesses begin anew */
  NOWHERE = 0,        /* the place of what could get no node */
  ROOT = 1,
  BESIDE = 2,         /* the root of what stands beside */
  NAME_MAX_LEN = 64,  /* longer names are not remembered */
  LOOK_AHEAD = 8,     /* members that may be missing before a known one */
  PENDING = 16,       /* items that wait on the stack to be counted */
  SIZE_MAX_GUESS = 4096, /* one huge table must not make the next one huge */
  STACK_NEED = PENDING + 8, /* slots that one open container may take */
  STACK_STEP = 8      /* containers that room is made for at once */
};

/* What last stood at a place: a member's value, mostly. */
struct place {
  short child;        /* the first member of the object here */
  short element;      /* what stands in the array here */
  unsigned members, items; /* sizes of the last object, the last array */
  unsigned epoch;     /* when `wanted` was found out */
  bool quick;         /* the text can be compared without decoding */
  bool wanted;
};

/* The bytes of a name are those of the string at its place's index of the
 * cache. A name is marked with the epoch if its members are to be skipped. */
struct sei_builder {
  short used;         /* places given out */
  unsigned epoch;     /* counts changes of the chosen fields; from 1 */
  struct sei_json_name name[PLACES];
  struct place place[PLACES];
};

/* The cache, user value 1 of the builder: names by place, and behind them the
 * metatable of arrays and the table of chosen fields that was used last. */
enum { CACHE_ARRAY = PLACES - 1, CACHE_FIELDS = PLACES };

static void forget(struct sei_builder *b)
{
  b->used = BESIDE + 1;
  memset(b->name, 0, (BESIDE + 1) * sizeof b->name[0]);
  memset(b->place, 0, (BESIDE + 1) * sizeof b->place[0]);
}

struct sei_builder *sei_builder_push(lua_State *L)
{
  struct sei_builder *b = lua_newuserdatauv(L, sizeof *b, 1);
  b->epoch = 0;
  forget(b);
  lua_createtable(L, PLACES, 0);
  sei_array_push_metatable(L);
  lua_rawseti(L, -2, CACHE_ARRAY);
  lua_setiuservalue(L, -2, 1);
  return b;
}

/* A new place, or NOWHERE. Its links are empty. */
static short new_place(struct sei_build *w)
{
  struct sei_builder *b = w->b;
  if(b->used >= CACHE_ARRAY)
    return NOWHERE;
  memset(&b->name[b->used], 0, sizeof b->name[0]);
  memset(&b->place[b->used], 0, sizeof b->place[0]);
  return b->used++;
}

/* Whether the raw text of a name can only be this name. */
static bool is_quick(const char *s, size_t n)
{
  size_t i;
  for(i = 0; i < n; i++)
    if((unsigned char)s[i] < 0x20 || s[i] == '"' || s[i] == '\\')
      return false;
  return true;
}

/* Remembers the name on top of the stack, which came behind `last`. */
static short learn(struct sei_build *w, struct sei_frame *f,
                   const char *name, size_t len)
{
  struct sei_builder *b = w->b;
  short at;
  if(len > NAME_MAX_LEN || f->place == NOWHERE)
    return NOWHERE;
  at = new_place(w);
  if(at == NOWHERE)
    return NOWHERE;
  lua_pushvalue(w->L, -1);
  lua_rawseti(w->L, w->cache, at); /* within the array part: never raises */
  b->name[at].bytes = name;
  b->name[at].len = (unsigned short)len;
  b->place[at].quick = is_quick(name, len);
  if(f->last) {
    b->name[at].next = b->name[f->last].next;
    b->name[f->last].next = at;
  }
  else {
    b->name[at].next = b->place[f->place].child;
    b->place[f->place].child = at;
  }
  return at;
}

/* The member that should come next in the object. */
static short expected(const struct sei_build *w, const struct sei_frame *f)
{
  return f->last ? w->b->name[f->last].next : w->b->place[f->place].child;
}

/* The known place of the scanner's name, or NOWHERE. */
static short recall(const struct sei_build *w, const struct sei_frame *f)
{
  short at = expected(w, f);
  int i;
  for(i = 0; at && i < LOOK_AHEAD; i++) {
    const struct sei_json_name *p = &w->b->name[at];
    if(p->len == w->j->str_len && !memcmp(p->bytes, w->j->str, p->len))
      return at;
    at = p->next;
  }
  return NOWHERE;
}

/* Whether the name on top of the stack is one of the chosen fields. */
static bool is_chosen(struct sei_build *w)
{
  bool yes;
  lua_pushvalue(w->L, -1);
  lua_rawget(w->L, w->fields);
  yes = lua_toboolean(w->L, -1);
  lua_pop(w->L, 1);
  return yes;
}

/* Whether the member of a known place is wanted. */
static inline bool is_wanted(struct sei_build *w, const struct sei_frame *f,
                             short at)
{
  struct place *p = &w->b->place[at];
  if(!f->chosen)
    return true;
  if(p->epoch != w->epoch) {
    p->epoch = w->epoch;
    lua_rawgeti(w->L, w->cache, at);
    p->wanted = is_chosen(w);
    w->b->name[at].mark = p->quick && !p->wanted ? p->epoch : 0;
    lua_pop(w->L, 1);
  }
  return p->wanted;
}

/* Pushes the name of a known place, unless the member is not wanted: false. */
static inline bool push_known(struct sei_build *w, struct sei_frame *f,
                              short at)
{
  f->last = f->member = at;
  if(!is_wanted(w, f, at))
    return false;
  lua_rawgeti(w->L, w->cache, at);
  return true;
}

/* The same for a name that was not expected. */
static bool push_new(struct sei_build *w, struct sei_frame *f)
{
  size_t len = w->j->str_len;
  const char *name = lua_pushlstring(w->L, w->j->str, len);
  f->member = learn(w, f, name, len);
  if(f->member)
    f->last = f->member;
  if(!f->chosen || is_chosen(w))
    return true;
  lua_pop(w->L, 1);
  return false;
}

/* If the next member is the expected one, and wanted: its name is pushed and
 * its value begun; *e is what came. */
static inline bool pass_expected(struct sei_build *w,
                                 struct sei_frame *f, short at,
                                 enum sei_json_event *e)
{
  const struct sei_json_name *p = &w->b->name[at];
  if(!at || !w->b->place[at].quick || !is_wanted(w, f, at) ||
     !sei_json_member(w->j, p->bytes, p->len, e))
    return false;
  f->last = f->member = at;
  lua_rawgeti(w->L, w->cache, at);
  return true;
}

/* Skips the members that are expected as far as they are known not to be
 * wanted. Answers the one that should come then. */
static inline short pass_unwanted(struct sei_build *w,
                                  struct sei_frame *f)
{
  short at = expected(w, f), last;
  if(!f->chosen || w->b->name[at].mark != w->epoch)
    return at;
  last = sei_json_skip_known(w->j, w->b->name, at, w->epoch);
  if(!last)
    return at;
  f->last = last;
  return w->b->name[last].next;
}

/* The next event that matters in the object `f`, if what comes next is not the
 * expected member. */
static SEI_NOINLINE enum sei_json_event any_member(struct sei_build *w,
                                                   struct sei_frame *f)
{
  enum sei_json_event e;
  bool wanted;
  do {
    short at;
    e = sei_json_next(w->j);
    if(e != SEI_JSON_KEY)
      return e;
    at = recall(w, f);
    wanted = at ? push_known(w, f, at) : push_new(w, f);
    e = wanted ? sei_json_next(w->j) : sei_json_skip(w->j);
    if(wanted || e <= SEI_JSON_END)
      return e;
    at = pass_unwanted(w, f);
    wanted = pass_expected(w, f, at, &e);
  } while(!wanted);
  return e;
}

/* The next event that matters here: of an object's member the name is pushed
 * and the value's event answered; members that are not wanted are skipped. */
static inline enum sei_json_event advance(struct sei_build *w)
{
  struct sei_frame *f = w->f;
  enum sei_json_event e;
  if(!f->object)
    return sei_json_next(w->j);
  return pass_expected(w, f, pass_unwanted(w, f), &e) ? e : any_member(w, f);
}

static unsigned guess(unsigned size)
{
  return size < SIZE_MAX_GUESS ? size : SIZE_MAX_GUESS;
}

/* The place of a value that begins now. */
static short place_here(struct sei_build *w)
{
  struct sei_frame *f = w->f;
  struct place *p = &w->b->place[f->place];
  if(f->object)
    return f->member;
  if(!p->element && f->place)
    p->element = new_place(w);
  return p->element;
}

static void open_container(struct sei_build *w, bool object)
{
  short place = place_here(w);
  struct sei_frame *f = ++w->f;
  ptrdiff_t open = f - w->frame;
  if(open % STACK_STEP == 0)
    luaL_checkstack(w->L, (STACK_STEP + 1) * STACK_NEED, NULL);
  memset(f, 0, sizeof *f);
  f->place = place;
  f->object = object;
  f->chosen = object && open == 1 && w->fields;
  if(object)
    lua_createtable(w->L, 0, (int)guess(w->b->place[place].members));
  else
    lua_pushnil(w->L); /* the table is made when its size is known */
  f->slot = lua_gettop(w->L);
}

/* Makes the array's table and moves the items that wait into it. */
static void make_array(struct sei_build *w, struct sei_frame *f,
                       unsigned size)
{
  lua_State *L = w->L;
  int i;
  lua_createtable(L, (int)size, 0);
  lua_rawgeti(L, w->cache, CACHE_ARRAY);
  lua_setmetatable(L, -2);
  lua_replace(L, f->slot);
  for(i = f->pending; i > 0; i--)
    lua_rawseti(L, f->slot, i);
  f->count = (unsigned)f->pending;
  f->pending = -1;
}

static void close_container(struct sei_build *w)
{
  struct sei_frame *f = w->f--;
  struct place *p = &w->b->place[f->place];
  if(!f->object && f->pending >= 0)
    make_array(w, f, (unsigned)f->pending);
  if(f->place == NOWHERE)
    return;
  if(f->object)
    p->members = f->count;
  else
    p->items = f->count;
}

static void add_item(struct sei_build *w, struct sei_frame *f)
{
  if(f->pending < 0) {
    lua_rawseti(w->L, f->slot, (lua_Integer)++f->count);
    return;
  }
  if(++f->pending == PENDING) {
    unsigned size = guess(w->b->place[f->place].items);
    make_array(w, f, size > PENDING ? size : 2 * PENDING);
  }
}

/* Puts the value on top into the innermost open container. */
static inline void attach(struct sei_build *w)
{
  struct sei_frame *f = w->f;
  if(!f->object) {
    add_item(w, f);
    return;
  }
  if(f->big)
    sei_big_clear(w->L, f->slot, lua_gettop(w->L) - 1);
  lua_rawset(w->L, f->slot);
  f->count++;
}

/* The same for the digits of an integer that Lua cannot hold. */
static void attach_big(struct sei_build *w)
{
  lua_State *L = w->L;
  struct sei_frame *f = w->f;
  if(f->object) {
    sei_big_mark(L, f->slot, lua_gettop(L) - 1, lua_gettop(L));
    f->big = true;
    lua_rawset(L, f->slot);
    f->count++;
    return;
  }
  add_item(w, f);
  if(f->pending >= 0) /* the mark needs a table to stand on */
    make_array(w, f, guess(w->b->place[f->place].items));
  lua_pushinteger(L, (lua_Integer)f->count);
  lua_rawgeti(L, f->slot, (lua_Integer)f->count);
  sei_big_mark(L, f->slot, lua_gettop(L) - 1, lua_gettop(L));
  lua_pop(L, 2);
}

/* Builds from the event `e` on until the value that it began is whole. */
static enum sei_json_event run(struct sei_build *w, enum sei_json_event e)
{
  lua_State *L = w->L;
  for(;; e = advance(w)) {
    switch(e) {
    case SEI_JSON_STRING:
    case SEI_JSON_BIG:
      lua_pushlstring(L, w->j->str, w->j->str_len);
      break;
    case SEI_JSON_INTEGER:
      lua_pushinteger(L, (lua_Integer)w->j->integer);
      break;
    case SEI_JSON_REAL:
      lua_pushnumber(L, (lua_Number)w->j->real);
      break;
    case SEI_JSON_NULL:
      sei_push_null(L);
      break;
    case SEI_JSON_TRUE:
    case SEI_JSON_FALSE:
      lua_pushboolean(L, e == SEI_JSON_TRUE);
      break;
    case SEI_JSON_OBJECT:
    case SEI_JSON_ARRAY:
      open_container(w, e == SEI_JSON_OBJECT);
      continue;
    case SEI_JSON_OBJECT_END:
    case SEI_JSON_ARRAY_END:
      close_container(w);
      break;
    default: /* MORE or ERROR */
      return e;
    }
    if(w->f == w->frame)
      return e;
    if(e == SEI_JSON_BIG)
      attach_big(w);
    else
      attach(w);
  }
}

/* What was found out about members holds as long as the table of the chosen
 * fields is the same. */
static void choose(struct sei_build *w)
{
  lua_State *L = w->L;
  lua_rawgeti(L, w->cache, CACHE_FIELDS);
  if(!lua_rawequal(L, -1, w->fields)) {
    lua_pushvalue(L, w->fields);
    lua_rawseti(L, w->cache, CACHE_FIELDS);
    w->b->epoch++;
  }
  lua_pop(L, 1);
}

void sei_build_begin(struct sei_build *w, lua_State *L, int builder_index,
                     int fields)
{
  luaL_checkstack(L, (STACK_STEP + 1) * STACK_NEED, NULL);
  w->L = L;
  w->b = lua_touserdata(L, builder_index);
  w->fields = fields ? lua_absindex(L, fields) : 0;
  lua_getiuservalue(L, builder_index, 1);
  w->cache = lua_gettop(L);
  if(fields)
    choose(w);
  w->epoch = w->b->epoch;
}

static enum sei_json_event build(struct sei_build *w, struct sei_json *j,
                                 enum sei_json_event e, short root)
{
  w->j = j;
  w->f = w->frame;
  w->frame[0].object = true;
  w->frame[0].place = NOWHERE;
  w->frame[0].member = root;
  if(w->b->used >= CACHE_ARRAY)
    forget(w->b);
  e = run(w, e);
  if(w->f > w->frame) /* half a value lies on the stack */
    lua_settop(w->L, w->frame[1].slot - 1);
  return e;
}

enum sei_json_event sei_build(struct sei_build *w, struct sei_json *j,
                              enum sei_json_event first)
{
  return build(w, j, first, ROOT);
}

enum sei_json_event sei_build_beside(struct sei_build *w, struct sei_json *j,
                                     enum sei_json_event first)
{
  int fields = w->fields;
  w->fields = 0;
  first = build(w, j, first, BESIDE);
  w->fields = fields;
  return first;
}
