/* rank_why - what two records have in common, in words for a reader. */
#include "rank_private.h"

/* Where the words go. */
struct words {
  struct sei_buf *out;
  size_t begin;       /* bytes that were there before */
  bool failed;        /* no memory */
};

static void put(struct words *to, const char *s)
{
  to->failed = to->failed || sei_buf_adds(to->out, s) != SEI_BUF_OK;
}

static void put_byte(struct words *to, unsigned byte)
{
  to->failed = to->failed ||
    sei_buf_addc(to->out, (char)(unsigned char)byte) != SEI_BUF_OK;
}

/* RFC 3629, section 3. */
static void put_cp(struct words *to, uint32_t cp)
{
  if(cp >= 0x110000 || (cp >= 0xD800 && cp < 0xE000))
    cp = 0xFFFD;
  if(cp < 0x80) {
    put_byte(to, cp);
    return;
  }
  if(cp < 0x800)
    put_byte(to, 0xC0 | cp >> 6);
  else {
    if(cp < 0x10000)
      put_byte(to, 0xE0 | cp >> 12);
    else {
      put_byte(to, 0xF0 | cp >> 18);
      put_byte(to, 0x80 | (cp >> 12 & 0x3F));
    }
    put_byte(to, 0x80 | (cp >> 6 & 0x3F));
  }
  put_byte(to, 0x80 | (cp & 0x3F));
}

static void put_word(struct words *to, const struct sei_rank_view *v,
                     const struct sei_rank_word *w)
{
  size_t i;
  put(to, "'");
  for(i = 0; i < w->len; i++)
    put_cp(to, v->cps[w->at + i]);
  put(to, "'");
}

/* Begins the next reason. */
static void next(struct words *to, const char *s)
{
  if(to->out->len > to->begin)
    put(to, "; ");
  put(to, s);
}

static void two_words(struct words *to, const struct sei_rank_view *a,
                      const struct sei_rank_word *x, const char *between,
                      const struct sei_rank_view *p,
                      const struct sei_rank_word *y)
{
  put_word(to, a, x);
  put(to, between);
  put_word(to, p, y);
}

static void say_names(struct words *to, const struct sei_rank_found *f,
                      const struct sei_rank_view *a,
                      const struct sei_rank_view *p)
{
  static const char *const HOW[] = {
    "", " with initial ", " begins as ", " is like ", " stands for "
  };
  struct sei_rank_pairs pairs = { 0 };
  size_t i;
  sei_rank_names(a, f->left, p, f->right, &pairs);
  for(i = 0; i < pairs.count; i++) {
    const struct sei_rank_pair *pair = &pairs.list[i];
    const struct sei_rank_word *x = a->words + f->left->first + pair->left;
    const struct sei_rank_word *y = p->words + f->right->first + pair->right;
    next(to, "name ");
    if(pair->how == SEI_RANK_EQUAL)
      put_word(to, a, x);
    else
      two_words(to, a, x, HOW[pair->how], p, y);
  }
}

static void say_handles(struct words *to, const struct sei_rank_found *f,
                        const struct sei_rank_view *a,
                        const struct sei_rank_view *p)
{
  const struct sei_rank_word *x = a->words + f->left->first;
  const struct sei_rank_word *y = p->words + f->right->first;
  next(to, "handle ");
  if(x->hash == y->hash)
    put_word(to, a, x);
  else
    two_words(to, a, x, " is like ", p, y);
}

static void say_form(struct words *to, const char *what,
                     const struct sei_rank_view *v,
                     const struct sei_rank_part *handle, const char *then)
{
  next(to, what);
  put_word(to, v, v->words + handle->first);
  put(to, then);
}

static void say_place(struct words *to, const struct sei_rank_found *f,
                      const struct sei_rank_view *a, const char *what)
{
  const struct sei_rank_part *part = f->left;
  next(to, what);
  put_word(to, a, a->words + part->first);
}

/* Whether it is worth a reader's time. */
static bool found(const struct sei_rank_evidence *e,
                  enum sei_rank_kind_of_evidence kind)
{
  return e->best[kind].left && e->best[kind].bits > 1;
}

bool sei_rank_say(const struct sei_rank_evidence *e,
                  const struct sei_rank_view *a,
                  const struct sei_rank_view *p, struct sei_buf *out)
{
  const struct sei_rank_found *f = e->best;
  struct words to = { out, out->len, false };
  if(found(e, SEI_RANK_ADDRESSES))
    next(&to, "same address");
  if(f[SEI_RANK_NAMES].left)
    say_names(&to, &f[SEI_RANK_NAMES], a, p);
  if(found(e, SEI_RANK_HANDLES))
    say_handles(&to, &f[SEI_RANK_HANDLES], a, p);
  if(found(e, SEI_RANK_FORMED))
    say_form(&to, "handle ", a, f[SEI_RANK_FORMED].left,
             " is made of the person's name");
  if(found(e, SEI_RANK_FORMS))
    say_form(&to, "the person's handle ", p, f[SEI_RANK_FORMS].right,
             " is made of the name");
  if(found(e, SEI_RANK_LABELS))
    next(&to, "named in the domain");
  if(found(e, SEI_RANK_PLACES))
    say_place(&to, &f[SEI_RANK_PLACES], a, "domain ");
  if(to.out->len == to.begin)
    put(&to, "a few letters in common");
  return !to.failed;
}
