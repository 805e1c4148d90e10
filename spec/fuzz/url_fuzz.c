/* url_fuzz - the check of a base URL: what passes has no secret in it, is not
 * in the clear to another machine, and is the same machine when a path is put
 * behind it. Addresses are numbers here; nothing is looked up. */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>

#include "../../ext/http/transfer.h"
#include "../../ext/http/url.h"
#include "fuzz.h"

/* One part of the URL as libcurl sees it; NULL if it has none. Freed with
 * curl_free(). */
static char *part(const char *url, CURLUPart what)
{
  CURLU *u = curl_url();
  char *text = NULL;
  if(!u || curl_url_set(u, CURLUPART_URL, url, 0) ||
     curl_url_get(u, what, &text, 0))
    text = NULL;
  curl_url_cleanup(u);
  return text;
}

static void has_no(const char *url, CURLUPart what)
{
  char *text = part(url, what);
  MUST(!text);
  curl_free(text);
}

static bool loops_back(const struct addrinfo *a)
{
  if(a->ai_family == AF_INET) {
    const void *address = a->ai_addr;
    const struct sockaddr_in *four = address;
    return ntohl(four->sin_addr.s_addr) >> 24 == 127;
  }
  if(a->ai_family == AF_INET6) {
    const void *address = a->ai_addr;
    const struct sockaddr_in6 *six = address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
  }
  return false;
}

/* The C library's opinion on where it leads. */
static bool is_this_machine(const char *host)
{
  struct addrinfo hints, *a = NULL;
  char bare[64] = "";
  bool yes;
  if(!strcasecmp(host, "localhost"))
    return true;
  if(*host == '[')
    memcpy(bare, host + 1, strcspn(host + 1, "]") % sizeof bare);
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  if(getaddrinfo(*bare ? bare : host, NULL, &hints, &a))
    return false;
  yes = loops_back(a);
  freeaddrinfo(a);
  return yes;
}

/* The same machine, where libcurl would connect to. */
static void check_host(const char *url, const char *call, bool loopback)
{
  char *host = part(url, CURLUPART_HOST), *same = part(call, CURLUPART_HOST);
  MUST(host && same && !strcmp(host, same));
  MUST(!loopback || is_this_machine(host));
  curl_free(host);
  curl_free(same);
}

static void check(const char *url)
{
  const char *open = sei_url_check(url, true);
  const char *strict = sei_url_check(url, false);
  struct sei_url u, longer;
  char *call;
  MUST(!open || strict);
  if(open)
    return;
  MUST(sei_header_clean(url, strlen(url)) && !strpbrk(url, " ?#\\"));
  MUST(sei_url_read(url, &u) == SEI_URL_OK);
  MUST(u.https == !strncasecmp(url, "https:", 6));
  MUST((strict == NULL) == (u.https || u.loopback));
  has_no(url, CURLUPART_USER);
  has_no(url, CURLUPART_PASSWORD);
  has_no(url, CURLUPART_OPTIONS);
  call = malloc(strlen(url) + 32);
  if(!call)
    abort();
  sprintf(call, "%s/v1/org/users?page=0", url);
  MUST(sei_url_read(call, &longer) == SEI_URL_OK);
  MUST(longer.https == u.https && longer.loopback == u.loopback);
  check_host(url, call, u.loopback);
  free(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text;
  if(size > 1024)
    return 0;
  text = fuzz_string(data, size);
  check(text);
  free(text);
  return 0;
}
