/* csv - CSV text to Lua rows and back: ext/data/csv on one side, Lua values on
 * the other. For C files of this folder; what Lua sees is in csv_reader.c and
 * csv_writer.c, which are built on the same functions.
 */
#ifndef SEI_LUA_CSV_H
#define SEI_LUA_CSV_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../data/csv.h"
#include "options.h"

/* ---- reading: bytes are pushed in as they arrive, rows are taken out ---- */

/* Turns bytes into Lua rows. It lives in a userdata, which owns everything
 * (nothing leaks when Lua raises). */
struct sei_csv_rows;

enum sei_csv_header {
  SEI_CSV_HEADER_FIRST, /* the first row names the columns */
  SEI_CSV_HEADER_GIVEN, /* `names` does; the text has no header row */
  SEI_CSV_HEADER_NONE   /* rows are arrays of any length */
};

/* What a row is handed over as; all but the first need a header. */
enum sei_csv_shape {
  SEI_CSV_AS_TABLE,     /* by column name; without a header: an array */
  SEI_CSV_AS_VALUES,    /* its fields, a string each */
  SEI_CSV_AS_SPANS,     /* a text, which rows may share, and of each field its
                           first and last place in the text, from 1 */
  SEI_CSV_AS_NOTHING    /* it is checked as ever, and C looks at its fields:
                           sei_csv_rows_fields() */
};

/* Zeroed memory (with a name) is a good choice. */
struct sei_csv_how {
  const char *name;     /* of the text, for messages; copied */
  enum sei_csv_header header;
  int names;            /* of GIVEN: stack index of an array of names that
                           sei_csv_check_names() let pass; copied */
  int required;         /* 0, or the stack index of an array of names: the
                           columns that must be there; copied */
  int fields;           /* 0: all columns are handed over; else the stack index
                           of an array of checked names: those, in this order;
                           needs a header; copied */
  enum sei_csv_shape shape;
  bool fill;            /* missing fields are ""; else they are an error */
  bool any_bytes;       /* fields may be invalid UTF-8; else an error */
  char delimiter;       /* 0: ',' */
  size_t max_field, max_row, max_columns; /* 0: see data/csv.h */
};

/* Pushes a new reader (a userdata) and returns it. Raises if `required` or
 * `fields` names a column that `names` lacks. */
struct sei_csv_rows *sei_csv_rows_push(lua_State *L,
                                       const struct sei_csv_how *how);

/* Adds n bytes behind those that are there; `last`: nothing comes after them.
 * Copies; what was read already is dropped, so that no more is held than one
 * row and one feed. false: no memory. */
bool sei_csv_rows_feed(struct sei_csv_rows *r, const char *bytes, size_t n,
                       bool last);

/* The same without a copy: room for n bytes (NULL: no memory), of which the
 * caller then says how many it wrote. */
char *sei_csv_rows_room(struct sei_csv_rows *r, size_t n);
void sei_csv_rows_wrote(struct sei_csv_rows *r, size_t n, bool last);

/* Opens a file for that. Returns its descriptor, or raises an error object of
 * kind "io", file = the path. */
int sei_csv_open(lua_State *L, const char *path);

/* Reads the next bytes from there, `piece` at most. Raises likewise; the path
 * is for the message. */
void sei_csv_rows_read(lua_State *L, struct sei_csv_rows *r, int fd,
                       const char *path, size_t piece);

/* Shows the reader at `index` the string at `text`, whole, instead of any
 * feed; it is kept. */
void sei_csv_rows_whole(lua_State *L, int index, int text);

/* Takes the next row of the reader `r`, which stands at `index` (absolute, or
 * an upvalue's); needs 16 free slots, as a C function has when it is called:
 *   ROW    the row was pushed as its shape asks, sei_csv_rows_width() values
 *   MORE   nothing was pushed; feed and ask again
 *   END    nothing was pushed
 *   ERROR  the error object was pushed: kind "decode", file = the name, line.
 *          After a row that is ragged or not UTF-8 the next call goes on with
 *          the row behind it; after all else it answers the same error.
 * Raises on memory only; the next call, before any feed, hands over the same
 * row. */
enum sei_csv_event sei_csv_rows_next(lua_State *L, struct sei_csv_rows *r,
                                     int index);

/* How many values the last row is. */
int sei_csv_rows_width(const struct sei_csv_rows *r);

/* The line on which the last row begins, from 1. */
size_t sei_csv_rows_line(const struct sei_csv_rows *r);

/* A short cut of SEI_CSV_AS_NOTHING: true if the next row is there and plainly
 * good, where sei_csv_rows_next() would answer ROW. false says nothing and
 * loses nothing: ask that function. */
bool sei_csv_rows_try(struct sei_csv_rows *r);

/* Passes over rows that are plainly good, as sei_csv_pass() does; answers how
 * many these were. */
size_t sei_csv_rows_pass(struct sei_csv_rows *r,
                         const struct sei_csv_want *want, size_t columns);

/* The last row, for sei_csv_field(): valid until the next one is asked for. */
const struct sei_csv *sei_csv_rows_fields(const struct sei_csv_rows *r);

/* Whether the last error was for good: no row comes after it. */
bool sei_csv_rows_failed(const struct sei_csv_rows *r);

/* Pushes the array of the columns' names; nil before the header was read. */
void sei_csv_rows_push_names(lua_State *L, int index);

/* Pushes the last row as a table by column name: what ROW pushes if the rows
 * have names. */
void sei_csv_rows_push_row(lua_State *L, int index);

/* ---- writing ---- */

struct sei_csv_format {
  int names;            /* 0: rows are arrays of any length; else the stack
                           index of an array of checked names: rows are
                           arrays of that length, or tables by name */
  const char *newline;  /* "\n" or "\r\n" */
  char delimiter;
  bool guard;           /* see sei_csv_put_field() */
  bool any_bytes;       /* strings may be invalid UTF-8 */
};

/* Appends the row at `index`: strings, numbers (whole ones without ".0"),
 * booleans, and the null of JSON as an empty field. Reads fields raw. Answers
 * SEI_BUF_OK; SEI_BUF_FULL or SEI_BUF_NOMEM; or SEI_CSV_BAD_ROW and pushes a
 * text that says what is wrong with the row. Unless it answers OK, `out` is as
 * it was. Raises on memory only (a userdata must own `out`). */
enum { SEI_CSV_BAD_ROW = -2 };
int sei_csv_append_row(lua_State *L, int index, struct sei_buf *out,
                       const struct sei_csv_format *format);

/* Appends the header: the row of the names themselves. Answers the same. */
int sei_csv_append_header(lua_State *L, struct sei_buf *out,
                          const struct sei_csv_format *format);

/* ---- for both, and for options of the same kind ---- */

/* What sei.csv.read and sei.csv.write take. */
extern const struct sei_option sei_csv_read_options[];
extern const struct sei_option sei_csv_write_options[];

/* Raises unless the option's value at `index` is an array of column names:
 * strings, not empty, no two the same. `function` is "sei.csv.read". */
void sei_csv_check_names(lua_State *L, int index, const char *option,
                         const char *function);

/* The option `delimiter` of the table at `index`, "," if it is absent. */
char sei_csv_check_delimiter(lua_State *L, int index, const char *function);

/* Pushes an option of the table at `index` that is a name or an array of
 * names, as an array, or nil if it is absent. Returns its index, or 0. */
int sei_csv_option_names(lua_State *L, int index, const char *option);

/* The checked option `row` of the table at `index`. */
enum sei_csv_shape sei_csv_option_shape(lua_State *L, int index);

/* Raises "bad option 'x' for f (… expected, got …)"; `value` is the index of
 * what was given. */
int sei_csv_bad_option(lua_State *L, const char *option, const char *function,
                       const char *expected, int value);

/* Pushes a name in quotes, fit for a message: shortened, one line. */
void sei_csv_push_quoted(lua_State *L, const char *s, size_t n);

/* Moves the string on top of the stack to the end of the text at `text`, which
 * lists `count` names already. */
void sei_csv_join(lua_State *L, int text, lua_Integer count);

/* Whether the array `names` (an absolute index) holds the value. */
bool sei_csv_has_name(lua_State *L, int names, int value);

/* Pushes `"a", "b" and 3 more`: the names in the array at `index`. */
void sei_csv_push_list(lua_State *L, int index);

/* Pushes ` (did you mean "x"?)` for the name in the array at `known` that is
 * nearest to `wrong`, or an empty string. */
void sei_csv_push_nearest(lua_State *L, const char *wrong, int known);

/* Pushes a function: sei.csv.read, sei.csv.write. */
void sei_csv_push_read(lua_State *L);
void sei_csv_push_write(lua_State *L);

/* Registers sei.csv's functions in a new table and pushes it. */
int sei_open_csv(lua_State *L);

#endif
