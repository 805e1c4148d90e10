/* csv_reader - sei.csv.read: an iterator over the rows of a CSV text. */
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "error.h"

#define READER "sei.csv.reader"
#define READ "sei.csv.read"

enum { PIECE = 64 * 1024, MAX_BYTES = 1 << 30, MAX_COLUMNS = 1 << 20 };

/* Upvalues of the iterator. */
#define UP_READER lua_upvalueindex(1) /* what closes: struct reader */
#define UP_ROWS lua_upvalueindex(2)   /* see csv_rows.c */
#define UP_SOURCE lua_upvalueindex(3) /* path, text or function */

enum source { FROM_FILE, FROM_TEXT, FROM_CHUNKS };

/* The one resource of an iterator that must not wait for the collector. */
struct reader {
  int fd;               /* -1: none, or closed */
  enum source source;
  bool closed;
  struct sei_csv_rows *rows; /* UP_ROWS keeps it */
};

const struct sei_option sei_csv_read_options[] = {
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none", "path of the file to read"},
  {"text", SEI_OPT_ANY, 0, 0, "string", "none", "the text itself"},
  {"chunks", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called for the next piece of the text, a string of any size; nil ends it; "
   "nil and a message is an error; it may yield"},
  {"header", SEI_OPT_ANY, 0, 0, "boolean|{string,...}", "true",
   "true: the first row names the columns and rows are tables by name; an "
   "array of names: the same, but the text has no header row; false: rows are "
   "arrays"},
  {"columns", SEI_OPT_STRINGS, 0, 0, NULL, "none",
   "columns that must be there, in any place"},
  {"fields", SEI_OPT_STRINGS, 0, 0, NULL, "all",
   "columns to hand over, in this order; they must be there, others are left "
   "out; a row's UTF-8 and count of fields are checked as a whole"},
  {"row", SEI_OPT_CHOICE, 0, 0, "table|values|spans", "table",
   "what a row is handed over as. values: its fields one by one, in the order "
   "of 'fields' or of the header, and its line behind them; spans: a text, of "
   "each field its first and last place in the text, and the line, so that no "
   "string is made of a field but by text:sub(first, last). Rows next to each "
   "other share a text of some KiB (with 'text' it is that): whoever keeps it "
   "keeps it whole, and what stands outside a row's places is not the row's"},
  {"delimiter", SEI_OPT_ANY, 0, 0, "string", "\",\"",
   "the one character between two fields"},
  {"ragged", SEI_OPT_CHOICE, 0, 0, "error|fill", "error",
   "what a row with fewer fields than the header is: an error, or filled up "
   "with empty ones; more fields are always an error"},
  {"utf8", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
   "whether a field that is not valid UTF-8 is an error"},
  {"name", SEI_OPT_STRING, 0, 0, NULL, "the path",
   "what messages call the text"},
  {"max_field", SEI_OPT_INTEGER, 1, MAX_BYTES, NULL, "1048576",
   "bytes of one field at most"},
  {"max_row", SEI_OPT_INTEGER, 1, MAX_BYTES, NULL, "16777216",
   "bytes of one row at most"},
  {"max_columns", SEI_OPT_INTEGER, 1, MAX_COLUMNS, NULL, "16384",
   "fields of one row at most"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static void close_reader(struct reader *r)
{
  if(r->fd >= 0)
    close(r->fd);
  r->fd = -1;
  r->closed = true;
}

/*** Closes the file before its end; closing twice is fine. A `for` loop does
it by itself. The reader is the fourth value of `sei.csv.read`.
@function reader:close */
static int l_reader_close(lua_State *L)
{
  close_reader(luaL_checkudata(L, 1, READER));
  return 0;
}

/* ---- bytes ---- */

/* The function answered nil and something else: it failed. */
static int raise_chunks(lua_State *L)
{
  if(lua_istable(L, -1))
    return lua_error(L); /* an error object, most likely */
  sei_error_push(L, "io", "the function 'chunks' failed: %s",
                 luaL_tolstring(L, -1, NULL));
  return lua_error(L);
}

/* Feeds what the function answered: the two values on top, which go. Bytes
 * that find no room are lost, so nothing may come after them. */
static void take_chunk(lua_State *L, struct reader *r)
{
  size_t n = 0;
  const char *s = "";
  bool last = lua_isnil(L, -2);
  if(last && !lua_isnil(L, -1))
    raise_chunks(L);
  if(!last && lua_type(L, -2) != LUA_TSTRING)
    luaL_error(L, "the function 'chunks' of " READ " must return a string or "
               "nil, got %s", luaL_typename(L, -2));
  if(!last)
    s = lua_tolstring(L, -2, &n);
  if(!sei_csv_rows_feed(r->rows, s, n, last)) {
    close_reader(r);
    luaL_error(L, "not enough memory");
  }
  lua_pop(L, 2);
}

/* ---- the iterator ---- */

/* Returns to the loop what was found, or raises the error that was pushed. */
static inline int give(lua_State *L, const struct reader *r,
                       enum sei_csv_event e)
{
  if(e == SEI_CSV_ROW) {
    lua_pushinteger(L, (lua_Integer)sei_csv_rows_line(r->rows));
    return sei_csv_rows_width(r->rows) + 1;
  }
  if(e == SEI_CSV_ERROR)
    return lua_error(L);
  lua_pushnil(L);
  return 1;
}

static enum sei_csv_event look(lua_State *L, const struct reader *r)
{
  if(r->closed)
    luaL_error(L, "the reader is closed");
  return sei_csv_rows_next(L, r->rows, UP_ROWS);
}

static int l_chunk_came(lua_State *L, int status, lua_KContext context);

/* Reads until there is a row: what was read so far has none. */
static int read_on(lua_State *L, struct reader *r)
{
  enum sei_csv_event e;
  do {
    if(r->source == FROM_FILE)
      sei_csv_rows_read(L, r->rows, r->fd, lua_tostring(L, UP_SOURCE), PIECE);
    else {
      lua_pushvalue(L, UP_SOURCE);
      lua_callk(L, 0, 2, 0, l_chunk_came);
      take_chunk(L, r);
    }
    e = look(L, r);
  } while(e == SEI_CSV_MORE);
  return give(L, r, e);
}

/* Goes on where `chunks` yielded: its answer is on the stack. */
static int l_chunk_came(lua_State *L, int status, lua_KContext context)
{
  struct reader *r = lua_touserdata(L, UP_READER);
  enum sei_csv_event e;
  (void)status;
  (void)context;
  take_chunk(L, r);
  e = look(L, r);
  return e == SEI_CSV_MORE ? read_on(L, r) : give(L, r, e);
}

/* What the loop passes stays below, untouched. */
static int l_next(lua_State *L)
{
  struct reader *r = lua_touserdata(L, UP_READER);
  enum sei_csv_event e = look(L, r);
  return e == SEI_CSV_MORE ? read_on(L, r) : give(L, r, e);
}

/* ---- options ---- */

/* Pushes the source and says what it is: exactly one of three options. */
static enum source push_source(lua_State *L)
{
  static const char *const names[] = {"file", "text", "chunks"};
  int i, given = 0;
  enum source source = FROM_FILE;
  for(i = 0; i < 3; i++) {
    if(lua_getfield(L, 1, names[i]) == LUA_TNIL) {
      lua_pop(L, 1);
      continue;
    }
    source = (enum source)i;
    given++;
  }
  if(given != 1)
    luaL_error(L, READ " needs exactly one of the options 'file', 'text' and "
               "'chunks', got %s", given ? "more" : "none");
  if(source == FROM_TEXT && lua_type(L, -1) != LUA_TSTRING)
    sei_csv_bad_option(L, "text", READ, "string", -1);
  return source;
}

/* Reads `header` and leaves its value on the stack. */
static void check_header(lua_State *L, struct sei_csv_how *how)
{
  switch(lua_getfield(L, 1, "header")) {
  case LUA_TNIL:
    return;
  case LUA_TBOOLEAN:
    if(!lua_toboolean(L, -1))
      how->header = SEI_CSV_HEADER_NONE;
    return;
  case LUA_TTABLE:
    sei_csv_check_names(L, -1, "header", READ);
    how->header = SEI_CSV_HEADER_GIVEN;
    how->names = lua_gettop(L);
    return;
  default:
    sei_csv_bad_option(L, "header", READ, "boolean or array of column names",
                       -1);
  }
}

int sei_csv_option_names(lua_State *L, int index, const char *option)
{
  int type = lua_getfield(L, index, option);
  if(type == LUA_TNIL)
    return 0;
  if(type == LUA_TSTRING) {
    lua_createtable(L, 1, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  }
  return lua_gettop(L);
}

/* Reads `columns` and `fields` and leaves two values on the stack. */
static void check_columns(lua_State *L, struct sei_csv_how *how)
{
  how->required = sei_csv_option_names(L, 1, "columns");
  how->fields = sei_csv_option_names(L, 1, "fields");
  if(how->fields)
    sei_csv_check_names(L, how->fields, "fields", READ);
}

static void refuse_without_header(lua_State *L, const char *option)
{
  if(lua_getfield(L, 1, option) != LUA_TNIL)
    luaL_error(L, "option '%s' of " READ " needs a header, and 'header' is "
               "false", option);
  lua_pop(L, 1);
}

enum sei_csv_shape sei_csv_option_shape(lua_State *L, int index)
{
  switch(*sei_option_string(L, index, "row", "table")) {
  case 'v':
    return SEI_CSV_AS_VALUES;
  case 's':
    return SEI_CSV_AS_SPANS;
  default:
    return SEI_CSV_AS_TABLE;
  }
}

/* Pushes the reader of rows. The source stands at `source`. */
static struct sei_csv_rows *push_rows(lua_State *L, int source,
                                      const struct reader *r)
{
  static const char *const names[] = {NULL, "text", "chunks"};
  struct sei_csv_how how = {0};
  const char *name = r->source == FROM_FILE ? lua_tostring(L, source) :
    names[r->source];
  how.name = sei_option_string(L, 1, "name", name);
  how.delimiter = sei_csv_check_delimiter(L, 1, READ);
  how.fill = !strcmp(sei_option_string(L, 1, "ragged", ""), "fill");
  how.any_bytes = !sei_option_boolean(L, 1, "utf8", true);
  how.max_field = (size_t)sei_option_integer(L, 1, "max_field", 0);
  how.max_row = (size_t)sei_option_integer(L, 1, "max_row", 0);
  how.max_columns = (size_t)sei_option_integer(L, 1, "max_columns", 0);
  how.shape = sei_csv_option_shape(L, 1);
  check_header(L, &how);
  check_columns(L, &how);
  if(how.header == SEI_CSV_HEADER_NONE) {
    refuse_without_header(L, "columns");
    refuse_without_header(L, "ragged");
    refuse_without_header(L, "fields");
    refuse_without_header(L, "row");
  }
  return sei_csv_rows_push(L, &how);
}

/*** Reads CSV, row by row.
Line ends may be CRLF, LF or CR; empty lines are passed over; a byte order mark
is dropped. What is wrong with the text is raised as an error object of kind
`decode` with the fields `file` and `line` (and `column`, in characters, where
the text itself is malformed); a file that cannot be read, of kind `io`. Memory
use does not grow with the text. `break` closes the file.

A row that is ragged or not valid UTF-8 is passed over if the iterator is
called again after its error; any other error is for good.
@function read
@tparam table options exactly one of `file`, `text` and `chunks`, and others:
@treturn function an iterator for `for`; each step gives the row, a table of
strings, and the number of the line where it begins; see the option `row` for
what else a row may be
@usage for row, line in sei.csv.read{ file = "people.csv" } do
  print(line, row.email)
end
-- without a table for each row
local options = { file = "people.csv", fields = "email", row = "values" }
for email, line in sei.csv.read(options) do print(line, email) end
-- without a string for each field, but of those that matter
options.row = "spans"
for text, first, last, line in sei.csv.read(options) do
  local at = text:find("@", first, true)
  if not at or at > last then print(line, text:sub(first, last)) end
end */
static int l_read(lua_State *L)
{
  static const struct sei_option *const tables[] = {sei_csv_read_options,
    NULL};
  struct reader *r;
  lua_settop(L, 1);
  sei_options_check(L, 1, READ, tables);
  r = lua_newuserdatauv(L, sizeof *r, 0);
  r->fd = -1;
  r->closed = false;
  luaL_setmetatable(L, READER);
  r->source = push_source(L);
  r->rows = push_rows(L, 3, r);
  if(r->source == FROM_FILE)
    r->fd = sei_csv_open(L, lua_tostring(L, 3));
  if(r->source == FROM_TEXT)
    sei_csv_rows_whole(L, -1, 3);
  lua_pushvalue(L, 2);
  lua_insert(L, -2);
  lua_pushvalue(L, 3);
  lua_pushcclosure(L, l_next, 3);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, 2);
  return 4;
}

void sei_csv_push_read(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"__gc", l_reader_close}, {"__close", l_reader_close}, {NULL, NULL}
  };
  if(luaL_newmetatable(L, READER)) {
    luaL_setfuncs(L, methods, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_reader_close);
    lua_setfield(L, -2, "close");
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, l_read);
}
