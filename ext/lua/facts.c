/* facts - what the process that we run in has: libraries and limits. */
#include "facts.h"

#include <lauxlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../data/facts.h"
#include "../http/facts.h"

static void set_string(lua_State *L, const char *name, const char *value)
{
  if(!value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, int value)
{
  lua_pushboolean(L, value);
  lua_setfield(L, -2, name);
}

/* A limit of getrlimit(2); without one the field stays away. */
static void set_limit(lua_State *L, const char *name, rlim_t value)
{
  if(value == RLIM_INFINITY)
    return;
  lua_pushinteger(L, value > (rlim_t)LUA_MAXINTEGER ? LUA_MAXINTEGER :
                  (lua_Integer)value);
  lua_setfield(L, -2, name);
}

/* core.host() -> {curl=, tls=, zlib=, ares=, ca_file=, ca_path=, asynch_dns=,
 * http2=, ipv6=, utf8proc=, libcrypto=, lua=, open_files=, most_open_files=,
 * memory=, problem=}: versions are those that run, limits numbers, `problem`
 * says why libcurl cannot serve; what is not known or not limited is nil. */
static int l_host(lua_State *L)
{
  struct sei_http_facts http;
  struct rlimit limit;
  sei_http_facts(&http);
  lua_createtable(L, 0, 16);
  set_string(L, "problem", http.problem);
  set_string(L, "curl", http.curl);
  set_string(L, "tls", http.tls);
  set_string(L, "zlib", http.zlib);
  set_string(L, "ares", http.ares);
  set_string(L, "ca_file", http.ca_file);
  set_string(L, "ca_path", http.ca_path);
  set_boolean(L, "asynch_dns", http.asynch_dns);
  set_boolean(L, "http2", http.http2);
  set_boolean(L, "ipv6", http.ipv6);
  set_string(L, "utf8proc", sei_utf8proc_version());
  set_string(L, "libcrypto", sei_libcrypto_version());
  set_string(L, "lua", LUA_RELEASE);
  if(!getrlimit(RLIMIT_NOFILE, &limit)) {
    set_limit(L, "open_files", limit.rlim_cur);
    set_limit(L, "most_open_files", limit.rlim_max);
  }
  if(!getrlimit(RLIMIT_AS, &limit))
    set_limit(L, "memory", limit.rlim_cur);
  return 1;
}

/* core.is_readable(path) -> whether this process may read what is there. */
static int l_is_readable(lua_State *L)
{
  lua_pushboolean(L, !access(luaL_checkstring(L, 1), R_OK));
  return 1;
}

void sei_open_facts(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"host", l_host}, {"is_readable", l_is_readable}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
