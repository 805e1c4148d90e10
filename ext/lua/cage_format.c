/* cage_format - string.format of a cage.
 *
 * Lua's own formats a number in microseconds and quotes a character in
 * fifty nanoseconds, and never meets a hook: hundreds of thousands of numbers,
 * or one long text, take as long as a recipe likes. Here it is asked for one
 * item at a time, if there are many.
 */
#include <lauxlib.h>
#include <string.h>

#include "cage.h"

enum {
  FEW = 64,             /* items that Lua's own formats at once */
  SHORT = 16 * 1024,    /* bytes that it quotes */
  STEP = 1024           /* characters quoted between two looks at the clock */
};

/* Whether Lua's own does it in no time. */
static bool is_small(lua_State *L, const char *format, size_t n)
{
  size_t items = 0, i;
  int k, top = lua_gettop(L);
  for(i = 0; i < n && items <= FEW; i++)
    items += format[i] == '%';
  for(k = 2; k <= top && k <= FEW + 1; k++)
    if(lua_type(L, k) == LUA_TSTRING && lua_rawlen(L, k) > SHORT)
      return false;
  return items <= FEW;
}

/* Adds the string at `index` as %q does: what Lua reads as the same string
 * (manual, 6.4). */
static void add_quoted(lua_State *L, luaL_Buffer *b, int index)
{
  size_t n, i;
  const char *s = lua_tolstring(L, index, &n);
  luaL_addchar(b, '"');
  for(i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    bool digit = i + 1 < n && s[i + 1] >= '0' && s[i + 1] <= '9';
    if(c == '"' || c == '\\' || c == '\n')
      luaL_addchar(b, '\\');
    if((c < ' ' && c != '\n') || c == 127) {
      luaL_addchar(b, '\\');
      if(c >= 100 || digit)
        luaL_addchar(b, (char)('0' + c / 100));
      if(c >= 10 || digit)
        luaL_addchar(b, (char)('0' + c / 10 % 10));
      luaL_addchar(b, (char)('0' + c % 10));
    }
    else
      luaL_addchar(b, (char)c);
    if(i % STEP == STEP - 1)
      sei_cage_tick(L, STEP);
  }
  luaL_addchar(b, '"');
}

/* Bytes of the item that begins at `p` with a %. */
static size_t item_size(const char *p, const char *end)
{
  const char *q = p + 1;
  while(q < end && *q && strchr("-+ #0123456789.", *q))
    q++;
  return (size_t)(q - p) + (q < end);
}

/* Adds one item with the argument at `index`, which may be none. */
static void add_item(lua_State *L, luaL_Buffer *b, const char *p, size_t n,
                     int index, int top)
{
  if(n == 2 && p[1] == 'q' && lua_type(L, index) == LUA_TSTRING &&
     index <= top) {
    add_quoted(L, b, index);
    return;
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushlstring(L, p, n);
  if(index <= top)
    lua_pushvalue(L, index);
  lua_call(L, 1 + (index <= top), 1);
  luaL_addvalue(b);
}

static int format_long(lua_State *L, const char *p, size_t n)
{
  const char *end = p + n;
  int index = 2, top = lua_gettop(L);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  while(p < end) {
    const char *next = memchr(p, '%', (size_t)(end - p));
    size_t size;
    luaL_addlstring(&b, p, (size_t)((next ? next : end) - p));
    if(!next)
      break;
    size = item_size(next, end);
    if(size == 2 && next[1] == '%')
      luaL_addchar(&b, '%');
    else
      add_item(L, &b, next, size, index++, top);
    sei_cage_tick(L, 20);
    p = next + size;
  }
  luaL_pushresult(&b);
  return 1;
}

/* string.format(text, ...); upvalue 1 is Lua's own. */
static int l_format(lua_State *L)
{
  size_t n;
  const char *format = luaL_checklstring(L, 1, &n);
  sei_cage_tick(L, 8 + n / 64);
  if(!is_small(L, format, n))
    return format_long(L, format, n);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

/* Lua's own, on top, is called by no name, and its errors are to tell one.
 * luaL_argerror() looks names up in the module _G: that becomes a copy of the
 * globals, which no recipe sees. */
static void name_original(lua_State *L)
{
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_newtable(L);
  lua_pushglobaltable(L);
  for(lua_pushnil(L); lua_next(L, -2); ) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -5);
  }
  lua_pop(L, 1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "format");
  lua_setfield(L, -2, LUA_GNAME);
  lua_pop(L, 1);
}

void sei_cage_open_format(lua_State *L)
{
  lua_getfield(L, -1, "format");
  name_original(L);
  lua_pushcclosure(L, l_format, 1);
  lua_setfield(L, -2, "format");
}
