/* csv_writer - sei.csv.write: rows to a CSV file, or to a function. */
#include <errno.h>
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "../data/outfile.h"
#include "csv.h"
#include "error.h"

#define WRITER "sei.csv.writer"
#define WRITE "sei.csv.write"

enum { PIECE = 64 * 1024 };

/* User values of the writer. */
enum { HEADER = 1, PATH, TO, FAILURE, USER_VALUES = FAILURE };

struct writer {
  struct sei_buf buf;   /* rows that wait until there is a piece of them */
  struct sei_outfile file;
  struct sei_csv_format format; /* `names` is set for each call */
  bool to_file;
  bool has_header;
  bool open;
  bool calling;         /* the function was called and did not return */
  bool failed;          /* FAILURE holds the first error */
};

const struct sei_option sei_csv_write_options[] = {
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none", "path of the file to write"},
  {"to", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called with pieces of the text, strings; false, or nil and a message, "
   "tells that it failed; it may yield"},
  {"header", SEI_OPT_TABLE, 0, 0, NULL, "none",
   "names of the columns, written as the first row"},
  {"delimiter", SEI_OPT_ANY, 0, 0, "string", "\",\"",
   "the one character between two fields"},
  {"newline", SEI_OPT_ANY, 0, 0, "string", "\"\\n\"",
   "what ends a row, or \"\\r\\n\""},
  {"guard", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
   "puts an apostrophe before cells that a spreadsheet would run as a formula "
   "(they begin with `= + - @`, tab, CR or LF, and are no plain numbers): for "
   "files that people open, never for what is sent"},
  {"utf8", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
   "whether a field that is not valid UTF-8 is refused"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static struct writer *self(lua_State *L)
{
  return luaL_checkudata(L, 1, WRITER);
}

/* ---- failures ---- */

/* Keeps the error object on top of the stack as the one that is answered from
 * now on; nothing will appear under the file's name. */
static void keep_failure(lua_State *L, struct writer *w)
{
  w->failed = true;
  lua_setiuservalue(L, 1, FAILURE);
  sei_outfile_discard(&w->file);
  sei_buf_free(&w->buf);
}

/* Pushes the error object of a file's errno. */
static void push_io(lua_State *L, const char *path, int e)
{
  sei_error_push(L, "io", "%s: %s", path, strerror(e));
  lua_pushstring(L, path);
  lua_setfield(L, -2, "file");
}

static void keep_io(lua_State *L, struct writer *w, int e)
{
  lua_getiuservalue(L, 1, PATH);
  push_io(L, lua_tostring(L, -1), e);
  keep_failure(L, w);
  lua_pop(L, 1);
}

/* The two values that the function returned are on top of the stack: false,
 * or nil and a message, say that it failed. */
static void judge(lua_State *L, struct writer *w)
{
  bool refused = lua_isboolean(L, -2) && !lua_toboolean(L, -2);
  w->calling = false;
  if(refused || (lua_isnil(L, -2) && !lua_isnil(L, -1))) {
    if(lua_istable(L, -1))
      lua_pushvalue(L, -1); /* an error object, most likely */
    else
      sei_error_push(L, "io", "the function 'to' of " WRITE " failed%s%s",
                     lua_isnil(L, -1) ? "" : ": ",
                     lua_isnil(L, -1) ? "" : luaL_tolstring(L, -1, NULL));
    keep_failure(L, w);
  }
}

/* true, or nil and the error. */
static int answer(lua_State *L, const struct writer *w)
{
  if(!w->failed) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_getiuservalue(L, 1, FAILURE);
  return 2;
}

/* ---- pieces ---- */

enum { NOT_CALLED, CALLED };

/* Hands over what waits, then goes on with `k`; its context says whether the
 * function was called, which may yield. */
static int drain(lua_State *L, struct writer *w, lua_KFunction k)
{
  if(w->to_file) {
    int e = sei_outfile_write(&w->file, w->buf.data, w->buf.len);
    sei_buf_clear(&w->buf);
    if(e)
      keep_io(L, w, e);
    return k(L, LUA_OK, NOT_CALLED);
  }
  lua_getiuservalue(L, 1, TO);
  lua_pushlstring(L, w->buf.data, w->buf.len);
  sei_buf_clear(&w->buf);
  w->calling = true;
  lua_callk(L, 1, 2, CALLED, k);
  return k(L, LUA_OK, CALLED);
}

/* The function raised an error and somebody caught it, or it is called from
 * within itself: what it did with its piece, nobody knows. */
static void check_calling(lua_State *L, struct writer *w)
{
  if(!w->calling || w->failed)
    return;
  sei_error_push(L, "io", "the function 'to' of " WRITE " did not return from "
                 "an earlier call");
  keep_failure(L, w);
}

static int after_row(lua_State *L, int status, lua_KContext context)
{
  struct writer *w = lua_touserdata(L, 1);
  (void)status;
  if(context == CALLED)
    judge(L, w);
  return answer(L, w);
}

/*** Writes a row.
Fields are strings, numbers (whole ones without `.0`), booleans, or `sei.null`
for an empty one. A row that does not fit raises, and nothing of it is written.
@function writer:row
@tparam table row an array of fields; or, if the writer has a header, a table
by column name with exactly its columns
@treturn[1] boolean true
@treturn[2] nil if the file or function failed
@treturn[2] table the error object; every later call answers the same */
static int l_writer_row(lua_State *L)
{
  struct writer *w = self(L);
  int r;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  if(!w->open)
    return luaL_error(L, "the writer is closed");
  check_calling(L, w);
  if(w->failed)
    return answer(L, w);
  lua_getiuservalue(L, 1, HEADER);
  w->format.names = w->has_header ? 3 : 0;
  r = sei_csv_append_row(L, 2, &w->buf, &w->format);
  if(r == SEI_CSV_BAD_ROW)
    return luaL_argerror(L, 2, lua_tostring(L, -1));
  if(r)
    return luaL_error(L, "not enough memory");
  if(w->buf.len < PIECE)
    return answer(L, w);
  return drain(L, w, after_row);
}

/* ---- the end ---- */

static int after_close(lua_State *L, int status, lua_KContext context)
{
  struct writer *w = lua_touserdata(L, 1);
  (void)status;
  if(context == CALLED)
    judge(L, w);
  if(!w->failed && w->to_file) {
    int e = sei_outfile_commit(&w->file);
    if(e)
      keep_io(L, w, e);
  }
  sei_buf_free(&w->buf);
  return answer(L, w);
}

/* Writes what waits and gives the file its name, then goes on with `k`, which
 * calls after_close(). */
static int finish(lua_State *L, struct writer *w, lua_KFunction k)
{
  check_calling(L, w);
  w->open = false;
  if(w->failed || !w->buf.len)
    return k(L, LUA_OK, NOT_CALLED);
  return drain(L, w, k);
}

/*** Writes what is left and closes; a file appears under its name now.
Safe to call again: it answers the same.
@function writer:close
@treturn[1] boolean true
@treturn[2] nil if the file or function failed, be it in this call or an
earlier one; the file is then as it was before
@treturn[2] table the error object */
static int l_writer_close(lua_State *L)
{
  struct writer *w = self(L);
  lua_settop(L, 1);
  if(!w->open)
    return answer(L, w);
  return finish(L, w, after_close);
}

/* Gives up what was written. */
static void discard(struct writer *w)
{
  w->open = false;
  sei_outfile_discard(&w->file);
  sei_buf_free(&w->buf);
}

/* Nobody reads the results of __close, so a failure is raised. */
static int after_scope(lua_State *L, int status, lua_KContext context)
{
  after_close(L, status, context);
  return ((struct writer *)lua_touserdata(L, 1))->failed ? lua_error(L) : 0;
}

/* The end of a scope: closes, or if the scope ends by an error, discards. */
static int l_writer_scope(lua_State *L)
{
  struct writer *w = self(L);
  bool broken = !lua_isnoneornil(L, 2);
  lua_settop(L, 1);
  if(!w->open)
    return 0;
  if(broken) {
    discard(w);
    return 0;
  }
  return finish(L, w, after_scope);
}

static int l_writer_gc(lua_State *L)
{
  struct writer *w = self(L);
  bool lost = w->open && !w->failed;
  discard(w);
  if(lost) {
    const char *path = lua_getiuservalue(L, 1, PATH) == LUA_TSTRING ?
      lua_tostring(L, -1) : "what was left for its function";
    lua_warning(L, "sei: a CSV writer was never closed, so this was not "
                "written: ", 1);
    lua_warning(L, path, 0);
  }
  return 0;
}

/* ---- making one ---- */

static const char *check_newline(lua_State *L)
{
  const char *newline = "\n";
  if(lua_getfield(L, 1, "newline") != LUA_TNIL) {
    const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if(!strcmp(s, "\r\n"))
      newline = "\r\n";
    else if(strcmp(s, "\n") != 0)
      sei_csv_bad_option(L, "newline", WRITE, "\"\\n\" or \"\\r\\n\"", -1);
  }
  lua_pop(L, 1);
  return newline;
}

/* Copies the option `header`, so that it cannot change later, and puts it in
 * front of the rows. The writer stands at 2. */
static void take_header(lua_State *L, struct writer *w)
{
  lua_Integer i, n;
  int r;
  if(lua_getfield(L, 1, "header") == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  sei_csv_check_names(L, -1, "header", WRITE);
  n = (lua_Integer)lua_rawlen(L, -1);
  lua_createtable(L, (int)n, 0);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, -2, i);
    lua_rawseti(L, -2, i);
  }
  w->has_header = true;
  w->format.names = lua_gettop(L);
  r = sei_csv_append_header(L, &w->buf, &w->format);
  if(r == SEI_CSV_BAD_ROW)
    luaL_error(L, "bad option 'header' for " WRITE " (%s)",
               lua_tostring(L, -1));
  if(r)
    luaL_error(L, "not enough memory");
  lua_setiuservalue(L, 2, HEADER);
  lua_pop(L, 1);
}

static struct writer *push_writer(lua_State *L)
{
  static const struct sei_outfile none = SEI_OUTFILE_NONE;
  struct writer *w = lua_newuserdatauv(L, sizeof *w, USER_VALUES);
  memset(w, 0, sizeof *w);
  w->file = none;
  sei_buf_init(&w->buf, SIZE_MAX / 2); /* one piece and one row */
  luaL_setmetatable(L, WRITER);
  return w;
}

/*** Writes CSV, row by row.
Use it with `<close>`, or call `close`: a file is written under a temporary
name beside it and takes its own when it is complete, so that neither an error
nor a crash leaves half a file behind. A file that is never closed never
appears.
@function write
@tparam table options exactly one of `file` and `to`, and others:
@treturn[1] writer
@treturn[2] nil if the file cannot be written
@treturn[2] table the error object, of kind `io`
@usage local out <close> = assert(sei.csv.write{ file = "review.csv",
  header = { "login", "email" }, guard = true })
out:row{ login = "jdoe", email = "jane@example.com" } */
static int l_write(lua_State *L)
{
  static const struct sei_option *const tables[] = {sei_csv_write_options,
    NULL};
  struct writer *w;
  lua_settop(L, 1);
  sei_options_check(L, 1, WRITE, tables);
  w = push_writer(L);
  lua_getfield(L, 1, "file");
  lua_getfield(L, 1, "to");
  if(lua_isnil(L, 3) == lua_isnil(L, 4))
    return luaL_error(L, WRITE " needs exactly one of the options 'file' and "
                      "'to', got %s", lua_isnil(L, 3) ? "none" : "both");
  w->to_file = !lua_isnil(L, 3);
  w->format.delimiter = sei_csv_check_delimiter(L, 1, WRITE);
  w->format.newline = check_newline(L);
  w->format.guard = sei_option_boolean(L, 1, "guard", false);
  w->format.any_bytes = !sei_option_boolean(L, 1, "utf8", true);
  take_header(L, w);
  if(w->to_file) {
    int e = sei_outfile_open(&w->file, lua_tostring(L, 3));
    if(e) {
      push_io(L, lua_tostring(L, 3), e);
      return sei_error_return(L);
    }
  }
  w->open = true;
  lua_setiuservalue(L, 2, TO);
  lua_setiuservalue(L, 2, PATH);
  return 1;
}

void sei_csv_push_write(lua_State *L)
{
  static const luaL_Reg metamethods[] = {
    {"__gc", l_writer_gc}, {"__close", l_writer_scope}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"row", l_writer_row}, {"close", l_writer_close}, {NULL, NULL}
  };
  if(luaL_newmetatable(L, WRITER)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, l_write);
}
