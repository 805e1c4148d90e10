/* host - the Lua module sei.sandbox.host: listen, run, stop. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>

#define HOST_TYPE "sei.sandbox.host"

enum { MAX_BODY_DEFAULT = 256 << 20 };

__attribute__((visibility("default")))
int luaopen_sei_sandbox_host(lua_State *L);

double sei_host_now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- requests that wait, soonest first ---- */

static void unlink_waiting(struct sei_host *h, struct sei_request *r)
{
  if(r->prev)
    r->prev->next = r->next;
  else
    h->first = r->next;
  if(r->next)
    r->next->prev = r->prev;
  else
    h->last = r->prev;
  r->waiting = false;
}

/* With one latency for all, each new one goes to the end: look from there. */
static void link_waiting(struct sei_host *h, struct sei_request *r)
{
  struct sei_request *after = h->last;
  while(after && after->due > r->due)
    after = after->prev;
  r->prev = after;
  r->next = after ? after->next : h->first;
  if(r->next)
    r->next->prev = r;
  else
    h->last = r;
  if(after)
    after->next = r;
  else
    h->first = r;
  r->waiting = true;
}

void sei_host_wait(struct sei_request *r, double seconds)
{
  r->due = sei_host_now() + seconds;
  link_waiting(r->host, r);
  MHD_suspend_connection(r->connection);
}

void sei_host_wake(struct sei_host *h, double now, bool all)
{
  while(h->first && (all || h->first->due <= now)) {
    struct sei_request *r = h->first;
    unlink_waiting(h, r);
    MHD_resume_connection(r->connection);
  }
}

/* ---- the loop ---- */

struct loop {
  struct sei_host *host;
  struct pollfd fds[3];       /* the daemon, the signals, standard input */
  nfds_t count;
  const char *ended;          /* why, once it has */
};

/* Milliseconds until something is due without anybody's sending; -1: never. */
static int loop_timeout(struct sei_host *h)
{
  MHD_UNSIGNED_LONG_LONG ms = 0;
  double left = -1;
  if(MHD_get_timeout(h->daemon, &ms) == MHD_YES)
    left = (double)ms;
  if(h->first) {
    double due = (h->first->due - sei_host_now()) * 1000;
    due = due > 0 ? due + 0.999 : 0; /* never wake too early, or we spin */
    if(left < 0 || due < left)
      left = due;
  }
  return left > 60000 ? 60000 : (int)left;
}

static bool input_ended(int fd)
{
  char scrap[4096];
  ssize_t n = read(fd, scrap, sizeof scrap);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void loop_step(struct loop *l)
{
  struct sei_host *h = l->host;
  if(poll(l->fds, l->count, loop_timeout(h)) < 0)
    return; /* EINTR: the next round sees it */
  if(l->fds[1].revents)
    l->ended = "signal";
  else if(l->count > 2 && l->fds[2].revents && input_ended(STDIN_FILENO))
    l->ended = "eof";
  sei_host_wake(h, sei_host_now(), false);
  MHD_run(h->daemon);
}

static void loop_run(struct loop *l, bool until_eof)
{
  const union MHD_DaemonInfo *info;
  info = MHD_get_daemon_info(l->host->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if(!info) {
    l->ended = "no epoll";
    return;
  }
  l->fds[0] = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
  l->fds[2] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  l->count = until_eof ? 3 : 2;
  while(!l->ended)
    loop_step(l);
}

/* Tells Lua that from now on a signal ends the loop, and nothing else. */
static void tell_ready(struct loop *l)
{
  lua_State *L = l->host->L;
  lua_pushvalue(L, SEI_HOST_ON_READY);
  if(lua_pcall(L, 0, 0, 0) == LUA_OK)
    return;
  if(lua_type(L, -1) == LUA_TSTRING)
    lua_warning(L, lua_tostring(L, -1), 0);
  lua_pop(L, 1);
  l->ended = "not ready";
}

/* Nothing in here may raise: the signal mask and its descriptor are bare. */
static void run_guarded(struct loop *l, bool until_eof)
{
  sigset_t ours, before;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGINT);
  sigprocmask(SIG_BLOCK, &ours, &before);
  l->fds[1] = (struct pollfd){.events = POLLIN};
  l->fds[1].fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
  if(l->fds[1].fd < 0)
    l->ended = "no signalfd";
  else {
    struct signalfd_siginfo scrap;
    tell_ready(l);
    loop_run(l, until_eof);
    /* Taken off, or the mask's return would deliver it after all. */
    while(read(l->fds[1].fd, &scrap, sizeof scrap) > 0)
      continue;
    close(l->fds[1].fd);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ---- what Lua sees ---- */

static void host_close(struct sei_host *h)
{
  struct MHD_Daemon *daemon = h->daemon;
  if(!daemon)
    return;
  sei_host_wake(h, 0, true); /* a suspended connection cannot be closed */
  h->daemon = NULL;
  MHD_stop_daemon(daemon);
}

static struct sei_host *check_host(lua_State *L)
{
  struct sei_host *h = luaL_checkudata(L, 1, HOST_TYPE);
  luaL_argcheck(L, h->daemon, 1, "the host is closed");
  return h;
}

/*** Listens on 127.0.0.1.
@function listen
@tparam[opt=0] int port the port; 0 is any that is free
@tparam[opt=268435456] int max_body bytes of a request body that are kept
@treturn[1] host
@treturn[2] nil when the port cannot be had
@treturn[2] string why */
static int l_host_listen(lua_State *L)
{
  lua_Integer port = luaL_optinteger(L, 1, 0);
  lua_Integer max = luaL_optinteger(L, 2, MAX_BODY_DEFAULT);
  struct sei_host *h;
  int err;
  luaL_argcheck(L, port >= 0 && port <= 65535, 1, "a port is 0 to 65535");
  luaL_argcheck(L, max > 0, 2, "at least one byte");
  h = lua_newuserdatauv(L, sizeof *h, 0);
  memset(h, 0, sizeof *h);
  h->max_body = (size_t)max;
  luaL_setmetatable(L, HOST_TYPE);
  err = sei_request_listen(h, (uint16_t)port);
  if(!err)
    return 1;
  luaL_pushfail(L);
  lua_pushfstring(L, "cannot listen on 127.0.0.1:%d: %s", (int)port,
                  strerror(err));
  return 2;
}

/*** The port that it listens on.
@function host:port
@treturn int */
static int l_host_port(lua_State *L)
{
  lua_pushinteger(L, check_host(L)->port);
  return 1;
}

/*** Serves until SIGTERM, SIGINT or the end of standard input; then closes.

A request is `{id, method, uri, headers = {name, value, ...}, body,
body_length}`. An answer is a table of `status`; `headers`, likewise; `body`, a
string, or a function that gives strings and at last nil; `delay` in seconds;
`ending`, "close" or "reset" after `cut` bytes of a string (without a status:
at once); `piece` bytes at a time with `pause` seconds in between; `announce`,
a false Content-Length.
@function host:run
@tparam function on_request is called with a request, returns an answer
@tparam function on_done is called with its id when the answer is out, or the
connection gone
@tparam function on_ready is called once, when requests would be answered and
a signal be heeded
@tparam[opt=false] boolean until_eof also ends when standard input does
@treturn string "signal" or "eof", or what the system lacks */
static int l_host_run(lua_State *L)
{
  struct loop l = {.host = check_host(L)};
  bool until_eof = lua_toboolean(L, SEI_HOST_ON_READY + 1);
  luaL_checktype(L, SEI_HOST_ON_REQUEST, LUA_TFUNCTION);
  luaL_checktype(L, SEI_HOST_ON_DONE, LUA_TFUNCTION);
  luaL_checktype(L, SEI_HOST_ON_READY, LUA_TFUNCTION);
  luaL_argcheck(L, !l.host->L, 1, "the host runs already");
  lua_settop(L, SEI_HOST_ON_READY);
  lua_newtable(L); /* SEI_HOST_ANCHORS */
  luaL_checkstack(L, LUA_MINSTACK, "host");
  l.host->L = L;
  run_guarded(&l, until_eof);
  host_close(l.host);
  l.host->L = NULL;
  lua_pushstring(L, l.ended);
  return 1;
}

/*** Closes; safe to call twice.
@function host:close */
static int l_host_close(lua_State *L)
{
  struct sei_host *h = luaL_checkudata(L, 1, HOST_TYPE);
  luaL_argcheck(L, !h->L, 1, "the host runs");
  host_close(h);
  return 0;
}

/*** Seconds on a clock that only goes forward.
@function now
@treturn number */
static int l_host_now(lua_State *L)
{
  lua_pushnumber(L, sei_host_now());
  return 1;
}

/*** Seconds since 1970, with their fraction.
@function time
@treturn number */
static int l_host_time(lua_State *L)
{
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  lua_pushnumber(L, (double)t.tv_sec + (double)t.tv_nsec / 1e9);
  return 1;
}

static const luaL_Reg host_methods[] = {
  {"port", l_host_port}, {"run", l_host_run}, {"close", l_host_close},
  {NULL, NULL}
};

static const luaL_Reg host_meta[] = {
  {"__gc", l_host_close}, {"__close", l_host_close}, {NULL, NULL}
};

static const luaL_Reg host_functions[] = {
  {"listen", l_host_listen}, {"now", l_host_now}, {"time", l_host_time},
  {NULL, NULL}
};

int luaopen_sei_sandbox_host(lua_State *L)
{
  luaL_newmetatable(L, HOST_TYPE);
  luaL_setfuncs(L, host_meta, 0);
  luaL_newlib(L, host_methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, host_functions);
  return 1;
}
