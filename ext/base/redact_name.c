/* redact_name - what stands behind the name of a secret is overwritten:
 * "password": "…", x-api-key=…, Authorization: … */
#define _DEFAULT_SOURCE
#include <ctype.h>
#include <string.h>

#include "redact.h"

enum { NAME_MAX_LEN = 24, WORD = 12 };

/* Without case, hyphens and underlines. */
static const char *const NAMES[] = {
  "authorization", "proxyauthorization", "xapikey", "apikey", "accesstoken",
  "refreshtoken", "idtoken", "authtoken", "xauthtoken", "token", "password",
  "passwd", "secret", "clientsecret", "privatekey", "cookie", "setcookie",
  NULL
};

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whether the n bytes are one of the names. */
static bool is_name(const char *s, size_t n)
{
  char plain[NAME_MAX_LEN + 1];
  size_t i, len = 0;
  for(i = 0; i < n; i++) {
    if(s[i] == '-' || s[i] == '_')
      continue;
    if(len == NAME_MAX_LEN)
      return false;
    plain[len++] = (char)tolower((unsigned char)s[i]);
  }
  plain[len] = '\0';
  for(i = 0; NAMES[i]; i++)
    if(!strcmp(NAMES[i], plain))
      return true;
  return false;
}

/* Bytes of a quotation mark with its backslashes, 0 if there is none. */
static size_t quote(const char *s, const char *end)
{
  const char *at = s;
  while(at < end && *at == '\\')
    at++;
  return at < end && *at == '"' ? (size_t)(at - s) + 1 : 0;
}

static char *blanks(char *s, const char *end)
{
  while(s < end && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'))
    s++;
  return s;
}

/* A string up to a quotation mark with as many backslashes as the opening one
 * has; more mean that it belongs to the string. */
static char *mask_string(char *s, const char *end, size_t opening)
{
  size_t backslashes = 0;
  char *from = s;
  for(; s < end; s++) {
    if(*s == '\\') {
      backslashes++;
      continue;
    }
    if(*s == '"' && (backslashes < opening ||
                     (opening == 1 && backslashes % 2 == 0))) {
      s -= backslashes < opening ? backslashes : 0;
      break;
    }
    backslashes = 0;
  }
  memset(from, '*', (size_t)(s - from));
  return s;
}

static char *mask_word(char *s, const char *end, const char *stops,
                       size_t least)
{
  char *from = s;
  while(s < end && *s && !strchr(stops, *s))
    s++;
  if((size_t)(s - from) >= least)
    memset(from, '*', (size_t)(s - from));
  return s;
}

/* The words of a line: a scheme, then what it is about. */
static char *mask_line(char *s, const char *end)
{
  static const char STOPS[] = "\r\n\"'<>,;&}";
  while(s < end && *s && !strchr(STOPS, *s)) {
    s = mask_word(s, end, " \t\r\n\"'<>,;&}", WORD);
    while(s < end && (*s == ' ' || *s == '\t'))
      s++;
  }
  return s;
}

/* What stands behind a name that ends at `s`; where to go on. */
static char *mask_behind(char *s, const char *end)
{
  size_t q = quote(s, end);
  char sign;
  s = blanks(s + q, end);
  if(s == end || (*s != ':' && *s != '='))
    return s;
  sign = *s++;
  if(sign == '=')
    return (q = quote(s, end)) ? mask_string(s + q, end, q) :
      mask_word(s, end, "& \t\r\n\"'<>;,)}]\\", 1);
  s = blanks(s, end);
  q = quote(s, end);
  return q ? mask_string(s + q, end, q) : mask_line(s, end);
}

void sei_redact_names(char *text, size_t len)
{
  char *s = text, *from;
  const char *end = len ? text + len : text;
  while(s < end) {
    while(s < end && !is_word(*s))
      s++;
    from = s;
    while(s < end && is_word(*s))
      s++;
    if(s > from && is_name(from, (size_t)(s - from)))
      s = mask_behind(s, end);
  }
}
