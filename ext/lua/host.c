/* host - the C interface of ext/sei.h: contexts, jobs, what became of them.
 *
 * A context owns a Lua state, in which lua/sei/context.lua runs the jobs.
 * Every way into Lua is a protected call: nothing is raised into the host.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../http/transfer.h"

enum { SLICE_MS = 10 };

#define PROBLEM(name, kind, message)                     \
  static const struct sei_host_problem name = {          \
    kind, message, "{\"kind\":\"" kind "\",\"message\":\"" message "\"}" }

PROBLEM(no_memory, "memory", "not enough memory");
PROBLEM(is_running, "misuse", "a job is running: one at a time");
PROBLEM(is_busy, "misuse", "a function of this context is running: it was "
        "called out of a callback or by another thread");
PROBLEM(no_source, "misuse", "a job has either file or text");
PROBLEM(bad_size, "misuse", "the size of the job's structure is unknown: "
        "begin with SEI_JOB_INIT");
PROBLEM(is_broken, "internal", "an error within the library, which the log "
        "tells; close the context");
PROBLEM(is_none, "misuse", "there is no context: sei_open failed");
PROBLEM(is_forked, "misuse", "the context is another process's: it was opened "
        "before a fork; open one here");

/* ---- facts ---- */

const char *sei_version(void)
{
  return SEI_VERSION;
}

int sei_version_number(void)
{
  return SEI_VERSION_NUMBER;
}

const char *sei_status_name(int status)
{
  static const char *const NAMES[] = {
    "ok", "running", "failed", "cancelled", "memory", "misuse", "system",
    "forked"
  };
  if(status < 0 || (size_t)status >= sizeof NAMES / sizeof *NAMES)
    return "unknown";
  return NAMES[status];
}

/* ---- memory ---- */

static void *use_realloc(void *user, void *block, size_t old_size,
                         size_t new_size)
{
  (void)user;
  (void)old_size;
  if(new_size)
    return realloc(block, new_size);
  free(block);
  return NULL;
}

/* Lua says of a new block what it is for, not how large it was. */
static void *allocate(void *user, void *block, size_t old_size,
                      size_t new_size)
{
  const struct sei_options *o = &((struct sei_context *)user)->options;
  if(!block && !new_size)
    return NULL;
  return o->allocate(o->allocate_user, block, block ? old_size : 0, new_size);
}

/* ---- entering ---- */

/* Every function that uses the state begins and ends with these two. Not
 * SEI_OK: why it must not. */
static int enter(struct sei_context *c)
{
  if(!c)
    return SEI_MISUSE;
  if(c->process != getpid()) {
    c->problem = &is_forked;
    return SEI_FORKED;
  }
  if(atomic_exchange(&c->busy, true))
    return SEI_MISUSE; /* whoever is in there has the fields */
  c->problem = NULL;
  return SEI_OK;
}

static int leave(struct sei_context *c, int status)
{
  atomic_store(&c->busy, false);
  return status;
}

static int wrong(struct sei_context *c, const struct sei_host_problem *p)
{
  c->problem = p;
  return leave(c, SEI_MISUSE);
}

/* ---- opening and closing ---- */

/* (context) -> opens the state: standard library, modules, driver. */
static int p_open(lua_State *L)
{
  struct sei_context *c = lua_touserdata(L, 1);
  luaL_openlibs(L);
  sei_preload(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "sei.context");
  lua_call(L, 1, 1);
  sei_host_push_hub(L, c);
  lua_createtable(L, 0, 3);
  lua_pushboolean(L, c->options.log != NULL);
  lua_setfield(L, -2, "log");
  lua_pushinteger(L, c->options.log_level);
  lua_setfield(L, -2, "log_level");
  lua_pushboolean(L, c->options.log_json);
  lua_setfield(L, -2, "log_json");
  lua_call(L, 2, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, c);
  return 0;
}

/* A field that is added later must not lie where a host that was built before
 * has padding, of which its `size` says nothing. */
_Static_assert(sizeof(struct sei_options) ==
               offsetof(struct sei_options, reserved) + sizeof(int),
               "struct sei_options ends with padding");
_Static_assert(sizeof(struct sei_job) ==
               offsetof(struct sei_job, sandbox_size) + sizeof(size_t),
               "struct sei_job ends with padding");

/* Takes what the host's header knows; 0: that is no structure of ours. */
static bool take_options(struct sei_options *to,
                         const struct sei_options *from)
{
  static const struct sei_options DEFAULTS = SEI_OPTIONS_INIT;
  *to = DEFAULTS;
  if(from && (from->size < offsetof(struct sei_options, allocate_user) ||
              from->size > sizeof *to))
    return false;
  if(from)
    memcpy(to, from, from->size);
  if(!to->allocate)
    to->allocate = use_realloc;
  if(!to->log_level)
    to->log_level = SEI_LOG_INFO;
  if(!to->slice_ms)
    to->slice_ms = SLICE_MS;
  return !to->reserved && to->log_level >= SEI_LOG_ERROR &&
    to->log_level <= SEI_LOG_DEBUG;
}

static bool open_descriptors(struct sei_context *c)
{
  c->wake = -1;
  if(!sei_poller_open(&c->poller))
    return false;
  c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return c->wake >= 0 && sei_poller_set(&c->poller, c->wake, SEI_POLLER_READ);
}

static void close_descriptors(struct sei_context *c)
{
  int saved = errno;
  sei_poller_close(&c->poller);
  if(c->wake >= 0)
    close(c->wake);
  c->wake = -1;
  errno = saved;
}

static void destroy(struct sei_context *c)
{
  struct sei_options o = c->options;
  int saved = errno;
  if(c->L) {
    sei_host_leave(c);
    lua_close(c->L);
  }
  close_descriptors(c);
  o.allocate(o.allocate_user, c, sizeof *c, 0);
  errno = saved;
}

static int open_state(struct sei_context *c)
{
  c->L = lua_newstate(allocate, c);
  if(!c->L)
    return SEI_MEMORY;
  lua_setwarnf(c->L, sei_host_warn, c);
  lua_pushcfunction(c->L, p_open);
  lua_pushlightuserdata(c->L, c);
  /* only memory can be missing: what is loaded is in the library */
  return lua_pcall(c->L, 1, 0, 0) == LUA_OK ? SEI_OK : SEI_MEMORY;
}

int sei_open(const struct sei_options *options, struct sei_context **context)
{
  struct sei_options o;
  struct sei_context *c;
  int status;
  if(!context)
    return SEI_MISUSE;
  *context = NULL;
  if(!take_options(&o, options))
    return SEI_MISUSE;
  c = o.allocate(o.allocate_user, NULL, 0, sizeof *c);
  if(!c)
    return SEI_MEMORY;
  memset(c, 0, sizeof *c);
  c->options = o;
  c->process = getpid();
  c->due = -1;
  atomic_init(&c->cancelled, false);
  atomic_init(&c->active, false);
  atomic_init(&c->busy, true);
  status = open_descriptors(c) ? open_state(c) : SEI_SYSTEM;
  if(status == SEI_OK)
    *context = c;
  else
    destroy(c);
  return status == SEI_OK ? leave(c, SEI_OK) : status;
}

int sei_close(struct sei_context *c)
{
  int status;
  if(!c)
    return SEI_OK;
  status = enter(c);
  if(status == SEI_FORKED) {
    close_descriptors(c);
    return SEI_OK;
  }
  if(status == SEI_OK)
    destroy(c);
  return status;
}

/* ---- calling the driver ---- */

/* Pushes the driver and its method. */
static void push_method(lua_State *L, struct sei_context *c, const char *name)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, c);
  lua_getfield(L, -1, name);
  lua_insert(L, -2);
}

/* The text of a field of the table on top, which keeps it. */
static const char *text_of(lua_State *L, const char *name, size_t *size)
{
  const char *text = NULL;
  if(lua_getfield(L, -1, name) == LUA_TSTRING)
    text = lua_tolstring(L, -1, size);
  lua_pop(L, 1);
  return text;
}

static int status_named(const char *name)
{
  static const int ENDS[] = {
    SEI_RUNNING, SEI_OK, SEI_CANCELLED, SEI_MEMORY
  };
  size_t i;
  for(i = 0; name && i < sizeof ENDS / sizeof *ENDS; i++)
    if(!strcmp(name, sei_status_name(ENDS[i])))
      return ENDS[i];
  return SEI_FAILED;
}

/* Takes over what the driver says of the job. */
static void take_status(lua_State *L, struct sei_context *c)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, c);
  c->status = status_named(text_of(L, "status", NULL));
  c->text = text_of(L, "text", &c->text_size);
  c->kind = text_of(L, "kind", NULL);
  c->message = text_of(L, "message", NULL);
  lua_pop(L, 1);
}

/* (context) -> the job is given up. */
static int p_drop(lua_State *L)
{
  struct sei_context *c = lua_touserdata(L, 1);
  push_method(L, c, "drop");
  lua_call(L, 1, 0);
  return 0;
}

/* Lack of memory, or a fault of ours: the job is given up, and if there is not
 * even memory for that, what it left is collected with the state. The error is
 * on top of the stack. */
static int give_up(struct sei_context *c, int reason)
{
  lua_State *L = c->L;
  const char *why = lua_tostring(L, -1);
  if(reason != LUA_ERRMEM && why && c->options.log)
    c->options.log(c->options.log_user, SEI_LOG_ERROR, why, strlen(why));
  sei_host_leave(c);
  lua_pushcfunction(L, p_drop);
  lua_pushlightuserdata(L, c);
  lua_pcall(L, 1, 0, 0);
  c->text = c->kind = c->message = NULL;
  c->due = -1;
  c->lasting = reason == LUA_ERRMEM ? &no_memory : &is_broken;
  return c->status = reason == LUA_ERRMEM ? SEI_MEMORY : SEI_FAILED;
}

/* Calls one of the functions p_… above. */
static int call(struct sei_context *c, lua_CFunction f, const void *argument)
{
  lua_State *L = c->L;
  int top = lua_gettop(L), reason;
  if(!lua_checkstack(L, 8)) {
    c->problem = &no_memory;
    return SEI_MEMORY;
  }
  c->lasting = NULL;
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, c);
  lua_pushlightuserdata(L, (void *)argument);
  reason = lua_pcall(L, 2, 0, 0);
  if(reason != LUA_OK)
    give_up(c, reason);
  lua_settop(L, top);
  return c->status;
}

/* ---- jobs ---- */

static void set_text(lua_State *L, const char *name, const char *text,
                     size_t size)
{
  if(!text)
    return;
  lua_pushlstring(L, text, size ? size : strlen(text));
  lua_setfield(L, -2, name);
}

/* (context, job) */
static int p_start(lua_State *L)
{
  struct sei_context *c = lua_touserdata(L, 1);
  const struct sei_job *job = lua_touserdata(L, 2);
  push_method(L, c, "start");
  lua_createtable(L, 0, 8);
  set_text(L, "file", job->file, 0);
  set_text(L, "text", job->text, job->text_size);
  set_text(L, "name", job->name, 0);
  set_text(L, "input", job->input, job->input_size);
  set_text(L, "client", job->client, job->client_size);
  set_text(L, "plan", job->plan, 0);
  set_text(L, "sandbox", job->sandbox, job->sandbox_size);
  lua_call(L, 2, 0);
  take_status(L, c);
  c->due = 0;
  return 0;
}

/* (context) */
static int p_step(lua_State *L)
{
  struct sei_context *c = lua_touserdata(L, 1);
  push_method(L, c, "step");
  lua_call(L, 1, 1);
  c->due = lua_isnil(L, -1) ? -1 : sei_clock() + lua_tonumber(L, -1);
  take_status(L, c);
  return 0;
}

/* There is no job any more: the descriptor is silent again, and stays so. */
static void calm(struct sei_context *c)
{
  eventfd_t count;
  atomic_store(&c->active, false);
  eventfd_read(c->wake, &count); /* "again" if nobody cancelled */
}

static int start(struct sei_context *c, const struct sei_job *given)
{
  struct sei_job job = SEI_JOB_INIT;
  if(c->status == SEI_RUNNING)
    return wrong(c, &is_running);
  if(!given || given->size < offsetof(struct sei_job, name) ||
     given->size > sizeof job)
    return wrong(c, &bad_size);
  memcpy(&job, given, given->size);
  if(!job.file == !job.text)
    return wrong(c, &no_source);
  calm(c);
  atomic_store(&c->cancelled, false); /* that was another job */
  atomic_store(&c->active, true);
  if(call(c, p_start, &job) != SEI_RUNNING)
    calm(c);
  return leave(c, c->status);
}

int sei_start(struct sei_context *c, const struct sei_job *job)
{
  int status = enter(c);
  return status == SEI_OK ? start(c, job) : status;
}

int sei_step(struct sei_context *c)
{
  int status = enter(c);
  if(status != SEI_OK)
    return status;
  if(c->status == SEI_RUNNING)
    call(c, p_step, NULL);
  if(c->status != SEI_RUNNING)
    calm(c);
  return leave(c, c->status);
}

static bool is_ours(const struct sei_context *c)
{
  return c && c->process == getpid();
}

int sei_fd(const struct sei_context *c)
{
  return is_ours(c) ? c->poller.fd : -1;
}

int sei_timeout(const struct sei_context *c)
{
  double left;
  if(!is_ours(c) || c->status != SEI_RUNNING || c->due < 0)
    return -1;
  left = (c->due - sei_clock()) * 1000;
  return left <= 0 ? 0 : left > 3600e3 ? 3600000 : (int)ceil(left);
}

int sei_wait(struct sei_context *c)
{
  struct pollfd p;
  int status = sei_step(c);
  while(status == SEI_RUNNING) {
    p.fd = c->poller.fd;
    p.events = POLLIN;
    p.revents = 0;
    poll(&p, 1, sei_timeout(c)); /* interrupted: the step finds nothing */
    status = sei_step(c);
  }
  return status;
}

int sei_run(struct sei_context *c, const struct sei_job *job)
{
  int status = sei_start(c, job);
  return status == SEI_RUNNING ? sei_wait(c) : status;
}

void sei_cancel(struct sei_context *c)
{
  int saved = errno;
  if(!is_ours(c) || !atomic_load(&c->active))
    return; /* the descriptor that it would wake is its parent's, too */
  atomic_store(&c->cancelled, true);
  eventfd_write(c->wake, 1);
  errno = saved;
}

/* ---- what became of it ---- */

int sei_status(const struct sei_context *c)
{
  if(!c)
    return SEI_MISUSE;
  return is_ours(c) ? c->status : SEI_FORKED;
}

static const char *sized(const char *text, size_t length, size_t *size)
{
  if(size)
    *size = text ? length : 0;
  return text;
}

/* What the call before got wrong, or NULL. */
static const struct sei_host_problem *problem_of(const struct sei_context *c)
{
  if(!c)
    return &is_none;
  if(!is_ours(c))
    return &is_forked;
  if(atomic_load(&c->busy))
    return &is_busy;
  return c->problem ? c->problem : c->lasting;
}

const char *sei_result(const struct sei_context *c, size_t *size)
{
  if(!is_ours(c) || c->status != SEI_OK)
    return sized(NULL, 0, size);
  return sized(c->text, c->text_size, size);
}

const char *sei_error(const struct sei_context *c, size_t *size)
{
  const struct sei_host_problem *p = problem_of(c);
  if(p)
    return sized(p->json, strlen(p->json), size);
  return sized(c->kind ? c->text : NULL, c->text_size, size);
}

const char *sei_error_kind(const struct sei_context *c)
{
  const struct sei_host_problem *p = problem_of(c);
  return p ? p->kind : c->kind;
}

const char *sei_error_message(const struct sei_context *c)
{
  const struct sei_host_problem *p = problem_of(c);
  return p ? p->message : c->message;
}

struct lua_State *sei_lua(struct sei_context *c)
{
  return is_ours(c) ? c->L : NULL;
}
