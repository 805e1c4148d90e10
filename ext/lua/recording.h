/* recording - a client's requests with their replies go into a file, or come
 * out of one. For C files of this folder; the file itself is the Lua side's
 * (lua/sei/record.lua).
 */
#ifndef SEI_LUA_RECORDING_H
#define SEI_LUA_RECORDING_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sei_client;
struct sei_exchange;
struct sei_recorded;

enum sei_recording_mode { SEI_RECORDING_OFF, SEI_RECORDING_RECORDS,
  SEI_RECORDING_REPLAYS };

/* How far an exchange's attempt is that a recording shall answer. */
enum sei_ask {
  SEI_ASK_NONE,           /* it is not to be asked, or was answered */
  SEI_ASK_FEEDS,          /* its file is not all there yet */
  SEI_ASK_READY,          /* the Lua side may take it */
  SEI_ASK_TAKEN           /* the Lua side owes the answer */
};

/* Zeroed memory is off. Belongs to a client. */
struct sei_recording {
  enum sei_recording_mode mode;
  size_t max;             /* bytes of one file and of one reply */
  struct sei_recorded *first, *last; /* attempts that the Lua side has not
                                        taken yet */
  uint64_t lost;          /* attempts there was no memory for */
};

/* Frees all; nothing is recorded any more. */
void sei_recording_free(struct sei_recording *r);

/* Records: the attempt is over (or given up), its transfer is what came. */
void sei_recording_note(struct sei_client *c, struct sei_exchange *x);

/* Replays: a new attempt's transfer is there, NEW. */
void sei_recording_ask(struct sei_client *c, struct sei_exchange *x);

/* Replays: takes what was fed meanwhile. */
void sei_recording_tend(struct sei_client *c, struct sei_exchange *x);

/* Puts record, replay, next_record, lost_records, next_ask, answer,
 * private_file into the table on top. */
void sei_open_recording(lua_State *L);

#endif
