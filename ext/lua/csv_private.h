/* csv_private - what a reader of rows is made of: shared by csv_rows.c, which
 * hands rows over, and csv_header.c, which learns the columns. */
#ifndef SEI_LUA_CSV_PRIVATE_H
#define SEI_LUA_CSV_PRIVATE_H

#include "csv.h"

/* User values of the userdata: the text's name; all columns' names; names that
 * must be among them; those wanted, or nil; what `picks` points to; the error
 * that it failed with; the text that has what `shared` points to. */
enum {
  SEI_CSV_NAME = 1, SEI_CSV_NAMES, SEI_CSV_REQUIRED, SEI_CSV_WANTED,
  SEI_CSV_PICKS, SEI_CSV_FAILURE, SEI_CSV_SHARED,
  SEI_CSV_USER_VALUES = SEI_CSV_SHARED
};

struct sei_csv_rows {
  struct sei_csv csv;
  struct sei_buf buf;   /* what was fed and not yet read; unused by whole() */
  size_t columns;       /* of the header; 0: there is none, or not yet */
  size_t width;         /* how many of them a row hands over */
  int values;           /* as how many values a row is handed over */
  const char *shared;   /* part of what is read that is a Lua string, for */
  size_t shared_len;    /*   SEI_CSV_AS_SPANS; or NULL */
  const size_t *picks;  /* which ones, from 0; NULL: all */
  bool wants_header;    /* the next row is the header */
  bool waits;           /* a row was read and not handed over: Lua raised */
  bool failed;          /* for good: FAILURE holds the error */
  bool fill, any_bytes;
  enum sei_csv_shape shape;
};

/* Replaces the text on top of the stack by an error object about a line of
 * the reader at `index`, which reads no more. Returns SEI_CSV_ERROR. */
enum sei_csv_event sei_csv_rows_fail(lua_State *L, int index, size_t line);

/* Takes the row that was just read as the header. MORE: done; ERROR: the
 * error object was pushed. */
enum sei_csv_event sei_csv_take_header(lua_State *L, int index);

/* Takes the names of the columns, an array on top of the stack, which goes.
 * False: a text that says what is wrong was pushed. */
bool sei_csv_take_names(lua_State *L, int index);

/* Pushes the array at `index` as a new one, and behind its values those of the
 * array at `more` that it lacks; either may be 0: none. */
void sei_csv_push_union(lua_State *L, int index, int more);

#endif
