/* similarity - sei.similarity. For C files of this folder. */
#ifndef SEI_LUA_SIMILARITY_H
#define SEI_LUA_SIMILARITY_H

#include <lua.h>

#include "options.h"

/* What all functions take, and dice besides. */
extern const struct sei_option sei_similarity_options[];
extern const struct sei_option sei_similarity_dice_options[];

/* Pushes the table of its functions. */
int sei_open_similarity(lua_State *L);

#endif
