/* json_write_fuzz - the JSON writer: what it writes reads back as the same
 * string, integer or double; nothing raw that a reader could choke on; what
 * does not fit or is not UTF-8 adds nothing. */
#include "../../ext/data/json.h"
#include "opinion.h"

/* What stands in the buffer is one token; scans it, cut in two at random. */
static enum sei_json_event reads(struct sei_json *j, struct sei_buf *scratch,
                                 const struct sei_buf *b, struct fuzz_dice *d)
{
  enum sei_json_event e;
  size_t cut = b->len ? fuzz_below(d, b->len) : 0;
  sei_json_begin(j, scratch, 0, 0);
  sei_json_input(j, b->data, cut, false);
  e = sei_json_next(j);
  MUST(e == SEI_JSON_MORE);
  sei_json_input(j, b->data + j->pos, b->len - j->pos, true);
  return sei_json_next(j);
}

static void ends(struct sei_json *j)
{
  MUST(sei_json_next(j) == SEI_JSON_END);
}

/* ---- strings ---- */

static void check_raw(const struct sei_buf *b)
{
  size_t i;
  for(i = 0; i < b->len; i++) {
    MUST((unsigned char)b->data[i] >= 0x20 && b->data[i] != 0x7f);
    MUST(i + 2 >= b->len || memcmp(b->data + i, "\xe2\x80", 2) ||
         (b->data[i + 2] & '\xfe') != '\xa8');
  }
}

static void check_string(const char *s, size_t n, struct fuzz_dice *d)
{
  struct sei_buf b, scratch;
  struct sei_json j;
  int r;
  bool small = fuzz_below(d, 8) == 0;
  sei_buf_init(&b, small ? fuzz_below(d, n + 8) : 8 * n + 16);
  sei_buf_init(&scratch, 8 * n + 16);
  r = sei_json_put_string(&b, s, n);
  if(!opinion_utf8(s, n))
    MUST(r == SEI_JSON_NOT_UTF8 && b.len == 0);
  else if(r == SEI_BUF_FULL)
    MUST(small && b.len == 0);
  else {
    MUST(r == SEI_BUF_OK && opinion_json(b.data, b.len, 1));
    check_raw(&b);
    MUST(reads(&j, &scratch, &b, d) == SEI_JSON_STRING);
    MUST(j.str_len == n && (!n || memcmp(j.str, s, n) == 0));
    ends(&j);
  }
  MUST((sei_utf8_valid(s, n) == n) == opinion_utf8(s, n));
  sei_buf_free(&b);
  sei_buf_free(&scratch);
}

/* ---- numbers ---- */

/* Digits that tell, without zeros on either side. */
static int telling(const struct sei_buf *b)
{
  size_t i;
  int n = 0, zeros = 0;
  for(i = 0; i < b->len && b->data[i] != 'e'; i++) {
    if(b->data[i] < '0' || b->data[i] > '9')
      continue;
    if(b->data[i] != '0') {
      n += zeros + 1;
      zeros = 0;
    }
    else if(n)
      zeros++;
  }
  return n;
}

/* Whether the nearest decimal with fewer digits reads back as well. */
static bool shorter_does(double x, int digits)
{
  char text[64];
  snprintf(text, sizeof text, "%.*e", digits - 2, x);
  return strtod(text, NULL) == x;
}

static void check_real(double x, struct fuzz_dice *d)
{
  struct sei_buf b, scratch;
  struct sei_json j;
  int r;
  sei_buf_init(&b, 64);
  sei_buf_init(&scratch, 128);
  r = sei_json_put_real(&b, x);
  if(!isfinite(x))
    MUST(r == SEI_JSON_NOT_FINITE && b.len == 0);
  else {
    MUST(r == SEI_BUF_OK && opinion_json(b.data, b.len, 1));
    MUST(memchr(b.data, '.', b.len) || memchr(b.data, 'e', b.len));
    MUST(telling(&b) < 2 || !shorter_does(x, telling(&b)));
    MUST(reads(&j, &scratch, &b, d) == SEI_JSON_REAL);
    MUST(memcmp(&j.real, &x, sizeof x) == 0);
    ends(&j);
  }
  sei_buf_free(&b);
  sei_buf_free(&scratch);
}

static void check_integer(int64_t i, struct fuzz_dice *d)
{
  struct sei_buf b, scratch;
  struct sei_json j;
  char text[32];
  sei_buf_init(&b, 64);
  sei_buf_init(&scratch, 64);
  snprintf(text, sizeof text, "%lld", (long long)i);
  MUST(sei_json_put_integer(&b, i) == SEI_BUF_OK);
  MUST(b.len == strlen(text) && memcmp(b.data, text, b.len) == 0);
  MUST(reads(&j, &scratch, &b, d) == SEI_JSON_INTEGER && j.integer == i);
  ends(&j);
  sei_buf_free(&b);
  sei_buf_free(&scratch);
}

/* Numbers with few digits are rare among random bits. */
static double few_digits(struct fuzz_bytes *b)
{
  char text[40];
  snprintf(text, sizeof text, "%de%d", (int)(int16_t)fuzz_take(b, 2),
           (int)fuzz_take(b, 2) % 340);
  return strtod(text, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_bytes b;
  struct fuzz_dice d;
  uint64_t bits;
  double x;
  if(!fuzz_seed(&d, &data, &size) || size > 4096)
    return 0;
  b.at = data;
  b.end = data + size;
  check_string((const char *)data, size, &d);
  check_real(few_digits(&b), &d);
  check_integer(fuzz_extreme(&b), &d);
  b.at = data;
  bits = fuzz_take(&b, 8);
  memcpy(&x, &bits, sizeof x);
  check_real(x, &d);
  check_integer((int64_t)bits, &d);
  return 0;
}
