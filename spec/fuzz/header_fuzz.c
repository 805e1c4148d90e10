/* header_fuzz - the list of header fields, what may stand in one, Retry-After
 * in all its forms, the account within a key. */
#define _DEFAULT_SOURCE
#include <math.h>
#include <strings.h>
#include <time.h>

#include "../../ext/http/auth.h"
#include "../../ext/http/header.h"
#include "fuzz.h"

enum { MOST = 64, NOW = 1700000000 };

struct line {
  const char *name, *value;
};

static struct line lines[MOST];
static size_t count;

/* Makes "name:value" lines of the text, in place. */
static void split(char *text)
{
  count = 0;
  while(text && *text && count < MOST) {
    char *next = strchr(text, '\n'), *colon;
    if(next)
      *next++ = '\0';
    colon = strchr(text, ':');
    if(colon)
      *colon = '\0';
    lines[count].name = text;
    lines[count++].value = colon ? colon + 1 : "";
    text = next;
  }
}

static const char *first(const char *name)
{
  size_t i;
  for(i = 0; i < count; i++)
    if(!strcasecmp(lines[i].name, name))
      return lines[i].value;
  return NULL;
}

static void check_list(char *text)
{
  struct sei_headers h;
  size_t bytes = 0, i;
  double wait;
  memset(&h, 0, sizeof h);
  split(text);
  for(i = 0; i < count; i++) {
    MUST(sei_headers_add(&h, lines[i].name, lines[i].value));
    bytes += strlen(lines[i].name) + strlen(lines[i].value);
  }
  MUST(h.count == count && h.bytes == bytes);
  for(i = 0; i < count; i++)
    MUST(!strcmp(sei_headers_get(&h, lines[i].name), first(lines[i].name)));
  MUST(!sei_headers_get(&h, "a line\nof two"));
  wait = sei_header_retry_after(&h, NOW);
  MUST(wait == -1 || (wait >= 0 && wait < 1e15));
  sei_headers_free(&h);
  MUST(!h.count && !h.list);
}

static double retry_after(const char *value, double now)
{
  struct sei_headers h;
  double wait;
  memset(&h, 0, sizeof h);
  MUST(sei_headers_add(&h, "retry-AFTER", value));
  wait = sei_header_retry_after(&h, now);
  sei_headers_free(&h);
  return wait;
}

/* The whole text as a value. Digits alone are seconds; what is read as a date
 * is long enough to be one (names of days are read over). */
static void check_value(const char *text)
{
  double wait = retry_after(text, NOW);
  size_t n = strlen(text);
  MUST(wait == -1 || (wait >= 0 && wait < 1e15));
  if(n && strspn(text, "0123456789") == n) {
    double want = strtod(text, NULL);
    MUST(want < 1e12 ? wait == want : wait >= 1e12);
  }
  else if(wait >= 0)
    MUST(n >= 24 && wait < 3e11);
}

/* Dates that C writes, in the C locale: read to the second. */
static void check_date(struct fuzz_dice *d)
{
  static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y" };
  const int64_t half = INT64_C(49) * 365 * 86400;       /* of a century */
  int64_t now = NOW + (int64_t)fuzz_below(d, (size_t)half);
  time_t then = (time_t)(now + (int64_t)fuzz_below(d, (size_t)half * 2) -
                         half);
  struct tm t;
  char text[64];
  size_t i;
  if(then < 0 || !gmtime_r(&then, &t))
    return;
  for(i = 0; i < 3; i++) {
    MUST(strftime(text, sizeof text, forms[i], &t) > 0);
    MUST(retry_after(text, (double)now) ==
         (then > now ? (double)(then - now) : 0));
  }
}

static void check_key(const char *text, size_t n, struct fuzz_dice *d)
{
  char out[64];
  size_t size = 1 + fuzz_below(d, sizeof out), i;
  struct sei_headers h;
  bool clean = true;
  if(sei_auth_account(text, out, size)) {
    MUST(strlen(out) < size && strlen(out) > 0 && !strchr(out, '.'));
    MUST(!strncmp(text + 4, out, strlen(out)));
  }
  memset(&h, 0, sizeof h);
  MUST(sei_auth_add(&h, SEI_AUTH_BY_SHAPE, text) && h.count == 1);
  MUST(strstr(h.list[0].value, text));
  sei_headers_free(&h);
  for(i = 0; i < n; i++)
    clean = clean && ((text[i] & 0xe0) || text[i] == '\t') && text[i] != 127;
  MUST(sei_header_clean(text, n) == clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_dice d;
  char *text;
  if(!fuzz_seed(&d, &data, &size) || size > 4096)
    return 0;
  text = fuzz_string(data, size);
  check_key(text, strlen(text), &d);
  check_value(text);
  check_date(&d);
  check_list(text);
  free(text);
  return 0;
}
