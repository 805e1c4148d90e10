/* answer - from the table that Lua returns to the bytes that go out. */
#define _GNU_SOURCE
#include "host.h"

#include <string.h>

#include <lauxlib.h>

/* Bytes that a body function's piece is sent in; within CONNECTION_MEMORY. */
enum { BLOCK = 64 << 10 };

/* ---- sending ---- */

/* Protected: anchors, request. The next piece of a stream becomes the data,
 * an empty one its end. The anchor is {function, piece}. */
static int next_piece(lua_State *L)
{
  struct sei_request *r = lua_touserdata(L, 2);
  r->data = NULL;
  r->len = r->sent = 0;
  lua_rawgetp(L, 1, r);
  do {
    lua_rawgeti(L, 3, 1);
    lua_call(L, 0, 1);
    if(lua_isnil(L, -1))
      return 0;
    r->data = luaL_checklstring(L, -1, &r->len);
    lua_rawseti(L, 3, 2);
  } while(!r->len);
  return 0;
}

/* True if there are bytes to send; sets *err if the Lua function failed. */
static bool refill(struct sei_request *r, bool *err)
{
  lua_State *L = r->host->L;
  if(!L) {
    *err = true;
    return false;
  }
  lua_pushcfunction(L, next_piece);
  lua_pushvalue(L, SEI_HOST_ANCHORS);
  lua_pushlightuserdata(L, r);
  *err = lua_pcall(L, 2, 0, 0) != LUA_OK;
  if(*err) {
    if(lua_type(L, -1) == LUA_TSTRING)
      lua_warning(L, lua_tostring(L, -1), 0);
    lua_pop(L, 1);
  }
  return !*err && r->len;
}

static ssize_t on_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
  struct sei_request *r = cls;
  size_t n;
  bool err = false;
  (void)pos;
  if(r->sent == r->len && !refill(r, &err))
    return err ? MHD_CONTENT_READER_END_WITH_ERROR
               : MHD_CONTENT_READER_END_OF_STREAM;
  n = r->len - r->sent < max ? r->len - r->sent : max;
  memcpy(buf, r->data + r->sent, n);
  r->sent += n;
  return (ssize_t)n;
}

/* A known body that is cut short, or goes out in pieces with pauses. */
static ssize_t on_faulty(void *cls, uint64_t pos, char *buf, size_t max)
{
  struct sei_request *r = cls;
  size_t n = r->cut - (size_t)pos;
  if(!n) {
    if(r->announced)
      return MHD_CONTENT_READER_END_OF_STREAM;
    if(r->ending == SEI_ENDING_RESET)
      sei_request_reset(r);
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  if(r->piece && pos && !r->rested) {
    r->rested = true;
    sei_host_wait(r, r->pause);
    return 0;
  }
  r->rested = false;
  if(n > max)
    n = max;
  if(r->piece && n > r->piece)
    n = r->piece;
  memcpy(buf, r->data + pos, n);
  return (ssize_t)n;
}

/* ---- reading the table ---- */

static lua_Integer get_integer(lua_State *L, const char *name,
                               lua_Integer otherwise)
{
  lua_Integer i;
  lua_getfield(L, -1, name);
  i = luaL_optinteger(L, -1, otherwise);
  lua_pop(L, 1);
  return i;
}

static void read_ending(lua_State *L, struct sei_request *r)
{
  static const char *const names[] = {"keep", "close", "reset", NULL};
  lua_getfield(L, -1, "ending");
  r->ending = (enum sei_ending)luaL_checkoption(L, -1, "keep", names);
  lua_pop(L, 1);
  r->piece = (size_t)get_integer(L, "piece", 0);
  lua_getfield(L, -1, "pause");
  r->pause = luaL_optnumber(L, -1, 0);
  lua_pop(L, 1);
}

/* Anchors the body. A function is anchored in a table, with its pieces. */
static void read_body(lua_State *L, struct sei_request *r)
{
  lua_getfield(L, -1, "body");
  if(lua_isfunction(L, -1)) {
    r->stream = true;
    lua_createtable(L, 2, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  }
  else {
    r->data = luaL_optlstring(L, -1, "", &r->len);
    if(lua_isnil(L, -1)) {
      lua_pop(L, 1);
      return;
    }
  }
  lua_rawsetp(L, 2, r); /* ask()'s second argument: the anchors */
}

static struct MHD_Response *make(struct sei_request *r)
{
  if(r->stream)
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK,
                                             on_stream, r, NULL);
  if(r->announced)
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK,
                                             on_faulty, r, NULL);
  if(r->piece || r->cut < r->len)
    return MHD_create_response_from_callback(r->len, BLOCK, on_faulty, r,
                                             NULL);
  return MHD_create_response_from_buffer(r->len, (void *)(uintptr_t)r->data,
                                         MHD_RESPMEM_PERSISTENT);
}

static void add_header(lua_State *L, struct sei_request *r, const char *name,
                       const char *value)
{
  if(MHD_add_response_header(r->response, name, value) != MHD_YES)
    luaL_error(L, "not a header: %s: %s", name, value);
}

static void add_headers(lua_State *L, struct sei_request *r)
{
  lua_Integer i, n;
  lua_getfield(L, -1, "headers");
  n = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
  for(i = 1; i < n; i += 2) {
    lua_geti(L, -1, i);
    lua_geti(L, -2, i + 1);
    add_header(L, r, luaL_checkstring(L, -2), luaL_checkstring(L, -1));
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

/* The one lie that the library must be told to let pass. Its own count is kept
 * out by a body of unknown size that it may not send in chunks. */
static void announce(lua_State *L, struct sei_request *r)
{
  lua_getfield(L, -1, "announce");
  if(r->announced) {
    MHD_set_response_options(r->response,
                             MHD_RF_INSANITY_HEADER_CONTENT_LENGTH
                             | MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                             MHD_RO_END);
    add_header(L, r, "Content-Length", luaL_checkstring(L, -1));
  }
  lua_pop(L, 1);
}

void sei_answer_read(lua_State *L, struct sei_request *r)
{
  read_ending(L, r);
  r->status = (unsigned)get_integer(L, "status", 0);
  if(!r->status)
    return;
  read_body(L, r);
  r->cut = (size_t)get_integer(L, "cut", (lua_Integer)r->len);
  if(r->cut > r->len)
    r->cut = r->len;
  lua_getfield(L, -1, "announce");
  r->announced = !lua_isnil(L, -1);
  lua_pop(L, 1);
  r->response = make(r);
  if(!r->response)
    luaL_error(L, "not enough memory for an answer");
  add_headers(L, r);
  announce(L, r);
}

void sei_answer_failed(struct sei_request *r)
{
  static const char text[] = "the emulator failed; its standard error tells";
  if(r->response)
    MHD_destroy_response(r->response);
  r->ending = SEI_ENDING_KEEP;
  r->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
  r->response = MHD_create_response_from_buffer(
    sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}
