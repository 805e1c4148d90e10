/* transfer_io - libcurl's callbacks of one transfer.
 *
 * They append to capped buffers or set flags, nothing else: no Lua, no other
 * transfer, no waiting. Whatever they refuse they explain first with
 * sei_transfer_fail(), since libcurl only knows that they refused.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "setopt.h"
#include "transfer_private.h"

enum { REFUSAL_KEPT = 64 * 1024, /* bytes of a stream that is an error */
  REFUSAL_READ = 16 * 1024 * 1024 }; /* and how many are waited for */
enum { ROOM_MAX = 4 * 1024 * 1024 }; /* of a reply that says its length */
enum { REFUSED = 0 }; /* fewer bytes than offered: CURLE_WRITE_ERROR */

/* ---- the reply's header ---- */

static void forget_headers(struct sei_transfer *t)
{
  sei_headers_free(&t->headers);
  t->head_done = false;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": a reply begins, interim or final. */
static void status_line(struct sei_transfer *t, const char *line, size_t n)
{
  const char *blank = memchr(line, ' ', n);
  size_t rest = blank ? n - (size_t)(blank - line) : 0;
  int i, status = 0;
  for(i = 1; i <= 3 && (size_t)i < rest; i++)
    if(blank[i] >= '0' && blank[i] <= '9')
      status = status * 10 + (blank[i] - '0');
  forget_headers(t);
  t->interim = status < 200;
  t->status = t->interim ? 0 : status;
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Splits "Name: value" and keeps it. false: no memory. */
static bool field(struct sei_transfer *t, const char *line, size_t n)
{
  const char *colon = memchr(line, ':', n);
  const char *value = colon ? colon + 1 : NULL;
  const char *end = line + n;
  char *name_copy, *value_copy;
  bool ok;
  if(!colon || colon == line || is_blank(*line))
    return true; /* not a field; a folded line is obsolete (RFC 9112 5.2) */
  while(value < end && is_blank(*value))
    value++;
  while(end > value && is_blank(end[-1]))
    end--;
  name_copy = strndup(line, (size_t)(colon - line));
  value_copy = strndup(value, (size_t)(end - value));
  ok = name_copy && value_copy &&
       sei_headers_add(&t->headers, name_copy, value_copy);
  free(name_copy);
  free(value_copy);
  return ok;
}

/* Room for the whole body at once, where it says how long it is: growing step
 * by step would copy it and leave holes. Only a guess: a wrong length costs
 * nothing but memory, and of that not much. */
static void make_room(struct sei_transfer *t)
{
  const char *s = sei_headers_get(&t->headers, "Content-Length");
  size_t n = 0;
  if(t->stream || !s)
    return;
  while(*s >= '0' && *s <= '9' && n <= ROOM_MAX)
    n = n * 10 + (size_t)(*s++ - '0');
  if(n && n <= ROOM_MAX && n <= t->max_body)
    sei_buf_room(&t->body, n);
}

/* The blank line behind a final header: how is the body packed? */
static bool head_ends(struct sei_transfer *t)
{
  const char *packed = sei_headers_get(&t->headers, "Content-Encoding");
  t->head_done = true;
  if(!packed || !*packed || !strcasecmp(packed, "identity")) {
    make_room(t);
    return true;
  }
  if(strcasecmp(packed, "gzip") && strcasecmp(packed, "x-gzip")) {
    sei_transfer_fail(t, SEI_FAILURE_PROTOCOL, "the reply is packed as "
                      "\"%.40s\", which was not asked for", packed);
    return false;
  }
  t->gunzip = sei_gunzip_new();
  if(!t->gunzip)
    sei_transfer_fail(t, SEI_FAILURE_MEMORY, "no memory to unpack the reply");
  return t->gunzip != NULL;
}

static bool header_line(struct sei_transfer *t, const char *line, size_t n)
{
  if(t->head_done)
    return true; /* a trailer */
  if(n >= 5 && !memcmp(line, "HTTP/", 5)) {
    status_line(t, line, n);
    return true;
  }
  if(t->interim)
    return true;
  if(*line == '\r' || *line == '\n')
    return head_ends(t);
  if(field(t, line, n))
    return true;
  sei_transfer_fail(t, SEI_FAILURE_MEMORY, "no memory for a reply header");
  return false;
}

static size_t on_header(char *line, size_t size, size_t n, void *user)
{
  struct sei_transfer *t = user;
  size_t len = size * n;
  t->moved = sei_clock();
  if(len > t->max_header - t->header_bytes) {
    sei_transfer_fail(t, SEI_FAILURE_TOO_LARGE,
                      "the reply headers are over %zu bytes", t->max_header);
    return REFUSED;
  }
  t->header_bytes += len;
  return len && header_line(t, line, len) ? len : REFUSED;
}

/* ---- the reply's body ---- */

/* Keeps unpacked bytes, within the limit. */
static bool take(void *user, const void *bytes, size_t n)
{
  struct sei_transfer *t = user;
  enum sei_buf_result r = SEI_BUF_FULL;
  if(n <= t->max_body - t->received)
    r = sei_buf_add(&t->body, bytes, n);
  if(r == SEI_BUF_FULL)
    sei_transfer_fail(t, SEI_FAILURE_TOO_LARGE,
                      "the reply is over %zu bytes", t->max_body);
  else if(r == SEI_BUF_NOMEM)
    sei_transfer_fail(t, SEI_FAILURE_MEMORY, "no memory for the reply");
  else {
    t->received += n;
    sei_transfer_keep(t, &t->kept.reply, bytes, n);
  }
  return r == SEI_BUF_OK;
}

static bool unpack(struct sei_transfer *t, const char *bytes, size_t n)
{
  enum sei_gunzip_result r = sei_gunzip_add(t->gunzip, bytes, n, take, t);
  if(r == SEI_GUNZIP_BAD)
    sei_transfer_fail(t, SEI_FAILURE_PROTOCOL,
                      "the reply's gzip data is damaged");
  else if(r == SEI_GUNZIP_NOMEM)
    sei_transfer_fail(t, SEI_FAILURE_MEMORY, "no memory to unpack the reply");
  return r == SEI_GUNZIP_OK;
}

/* Nobody takes the rest of a stream that is an error; it is read to its end,
 * but not for ever. */
static bool skip(struct sei_transfer *t, size_t n)
{
  t->received += n;
  if(t->received <= REFUSAL_READ)
    return true;
  sei_transfer_fail(t, SEI_FAILURE_TOO_LARGE, "the refusal (status %d) is "
                    "over %d bytes", t->status, REFUSAL_READ);
  return false;
}

/* libcurl offers at most 16 KiB; packed, they may swell a thousandfold, which
 * bounds what a stream holds above its high-water mark. */
static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
  struct sei_transfer *t = user;
  size_t len = size * n;
  t->moved = sei_clock();
  if(t->stream && t->status / 100 != 2 && t->body.len > REFUSAL_KEPT)
    return skip(t, len) ? len : REFUSED;
  if(t->stream && t->body.len > SEI_STREAM_HIGH && !t->more) {
    t->recv_held = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  t->more = false;
  if(t->gunzip)
    return unpack(t, bytes, len) ? len : REFUSED;
  return take(t, bytes, len) ? len : REFUSED;
}

/* ---- the request ---- */

static size_t on_send(char *out, size_t size, size_t n, void *user)
{
  struct sei_transfer *t = user;
  size_t len = t->out_len - t->out_pos;
  if(len > size * n)
    len = size * n;
  memcpy(out, t->out + t->out_pos, len);
  t->out_pos += len;
  return len;
}

size_t sei_transfer_on_feed(char *out, size_t size, size_t n, void *user)
{
  struct sei_transfer *t = user;
  size_t len = size * n;
  switch(sei_feed_take(&t->feed, out, &len)) {
  case SEI_FEED_OK:
    sei_transfer_keep(t, &t->kept.file, out, len);
    return len;
  case SEI_FEED_EMPTY:
    t->send_held = true;
    return CURL_READFUNC_PAUSE;
  case SEI_FEED_SHORT:
    sei_transfer_fail(t, SEI_FAILURE_SOURCE,
                      "the file became shorter while it was sent");
    return CURL_READFUNC_ABORT;
  default:
    sei_transfer_fail(t, SEI_FAILURE_SOURCE, "cannot read the file: %s",
                      strerror(errno));
    return CURL_READFUNC_ABORT;
  }
}

/* libcurl goes back to the start of a body to send it a second time, after a
 * kept connection turned out dead. Whether the first one was acted upon it
 * cannot know; so the answer is no, and who may repeat it decides. */
int sei_transfer_on_seek(void *user, curl_off_t offset, int origin)
{
  (void)user;
  (void)offset;
  (void)origin;
  return CURL_SEEKFUNC_FAIL;
}

/* ---- progress ---- */

/* The connection stands and the request goes out next. */
static int on_connected(void *user, char *remote, char *local,
                        int remote_port, int local_port)
{
  struct sei_transfer *t = user;
  (void)remote;
  (void)local;
  (void)remote_port;
  (void)local_port;
  t->began = true;
  t->moved = sei_clock();
  if(t->pool)
    sei_pool_notice(t->pool, t);
  return CURL_PREREQFUNC_OK;
}

/* Sees the bytes that no other callback sees: packed ones, and those that
 * leave for the socket. */
static int on_progress(void *user, curl_off_t down_total, curl_off_t down,
                       curl_off_t up_total, curl_off_t up)
{
  struct sei_transfer *t = user;
  (void)down_total;
  (void)up_total;
  if(down != t->down || up != t->up)
    t->moved = sei_clock();
  t->down = down;
  t->up = up;
  return 0;
}

void sei_transfer_callbacks(struct sei_transfer *t, struct sei_setopt *s)
{
  CURL *e = s->easy;
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header));
  sei_set_pointer(s, CURLOPT_HEADERDATA, t);
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body));
  sei_set_pointer(s, CURLOPT_WRITEDATA, t);
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send));
  sei_set_pointer(s, CURLOPT_READDATA, t);
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_SEEKFUNCTION,
                                     sei_transfer_on_seek));
  sei_set_pointer(s, CURLOPT_SEEKDATA, t);
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_PREREQFUNCTION,
                                     on_connected));
  sei_set_pointer(s, CURLOPT_PREREQDATA, t);
  sei_set_answer(s, curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION,
                                     on_progress));
  sei_set_pointer(s, CURLOPT_XFERINFODATA, t);
  sei_set_long(s, CURLOPT_NOPROGRESS, 0);
}
