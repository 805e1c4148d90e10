/* json_items - for lua/sei: the records of a JSON file, one at a time. */
#ifndef SEI_LUA_JSON_ITEMS_H
#define SEI_LUA_JSON_ITEMS_H

#include <lua.h>

/* Registers core.json_items, core.items_feed and core.items_next. */
void sei_open_json_items(lua_State *L);

#endif
