/* index - the candidate index, core.match.index. For C files of this folder.
 */
#ifndef SEI_LUA_INDEX_H
#define SEI_LUA_INDEX_H

#include <lua.h>

/* Sets `index` in the table on top of the stack. */
void sei_open_index(lua_State *L);

#endif
