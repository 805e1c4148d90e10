/* url - checks a base URL: well-formed, no secrets, not in the clear. */
#define _DEFAULT_SOURCE
#include "url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "libcurl.h"
#include "transfer.h"

/* `host` as libcurl gives it: 127.1 is already 127.0.0.1, IPv6 in brackets. */
static bool is_loopback(const char *host)
{
  struct in_addr four;
  struct in6_addr six;
  char bare[INET6_ADDRSTRLEN];
  size_t n = strlen(host);
  if(!strcasecmp(host, "localhost"))
    return true;
  if(inet_pton(AF_INET, host, &four) == 1)
    return ntohl(four.s_addr) >> 24 == 127;
  if(n < 3 || host[0] != '[' || n - 2 >= sizeof bare)
    return false;
  memcpy(bare, host + 1, n - 2);
  bare[n - 2] = '\0';
  return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool is_https(const char *scheme)
{
  return !strcasecmp(scheme, "https");
}

static bool is_http(const char *scheme)
{
  return !strcasecmp(scheme, "http");
}

/* Asks `look` about one part of the URL. */
static CURLUcode part(CURLU *u, CURLUPart what, bool (*look)(const char *),
                      bool *answer)
{
  char *text = NULL;
  CURLUcode code = curl_url_get(u, what, &text, 0);
  if(!code)
    *answer = look(text);
  curl_free(text);
  return code;
}

static CURLUcode read_parts(CURLU *u, const char *url, struct sei_url *out)
{
  bool http = false;
  CURLUcode code = curl_url_set(u, CURLUPART_URL, url, 0);
  if(!code)
    code = part(u, CURLUPART_SCHEME, is_https, &out->https);
  if(!code)
    code = part(u, CURLUPART_SCHEME, is_http, &http);
  if(!code)
    code = part(u, CURLUPART_HOST, is_loopback, &out->loopback);
  if(!code && !out->https && !http)
    code = CURLUE_UNSUPPORTED_SCHEME;
  return code;
}

enum sei_url_result sei_url_read(const char *url, struct sei_url *out)
{
  CURLU *u = curl_url();
  CURLUcode code = u ? read_parts(u, url, out) : CURLUE_OUT_OF_MEMORY;
  curl_url_cleanup(u);
  return !code ? SEI_URL_OK : code == CURLUE_OUT_OF_MEMORY ? SEI_URL_NOMEM :
         SEI_URL_BAD;
}

/* Whether there is an @ before the path; libcurl would take what stands
 * before it for a name and password. */
static bool has_user_info(const char *url)
{
  const char *host = strstr(url, "://");
  if(!host)
    return false;
  host += 3;
  host += strspn(host, "/"); /* libcurl passes over up to two more */
  return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

const char *sei_url_check(const char *base_url, bool allow_http)
{
  struct sei_url u = { false, false };
  size_t n = strlen(base_url);
  if(!sei_header_clean(base_url, n) || strpbrk(base_url, " \t\\"))
    return "it has a blank, a backslash or a control character";
  if(strncasecmp(base_url, "https://", 8) &&
     strncasecmp(base_url, "http://", 7))
    return "it does not begin with https:// (or http://)";
  if(strchr(base_url, '?'))
    return "it has a query (?)";
  if(strchr(base_url, '#'))
    return "it has a fragment (#)";
  if(has_user_info(base_url))
    return "it has a user name (@); a key does not belong into a URL";
  if(!strncmp(strstr(base_url, "://"), ":///", 4))
    return "its host or port is malformed";
  switch(sei_url_read(base_url, &u)) {
  case SEI_URL_BAD:
    return "its host or port is malformed";
  case SEI_URL_NOMEM:
    return "not enough memory to look at it";
  default:
    break;
  }
  if(!u.https && !u.loopback && !allow_http)
    return "it is plain http to another machine, where the key could be read; "
           "use https, or allow_http = true";
  return NULL;
}
