/* reference - the option tables by the names of what takes them, so that the
 * reference is made from what is checked. */
#include "reference.h"

#include <lauxlib.h>
#include <string.h>

#include "call.h"
#include "client.h"
#include "csv.h"
#include "json.h"
#include "request.h"
#include "walk.h"

static const struct {
  const char *name;
  const struct sei_option *table;
} TABLES[] = {
  {"sei.client", sei_client_options},
  {"sei.client pace", sei_client_pace},
  {"sei.client identities", sei_client_open_points},
  {"sei.client cloud_ids", sei_client_open_points},
  {"sei.client developers", sei_client_open_points},
  {"sei.csv.read", sei_csv_read_options},
  {"sei.csv.write", sei_csv_write_options},
  {"sei.json.decode", sei_json_decode_options},
  {"sei.json.encode", sei_json_encode_options}
};

/* core.options(name) -> array of {name=, type=, default=, doc=, min=, max=,
 * choices=}; nil for a name without options. The name is a function's, as
 * "sei.csv.read", an endpoint's, or "sei.client NAME" for an option of the
 * client that is a table of options. */
static int l_options(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  const struct sei_endpoint *e = sei_endpoint_find(name);
  size_t i;
  if(e) {
    sei_request_push_options(L, e, e->kind == SEI_KIND_LIST ?
                             sei_walk_options(e) : sei_call_options(e));
    return 1;
  }
  for(i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
    if(!strcmp(TABLES[i].name, name)) {
      lua_newtable(L);
      sei_options_append(L, TABLES[i].table);
      return 1;
    }
  lua_pushnil(L);
  return 1;
}

void sei_open_reference(lua_State *L)
{
  lua_pushcfunction(L, l_options);
  lua_setfield(L, -2, "options");
}
