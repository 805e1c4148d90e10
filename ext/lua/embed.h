/* embed - the Lua files that the static library carries. The table is written
 * at build time (.ci/embed.lua). */
#ifndef SEI_LUA_EMBED_H
#define SEI_LUA_EMBED_H

#include <stddef.h>

struct sei_embedded {
  const char *module;         /* "sei.wait"; NULL ends the table */
  const char *chunk;          /* "@sei/wait.lua", for messages */
  const unsigned char *text;  /* source text, not terminated */
  size_t size;                /* bytes */
};

extern const struct sei_embedded sei_embedded[];

#endif
