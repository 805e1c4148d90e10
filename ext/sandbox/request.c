/* request - from libmicrohttpd's callbacks to Lua and back. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <lauxlib.h>

enum {
  MAX_CONNECTIONS = 4096,
  /* Headers, and one chunk of a streamed body, must fit. */
  CONNECTION_MEMORY = 256 << 10
};

void sei_request_reset(struct sei_request *r)
{
  static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  const union MHD_ConnectionInfo *info;
  info = MHD_get_connection_info(r->connection,
                                 MHD_CONNECTION_INFO_CONNECTION_FD);
  if(!info)
    return;
  setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once,
             sizeof at_once);
  /* Dissolves the connection with a reset now. Left to the library, a FIN
   * would go first, and the peer would see a polite end. */
  (void)connect(info->connect_fd, &nobody, sizeof nobody);
}

/* ---- to Lua ---- */

struct headers {
  const char **at;      /* name, value, name, value, ...; the library's */
  int n;
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
  struct headers *h = cls;
  (void)kind;
  h->at[h->n++] = name;
  h->at[h->n++] = value ? value : "";
  return MHD_YES;
}

/* Collected first and pushed afterwards, for a push may raise and must not
 * leave by a jump through the library. */
static void push_headers(lua_State *L, struct sei_request *r)
{
  struct headers h = {.n = 0};
  int i, n = MHD_get_connection_values(r->connection, MHD_HEADER_KIND, NULL,
                                       NULL);
  h.at = lua_newuserdatauv(L, 2 * (size_t)n * sizeof *h.at + 1, 0);
  MHD_get_connection_values(r->connection, MHD_HEADER_KIND, on_header, &h);
  lua_createtable(L, h.n, 0);
  for(i = 0; i < h.n; i++) {
    lua_pushstring(L, h.at[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_remove(L, -2);
}

static void push_request(lua_State *L, struct sei_request *r)
{
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, r->id);
  lua_setfield(L, -2, "id");
  lua_pushstring(L, r->method);
  lua_setfield(L, -2, "method");
  lua_pushstring(L, r->uri);
  lua_setfield(L, -2, "uri");
  push_headers(L, r);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, r->body.len ? r->body.data : "", r->body.len);
  lua_setfield(L, -2, "body");
  lua_pushinteger(L, (lua_Integer)r->body_len);
  lua_setfield(L, -2, "body_length");
}

/* Protected: on_request, anchors, request -> seconds to wait. */
static int ask(lua_State *L)
{
  struct sei_request *r = lua_touserdata(L, 3);
  lua_pushvalue(L, 1);
  push_request(L, r);
  sei_buf_free(&r->body); /* Lua has its copy */
  lua_call(L, 1, 1);
  luaL_checktype(L, -1, LUA_TTABLE);
  sei_answer_read(L, r);
  lua_getfield(L, -1, "delay");
  return 1;
}

/* Protected: on_done, anchors, request. */
static int done(lua_State *L)
{
  struct sei_request *r = lua_touserdata(L, 3);
  lua_pushnil(L);
  lua_rawsetp(L, 2, r);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, r->id);
  lua_call(L, 1, 0);
  return 0;
}

/* Calls one of the two above. What fails is told by Lua's warnings. */
static bool protected_call(struct sei_request *r, lua_CFunction f,
                           int callback, int results)
{
  lua_State *L = r->host->L;
  lua_pushcfunction(L, f);
  lua_pushvalue(L, callback);
  lua_pushvalue(L, SEI_HOST_ANCHORS);
  lua_pushlightuserdata(L, r);
  if(lua_pcall(L, 3, results, 0) == LUA_OK)
    return true;
  if(lua_type(L, -1) == LUA_TSTRING)
    lua_warning(L, lua_tostring(L, -1), 0);
  lua_pop(L, 1);
  return false;
}

/* Asks Lua; answers the seconds that the answer is held back. */
static double ask_lua(struct sei_request *r)
{
  double delay = 0;
  r->seen = true;
  if(protected_call(r, ask, SEI_HOST_ON_REQUEST, 1)) {
    delay = lua_tonumber(r->host->L, -1);
    lua_pop(r->host->L, 1);
  }
  else
    sei_answer_failed(r);
  return delay;
}

/* ---- from libmicrohttpd ---- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
  struct sei_host *h = cls;
  struct sei_request *r = calloc(1, sizeof *r);
  if(!r)
    return NULL;
  r->host = h;
  r->connection = c;
  r->id = ++h->last_id;
  r->uri = strdup(uri);
  sei_buf_init(&r->body, h->max_body);
  return r;
}

static void keep(struct sei_request *r, const char *bytes, size_t n)
{
  r->body_len += n;
  if(r->body_len <= r->host->max_body)
    sei_buf_add(&r->body, bytes, n);
}

static enum MHD_Result send_answer(struct sei_request *r)
{
  if(!r->response) {
    if(r->ending == SEI_ENDING_RESET)
      sei_request_reset(r);
    return MHD_NO; /* closes */
  }
  return MHD_queue_response(r->connection, r->status, r->response);
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *c,
                                 const char *url, const char *method,
                                 const char *version, const char *data,
                                 size_t *len, void **context)
{
  struct sei_request *r = *context;
  (void)cls; (void)c; (void)url; (void)version;
  if(!r || !r->uri || !r->host->L)
    return MHD_NO;
  if(!r->begun) {
    r->begun = true;
    r->method = method;
    return MHD_YES;
  }
  if(*len) {
    keep(r, data, *len);
    *len = 0;
    return MHD_YES;
  }
  if(!r->seen) {
    double delay = ask_lua(r);
    if(delay > 0) {
      sei_host_wait(r, delay);
      return MHD_YES;
    }
  }
  return send_answer(r);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **context,
                         enum MHD_RequestTerminationCode code)
{
  struct sei_request *r = *context;
  (void)cls; (void)c;
  if(!r)
    return;
  *context = NULL;
  if(r->response && r->ending == SEI_ENDING_RESET
     && code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
    sei_request_reset(r);
  if(r->seen && r->host->L)
    protected_call(r, done, SEI_HOST_ON_DONE, 0);
  if(r->response)
    MHD_destroy_response(r->response);
  sei_buf_free(&r->body);
  free(r->uri);
  free(r);
}

/* The library must leave paths and queries alone: Lua reads them as sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *c, char *s)
{
  (void)cls; (void)c;
  return strlen(s);
}

int sei_request_listen(struct sei_host *h, uint16_t port)
{
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
  const union MHD_DaemonInfo *info;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  errno = 0;
  h->daemon = MHD_start_daemon(
    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL,
    on_access, h,
    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&here,
    MHD_OPTION_URI_LOG_CALLBACK, on_uri, h,
    MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
    MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
    MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
    MHD_OPTION_END);
  if(!h->daemon)
    return errno ? errno : EADDRINUSE;
  info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
  h->port = info ? info->port : port;
  return 0;
}
