/* core - the C side of sei: one table of functions for lua/sei to build on.
 * What scripts see is the face in lua/sei/init.lua. */
#include <lauxlib.h>
#include <lua.h>

#include "cage.h"
#include "call.h"
#include "client.h"
#include "csv.h"
#include "digest.h"
#include "download.h"
#include "encoding.h"
#include "error.h"
#include "event.h"
#include "facts.h"
#include "file.h"
#include "grant.h"
#include "index.h"
#include "journal.h"
#include "interrupt.h"
#include "json.h"
#include "match.h"
#include "nearest.h"
#include "json_items.h"
#include "recording.h"
#include "reference.h"
#include "rows.h"
#include "similarity.h"
#include "terminal.h"
#include "text.h"
#include "twin.h"
#include "usage.h"
#include "walk.h"

__attribute__((visibility("default"))) int luaopen_sei_core(lua_State *L);

/* {{name=, kind=, effect=, method=, path=, doc=}, …} in the table's order. */
static void push_endpoints(lua_State *L)
{
  static const char *const KINDS[] = {
    "object", "list", "download", "rows", "upload", "send"
  };
  const struct sei_endpoint *e;
  lua_Integer n = 0;
  lua_newtable(L);
  for(e = sei_endpoints; e->name; e++) {
    lua_createtable(L, 0, 6);
    lua_pushstring(L, e->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, KINDS[e->kind]);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, e->effect == SEI_READS ? "reads" : "writes");
    lua_setfield(L, -2, "effect");
    lua_pushstring(L, e->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, e->path);
    lua_setfield(L, -2, "path");
    lua_pushboolean(L, e->kind == SEI_KIND_SEND && !e->before);
    lua_setfield(L, -2, "takes_body");
    lua_pushstring(L, e->doc);
    lua_setfield(L, -2, "doc");
    lua_rawseti(L, -2, ++n);
  }
}

int luaopen_sei_core(lua_State *L)
{
  luaL_checkversion(L);
  lua_newtable(L);
  sei_open_error(L);
  sei_open_encoding(L);
  sei_open_json_items(L);
  sei_open_client(L);
  sei_open_grant(L);
  sei_open_cage(L);
  sei_open_twin(L);
  sei_open_walk(L);
  sei_open_call(L);
  sei_open_download(L);
  sei_open_file(L);
  sei_open_rows(L);
  sei_open_event(L);
  sei_open_recording(L);
  sei_open_nearest(L);
  sei_open_usage(L);
  sei_open_facts(L);
  sei_open_terminal(L);
  sei_open_interrupt(L);
  sei_open_reference(L);
  sei_open_json(L);
  lua_setfield(L, -2, "json");
  sei_open_csv(L);
  lua_setfield(L, -2, "csv");
  sei_open_text(L);
  lua_setfield(L, -2, "text");
  sei_open_similarity(L);
  lua_setfield(L, -2, "similarity");
  lua_newtable(L);
  sei_open_index(L);
  sei_open_match(L);
  lua_setfield(L, -2, "match");
  sei_open_digest(L);
  lua_setfield(L, -2, "digest");
  sei_open_journal(L);
  lua_setfield(L, -2, "journal");
  push_endpoints(L);
  lua_setfield(L, -2, "endpoints");
  /* What a host program gives to all clients of its state, `wait` and `log`,
   * for those that have no option of that name: see lua/sei/context.lua. */
  lua_newtable(L);
  lua_setfield(L, -2, "usual");
  return 1;
}
