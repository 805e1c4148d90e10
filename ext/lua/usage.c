/* usage - what this process took so far, for reports of a run. */
#include <lauxlib.h>
#include <sys/resource.h>

#include "../http/transfer.h"
#include "usage.h"

/* getrusage(2): ru_maxrss is in KiB, but in bytes on macOS. */
#ifdef __APPLE__
#define MAXRSS_UNIT 1
#else
#define MAXRSS_UNIT 1024
#endif

/* core.usage() -> seconds on a clock that only goes on (differences count),
 * the most bytes of memory that the process ever held. */
static int l_usage(lua_State *L)
{
  struct rusage used;
  lua_pushnumber(L, sei_clock());
  if(getrusage(RUSAGE_SELF, &used))
    lua_pushinteger(L, 0); /* cannot fail for oneself */
  else
    lua_pushinteger(L, (lua_Integer)used.ru_maxrss * MAXRSS_UNIT);
  return 2;
}

void sei_open_usage(lua_State *L)
{
  lua_pushcfunction(L, l_usage);
  lua_setfield(L, -2, "usage");
}
