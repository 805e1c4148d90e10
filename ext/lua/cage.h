/* cage - a Lua state of its own in which a recipe runs that nobody need trust.
 * For the cage's C files; what hosts call is in lua/sei/sandboxed.lua.
 *
 * (The emulator's folder is called sandbox; this is another thing.)
 *
 * What leaves a cage and what enters it is copied as plain data. Inside, every
 * allocation is counted, a hook counts instructions and looks at the clock,
 * and what Lua's libraries do at length without ever meeting a hook is done
 * here in ways that do. A limit that was reached stays reached: nothing in
 * the cage runs on, whatever it catches.
 */
#ifndef SEI_LUA_CAGE_H
#define SEI_LUA_CAGE_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "options.h"

enum {
  SEI_CAGE_SOURCE = 64 * 1024,      /* bytes of a recipe's text: Lua's parser
                                       takes squared time for some texts */
  SEI_CAGE_DEPTH = 64,              /* of tables that cross the border */
  SEI_CAGE_CLASSES = 48             /* sizes of blocks, as powers of two */
};

/* Which limit was reached. */
enum sei_cage_limit {
  SEI_CAGE_FREE,                    /* none */
  SEI_CAGE_TIME,
  SEI_CAGE_INSTRUCTIONS,
  SEI_CAGE_MEMORY,                  /* its own */
  SEI_CAGE_SYSTEM                   /* the machine's memory */
};

struct sei_cage {
  lua_State *L;                     /* the main thread; NULL: closed */
  lua_State *thread;                /* where the recipe runs */
  lua_State *running;               /* innermost coroutine at work; or NULL */
  size_t memory, memory_max, memory_peak;   /* bytes, malloc's own included */
  uint64_t instructions, instructions_max;
  double deadline;                  /* sei_clock() seconds */
  enum sei_cage_limit reached;
  int interval;                     /* instructions from hook to hook */
  bool hastened;                    /* the hook comes after the next one */
  unsigned refused;                 /* allocations, for want of memory */
  unsigned blocks[SEI_CAGE_CLASSES]; /* large ones in use, by size */
  bool asking;                      /* the recipe waits for its host */
  double slice, slice_end;          /* seconds, 0: none; when it is over */
  bool pausing;                     /* all yielded, for it is */
  unsigned locked;                  /* coroutines at work below a C function
                                       that cannot yield */
  struct sei_buf output;            /* what it printed */
  bool output_cut;                  /* there was more */
  size_t copied;                    /* bytes of what crossed the border last */
};

/* The cage that a thread in it belongs to. */
struct sei_cage *sei_cage_of(lua_State *L);

/* cage_limit.c: the allocator for lua_newstate(); ud is the cage. */
void *sei_cage_allocate(void *ud, void *block, size_t old_size,
                        size_t new_size);

/* Has the hook watch a thread that is about to run. */
void sei_cage_watch(struct sei_cage *c, lua_State *L);

/* Charges for work that is no instruction. Does not raise; false: over. */
bool sei_cage_charge(struct sei_cage *c, uint64_t n);

/* The same; if a limit was reached, what runs ends here: it yields for good,
 * or raises what nothing in a cage can catch. */
void sei_cage_tick(lua_State *L, uint64_t n);

/* Notes the status of something that failed. */
void sei_cage_failed(struct sei_cage *c, int status);

/* To be called wherever an error was caught: as sei_cage_tick(). `status` is
 * that of lua_pcall or lua_resume. */
void sei_cage_caught(lua_State *L, int status);

/* Whether a limit was reached, looking at the clock. */
bool sei_cage_over(struct sei_cage *c);

/* "time", "instructions", "memory", "system"; NULL for none. Static. */
const char *sei_cage_limit_name(enum sei_cage_limit limit);

/* cage_base.c, cage_string.c, cage_format.c, cage_table.c: each sets up its
 * part of a new state, of which only what is on its lists stays. */
void sei_cage_open_base(lua_State *L);
void sei_cage_open_coroutine(lua_State *L);
void sei_cage_open_string(lua_State *L);
void sei_cage_open_format(lua_State *L); /* the library string is on top */
void sei_cage_open_table(lua_State *L);

/* Takes out of the table on top what `names` (NULL ends it) does not list. */
void sei_cage_only(lua_State *L, const char *const *names);

/* cage_copy.c: pushes onto `to` a copy of the value at `index` of `from`: nil,
 * booleans, numbers, strings, sei.null, and tables of these without their
 * metatables. `max`: bytes it may take, as counted there. Raises nothing in
 * `from`; in `to` only for want of memory. NULL, or static text that says
 * what cannot be copied: then `where` (of size `size`) names the place, as
 * ".people[3]", and nothing is pushed. */
const char *sei_cage_copy(struct sei_cage *c, lua_State *from, int index,
                          lua_State *to, size_t max, char *where,
                          size_t size);

/* What it says when a limit of the cage was reached meanwhile. */
extern const char sei_cage_late[];

/* cage_ask.c: pushes the function by which what runs in the cage asks its
 * host: ask(...) gives what the host answers. */
void sei_cage_push_ask(lua_State *L);

/* The question, an array with its `n`: pushes it. The answer: pops it. */
void sei_cage_push_question(lua_State *L);
void sei_cage_pop_answer(lua_State *L);

/* cage.c: what core.cage takes, which is what sei.sandboxed takes. */
extern const struct sei_option sei_cage_options[];

/* Puts the functions cage, cage_load, … into the table on top. */
void sei_open_cage(lua_State *L);

#endif
