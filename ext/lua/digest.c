/* digest - SHA-256 (data/digest) for lua/sei, as 64 hexadecimal digits: of a
 * text, of a file, or bit by bit. */
#include "digest.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "../data/digest.h"
#include "error.h"

#define DIGEST "sei.digest"

enum { PIECE = 64 * 1024 };

static struct sei_digest *self(lua_State *L)
{
  return luaL_checkudata(L, 1, DIGEST);
}

static int failed(lua_State *L)
{
  return luaL_error(L, "SHA-256 failed: no memory, or libcrypto refuses it");
}

/* Pushes a digest that is under way. */
static struct sei_digest *push(lua_State *L)
{
  struct sei_digest *d = lua_newuserdatauv(L, sizeof *d, 0);
  d->state = NULL;
  luaL_setmetatable(L, DIGEST);
  if(!sei_digest_begin(d))
    failed(L);
  return d;
}

static int answer(lua_State *L, const struct sei_digest *d)
{
  char hex[SEI_DIGEST_HEX + 1];
  if(!sei_digest_hex(d, hex))
    return failed(L);
  lua_pushlstring(L, hex, SEI_DIGEST_HEX);
  return 1;
}

/* core.digest.sha256(text) -> hex */
static int l_sha256(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  struct sei_digest *d = push(L);
  if(!sei_digest_add(d, text, n))
    return failed(L);
  answer(L, d);
  sei_digest_end(d);
  return 1;
}

/* core.digest.new() -> digest */
static int l_new(lua_State *L)
{
  push(L);
  return 1;
}

/*** A SHA-256 that is under way, for the modules of plans and journals.
@type digest */

/*** Adds bytes.
@function digest:add
@tparam string text
@treturn digest itself */
static int l_digest_add(lua_State *L)
{
  struct sei_digest *d = self(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  if(!sei_digest_add(d, text, n))
    return failed(L);
  lua_settop(L, 1);
  return 1;
}

/*** The digest of all that was added so far; more may be added after it.
@function digest:hex
@treturn string 64 hexadecimal digits */
static int l_digest_hex(lua_State *L)
{
  return answer(L, self(L));
}

static int l_digest_gc(lua_State *L)
{
  sei_digest_end(self(L));
  return 0;
}

/* Adds the rest of a file; 0 or an errno. */
static int add_file(lua_State *L, struct sei_digest *d, FILE *f)
{
  char *piece = lua_touserdata(L, 2);
  size_t n;
  while((n = fread(piece, 1, PIECE, f)) > 0) {
    if(!sei_digest_add(d, piece, n))
      return ENOMEM;
  }
  return ferror(f) ? errno : 0;
}

/* core.digest.file(path) -> hex | nil, err */
static int l_file(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct sei_digest *d;
  FILE *f;
  int problem;
  lua_settop(L, 1);
  lua_newuserdatauv(L, PIECE, 0);
  d = push(L);
  f = fopen(path, "rbe"); /* nothing below raises until it is closed */
  problem = f ? add_file(L, d, f) : errno;
  if(f)
    fclose(f);
  if(!problem)
    return answer(L, d);
  sei_error_push(L, "io", "%s: %s", path, strerror(problem));
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "file");
  return sei_error_return(L);
}

int sei_open_digest(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_digest_gc}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"add", l_digest_add}, {"hex", l_digest_hex}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"sha256", l_sha256}, {"file", l_file}, {"new", l_new}, {NULL, NULL}
  };
  luaL_newmetatable(L, DIGEST);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  return 1;
}
