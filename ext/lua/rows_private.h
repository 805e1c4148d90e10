/* rows_private - what the rows files of this folder share. */
#ifndef SEI_LUA_ROWS_PRIVATE_H
#define SEI_LUA_ROWS_PRIVATE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "../api/batch.h"
#include "../api/endpoint.h"
#include "../base/buf.h"
#include "../base/shared.h"
#include "rows.h"

enum { SEI_FLAT_MAX = 4, SEI_FLAT_BEFORE = 48 };

/* A row of which all members are texts or integers, and all required: what
 * stands around its values in JSON, in the order of the names' bytes. */
struct sei_flat {
  size_t count;             /* of members; 0: rows are not like that */
  struct sei_flat_member {
    const struct sei_field *field;
    const void *name;       /* Lua's own string: known by its address */
    const char *listed;     /* values that are documented, or NULL: any */
    bool text;              /* not an integer */
    bool any;               /* of a text: only that it is not empty counts */
    char before[SEI_FLAT_BEFORE];
    size_t before_len;
  } members[SEI_FLAT_MAX];
  size_t around;            /* bytes of it that are no values */
};

struct sei_rows {
  const struct sei_endpoint *endpoint;
  bool csv;                 /* encode as CSV; else as JSON */
  struct sei_batch batch;
  struct sei_shared *body;  /* what is encoded of the open batch; a request
                               under way holds it as well. NULL: no memory */
  size_t body_max;          /* bytes that it may have */
  struct sei_buf row;       /* the row that is being encoded */
  struct sei_buf spans;     /* of each row of the batch: struct sei_span */
  bool closed;              /* the body has its end */
  struct sei_flat flat;
};

/* User values of it. */
enum { SEI_ROWS_HEADER = 1, SEI_ROWS_NAMES, SEI_ROWS_UV = SEI_ROWS_NAMES };

struct sei_span {
  size_t from, to;          /* in the body */
  lua_Integer row, line;    /* the caller's numbers; 0: there is none */
};

/* ---- rows_rules.c: what may be sent ---- */

/* Whether the row at `index` may be sent. If not, the value, the field and
 * the reason are the three values on top. */
bool sei_rows_sound(lua_State *L, const struct sei_rows *r, int index);

/* CSV cells are text: of an integer's field "5322" on top of the stack becomes
 * an integer. */
void sei_rows_loosen(lua_State *L, const struct sei_field *f);

/* Pushes the value at `value` (0: nil), its field and the reason; false. */
bool sei_rows_refuse(lua_State *L, int value, const char *field,
                     const char *reason);

/* The values that the endpoint documents for the field, "A|B"; NULL: any. */
const char *sei_rows_listed(const struct sei_endpoint *e, const char *field);

/* Whether the value is among them. */
bool sei_rows_lists(const char *listed, const char *value, size_t n);

/* Whether the sound row at `index` has a value that is not: pushes a
 * warning. */
bool sei_rows_unlisted(lua_State *L, const struct sei_endpoint *e, int index);

/* ---- rows.c ---- */

enum sei_rows_answer {
  SEI_ROWS_ADDED,
  SEI_ROWS_WARNED,          /* added; a message was pushed */
  SEI_ROWS_FULL,            /* not added: the batch must be sent first */
  SEI_ROWS_BAD              /* value, field and reason were pushed */
};

/* Raises unless there is such a userdata at 1. */
struct sei_rows *sei_rows_check(lua_State *L);

/* Checks, encodes and adds the row at `index` to the rows at 1. */
enum sei_rows_answer sei_rows_add(lua_State *L, struct sei_rows *r, int index,
                                  lua_Integer row, lua_Integer line);

/* Puts before the next row of the open batch what belongs there, and makes
 * room for n bytes behind it, of which a span is kept; SEI_ROWS_SLACK bytes
 * more may be written to. Raises on memory. */
enum { SEI_ROWS_SLACK = 64 };
char *sei_rows_place(lua_State *L, struct sei_rows *r, size_t n,
                     lua_Integer row, lua_Integer line);

/* ---- rows_flat.c: rows that need no way through the general encoder ---- */

struct sei_flat_value {
  const char *s;            /* text, or the digits of a number */
  size_t n;
  char digits[24];
};

/* Describes the endpoint's rows, if they are flat. The rows are at `index`. */
void sei_flat_describe(lua_State *L, int index);

/* Whether the endpoint's rows are flat. */
bool sei_flat_can(const struct sei_endpoint *e);

/* Whether the table on top is a sound row that goes as it stands, one value
 * for each member. false says nothing. Raises nothing, runs no metamethod. */
bool sei_flat_read(lua_State *L, const struct sei_rows *r,
                   struct sei_flat_value *values);

/* The same of a row of CSV, whose fields stand in the order of `column`. */
struct sei_csv;
bool sei_flat_read_csv(const struct sei_rows *r, const struct sei_csv *c,
                       const size_t column[SEI_FLAT_MAX],
                       struct sei_flat_value *values);

/* The same answer, and the values are not wanted. */
bool sei_flat_check_csv(const struct sei_rows *r, const struct sei_csv *c,
                        const size_t column[SEI_FLAT_MAX]);

/* What each column of such a row must have; for sei_csv_pass(). The request
 * is in CSV. */
struct sei_csv_want;
void sei_flat_want(const struct sei_rows *r,
                   const size_t column[SEI_FLAT_MAX],
                   struct sei_csv_want *want);

/* Adds a row of such values. NEVER: it is too long. */
enum sei_batch_answer sei_flat_add(lua_State *L, struct sei_rows *r,
                                   const struct sei_flat_value *values,
                                   lua_Integer row, lua_Integer line);

/* ---- rows_file.c ---- */

/* What became of the next row of a file. */
struct sei_file_row {
  enum sei_rows_answer answer;
  bool end;                 /* there was none */
  bool unread;              /* BAD: the value on top is an error object */
  lua_Integer row, line;
};

struct sei_rows_file;

/* The file of rows at 2, or NULL if that is none. What it reads with is pushed
 * to 3, where the next function wants it. */
struct sei_rows_file *sei_rows_file_open(lua_State *L);

/* Adds its next row to the rows at 1; with `only_check` it is checked and
 * passed over. Raises an error object if the file cannot be read on. */
void sei_rows_file_next(lua_State *L, struct sei_rows_file *f,
                        struct sei_rows *r, bool only_check,
                        struct sei_file_row *to);

/* Puts the functions rows_file into the table on top. */
void sei_open_rows_file(lua_State *L);

/* Puts the functions rows_take into the table on top. */
void sei_open_rows_take(lua_State *L);

#endif
