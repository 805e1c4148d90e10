/* interrupt - signals, for the command alone: a library leaves them be.
 *
 * The first Ctrl-C only leaves a mark, so that the command can end requests,
 * remove what is half written and say how to go on; the second one ends the
 * process as usual. A reader that went away is a failed write, not a death in
 * the midst of one.
 */
#define _DEFAULT_SOURCE
#include "interrupt.h"

#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

/* A process has one set of handlers, so there is one mark. */
static volatile sig_atomic_t caught;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void on_signal(int number)
{
  caught = number;
}

static void on_broken_pipe(int number)
{
  (void)number;
}

/* Whoever started us may want a signal ignored (nohup, a shell's background):
 * it stays so. poll() ends for a signal whether or not SA_RESTART is set. */
static void handle(int number, void (*handler)(int), int flags)
{
  struct sigaction new, old;
  memset(&new, 0, sizeof new);
  new.sa_handler = handler;
  new.sa_flags = SA_RESTART | flags;
  sigemptyset(&new.sa_mask);
  if(sigaction(number, NULL, &old) || old.sa_handler == SIG_IGN)
    return;
  sigaction(number, &new, NULL);
}

static void install(void)
{
  handle(SIGINT, on_signal, SA_RESETHAND);
  handle(SIGTERM, on_signal, SA_RESETHAND);
  handle(SIGHUP, on_signal, SA_RESETHAND);
  /* a handler that does nothing, since programs that are started from here
   * would inherit an ignored signal */
  handle(SIGPIPE, on_broken_pipe, 0);
}

/* core.catch_signals(): from now on SIGINT, SIGTERM and SIGHUP leave a mark,
 * once each, and SIGPIPE is a failed write. */
static int l_catch_signals(lua_State *L)
{
  (void)L;
  pthread_once(&once, install);
  return 0;
}

/* core.caught_signal() -> the number of the last one that came; nil: none */
static int l_caught_signal(lua_State *L)
{
  if(caught)
    lua_pushinteger(L, (lua_Integer)caught);
  else
    lua_pushnil(L);
  return 1;
}

void sei_open_interrupt(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"catch_signals", l_catch_signals}, {"caught_signal", l_caught_signal},
    {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
