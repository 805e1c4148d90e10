/* redact_fuzz - a secret in a text, as it is, as JSON or percent-encoded, is
 * found wherever it stands, and nothing else is touched. */
#include "../../ext/base/redact.h"
#include "fuzz.h"

enum { LONGEST = 2048, SECRET = 40, SHORTEST = 4, PART = 12 };

static char text[LONGEST], before[LONGEST], plain[LONGEST], secret[SECRET];
static size_t len, n;

/* ---- making a text ---- */

static void add(const char *bytes, size_t count)
{
  if(count > LONGEST - len)
    count = LONGEST - len;
  memcpy(text + len, bytes, count);
  len += count;
}

static void add_json(const char *s, size_t count, struct fuzz_dice *d)
{
  char out[8];
  for(; count; count--, s++) {
    bool must = *s == '"' || *s == '\\';
    if(fuzz_below(d, 4) == 0)
      snprintf(out, sizeof out, fuzz_below(d, 2) ? "\\u%04x" : "\\u%04X",
               (unsigned)*s);
    else if(must || (*s == '/' && fuzz_below(d, 2)))
      snprintf(out, sizeof out, "\\%c", *s);
    else
      snprintf(out, sizeof out, "%c", *s);
    add(out, strlen(out));
  }
}

static void add_percent(const char *s, size_t count, struct fuzz_dice *d)
{
  char out[8];
  for(; count; count--, s++) {
    if(strchr("%/+= \"\\", *s) || fuzz_below(d, 4) == 0)
      snprintf(out, sizeof out, fuzz_below(d, 2) ? "%%%02x" : "%%%02X",
               (unsigned)*s);
    else
      snprintf(out, sizeof out, "%c", *s);
    add(out, strlen(out));
  }
}

/* Few characters, so that a secret looks like its own middle. No two
 * backslashes in a row: those are not looked for in every spelling. */
static void make_secret(struct fuzz_dice *d)
{
  static const char letters[] = "aabb/+=%\\\"x.";
  size_t i, kinds = 1 + fuzz_below(d, sizeof letters - 1);
  n = SHORTEST + fuzz_below(d, SECRET - SHORTEST);
  for(i = 0; i < n; i++)
    secret[i] = letters[fuzz_below(d, kinds)];
  for(i = 1; i < n; i++)
    if(secret[i] == '\\' && secret[i - 1] == '\\')
      secret[i] = 'a';
}

/* The secret, in one of three spellings, all of it or a beginning. */
static void add_secret(int spelling, struct fuzz_dice *d)
{
  size_t count = fuzz_below(d, 3) ? n : fuzz_below(d, n + 1);
  if(spelling == 0)
    add(secret, count);
  else if(spelling == 1)
    add_json(secret, count, d);
  else
    add_percent(secret, count, d);
}

/* ---- reading it ---- */

static int hex(const char *s, size_t digits)
{
  char copy[8] = "", *end;
  long v;
  memcpy(copy, s, digits);
  v = strtol(copy, &end, 16);
  return *end || strchr("+-x ", copy[0]) ? -1 : (int)(v & 0xff);
}

/* One character of the text at i in that spelling; moves i. */
static char one(size_t *i, int spelling)
{
  char c = text[(*i)++];
  size_t left = len - *i;
  if(spelling == 2 && c == '%' && left >= 2 && hex(text + *i, 2) >= 0) {
    c = (char)hex(text + *i, 2);
    *i += 2;
  }
  else if(spelling == 1 && c == '\\' && left && text[*i] == 'u') {
    if(left >= 5 && hex(text + *i + 1, 4) >= 0) {
      c = (char)hex(text + *i + 1, 4);
      *i += 5;
    }
  }
  else if(spelling == 1 && c == '\\' && left && strchr("\"\\/", text[*i]))
    c = text[(*i)++];
  return c;
}

/* How often as much of the secret as may not be seen is there. */
static size_t seen(int spelling)
{
  size_t i = 0, count = 0, k = 0, m = n < PART ? n : PART;
  while(i < len)
    plain[k++] = one(&i, spelling);
  for(i = 0; k >= m && i <= k - m; i++)
    count += memcmp(plain + i, secret, m) == 0;
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_bytes b;
  struct fuzz_dice d;
  struct sei_redact known = {0};
  size_t i;
  char *copy;
  int spelling;
  if(!fuzz_seed(&d, &data, &size) || size > 256)
    return 0;
  make_secret(&d);
  b.at = data;
  b.end = data + size;
  spelling = (int)fuzz_below(&d, 3);
  for(len = 0; b.at < b.end; ) {
    char c = (char)fuzz_take(&b, 1);
    if(fuzz_below(&d, 8) == 0)
      add_secret(spelling, &d);
    else
      add(&c, 1);
  }
  memcpy(before, text, len);
  copy = fuzz_copy(text, len);
  MUST(sei_redact_add(&known, secret, n));
  sei_redact_values(&known, copy, len);
  sei_redact_wipe(&known);
  memcpy(text, copy, len);
  free(copy);
  MUST(seen(spelling) == 0);
  for(i = 0; i < len; i++)
    MUST(text[i] == before[i] || text[i] == '*');
  return 0;
}
