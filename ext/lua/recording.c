/* recording - requests and their replies on the way to a file and back.
 *
 * What is recorded is scrubbed here, while the keys are known. What is
 * replayed never comes near the network: its transfers stay out of the pool
 * until the Lua side has found their answers.
 */
#define _GNU_SOURCE /* O_CLOEXEC, O_NOFOLLOW */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../http/answer.h"
#include "client.h"
#include "error.h"
#include "options.h"
#include "shown.h"

struct sei_recorded {
  struct sei_recorded *next;
  const char *endpoint, *method;  /* static */
  char *path;               /* owned, as all that follow; below the base URL */
  char *body;               /* NULL: none */
  size_t body_len;
  struct sei_buf file, reply;
  bool is_file;
  struct sei_headers headers;
  char *problem;
  enum sei_failure failure;
  int status;
  bool done, sent, renewed, cut;
  bool taken;               /* part of the reply had been handed on */
};

/* In the order of enum sei_failure. */
static const char *const FAILURES[] = {
  "none", "connect", "tls", "timeout", "cancelled", "protocol", "too_large",
  "source", "memory", NULL
};

/* What of a reply's header makes a difference to us. */
static const char *const HEADERS[] = {
  "Content-Type", "X-Request-Id", "X-Correlation-Id", "Date", "Server", NULL
};

/* Stands for the client's base URL in a recorded Location. */
static const char BASE[] = "{base}";

/* ---- records ---- */

static void free_recorded(struct sei_recorded *r)
{
  if(!r)
    return;
  free(r->path);
  free(r->body);
  free(r->problem);
  sei_buf_free(&r->file);
  sei_buf_free(&r->reply);
  sei_headers_free(&r->headers);
  free(r);
}

static struct sei_recorded *take(struct sei_recording *list)
{
  struct sei_recorded *r = list->first;
  if(r)
    list->first = r->next;
  if(!list->first)
    list->last = NULL;
  return r;
}

void sei_recording_free(struct sei_recording *list)
{
  struct sei_recorded *r;
  while((r = take(list)))
    free_recorded(r);
  list->mode = SEI_RECORDING_OFF;
}

/* The URL below the client's base URL; another one's path as a whole. */
static const char *path_of(const struct sei_client *c, const char *url)
{
  size_t n = c->base_url ? strlen(c->base_url) : 0;
  const char *host;
  if(n && !strncmp(url, c->base_url, n))
    return url + n;
  host = strstr(url, "://");
  return host ? host + 3 + strcspn(host + 3, "/") : url;
}

/* Whether the text begins so, as a whole word of a path. */
static bool begins(const char *text, const char *with, size_t n)
{
  return n && !strncmp(text, with, n) && (!text[n] || strchr("/?#", text[n]));
}

/* A redirect to ourselves shall lead to whoever replays it: below our base
 * URL it is below theirs, elsewhere on our host it is a path. */
static bool add_location(struct sei_headers *h, const struct sei_client *c,
                         const char *location)
{
  const char *host = strstr(c->base_url, "://") + 3;
  const char *path = host + strcspn(host, "/");
  size_t origin = (size_t)(path - c->base_url);
  size_t size = strlen(location) + sizeof BASE;
  char *text = malloc(size);
  bool below, ok;
  if(!text)
    return false;
  if(begins(location, c->base_url, origin))
    location += origin;
  below = begins(location, path, strlen(path));
  snprintf(text, size, "%s%s", below ? BASE : "",
           location + (below ? strlen(path) : 0));
  sei_shown_scrub(c, text, strlen(text));
  ok = sei_headers_add(h, "Location", text);
  free(text);
  return ok;
}

static bool add_header(struct sei_headers *h, const struct sei_client *c,
                       const char *name, const char *value)
{
  char *copy;
  if(!value)
    return true;
  if(!sei_headers_add(h, name, value))
    return false;
  copy = h->list[h->count - 1].value;
  sei_shown_scrub(c, copy, strlen(copy));
  return true;
}

/* A date in Retry-After would have passed when it is replayed. */
static bool copy_headers(struct sei_recorded *r, const struct sei_client *c,
                         const struct sei_transfer *t)
{
  const struct sei_headers *h = sei_transfer_headers(t);
  const char *location = sei_headers_get(h, "Location");
  double wait = sei_header_retry_after(h, (double)time(NULL));
  char text[32];
  size_t i;
  bool ok = true;
  for(i = 0; ok && HEADERS[i]; i++)
    ok = add_header(&r->headers, c, HEADERS[i],
                    sei_headers_get(h, HEADERS[i]));
  snprintf(text, sizeof text, "%.0f", wait);
  return ok && (wait < 0 || sei_headers_add(&r->headers, "Retry-After", text))
    && (!location || add_location(&r->headers, c, location));
}

/* A scrubbed copy; NULL: no memory. */
static char *scrubbed(const struct sei_client *c, const char *s, size_t n)
{
  char *copy = malloc(n + 1);
  if(!copy)
    return NULL;
  memcpy(copy, s, n);
  copy[n] = '\0';
  sei_shown_scrub(c, copy, n);
  return copy;
}

/* Moves what the transfer kept. */
static void move_kept(struct sei_recorded *r, const struct sei_client *c,
                      struct sei_transfer *t)
{
  struct sei_kept *kept = sei_transfer_kept(t);
  r->file = kept->file;
  r->reply = kept->reply;
  sei_buf_init(&kept->file, 0);
  sei_buf_init(&kept->reply, 0);
  r->cut = kept->cut;
  if(r->file.len)
    sei_shown_scrub(c, r->file.data, r->file.len);
  if(r->reply.len)
    sei_shown_scrub(c, r->reply.data, r->reply.len);
}

static bool fill(struct sei_recorded *r, const struct sei_client *c,
                 const struct sei_exchange *x)
{
  struct sei_transfer *t = x->transfer;
  const char *path = path_of(c, x->url), *why = sei_transfer_problem(t);
  r->done = sei_transfer_state(t) == SEI_TRANSFER_DONE;
  r->endpoint = x->endpoint->name;
  r->method = x->endpoint->method;
  r->is_file = x->source != SEI_SOURCE_NONE;
  r->failure = r->done ? sei_transfer_failure(t) : SEI_FAILURE_CANCELLED;
  r->sent = sei_transfer_sent(t);
  r->status = sei_transfer_status(t);
  r->renewed = x->rekeyed;
  r->taken = x->taken;
  move_kept(r, c, t);
  r->path = scrubbed(c, path, strlen(path));
  r->problem = scrubbed(c, why, strlen(why));
  if(x->body && !r->is_file) {
    r->body = scrubbed(c, x->body, x->body_len);
    r->body_len = x->body_len;
  }
  return r->path && r->problem && (!x->body || r->is_file || r->body) &&
    copy_headers(r, c, t);
}

void sei_recording_note(struct sei_client *c, struct sei_exchange *x)
{
  struct sei_recording *list = &c->recording;
  struct sei_recorded *r;
  if(list->mode != SEI_RECORDING_RECORDS)
    return;
  r = calloc(1, sizeof *r);
  if(!r || !fill(r, c, x)) {
    free_recorded(r);
    list->lost++;
    return;
  }
  if(list->last)
    list->last->next = r;
  else
    list->first = r;
  list->last = r;
}

/* ---- what Lua takes of it ---- */

static void set_text(lua_State *L, const char *name, const char *value)
{
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_bytes(lua_State *L, const char *name, const char *bytes,
                      size_t n)
{
  lua_pushlstring(L, bytes ? bytes : "", n);
  lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
  if(!value)
    return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, name);
}

static void set_headers(lua_State *L, const struct sei_headers *h)
{
  size_t i;
  lua_createtable(L, 0, (int)h->count);
  for(i = 0; i < h->count; i++)
    set_text(L, h->list[i].name, h->list[i].value);
  lua_setfield(L, -2, "headers");
}

/* core.next_record(client): the oldest attempt, or nil. */
static int l_next_record(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  const struct sei_recorded *r = c->recording.first;
  if(!r) {
    lua_pushnil(L);
    return 1;
  }
  luaL_checkstack(L, 6, NULL);
  lua_createtable(L, 0, 14);
  set_text(L, "endpoint", r->endpoint);
  set_text(L, "method", r->method);
  set_text(L, "path", r->path);
  if(r->body)
    set_bytes(L, "body", r->body, r->body_len);
  if(r->is_file)
    set_bytes(L, "file", r->file.data, r->file.len);
  set_bytes(L, "reply", r->reply.data, r->reply.len);
  set_headers(L, &r->headers);
  if(r->status) {
    lua_pushinteger(L, r->status);
    lua_setfield(L, -2, "status");
  }
  if(r->failure != SEI_FAILURE_NONE) {
    set_text(L, "failure", FAILURES[r->failure]);
    set_text(L, "problem", r->problem);
    set_flag(L, "sent", r->sent);
    set_flag(L, "taken", r->taken);
  }
  set_flag(L, "renewed", r->renewed);
  set_flag(L, "cut", r->cut);
  free_recorded(take(&c->recording));
  return 1;
}

/* core.lost_records(client): attempts that there was no memory to keep. */
static int l_lost_records(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)sei_client_check(L, 1)->recording.lost);
  return 1;
}

/* core.record(client, max) */
static int l_record(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  c->recording.max = (size_t)luaL_checkinteger(L, 2);
  c->recording.mode = SEI_RECORDING_RECORDS;
  return 0;
}

/* ---- replays ---- */

/* core.replay(client): its requests are to be answered by core.answer. */
static int l_replay(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  c->recording.max = (size_t)-1;
  c->recording.mode = SEI_RECORDING_REPLAYS;
  return 0;
}

void sei_recording_ask(struct sei_client *c, struct sei_exchange *x)
{
  x->ask = SEI_ASK_FEEDS;
  sei_recording_tend(c, x);
}

void sei_recording_tend(struct sei_client *c, struct sei_exchange *x)
{
  (void)c;
  if(x->ask == SEI_ASK_FEEDS && x->transfer &&
     (x->source == SEI_SOURCE_NONE || sei_transfer_pump(x->transfer)))
    x->ask = SEI_ASK_READY;
}

static void set_scrubbed(lua_State *L, const struct sei_client *c,
                         const char *name, const char *s, size_t n)
{
  char *copy = lua_newuserdatauv(L, n + 1, 0);
  if(n)
    memcpy(copy, s, n);
  sei_shown_scrub(c, copy, n);
  lua_pushlstring(L, copy, n);
  lua_setfield(L, -3, name);
  lua_pop(L, 1);
}

/* The oldest one that is ready: new ones enter the list at its front. */
static struct sei_exchange *next_ready(const struct sei_client *c)
{
  struct sei_exchange *x, *oldest = NULL;
  for(x = c->exchanges; x; x = x->next)
    if(x->ask == SEI_ASK_READY && (!oldest || x->number < oldest->number))
      oldest = x;
  return oldest;
}

/* core.next_ask(client): a request that wants its answer, or nil; scrubbed as
 * the recorded ones are. */
static int l_next_ask(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  struct sei_exchange *x = c->pool ? next_ready(c) : NULL;
  const struct sei_kept *kept;
  const char *path;
  if(!x) {
    lua_pushnil(L);
    return 1;
  }
  luaL_checkstack(L, 8, NULL);
  path = path_of(c, x->url);
  kept = sei_transfer_kept(x->transfer);
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, (lua_Integer)x->number);
  lua_setfield(L, -2, "id");
  set_text(L, "endpoint", x->endpoint->name);
  set_text(L, "method", x->endpoint->method);
  set_scrubbed(L, c, "path", path, strlen(path));
  if(x->source != SEI_SOURCE_NONE)
    set_scrubbed(L, c, "file", kept->file.data, kept->file.len);
  else if(x->body)
    set_scrubbed(L, c, "body", x->body, x->body_len);
  x->ask = SEI_ASK_TAKEN;
  return 1;
}

/* Members of the answer at 3; texts stay on the stack. */
static const char *text_of(lua_State *L, const char *name, size_t *n)
{
  lua_getfield(L, 3, name);
  return lua_tolstring(L, -1, n);
}

static bool is_set(lua_State *L, const char *name)
{
  bool set;
  lua_getfield(L, 3, name);
  set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

static enum sei_failure failure_named(const char *name)
{
  int i;
  for(i = 0; name && FAILURES[i]; i++)
    if(!strcmp(FAILURES[i], name))
      return (enum sei_failure)i;
  return SEI_FAILURE_NONE;
}

/* Adds the header whose name and value are on top. false: no memory. */
static bool add_pair(lua_State *L, struct sei_headers *h,
                     const struct sei_client *c)
{
  const char *name, *value;
  luaL_checkstack(L, 4, NULL);
  lua_pushvalue(L, -2); /* lua_next() must not see its key changed */
  name = lua_tostring(L, -1);
  value = lua_tostring(L, -2);
  if(name && value && !strncmp(value, BASE, sizeof BASE - 1))
    value = lua_pushfstring(L, "%s%s", c->base_url, value + sizeof BASE - 1);
  return !name || !value || sei_headers_add(h, name, value);
}

/* Reads the headers of the answer at 3. The userdata on top owns them. */
static struct sei_headers *read_headers(lua_State *L,
                                        const struct sei_client *c)
{
  struct sei_headers *h = lua_newuserdatauv(L, sizeof *h, 0);
  int owner = lua_gettop(L);
  memset(h, 0, sizeof *h);
  luaL_setmetatable(L, "sei.answer");
  if(lua_getfield(L, 3, "headers") == LUA_TTABLE)
    for(lua_pushnil(L); lua_next(L, owner + 1); lua_settop(L, owner + 2))
      if(!add_pair(L, h, c))
        luaL_error(L, "not enough memory");
  lua_settop(L, owner);
  return h;
}

static int l_answer_gc(lua_State *L)
{
  sei_headers_free(luaL_checkudata(L, 1, "sei.answer"));
  return 0;
}

static struct sei_exchange *find(const struct sei_client *c, lua_Integer id)
{
  struct sei_exchange *x;
  for(x = c->exchanges; x; x = x->next)
    if((lua_Integer)x->number == id)
      return x;
  return NULL;
}

/* core.answer(client, id, {status=, headers=, reply=, failure=, problem=,
 * sent=, last=, open=}): what the request gets. last: it is not to be tried
 * again. open: the rest never came; it may be answered once more. */
static int l_answer(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  struct sei_exchange *x = find(c, luaL_checkinteger(L, 2));
  struct sei_answer a;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  if(!x || !x->transfer || x->ask != SEI_ASK_TAKEN)
    return 0;
  memset(&a, 0, sizeof a);
  a.headers = read_headers(L, c);
  a.status = (int)sei_option_integer(L, 3, "status", 0);
  a.failure = failure_named(text_of(L, "failure", NULL));
  a.problem = text_of(L, "problem", NULL);
  a.body = text_of(L, "reply", &a.body_len);
  a.sent = is_set(L, "sent");
  a.open = is_set(L, "open");
  if(!sei_transfer_answer(x->transfer, &a))
    luaL_error(L, "not enough memory");
  if(sei_transfer_state(x->transfer) == SEI_TRANSFER_DONE)
    x->ask = SEI_ASK_NONE;
  x->taken = x->taken || is_set(L, "last");
  return 0;
}

/* ---- the file ---- */

static int close_stream(lua_State *L)
{
  luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(s->f) == 0, NULL);
}

/* core.private_file(path): a Lua file to write, empty, that nobody else may
 * read; or nil, err. No link and no device is followed. */
static int l_private_file(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  luaL_Stream *s = lua_newuserdatauv(L, sizeof *s, 0);
  struct stat facts;
  int fd, e;
  s->closef = NULL;
  s->f = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
            0600);
  e = fd < 0 ? errno : 0;
  if(!e && fstat(fd, &facts))
    e = errno;
  else if(!e && !S_ISREG(facts.st_mode))
    e = EINVAL;
  if(!e && (fchmod(fd, 0600) || ftruncate(fd, 0) ||
            !(s->f = fdopen(fd, "w"))))
    e = errno;
  if(!e) {
    s->closef = close_stream;
    return 1;
  }
  if(fd >= 0)
    close(fd);
  sei_error_push(L, "io", "%s: %s", path, e == EINVAL ?
                 "not a regular file" : e == ELOOP ?
                 "is a link, which is not followed" : strerror(e));
  return sei_error_return(L);
}

void sei_open_recording(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"record", l_record}, {"replay", l_replay},
    {"next_record", l_next_record}, {"lost_records", l_lost_records},
    {"next_ask", l_next_ask}, {"answer", l_answer},
    {"private_file", l_private_file}, {NULL, NULL}
  };
  luaL_newmetatable(L, "sei.answer");
  lua_pushcfunction(L, l_answer_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
