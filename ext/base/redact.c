/* redact - secrets are overwritten wherever they stand in a text, whatever
 * was done to them on the way: see redact.h. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Characters that prove a secret when only its first part is there; bytes
 * that one character may take ("&#x2f;", "\\u002f"), escaped twice. */
enum { PART = 12, LONGEST_ESCAPE = 8, BACKSLASHES = 8 };

/* ---- one character, however it is written ---- */

static int hex_digit(char c)
{
  return c >= '0' && c <= '9' ? c - '0' :
    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value of n hexadecimal digits, or -1. */
static long hex(const char *text, size_t len, size_t n)
{
  long value = 0;
  size_t i;
  if(len < n)
    return -1;
  for(i = 0; i < n; i++) {
    int digit = hex_digit(text[i]);
    if(digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* base64 has two alphabets. */
static bool same(char a, char b, bool base64)
{
  if(a == b)
    return true;
  return base64 && ((a == '-' && b == '+') || (a == '_' && b == '/'));
}

static bool same_code(long code, char c, bool base64)
{
  return code >= 0 && code < 256 && same((char)code, c, base64);
}

/* "\/", "\u002f", with more backslashes if it was escaped again. */
static size_t json_escaped(const char *text, size_t len, char c, bool base64)
{
  size_t n = 0;
  while(n < len && n < BACKSLASHES && text[n] == '\\')
    n++;
  if(!n)
    return 0;
  if(c == '\\') { /* a form has single backslashes only: see single() */
    long code = n < len && text[n] == 'u' ?
      hex(text + n + 1, len - n - 1, 4) : -1;
    if(code == '\\')
      return n + 5;
    return n > 1 && code >= 0 ? n - 1 : n; /* the last is the next one's */
  }
  if(n < len && text[n] == c && strchr("/\"'", c))
    return n + 1;
  return n < len && text[n] == 'u' &&
    same_code(hex(text + n + 1, len - n - 1, 4), c, base64) ? n + 5 : 0;
}

/* "%2f", "%252f", "%25252f" */
static size_t percent_encoded(const char *text, size_t len, char c,
                              bool base64)
{
  size_t n;
  for(n = 1; n <= 5 && n < len; n += 2) {
    if(same_code(hex(text + n, len - n, 2), c, base64))
      return n + 2;
    if(len - n < 2 || text[n] != '2' || text[n + 1] != '5')
      break;
  }
  return 0;
}

/* "&#47;", "&#x2f;", and the five that have names */
static size_t html_escaped(const char *text, size_t len, char c, bool base64)
{
  static const struct { const char *name; char c; } NAMES[] = {
    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
    {"&apos;", '\''}
  };
  size_t i, n = 2;
  long code = 0;
  for(i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if(c == NAMES[i].c && len >= strlen(NAMES[i].name) &&
       !memcmp(text, NAMES[i].name, strlen(NAMES[i].name)))
      return strlen(NAMES[i].name);
  if(len < 4 || text[1] != '#')
    return 0;
  if(text[2] == 'x' || text[2] == 'X')
    for(n = 3; n < len && n < 7 && hex_digit(text[n]) >= 0; n++)
      code = code * 16 + hex_digit(text[n]);
  else
    for(; n < len && n < 6 && isdigit((unsigned char)text[n]); n++)
      code = code * 10 + (text[n] - '0');
  return n < len && text[n] == ';' && same_code(code, c, base64) ? n + 1 : 0;
}

/* Bytes at the beginning of the text that stand for the character; 0: it is
 * another one. */
static size_t one(const char *text, size_t len, char c, bool base64)
{
  size_t n;
  if(!len)
    return 0;
  if(*text == '\\')
    return json_escaped(text, len, c, base64);
  if(*text == '%' && (n = percent_encoded(text, len, c, base64)))
    return n;
  if(*text == '&' && (n = html_escaped(text, len, c, base64)))
    return n;
  return same(*text, c, base64);
}

/* Bytes of a line break in the midst of base64, raw or escaped. */
static size_t line_break(const char *text, size_t len)
{
  size_t n = 0, i;
  for(;;) {
    for(i = n; i < len && text[i] == '\\' && i - n < BACKSLASHES; i++)
      ;
    if(i > n && i < len && (text[i] == 'r' || text[i] == 'n'))
      n = i + 1;
    else if(i == n && n < len && (text[n] == '\r' || text[n] == '\n'))
      n++;
    else
      return n;
  }
}

/* Bytes of the word that goes on here. */
static size_t word(const char *text, size_t len)
{
  size_t n = 0;
  while(n < len && (isalnum((unsigned char)text[n]) ||
                    (text[n] && strchr("._-", text[n]))))
    n++;
  return n;
}

/* ---- a secret ---- */

/* Bytes of the second one of two quotation marks, as CSV writes one, unless
 * the form has two. The first one's `width` bytes stand before `text`. */
static size_t second_quote(const char *text, size_t len, size_t width,
                           const struct sei_redact_form *f, size_t n)
{
  if(f->bytes[n] != '"' || (n + 1 < f->len && f->bytes[n + 1] == '"'))
    return 0;
  return len >= width && !memcmp(text - width, text, width) ? width : 0;
}

/* Bytes at the beginning of the text that show the form or enough of it. What
 * only begins like it may be another key of the same account: the whole word
 * goes. */
static size_t shown(const char *text, size_t len,
                    const struct sei_redact_form *f, bool base64)
{
  size_t at = 0, n = 0, width;
  while(n < f->len) {
    if(base64 && n)
      at += line_break(text + at, len - at);
    width = one(text + at, len - at, f->bytes[n], base64);
    if(!width)
      break;
    at += width;
    at += second_quote(text + at, len - at, width, f, n);
    n++;
  }
  if(n == f->len)
    return at;
  if(n >= PART)
    return at + word(text + at, len - at);
  return at == len && n >= SEI_REDACT_SHORTEST ? at : 0;
}

/* Bytes at the beginning of the text that show any secret: the most that one
 * of them accounts for, since keys of one account begin alike. */
static size_t any_shown(const struct sei_redact *r, const char *text,
                        size_t len)
{
  size_t s, f, width, most = 0;
  for(s = 0; s < SEI_REDACT_SECRETS && s < r->count; s++)
    for(f = 0; f < SEI_REDACT_FORMS; f++) {
      const struct sei_redact_form *form = &r->forms[s][f];
      width = form->len ? shown(text, len, form, f > 0) : 0;
      if(width > most)
        most = width;
    }
  return most;
}

void sei_redact_values(const struct sei_redact *r, char *text, size_t len)
{
  size_t i = 0, width;
  if(!r->count)
    return;
  while(i < len) {
    width = r->begins[(unsigned char)text[i]] ?
      any_shown(r, text + i, len - i) : 0;
    memset(text + i, '*', width);
    i += width ? width : 1;
  }
}

size_t sei_redact_beyond(const struct sei_redact *r)
{
  return r->longest * LONGEST_ESCAPE;
}

/* ---- the forms of a secret ---- */

/* Copies with runs of backslashes made one: how many there are depends on
 * how often it was escaped. */
static bool single(struct sei_redact_form *f, const char *secret, size_t n)
{
  size_t i;
  f->bytes = malloc(n);
  if(!f->bytes)
    return false;
  for(i = 0; i < n; i++)
    if(secret[i] != '\\' || !i || secret[i - 1] != '\\')
      f->bytes[f->len++] = secret[i];
  return true;
}

/* What base64 makes of the secret when `before` bytes stand before it in the
 * same group of three: the characters that depend on nothing but it. */
static bool base64_form(struct sei_redact_form *f, const char *secret,
                        size_t n, size_t before)
{
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t first = before ? before + 1 : 0, end = (before + n) * 8 / 6, i;
  f->bytes = malloc(end + 1);
  if(!f->bytes)
    return false;
  for(i = first; i < end; i++) {
    size_t bit = i * 6, at = bit / 8 - before, shift = bit % 8;
    unsigned pair = (unsigned)(unsigned char)secret[at] << 8;
    if(at + 1 < n)
      pair |= (unsigned char)secret[at + 1];
    f->bytes[f->len++] = DIGITS[pair >> (10 - shift) & 63];
  }
  return true;
}

static void wipe(struct sei_redact_form *f)
{
  if(f->bytes)
    explicit_bzero(f->bytes, f->len);
  free(f->bytes);
  f->bytes = NULL;
  f->len = 0;
}

static bool make(struct sei_redact_form *forms, const char *secret, size_t n)
{
  size_t i;
  bool ok = single(&forms[0], secret, n);
  for(i = 1; ok && i < SEI_REDACT_FORMS; i++)
    ok = base64_form(&forms[i], secret, n, i - 1);
  for(i = 0; !ok && i < SEI_REDACT_FORMS; i++)
    wipe(&forms[i]);
  return ok;
}

static bool is_known(const struct sei_redact *r,
                     const struct sei_redact_form *f)
{
  size_t s;
  for(s = 0; s < SEI_REDACT_SECRETS && s < r->count; s++)
    if(r->forms[s][0].len == f->len &&
       !memcmp(r->forms[s][0].bytes, f->bytes, f->len))
      return true;
  return false;
}

/* Computed anew, since a secret may have been forgotten. */
static void index_forms(struct sei_redact *r)
{
  size_t s, f;
  memset(r->begins, 0, sizeof r->begins);
  r->begins['\\'] = r->begins['%'] = r->begins['&'] = true;
  r->begins['-'] = r->begins['_'] = true;
  r->longest = 0;
  for(s = 0; s < SEI_REDACT_SECRETS && s < r->count; s++)
    for(f = 0; f < SEI_REDACT_FORMS; f++)
      if(r->forms[s][f].len) {
        r->begins[(unsigned char)r->forms[s][f].bytes[0]] = true;
        if(r->forms[s][f].len > r->longest)
          r->longest = r->forms[s][f].len;
      }
}

bool sei_redact_add(struct sei_redact *r, const char *secret, size_t n)
{
  struct sei_redact_form forms[SEI_REDACT_FORMS];
  size_t place = r->count % SEI_REDACT_SECRETS, i;
  if(n < SEI_REDACT_SHORTEST)
    return true;
  memset(forms, 0, sizeof forms);
  if(!make(forms, secret, n))
    return false;
  if(is_known(r, &forms[0])) {
    for(i = 0; i < SEI_REDACT_FORMS; i++)
      wipe(&forms[i]);
    return true;
  }
  for(i = 0; i < SEI_REDACT_FORMS; i++) {
    wipe(&r->forms[place][i]);
    r->forms[place][i] = forms[i];
  }
  r->count++;
  index_forms(r);
  return true;
}

void sei_redact_wipe(struct sei_redact *r)
{
  size_t s, f;
  for(s = 0; s < SEI_REDACT_SECRETS; s++)
    for(f = 0; f < SEI_REDACT_FORMS; f++)
      wipe(&r->forms[s][f]);
  explicit_bzero(r, sizeof *r);
}
