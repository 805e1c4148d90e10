/* json_fuzz - the JSON scanner: the same events however the text is cut, a
 * skip ends where one event after the other ends, limits hold, and what is
 * JSON is not for the scanner alone to say. */
#include "../../ext/base/hash.h"
#include "../../ext/data/json.h"
#include "opinion.h"

enum { LONGEST = 4096, MOST = 3 * LONGEST };

struct entry {
  enum sei_json_event event;
  uint64_t value;       /* what came with it */
  size_t at;            /* where it ended; of an error, where it is */
};

struct list {
  struct entry entries[MOST];
  size_t n;
};

struct options {
  unsigned max_depth;
  size_t max_string;
  uint64_t skips;       /* decides which containers are skipped; 0: none */
};

static struct list whole, cut;  /* large */

/* ---- one event ---- */

static uint64_t value_of(const struct sei_json *j, enum sei_json_event e)
{
  uint64_t bits = 0;
  switch(e) {
  case SEI_JSON_INTEGER:
    return (uint64_t)j->integer;
  case SEI_JSON_REAL:
    memcpy(&bits, &j->real, sizeof bits);
    return bits;
  case SEI_JSON_BIG:
  case SEI_JSON_STRING:
  case SEI_JSON_KEY:
    return sei_hash(j->str, j->str_len, 0);
  case SEI_JSON_ERROR:
    return sei_hash(j->problem, strlen(j->problem), 0);
  default:
    return 0;
  }
}

/* The C library's reading of the number that ends at j->pos. */
static void check_number(const struct sei_json *j, enum sei_json_event e,
                         const struct options *o)
{
  size_t from = j->pos;
  char *text, *end;
  double d;
  while(from && strchr("0123456789+-.eE", j->text[from - 1]) &&
        j->text[from - 1])
    from--;
  text = fuzz_string(j->text + from, j->pos - from);
  d = strtod(text, &end);
  MUST(*end == '\0' && end > text);
  MUST(!o->max_string || strlen(text) <= o->max_string);
  if(e == SEI_JSON_REAL)
    MUST(memcmp(&d, &j->real, sizeof d) == 0);
  else if(e == SEI_JSON_INTEGER)
    MUST(strtoll(text, NULL, 10) == j->integer);
  else
    MUST(j->str_len == strlen(text) && j->str_len > 18);
  free(text);
}

/* What is skipped is not decoded: `str` is then that of an older event. */
static void check_event(const struct sei_json *j, enum sei_json_event e,
                        const struct options *o, bool skipped)
{
  MUST(j->pos <= j->len);
  MUST(j->depth <= j->max_depth && j->max_depth <= SEI_JSON_DEPTH_MAX);
  if(!skipped && (e == SEI_JSON_STRING || e == SEI_JSON_KEY)) {
    MUST(!o->max_string || j->str_len <= o->max_string);
    MUST(opinion_utf8(j->str, j->str_len));
  }
  if(e == SEI_JSON_ERROR)
    MUST(j->problem && j->problem_at <= j->len);
}

static bool wants_skip(const struct options *o, enum sei_json_event e,
                       size_t at)
{
  return o->skips && (e == SEI_JSON_KEY || e == SEI_JSON_ARRAY ||
                      e == SEI_JSON_OBJECT) &&
    sei_hash(&at, sizeof at, o->skips) % 4 == 0;
}

/* ---- all events ---- */

static enum sei_json_event advance(struct sei_json *j, bool skip)
{
  struct sei_json_mark before;
  enum sei_json_event e;
  if(!skip)
    return sei_json_next(j);
  sei_json_mark(j, &before);
  e = sei_json_skip(j);
  if(e == SEI_JSON_MORE)
    MUST(j->pos == before.pos && j->depth == before.depth &&
         j->state == before.state);
  return e;
}

static void record(struct list *out, const struct sei_json *j,
                   enum sei_json_event e, bool skipped, size_t from)
{
  struct entry *x = &out->entries[out->n++];
  MUST(out->n < MOST);
  x->event = e;
  x->value = skipped && e != SEI_JSON_ERROR ? 0 : value_of(j, e);
  x->at = from + (e == SEI_JSON_ERROR ? j->problem_at : j->pos);
}

static void scan(struct list *out, struct fuzz_window *w,
                 const struct options *o)
{
  struct sei_buf scratch;
  struct sei_json j;
  enum sei_json_event e = SEI_JSON_NULL;
  bool skip = false;
  sei_buf_init(&scratch, (size_t)1 << 20);
  sei_json_begin(&j, &scratch, o->max_depth, o->max_string);
  out->n = 0;
  fuzz_show(w, 0);
  sei_json_input(&j, w->shown, w->to - w->from, fuzz_last(w));
  while(e != SEI_JSON_END && e != SEI_JSON_ERROR) {
    e = advance(&j, skip);
    check_event(&j, e, o, skip);
    if(e == SEI_JSON_MORE) {
      MUST(fuzz_show(w, j.pos));
      sei_json_input(&j, w->shown, w->to - w->from, fuzz_last(w));
      continue;
    }
    record(out, &j, e, skip, w->from);
    if(!w->cut && !skip && e >= SEI_JSON_INTEGER && e <= SEI_JSON_REAL)
      check_number(&j, e, o);
    skip = !skip && wants_skip(o, e, w->from + j.pos);
  }
  MUST(sei_json_next(&j) == e);
  free(w->shown);
  sei_buf_free(&scratch);
}

static void check_cuts(const char *text, size_t n, const struct options *o,
                       struct fuzz_dice *d)
{
  struct fuzz_window a = { text, n, 0, 0, NULL, false, { 0 } };
  struct fuzz_window b = { text, n, 0, 0, NULL, true, { fuzz_roll(d) } };
  size_t i;
  scan(&whole, &a, o);
  scan(&cut, &b, o);
  MUST(whole.n == cut.n);
  for(i = 0; i < whole.n; i++) {
    MUST(whole.entries[i].event == cut.entries[i].event);
    MUST(whole.entries[i].value == cut.entries[i].value);
    MUST(whole.entries[i].at == cut.entries[i].at);
  }
}

/* ---- short cuts against the long way ---- */

/* Reads on until what is open at `depth` has ended. */
static enum sei_json_event long_way(struct sei_json *j, unsigned depth)
{
  enum sei_json_event e;
  do
    e = sei_json_next(j);
  while(e > SEI_JSON_END && j->depth > depth);
  return e;
}

/* After `e`: skipping ends where the long way ends. */
static void check_skip(struct sei_json *j, enum sei_json_event e)
{
  struct sei_json_mark here;
  enum sei_json_event skipped, read;
  unsigned depth = j->depth - (e != SEI_JSON_KEY);
  size_t end;
  sei_json_mark(j, &here);
  skipped = sei_json_skip(j);
  end = j->pos;
  sei_json_back(j, &here);
  read = long_way(j, depth);
  if(read != SEI_JSON_ERROR) {
    MUST(end == j->pos);
    MUST(skipped == read || (skipped == SEI_JSON_INTEGER &&
                             (read == SEI_JSON_BIG || read == SEI_JSON_REAL)));
  }
  if(skipped == SEI_JSON_ERROR)
    MUST(read == SEI_JSON_ERROR);
  sei_json_back(j, &here);
}

/* What a member's short cut answers and where it ends, and what the long way
 * does that it stands for. */
static void same_member(struct sei_json *j, const struct sei_json_mark *here,
                        const struct sei_json_mark *there, const char *name,
                        size_t n)
{
  enum sei_json_event e, long_e;
  size_t pos;
  unsigned char state;
  sei_json_back(j, there);
  long_e = sei_json_next(j);
  pos = j->pos;
  state = j->state;
  sei_json_back(j, here);
  MUST(sei_json_member(j, name, n, &e));
  MUST(e == long_e && j->pos == pos && j->state == state);
  sei_json_back(j, here);
}

/* Members of this name, as many as there are in a row, passed over in one go:
 * it ends where skipping one by one ends. */
static void same_known(struct sei_json *j, const struct sei_json_mark *here,
                       const struct sei_json_name *names)
{
  size_t pos;
  unsigned char state;
  if(!sei_json_skip_known(j, names, 1, 1)) {
    MUST(j->pos == here->pos && j->state == here->state);
    return;
  }
  pos = j->pos;
  state = j->state;
  sei_json_back(j, here);
  while(j->pos < pos) {
    MUST(sei_json_next(j) == SEI_JSON_KEY);
    MUST(j->str_len == names[1].len &&
         !memcmp(j->str, names[1].bytes, j->str_len));
    MUST(sei_json_skip(j) > SEI_JSON_END);
  }
  MUST(j->pos == pos && j->state == state);
  sei_json_back(j, here);
}

/* Before a name: the short cuts take that name and no other. */
static void check_member(struct sei_json *j, const struct sei_json_mark *here)
{
  struct sei_json_mark there;
  struct sei_json_name names[2] = {{NULL, 0, 0, 0}, {NULL, 1, 0, 1}};
  enum sei_json_event e;
  char name[64];
  size_t n = j->str_len;
  if(n > sizeof name - 1 || j->str != j->text + j->pos - n - 2)
    return;
  memcpy(name, j->str, n);
  name[n] = 'x';
  names[1].bytes = name;
  sei_json_mark(j, &there);
  sei_json_back(j, here);
  MUST(!sei_json_member(j, name, n + 1, &e));
  names[1].len = (unsigned short)(n - 1);
  MUST(!n || !sei_json_skip_known(j, names, 1, 1));
  MUST(j->pos == here->pos && j->state == here->state);
  names[1].len = (unsigned short)n;
  if(sei_json_member(j, name, n, &e)) {
    same_member(j, here, &there, name, n);
    same_known(j, here, names);
  }
  else
    MUST(there.pos - here->pos > n + 3 + (j->text[here->pos] == ','));
  sei_json_back(j, &there);
}

static void check_short_cuts(const char *text, size_t n,
                             const struct options *o)
{
  struct sei_buf scratch;
  struct sei_json j;
  struct sei_json_mark before;
  enum sei_json_event e;
  unsigned skips = 0;
  char *copy = fuzz_copy(text, n);
  sei_buf_init(&scratch, (size_t)1 << 20);
  sei_json_begin(&j, &scratch, o->max_depth, o->max_string);
  sei_json_input(&j, copy, n, true);
  do {
    sei_json_mark(&j, &before);
    e = sei_json_next(&j);
    if(e == SEI_JSON_KEY)
      check_member(&j, &before);
    if((e == SEI_JSON_KEY || e == SEI_JSON_ARRAY || e == SEI_JSON_OBJECT) &&
       skips++ < 40)
      check_skip(&j, e);
  } while(e > SEI_JSON_END);
  if(!o->max_string)
    MUST((e == SEI_JSON_END) ==
         opinion_json(text, n, o->max_depth ? o->max_depth : 128));
  free(copy);
  sei_buf_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const unsigned depths[] = { 0, 0, 1, 3, SEI_JSON_DEPTH_MAX };
  static const size_t strings[] = { 0, 0, 0, 1, 4, 17, 18, 40 };
  struct fuzz_dice d;
  struct options o;
  if(!fuzz_seed(&d, &data, &size) || size > LONGEST)
    return 0;
  o.max_depth = depths[fuzz_below(&d, 5)];
  o.max_string = strings[fuzz_below(&d, 8)];
  o.skips = fuzz_below(&d, 2) ? fuzz_roll(&d) | 1 : 0;
  check_cuts((const char *)data, size, &o, &d);
  check_short_cuts((const char *)data, size, &o);
  return 0;
}
