/* records_fuzz - a list's reply: the same records, facts and complaints
 * however its bytes arrive, for every envelope that an endpoint has. */
#include "../../ext/api/endpoint.h"
#include "../../ext/lua/records.h"
#include "state.h"

enum { BUILDER = 2, FIELDS, LIST, META };       /* stack; 1 is the input */

struct reading {
  struct sei_records r;
  struct sei_buf body;          /* what came and was not used yet */
  struct sei_buf seen;          /* every record as JSON, and its key */
  struct fuzz_window w;
  bool some_fields;
  int64_t most;
};

/* A place in the table of endpoints that is a list. */
static const struct sei_endpoint *pick(struct fuzz_dice *d)
{
  const struct sei_endpoint *e, *found = NULL;
  size_t n = 0;
  for(e = sei_endpoints; e->name; e++)
    if(e->kind == SEI_KIND_LIST && fuzz_below(d, ++n) == 0)
      found = e;
  return found;
}

/* Adds what the window shows anew, in an allocation of exactly that size. */
static void arrives(struct reading *x, size_t old)
{
  const struct fuzz_window *w = &x->w;
  size_t n = w->to - old;
  char *data = malloc(x->body.len + n + !(x->body.len + n));
  MUST(data != NULL);
  if(x->body.len)
    memcpy(data, x->body.data, x->body.len);
  memcpy(data + x->body.len, w->text + old, n);
  free(x->body.data);
  x->body.data = data;
  x->body.len += n;
  x->body.cap = x->body.len;
}

/* Writes the records of the list down and starts a new one. */
static void keep(lua_State *L, struct reading *x)
{
  char where[32];
  uint64_t key;
  int64_t i;
  MUST((int64_t)lua_rawlen(L, LIST) == x->r.listed);
  for(i = 0; i < x->r.listed; i++) {
    MUST(lua_rawgeti(L, LIST, i + 1) == LUA_TTABLE);
    MUST(!sei_encode(L, -1, &x->seen, 1, where, sizeof where));
    lua_pop(L, 1);
    key = sei_records_key(&x->r, i);
    MUST(sei_buf_add(&x->seen, &key, sizeof key) == SEI_BUF_OK);
  }
  lua_newtable(L);
  lua_replace(L, LIST);
  sei_records_restart(&x->r);
}

static void read_all(lua_State *L, struct reading *x)
{
  struct sei_records_place at = { BUILDER, x->some_fields ? FIELDS : 0, LIST,
                                  META };
  fuzz_show(&x->w, 0);
  arrives(x, 0);
  while(x->r.state < SEI_RECORDS_END) {
    int64_t before = x->r.count;
    int top = lua_gettop(L);
    sei_records_feed(L, &x->r, &at, &x->body, fuzz_last(&x->w), x->most);
    MUST(lua_gettop(L) == top);
    MUST(!x->most || x->r.count - before <= x->most);
    keep(L, x);
    if(x->r.state < SEI_RECORDS_END && x->r.count == before) {
      size_t old = x->w.to;
      MUST(fuzz_show(&x->w, 0));        /* all was there: it must end */
      arrives(x, old);
    }
  }
  if(x->r.state == SEI_RECORDS_BAD)
    MUST(*x->r.problem && strlen(x->r.problem) < sizeof x->r.problem);
}

static int l_read(lua_State *L)
{
  struct reading *x = lua_touserdata(L, 1);
  lua_settop(L, 1);
  sei_builder_push(L);
  lua_newtable(L);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "id");
  lua_newtable(L);
  lua_newtable(L);
  read_all(L, x);
  return 0;
}

static void begin(struct reading *x, const struct sei_endpoint *e)
{
  sei_buf_init(&x->body, (size_t)1 << 24);
  sei_buf_init(&x->seen, (size_t)1 << 24);
  memset(&x->r, 0, sizeof x->r);
  sei_records_begin(&x->r, e->records, e->key);
}

static void end(struct reading *x)
{
  sei_records_free(&x->r);
  sei_buf_free(&x->body);
  sei_buf_free(&x->seen);
  free(x->w.shown);
}

static void compare(const struct reading *a, const struct reading *b)
{
  MUST(a->r.state == b->r.state && a->r.count == b->r.count);
  MUST(a->r.total == b->r.total && a->r.page_size == b->r.page_size);
  MUST(a->r.fingerprint == b->r.fingerprint);
  MUST(!strcmp(a->r.problem, b->r.problem));
  MUST(a->seen.len == b->seen.len &&
       (!a->seen.len || !memcmp(a->seen.data, b->seen.data, a->seen.len)));
  if(a->r.state == SEI_RECORDS_END)
    MUST(opinion_json(a->w.text, a->w.len, 128));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct reading whole, cut;
  struct fuzz_window w = { NULL, 0, 0, 0, NULL, false, { 0 } };
  const struct sei_endpoint *e;
  struct fuzz_dice d;
  lua_State *L;
  long refuse;
  bool ended;
  if(!fuzz_seed(&d, &data, &size) || size > 4096)
    return 0;
  e = pick(&d);
  refuse = fuzz_below(&d, 8) ? -1 : (long)fuzz_below(&d, 300);
  whole.some_fields = cut.some_fields = fuzz_below(&d, 4) == 0;
  cut.most = fuzz_below(&d, 2) ? (int64_t)fuzz_below(&d, 4) : 0;
  w.text = (const char *)data;
  w.len = size;
  whole.w = cut.w = w;
  cut.w.cut = true;
  cut.w.dice.state = fuzz_roll(&d);
  begin(&whole, e);
  begin(&cut, e);
  L = state_open();
  ended = state_run(L, l_read, &whole, -1);
  ended = state_run(L, l_read, &cut, refuse) && ended;
  if(ended)
    compare(&whole, &cut);
  state_close(L);
  end(&whole);
  end(&cut);
  return 0;
}
