/* host - a context of the C interface, ext/sei.h. For host.c, which has its
 * functions, and host_hub.c, which has what its Lua side calls
 * (lua/sei/context.lua). Part of the libraries for C programs only. */
#ifndef SEI_LUA_HOST_H
#define SEI_LUA_HOST_H

#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../http/poller.h"
#include "../sei.h"

enum { SEI_HOST_WARNING = 1024 }; /* bytes of a warning of Lua's */

/* What a call got wrong, as the three functions of sei.h tell it. */
struct sei_host_problem {
  const char *kind, *message, *json;
};

struct sei_context {
  lua_State *L;               /* owned */
  struct sei_options options; /* a copy with the defaults filled in */
  pid_t process;              /* it was opened in */
  struct sei_poller poller;   /* descriptors of clients that are waited for */
  int wake;                   /* owned; an eventfd: sei_cancel() was called */
  atomic_bool cancelled;      /* the job is to end */
  atomic_bool active;         /* there is a job that may be cancelled */
  atomic_bool busy;           /* one of its functions runs */
  int status;
  const struct sei_host_problem *problem; /* of the call before; or NULL */
  const struct sei_host_problem *lasting; /* of the job, without memory */
  double due;                 /* sei_clock() seconds; negative: none */
  lua_State *job;             /* borrowed: its coroutine, or NULL */
  double slice_end;           /* sei_clock() seconds: it is to yield then */
  const char *text, *kind, *message; /* anchored in the driver's table */
  size_t text_size;
  size_t warning;             /* bytes of the beginning of a warning: */
  char warned[SEI_HOST_WARNING];
};

/* host_hub.c: pushes the table of functions that lua/sei/context.lua gets.
 * May raise on memory. */
void sei_host_push_hub(lua_State *L, struct sei_context *c);

/* host_hub.c: the function for lua_setwarnf; `c` is its user data. */
void sei_host_warn(void *c, const char *text, int goes_on);

/* host_hub.c: the job is gone, its hook with it. */
void sei_host_leave(struct sei_context *c);

#endif
