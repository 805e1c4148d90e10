/* rows_file - rows that are sent, from a CSV file, without making them.
 *
 * The scanner's fields go straight into the request. A Lua row is made only of
 * what is not plainly good; whether it may be sent, and what is wrong with it,
 * is then said by the same rules as of rows that a script gives.
 */
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/nearest.h"
#include "csv.h"
#include "error.h"
#include "rows_private.h"

#define FILE_NAME "sei.rows.file"

enum {
  PIECE = 256 * 1024,
  FEW = 8,              /* rows for which it does not pay to pass over them */
  SLOW = 16             /* rows that are then looked at one by one */
};

/* User values. */
enum { ROWS = 1, PATH, USER_VALUES = PATH };

struct sei_rows_file {
  int fd;               /* -1: closed */
  struct sei_csv_rows *rows;
  lua_Integer count;    /* rows that were read */
  bool waits;           /* the last one is still to be taken */
  bool mapped;
  bool flat;            /* all members have a column, and none is left over */
  bool free;            /* nothing is known of the rows: all are good */
  unsigned slow;        /* rows to be looked at before more are passed over */
  size_t column[SEI_FLAT_MAX];
};

struct sei_rows_file *sei_rows_file_open(lua_State *L)
{
  struct sei_rows_file *f = luaL_testudata(L, 2, FILE_NAME);
  if(!f)
    return NULL;
  lua_settop(L, 2);
  lua_getiuservalue(L, 2, ROWS);
  return f;
}

/* ---- bytes ---- */

static void read_piece(lua_State *L, struct sei_rows_file *f)
{
  if(f->fd < 0)
    luaL_error(L, "the file of rows is closed");
  lua_getiuservalue(L, 2, PATH);
  sei_csv_rows_read(L, f->rows, f->fd, lua_tostring(L, -1), PIECE);
  lua_pop(L, 1);
}

/* ---- columns ---- */

/* Which member has the name on top of the stack; `count` if none. */
static size_t member_of(lua_State *L, const struct sei_flat *flat)
{
  size_t i = 0;
  while(i < flat->count &&
        strcmp(flat->members[i].field->name, lua_tostring(L, -1)))
    i++;
  return i;
}

/* Raises: the header has a column that is no field. Its name is on top. */
static int raise_column(lua_State *L, const struct sei_endpoint *e)
{
  const struct sei_field *f;
  const char *best = NULL, *name = lua_tostring(L, -1);
  size_t score = 0;
  for(f = e->fields; f->name; f++)
    sei_nearest(name, f->name, &best, &score);
  lua_getiuservalue(L, 2, PATH);
  sei_csv_push_quoted(L, name, lua_rawlen(L, -2));
  sei_error_push(L, "decode", "%s: the column %s is not a field of %s%s%s%s",
                 lua_tostring(L, -2), lua_tostring(L, -1), e->name,
                 best ? " (did you mean '" : "", best ? best : "",
                 best ? "'?)" : "");
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "file");
  lua_pushliteral(L, "nothing was sent; take the column out, or give the rows "
                  "of sei.csv.read{ file = … } without it");
  lua_setfield(L, -2, "hint");
  return lua_error(L);
}

static bool is_free(const struct sei_endpoint *e)
{
  return e->open_fields && !e->fields->name && !e->either;
}

/* Finds the members' columns in the header, once. */
static void map_columns(lua_State *L, struct sei_rows_file *f,
                        const struct sei_rows *r)
{
  const struct sei_flat *flat = &r->flat;
  lua_Integer i, n;
  size_t found = 0;
  f->mapped = true;
  f->free = is_free(r->endpoint);
  if(!flat->count)
    return;
  sei_csv_rows_push_names(L, 3);
  n = (lua_Integer)lua_rawlen(L, -1);
  for(i = 1; i <= n; i++) {
    size_t member;
    lua_rawgeti(L, -1, i);
    member = member_of(L, flat);
    if(member == flat->count && !r->csv)
      raise_column(L, r->endpoint);
    if(member < flat->count) {
      f->column[member] = (size_t)i - 1;
      found++;
    }
    lua_pop(L, 1);
  }
  f->flat = found == flat->count && (size_t)n == found;
  lua_pop(L, 1);
}

/* ---- rows ---- */

/* The general way: the row as a table, whole numbers as such. */
static enum sei_rows_answer add_made(lua_State *L, struct sei_rows *r,
                                     bool only_check,
                                     const struct sei_file_row *at)
{
  const struct sei_field *f;
  int row;
  sei_csv_rows_push_row(L, 3);
  row = lua_gettop(L);
  for(f = r->endpoint->fields; f && f->name; f++) {
    lua_getfield(L, row, f->name);
    sei_rows_loosen(L, f);
    lua_setfield(L, row, f->name);
  }
  if(only_check)
    return sei_rows_sound(L, r, row) ? SEI_ROWS_ADDED : SEI_ROWS_BAD;
  return sei_rows_add(L, r, row, at->row, at->line);
}

static enum sei_rows_answer take_row(lua_State *L,
                                     const struct sei_rows_file *f,
                                     struct sei_rows *r, bool only_check,
                                     const struct sei_file_row *at)
{
  struct sei_flat_value values[SEI_FLAT_MAX];
  if(f->free && only_check)
    return SEI_ROWS_ADDED;
  if(f->flat && sei_flat_read_csv(r, sei_csv_rows_fields(f->rows), f->column,
                                  values)) {
    enum sei_batch_answer answer = SEI_BATCH_FITS;
    if(!only_check)
      answer = sei_flat_add(L, r, values, at->row, at->line);
    if(answer != SEI_BATCH_NEVER)
      return answer == SEI_BATCH_FITS ? SEI_ROWS_ADDED : SEI_ROWS_FULL;
  }
  return add_made(L, r, only_check, at);
}

/* The row cannot be read: its error object is on top. Later ones may. */
static void unreadable(lua_State *L, struct sei_rows_file *f,
                       struct sei_file_row *to)
{
  if(sei_csv_rows_failed(f->rows))
    lua_error(L);
  f->count++;
  to->row = f->count;
  to->line = (lua_Integer)sei_csv_rows_line(f->rows);
  to->answer = SEI_ROWS_BAD;
  to->unread = true;
}

/* Reads on to the next row. false: there is none, or it cannot be read. */
static bool next_row(lua_State *L, struct sei_rows_file *f,
                     struct sei_file_row *to)
{
  while(!sei_csv_rows_try(f->rows)) {
    switch(sei_csv_rows_next(L, f->rows, 3)) {
    case SEI_CSV_ROW:
      f->count++;
      return true;
    case SEI_CSV_END:
      to->end = true;
      to->row = f->count;
      return false;
    case SEI_CSV_ERROR:
      unreadable(L, f, to);
      return false;
    default:
      read_piece(L, f);
    }
  }
  f->count++;
  return true;
}

/* Passes over plain rows, unless there were few of them the last time: those
 * between are then scanned twice. */
static void pass_plain(struct sei_rows_file *f,
                       const struct sei_csv_want *want, size_t columns)
{
  size_t n;
  if(f->slow) {
    f->slow--;
    return;
  }
  n = sei_csv_rows_pass(f->rows, want, columns);
  f->count += (lua_Integer)n;
  f->slow = n < FEW ? SLOW : 0;
}

/* Passes over rows that are plainly good, to one that is not: true. false:
 * there is none in what was read. */
static bool pass_good(struct sei_rows_file *f, const struct sei_rows *r)
{
  const struct sei_csv *c = sei_csv_rows_fields(f->rows);
  struct sei_csv_want want[SEI_FLAT_MAX];
  size_t columns = f->flat && r->csv ? r->flat.count : 0;
  if(columns)
    sei_flat_want(r, f->column, want);
  while(sei_csv_rows_try(f->rows)) {
    f->count++;
    if(!f->free && !sei_flat_check_csv(r, c, f->column))
      return true;
    if(columns)
      pass_plain(f, want, columns);
  }
  return false;
}

void sei_rows_file_next(lua_State *L, struct sei_rows_file *f,
                        struct sei_rows *r, bool only_check,
                        struct sei_file_row *to)
{
  bool passes = only_check && (f->flat || f->free) && !f->waits;
  memset(to, 0, sizeof *to);
  if(!(passes && pass_good(f, r)) && !f->waits && !next_row(L, f, to))
    return;
  f->waits = true;
  to->row = f->count;
  to->line = (lua_Integer)sei_csv_rows_line(f->rows);
  if(!f->mapped)
    map_columns(L, f, r);
  to->answer = take_row(L, f, r, only_check, to);
  f->waits = to->answer == SEI_ROWS_FULL;
}

/* ---- opening ---- */

/* core.rows_file(path[, columns]) -> file of rows, for core.rows_take. Raises
 * an error object if it cannot be opened; that columns are missing shows with
 * the first row. It closes its file by __close and when it is collected. */
static int l_rows_file(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct sei_csv_how how;
  struct sei_rows_file *f;
  lua_settop(L, 2);
  f = lua_newuserdatauv(L, sizeof *f, USER_VALUES);
  memset(f, 0, sizeof *f);
  f->fd = -1;
  luaL_setmetatable(L, FILE_NAME);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 3, PATH);
  memset(&how, 0, sizeof how);
  how.name = path;
  how.shape = SEI_CSV_AS_NOTHING;
  how.required = lua_isnil(L, 2) ? 0 : 2;
  f->rows = sei_csv_rows_push(L, &how);
  lua_setiuservalue(L, 3, ROWS);
  f->fd = sei_csv_open(L, path);
  return 1;
}

static int l_file_close(lua_State *L)
{
  struct sei_rows_file *f = luaL_checkudata(L, 1, FILE_NAME);
  if(f->fd >= 0)
    close(f->fd);
  f->fd = -1;
  return 0;
}

bool sei_rows_from_file(const struct sei_endpoint *e)
{
  return e->kind == SEI_KIND_ROWS && sei_flat_can(e);
}

/* core.rows_columns(endpoint) -> array of the columns that a CSV file of its
 * rows has; nil: its rows have parts that no column can hold. */
static int l_rows_columns(lua_State *L)
{
  const struct sei_endpoint *e = sei_endpoint_find(luaL_checkstring(L, 1));
  const struct sei_field *f;
  lua_Integer n = 0;
  luaL_argcheck(L, e, 1, "no such endpoint");
  if(!sei_rows_from_file(e))
    return 0;
  lua_newtable(L);
  for(f = e->fields; f->name; f++) {
    lua_pushstring(L, f->name);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

void sei_open_rows_file(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_file_close}, {"__close", l_file_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"rows_file", l_rows_file}, {"rows_columns", l_rows_columns}, {NULL, NULL}
  };
  luaL_newmetatable(L, FILE_NAME);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
