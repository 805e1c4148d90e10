/* text_fuzz - folding: every set of steps is idempotent on whatever bytes,
 * gives valid UTF-8 of bounded length, and the short way of ASCII is the long
 * one. Addresses have one form, too. */
#include "../../ext/data/text.h"
#include "../../ext/data/text_mail.h"
#include "opinion.h"

static void check_points(struct sei_text *t, const char *s, size_t n,
                         unsigned steps)
{
  size_t i, chars = 0;
  MUST(sei_text_fold_points(t, s, n, steps));
  for(i = 0; i < t->len; i++)
    chars += ((unsigned char)t->bytes[i] & 0xC0) != 0x80;
  MUST(chars == t->points.len);
}

static void check_words(const struct sei_text *t)
{
  size_t at = 0, n, total = 0;
  for(; sei_text_word(t->bytes, t->len, &at, &n); at += n)
    total += n;
  MUST(total <= t->len);
}

/* What punctuation and case make of ASCII, said once more. */
static void check_ascii(const struct sei_text *t, const char *s, size_t n)
{
  size_t i, k = 0;
  bool gap = false, any = false;
  for(i = 0; i < n; i++) {
    if((unsigned char)s[i] >= 0x80)
      return;
    any = any || (s[i] >= '0' && s[i] <= '9') ||
      ((s[i] | 32) >= 'a' && (s[i] | 32) <= 'z');
  }
  for(i = 0; i < n && any; i++) {
    char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
    if(c == '\'' || c == '`')
      continue;
    if(!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')) {
      gap = k > 0;
      continue;
    }
    if(gap)
      MUST(k < t->len && t->bytes[k++] == ' ');
    gap = false;
    MUST(k < t->len && t->bytes[k++] == c);
  }
  MUST(!any || k == t->len);
}

static void check_mail(const char *s, size_t n)
{
  struct sei_mail m;
  MUST(sei_mail_kind(s, n) <= SEI_MAIL_COMMON);
  if(!sei_mail_split(s, n, &m))
    return;
  MUST(m.local >= s && m.local_n && m.domain_n);
  MUST(m.domain == m.local + m.local_n + 1);
  MUST(m.domain + m.domain_n <= s + n && m.domain[-1] == '@');
  sei_mail_untag(&m);
  MUST(m.local_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_dice d;
  struct sei_text t, again;
  unsigned steps;
  char *s;
  if(!fuzz_seed(&d, &data, &size))
    return 0;
  s = fuzz_copy(data, size);
  steps = fuzz_below(&d, 4) ? (unsigned)fuzz_below(&d, SEI_TEXT_ALL + 1) :
    SEI_TEXT_DEFAULT;
  sei_text_init(&t);
  sei_text_init(&again);
  MUST(sei_text_fold(&t, s, size, steps) && t.len <= 12 * size);
  MUST(opinion_utf8(t.bytes, t.len));
  check_words(&t);
  MUST(sei_text_fold(&again, t.bytes, t.len, steps));
  MUST(again.len == t.len && !memcmp(again.bytes, t.bytes, t.len));
  check_points(&again, s, size, steps);
  MUST(sei_text_fold(&t, s, size, SEI_TEXT_CASE | SEI_TEXT_PUNCTUATION));
  check_ascii(&t, s, size);
  check_mail(s, size);
  sei_text_free(&t);
  sei_text_free(&again);
  free(s);
  return 0;
}
