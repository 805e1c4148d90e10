/* json_skip_test - a value that is skipped in one go ends where it ends token
 * by token, and is refused for the same reason at the same byte. A blank
 * before the value keeps the scanner from skipping it in one go. So with the
 * short cuts for members whose name is known. */
#include "../../ext/data/json_state.h"

#include "json_check.h"

enum { TEXT_MAX = 8192, ROUNDS = 60000 };

struct text { char bytes[TEXT_MAX]; size_t len; };

static void put(struct text *t, const char *s)
{
  size_t n = strlen(s);
  if(t->len + n < TEXT_MAX - 256) {
    memcpy(t->bytes + t->len, s, n);
    t->len += n;
  }
}

static const char *one_of(const char *const *list, unsigned n)
{
  return list[below(n)];
}

#define ONE_OF(list) one_of(list, sizeof (list) / sizeof *(list))

static const char *const SCALARS[] = {
  "1", "12", "1700000047514", "12345678901234567", "123456789012345678901234",
  "0", "-1", "-0", "1.5", "1e3", "true", "false", "null", "\"\"", "\"a\"",
  "\"fourteen bytes\"", "\"fifteen bytes o\"", "\"sixteen bytes or\"",
  "\"a string that is longer than two blocks of sixteen\"", "\"{[,:]}\"",
  "\"gr\xc3\xbc\xc3\x9f\"", "\"\\u00e9\\n\"", "\"a \\\" in the middle of it\"",
  "\"\\\\\"", "\"\xff not UTF-8\"", "{}", "[]"
};

static const char *const NAMES[] = {
  "\"id\":", "\"\":", "\"integration_user_ids\":", "\"a name of sixteen\":",
  "\"x\\\"y\":", "\"caf\xc3\xa9\":"
};

static void put_value(struct text *t, unsigned deep)
{
  unsigned i, n = deep ? below(5) : 0;
  bool object = below(2);
  if(!n) {
    put(t, ONE_OF(SCALARS));
    return;
  }
  put(t, object ? "{" : "[");
  for(i = 0; i < n; i++) {
    if(i)
      put(t, ",");
    if(object)
      put(t, ONE_OF(NAMES));
    put_value(t, deep - 1);
  }
  put(t, object ? "}" : "]");
}

/* More containers than a word has bits; the outer ones may be closed by the
 * wrong bracket. */
static void put_deep(struct text *t)
{
  unsigned i, n = 60 + below(10);
  unsigned wrong = below(2) ? n - below(3) : n + 1;
  bool object = below(2);
  for(i = 0; i < n; i++)
    put(t, object ? "{\"a\":" : "[");
  put(t, "1");
  for(i = 1; i <= n; i++)
    put(t, object == (i < wrong) ? "}" : "]");
}

static void damage(struct text *t, size_t from)
{
  static const char BYTES[] = "\"\\{}[],:0-.eE+x \n\t\1\xff\x80utfn19";
  size_t at = from + below((unsigned)(t->len - from));
  switch(below(3)) {
  case 0:
    memmove(t->bytes + at, t->bytes + at + 1, t->len - at - 1);
    t->len--;
    break;
  case 1:
    t->bytes[at] = BYTES[below(sizeof BYTES - 1)];
    break;
  default:
    memmove(t->bytes + at + 1, t->bytes + at, t->len - at);
    t->bytes[at] = BYTES[below(sizeof BYTES - 1)];
    t->len++;
  }
}

struct reading { struct sei_json j; struct sei_buf scratch; char *window; };

/* Behind the text's first brace. Its window is in memory of its own, so that
 * who reads behind it is found out by the tools that look for it. */
static void begin(struct reading *r, const char *text, size_t len,
                  unsigned max_depth, size_t max_string, bool last)
{
  r->window = malloc(len);
  memcpy(r->window, text, len);
  sei_buf_init(&r->scratch, 1 << 20);
  sei_json_begin(&r->j, &r->scratch, max_depth, max_string);
  sei_json_input(&r->j, r->window, len, last);
  sei_json_next(&r->j);
}

static void end(struct reading *r)
{
  free(r->window);
  sei_buf_free(&r->scratch);
}

/* The same answer, and the same place but for the blank. */
static bool same(const struct reading *a, const struct reading *b,
                 enum sei_json_event e, enum sei_json_event f, size_t shift)
{
  if(e != f || a->j.depth != b->j.depth || a->j.state != b->j.state ||
     a->j.pos + (e == SEI_JSON_MORE ? 0 : shift) != b->j.pos)
    return false;
  return e != SEI_JSON_ERROR || (!strcmp(a->j.problem, b->j.problem) &&
    a->j.problem_at + shift == b->j.problem_at);
}

/* What comes behind the value is read alike as well. */
static bool same_rest(struct reading *a, struct reading *b)
{
  enum sei_json_event e, f;
  do {
    e = sei_json_next(&a->j);
    f = sei_json_next(&b->j);
    if(e != f || a->j.pos + 1 != b->j.pos)
      return false;
  } while(e > SEI_JSON_END);
  return true;
}

/* A member by its short cut, and by two calls. */
static bool agrees_member(const struct text *text, size_t len,
                          unsigned max_depth, size_t max_string, bool last)
{
  struct reading a, b;
  enum sei_json_event e, f;
  bool ok;
  begin(&a, text->bytes, len, max_depth, max_string, last);
  begin(&b, text->bytes, len, max_depth, max_string, last);
  sei_json_next(&b.j);
  ok = sei_json_member(&a.j, "k", 1, &e);
  f = sei_json_next(&b.j);
  ok = ok && e == f && a.j.pos == b.j.pos && a.j.depth == b.j.depth &&
    a.j.state == b.j.state;
  if(ok && e == SEI_JSON_ERROR)
    ok = !strcmp(a.j.problem, b.j.problem) &&
      a.j.problem_at == b.j.problem_at;
  if(ok && (e == SEI_JSON_STRING || e == SEI_JSON_BIG))
    ok = a.j.str_len == b.j.str_len && !memcmp(a.j.str, b.j.str, a.j.str_len);
  if(ok && e == SEI_JSON_INTEGER)
    ok = a.j.integer == b.j.integer;
  end(&a);
  end(&b);
  return ok;
}

/* Passes over a member token by token. */
static bool pass_member(struct sei_json *j, const char *name)
{
  enum sei_json_event e;
  unsigned depth = j->depth;
  size_t n = strlen(name);
  if(sei_json_pass_token(j) != SEI_JSON_KEY ||
     j->text[j->pos - n - 3] != '"' ||
     memcmp(j->text + j->pos - n - 2, name, n) != 0)
    return false;
  do
    e = sei_json_pass_token(j);
  while(e > SEI_JSON_END && j->depth > depth);
  return e > SEI_JSON_END;
}

static unsigned known[3];

/* Members that are known and not wanted, k and z and no more, stand where they
 * end token by token. */
static bool agrees_known(const struct text *text, size_t len,
                         unsigned max_depth, size_t max_string, bool last)
{
  static const struct sei_json_name names[] = {
    {NULL, 7, 0, 1}, {"k", 7, 1, 3}, {"and", 6, 3, 0}, {"z", 7, 1, 2}
  };
  static const short row[] = {1, 3};
  struct reading a, b;
  short to;
  unsigned i, n;
  bool ok = true;
  begin(&a, text->bytes, len, max_depth, max_string, last);
  begin(&b, text->bytes, len, max_depth, max_string, last);
  to = sei_json_skip_known(&a.j, names, 1, 7);
  n = to == row[0] ? 1 : to == row[1] ? 2 : 0;
  known[n]++;
  for(i = 0; i < n && ok; i++)
    ok = pass_member(&b.j, names[row[i]].bytes);
  ok = ok && (n || !to) && a.j.pos == b.j.pos && a.j.depth == b.j.depth &&
    a.j.state == b.j.state;
  end(&a);
  end(&b);
  return ok;
}

static unsigned skipped, refused;

/* `text` begins with {"k": and the value. */
static bool agrees(const struct text *text, size_t len, unsigned max_depth,
                   size_t max_string, bool last)
{
  static struct text other;
  struct reading a, b;
  enum sei_json_event e, f;
  bool ok;
  memcpy(other.bytes, text->bytes, 5);
  other.bytes[5] = ' ';
  memcpy(other.bytes + 6, text->bytes + 5, len - 5);
  begin(&a, text->bytes, len, max_depth, max_string, last);
  begin(&b, other.bytes, len + 1, max_depth, max_string, last);
  sei_json_next(&a.j);
  sei_json_next(&b.j);
  e = sei_json_skip(&a.j);
  f = sei_json_skip(&b.j);
  ok = same(&a, &b, e, f, 1);
  skipped += e > SEI_JSON_END;
  refused += e == SEI_JSON_ERROR;
  if(ok && e > SEI_JSON_END)
    ok = same_rest(&a, &b);
  end(&a);
  end(&b);
  return ok;
}

static void one_round(unsigned i)
{
  static const char *const TAILS[] = { "}", ",\"z\":1}",
    ",\"z\":\"a\",\"and\":\"what stands behind both of them\"}" };
  static const size_t LONGEST[] = { 0, 0, 0, 14, 15, 16, 40 };
  static struct text t;
  unsigned depth = below(3) ? 0 : 1 + below(70);
  size_t longest = LONGEST[below(7)], cut;
  bool last = below(2);
  t.len = 0;
  put(&t, "{\"k\":");
  if(below(20))
    put_value(&t, below(2) ? 0 : below(5));
  else
    put_deep(&t);
  put(&t, ONE_OF(TAILS));
  if(i % 2)
    damage(&t, 5);
  cut = below(4) ? t.len : 5 + below((unsigned)(t.len - 4));
  if(!agrees(&t, cut, depth, longest, last) ||
     !agrees_member(&t, cut, depth, longest, last) ||
     !agrees_known(&t, cut, depth, longest, last)) {
    failures++;
    fprintf(stderr, "round %u differs: %.*s\n", i, (int)cut, t.bytes);
  }
  checks++;
}

int main(void)
{
  unsigned i;
  random_state = 20240601;
  for(i = 0; i < ROUNDS && failures < 5; i++)
    one_round(i);
  CHECK(skipped > ROUNDS / 4);
  CHECK(refused > ROUNDS / 8);
  CHECK(known[1] > ROUNDS / 24 && known[2] > ROUNDS / 12);
  return finish("json_skip");
}
