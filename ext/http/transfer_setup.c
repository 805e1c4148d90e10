/* transfer_setup - turns a request into a libcurl handle.
 *
 * The options that never vary are in always(); each of them is there because
 * libcurl's own default would send, follow, wait or trust too much.
 */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "setopt.h"
#include "transfer_private.h"
#include "url.h"

/* ---- header lines ---- */

static bool add_line(struct sei_transfer *t, const char *line)
{
  struct curl_slist *grown = curl_slist_append(t->lines, line);
  if(grown)
    t->lines = grown;
  return grown != NULL;
}

/* libcurl takes "Name:" as "do not send it"; "Name;" sends it empty. */
static bool add_field(struct sei_transfer *t, const struct sei_header *h)
{
  size_t size = strlen(h->name) + strlen(h->value) + 3;
  struct sei_buf line;
  bool ok;
  sei_buf_init(&line, size);
  ok = sei_buf_room(&line, size) && /* all at once: no copies left behind */
       !sei_buf_adds(&line, h->name) &&
       !sei_buf_adds(&line, *h->value ? ": " : ";") &&
       !sei_buf_adds(&line, h->value) &&
       !sei_buf_addc(&line, '\0') &&
       add_line(t, line.data);
  sei_buf_wipe(&line);
  return ok;
}

/* The multipart's type names its boundary, which libcurl chooses. */
static bool is_ours(const struct sei_request *r, const char *name)
{
  return r->source != SEI_SOURCE_NONE && !strcasecmp(name, "Content-Type");
}

/* What libcurl would add on its own account is taken out: it waits a second
 * for "100 Continue", and calls every body a web form. */
static bool add_lines(struct sei_transfer *t, const struct sei_request *r)
{
  static const struct sei_headers none;
  const struct sei_headers *h = r->headers ? r->headers : &none;
  size_t i;
  for(i = 0; i < h->count; i++)
    if(!is_ours(r, h->list[i].name) && !add_field(t, &h->list[i]))
      return false;
  if(r->source == SEI_SOURCE_NONE && !sei_headers_get(h, "Content-Type") &&
     !add_line(t, "Content-Type:"))
    return false;
  return (sei_headers_get(h, "Accept-Encoding") ||
          add_line(t, "Accept-Encoding: gzip")) &&
         add_line(t, "Expect:");
}

/* ---- options ---- */

static void always(struct sei_setopt *s)
{
  sei_set_long(s, CURLOPT_NOSIGNAL, 1);
  sei_set_string(s, CURLOPT_PROTOCOLS_STR, "http,https");
  sei_set_long(s, CURLOPT_FOLLOWLOCATION, 0); /* x-api-key would go along */
  sei_set_long(s, CURLOPT_NETRC, CURL_NETRC_IGNORED);
  sei_set_long(s, CURLOPT_SSL_VERIFYPEER, 1);
  sei_set_long(s, CURLOPT_SSL_VERIFYHOST, 2);
  sei_set_long(s, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
  sei_set_long(s, CURLOPT_PATH_AS_IS, 1); /* it is escaped already */
  sei_set_long(s, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  sei_set_long(s, CURLOPT_HTTP_CONTENT_DECODING, 0); /* see gunzip.h */
  sei_set_long(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
  sei_set_long(s, CURLOPT_TCP_KEEPALIVE, 1);
  /* forget a resolver that hangs instead of waiting for it: start.c */
  sei_set_long(s, CURLOPT_QUICK_EXIT, 1);
}

/* Whether a used handle was sent there last. */
static bool is_set(CURL *easy, const char *url)
{
  const char *last = NULL;
  return !curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &last) && last &&
         !strcmp(last, url);
}

static void address(struct sei_transfer *t, struct sei_setopt *s,
                    const char *url)
{
  struct sei_url u = { false, false };
  enum sei_url_result r;
  if(is_set(s->easy, url))
    return; /* reading it is no small work */
  r = sei_url_read(url, &u);
  if(r == SEI_URL_BAD)
    sei_transfer_fail(t, SEI_FAILURE_PROTOCOL, "the URL is malformed");
  else if(r == SEI_URL_NOMEM)
    sei_set_answer(s, CURLE_OUT_OF_MEMORY);
  sei_set_string(s, CURLOPT_URL, url);
  /* let others wait for a first connection that may carry them all (HTTP/2) */
  sei_set_long(s, CURLOPT_PIPEWAIT, u.https);
  /* a proxy's loopback is another one */
  sei_set_string(s, CURLOPT_NOPROXY, u.loopback ? "*" : NULL);
}

static void network(struct sei_setopt *s, const struct sei_http_options *o)
{
  sei_set_seconds(s, CURLOPT_CONNECTTIMEOUT_MS, o->connect_timeout);
  sei_set_string(s, CURLOPT_USERAGENT,
                 o->user_agent ? o->user_agent : "sei/1");
  if(o->ca_file) {
    sei_set_string(s, CURLOPT_CAINFO, o->ca_file);
    sei_set_string(s, CURLOPT_PROXY_CAINFO, o->ca_file);
  }
  if(o->client_cert)
    sei_set_string(s, CURLOPT_SSLCERT, o->client_cert);
  if(o->client_key)
    sei_set_string(s, CURLOPT_SSLKEY, o->client_key);
  if(o->pinned_key)
    sei_set_string(s, CURLOPT_PINNEDPUBLICKEY, o->pinned_key);
  if(o->proxy)
    sei_set_string(s, CURLOPT_PROXY, o->proxy);
}

/* ---- the body ---- */

/* Bytes that libcurl asks for and sends at once: by the manual of
 * CURLOPT_UPLOAD_BUFFERSIZE 64 KiB if nobody says otherwise. Each piece is a
 * turn of the loop, so a body of rows goes in one, and a file in few. */
enum { PIECE_LEAST = 64 * 1024, PIECE_MOST = 512 * 1024 };

static void send_in_pieces(struct sei_setopt *s, size_t body)
{
  sei_set_long(s, CURLOPT_UPLOAD_BUFFERSIZE, body < PIECE_LEAST ? PIECE_LEAST :
               body > PIECE_MOST ? PIECE_MOST : (long)body);
}

/* libcurl sends a body that it holds in one piece with the header, and again
 * by itself where a kept connection turns out dead. */
static void plain_body(struct sei_transfer *t, struct sei_setopt *s,
                       const char *method, bool reads)
{
  sei_set_long(s, CURLOPT_POST, 1);
  sei_set_string(s, CURLOPT_POSTFIELDS, reads ? t->out : NULL); /* no copy */
  sei_set_size(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->out_len);
  send_in_pieces(s, t->out_len);
  if(!t->out_len)
    sei_set_string(s, CURLOPT_COPYPOSTFIELDS, ""); /* nothing to read */
  sei_set_string(s, CURLOPT_CUSTOMREQUEST,
                 strcmp(method, "POST") ? method : NULL);
}

static void no_body(struct sei_transfer *t, struct sei_setopt *s,
                    const char *method)
{
  bool expected = !strcmp(method, "POST") || !strcmp(method, "PUT") ||
                  !strcmp(method, "PATCH");
  if(expected) { /* Content-Length: 0 (RFC 9110 section 8.6) */
    plain_body(t, s, method, false);
    return;
  }
  sei_set_long(s, CURLOPT_HTTPGET, 1);
  if(strcmp(method, "GET"))
    sei_set_string(s, CURLOPT_CUSTOMREQUEST, method);
}

static CURLcode describe_part(struct sei_transfer *t, curl_mimepart *part,
                              const struct sei_request *r)
{
  CURLcode code = curl_mime_name(part, r->field);
  if(!code)
    code = curl_mime_filename(part, r->filename);
  if(!code && r->content_type)
    code = curl_mime_type(part, r->content_type);
  if(!code)
    code = curl_mime_data_cb(part, t->feed.size, sei_transfer_on_feed,
                             sei_transfer_on_seek, NULL, t);
  return code;
}

/* false: no memory. A file that cannot be read fails the transfer later. */
static bool multipart(struct sei_transfer *t, struct sei_setopt *s,
                      const struct sei_request *r)
{
  curl_mimepart *part;
  if(r->source == SEI_SOURCE_FILE && !sei_feed_open(&t->feed, r->path))
    sei_transfer_fail(t, SEI_FAILURE_SOURCE, "cannot read %.200s: %s",
                      r->path, errno == EINVAL ? "not a regular file" :
                      strerror(errno));
  if(r->source == SEI_SOURCE_BYTES &&
     !sei_feed_hold(&t->feed, r->body, r->body_len))
    return false;
  t->mime = curl_mime_init(s->easy);
  part = t->mime ? curl_mime_addpart(t->mime) : NULL;
  if(!part)
    return false;
  sei_set_answer(s, describe_part(t, part, r));
  sei_set_pointer(s, CURLOPT_MIMEPOST, t->mime);
  send_in_pieces(s, t->feed.size < 0 ? 0 : (size_t)t->feed.size);
  if(strcmp(r->method, "POST"))
    sei_set_string(s, CURLOPT_CUSTOMREQUEST, r->method);
  return true;
}

static bool body(struct sei_transfer *t, struct sei_setopt *s,
                 const struct sei_request *r)
{
  if(r->source != SEI_SOURCE_NONE)
    return multipart(t, s, r);
  t->out = r->body;
  t->out_len = r->body ? r->body_len : 0;
  if(r->body)
    plain_body(t, s, r->method, r->reads);
  else
    no_body(t, s, r->method);
  return true;
}

/* Requests that set the same options, whatever their values. */
static bool is_ordinary(const struct sei_request *r)
{
  return r->source == SEI_SOURCE_NONE && r->body && r->body_len;
}

static CURL *get_handle(const struct sei_transfer *t,
                        const struct sei_http_options *o)
{
  CURL *used = t->ordinary && o->handles ? sei_handles_take(o->handles) : NULL;
  return used ? used : curl_easy_init();
}

bool sei_transfer_setup(struct sei_transfer *t,
                        const struct sei_http_options *o,
                        const struct sei_request *r)
{
  struct sei_setopt s = { NULL, CURLE_OK };
  t->ordinary = is_ordinary(r);
  s.easy = t->easy = get_handle(t, o);
  if(!t->easy)
    return false;
  sei_set_pointer(&s, CURLOPT_PRIVATE, t);
  sei_set_pointer(&s, CURLOPT_ERRORBUFFER, t->words);
  always(&s);
  address(t, &s, r->url);
  network(&s, o);
  sei_transfer_callbacks(t, &s);
  if(!add_lines(t, r) || !body(t, &s, r))
    return false;
  sei_set_pointer(&s, CURLOPT_HTTPHEADER, t->lines);
  if(s.code && s.code != CURLE_OUT_OF_MEMORY)
    sei_transfer_fail(t, SEI_FAILURE_PROTOCOL, "libcurl refuses an option: %s",
                      curl_easy_strerror(s.code));
  return s.code != CURLE_OUT_OF_MEMORY;
}
