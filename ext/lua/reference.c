/* reference - the option tables by the names of what takes them, and the
 * limits that no option moves, so that the reference is made from what is
 * checked. */
#include "reference.h"

#include <lauxlib.h>
#include <string.h>

#include "cage.h"
#include "call.h"
#include "client.h"
#include "csv.h"
#include "event.h"
#include "exchange.h"
#include "json.h"
#include "match.h"
#include "records.h"
#include "request.h"
#include "similarity.h"
#include "text_mail.h"
#include "walk.h"

/* A name that stands here twice has the options of both tables. */
static const struct {
  const char *name;
  const struct sei_option *table;
} TABLES[] = {
  {"sei.client", sei_client_options},
  {"sei.client pace", sei_client_pace},
  {"sei.client grant", sei_grant_options},
  {"sei.client identities", sei_client_open_points},
  {"sei.client cloud_ids", sei_client_open_points},
  {"sei.client developers", sei_client_open_points},
  {"sei.sandboxed", sei_cage_options},
  {"sei.csv.read", sei_csv_read_options},
  {"sei.csv.write", sei_csv_write_options},
  {"sei.json.decode", sei_json_decode_options},
  {"sei.json.encode", sei_json_encode_options},
  {"sei.match.join", sei_match_join_options},
  {"sei.text.normalize_email", sei_text_mail_options},
  {"sei.similarity.jaro", sei_similarity_options},
  {"sei.similarity.jaro_winkler", sei_similarity_options},
  {"sei.similarity.levenshtein", sei_similarity_options},
  {"sei.similarity.levenshtein_ratio", sei_similarity_options},
  {"sei.similarity.osa", sei_similarity_options},
  {"sei.similarity.osa_ratio", sei_similarity_options},
  {"sei.similarity.indel_ratio", sei_similarity_options},
  {"sei.similarity.token_sort", sei_similarity_options},
  {"sei.similarity.token_set", sei_similarity_options},
  {"sei.similarity.dice", sei_similarity_options},
  {"sei.similarity.dice", sei_similarity_dice_options}
};

/* core.options(name) -> array of {name=, type=, default=, doc=, min=, max=,
 * choices=}; nil for a name without options. The name is a function's, as
 * "sei.csv.read", an endpoint's, or "sei.client NAME" for an option of the
 * client that is a table of options. */
static int l_options(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  const struct sei_endpoint *e = sei_endpoint_find(name);
  bool found = false;
  size_t i;
  if(e) {
    sei_request_push_options(L, e, e->kind == SEI_KIND_LIST ?
                             sei_walk_options(e) : sei_call_options(e));
    return 1;
  }
  for(i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
    if(!strcmp(TABLES[i].name, name)) {
      if(!found)
        lua_newtable(L);
      found = true;
      sei_options_append(L, TABLES[i].table);
    }
  if(!found)
    lua_pushnil(L);
  return 1;
}

/* core.limits() -> array of {value=, unit=, doc=}: what a client keeps to
 * whatever its options are. */
static int l_limits(lua_State *L)
{
  const struct sei_retry_policy *r = &sei_retry_default;
  const struct sei_pace_options *p = &sei_pace_default;
  const struct {
    double value;
    const char *unit, *doc;
  } rows[] = {
    {SEI_RUNNING_MAX, "requests", "of one client under way at once"},
    {SEI_REDIRECTS_MAX, "redirects", "that a read follows, to the same host"},
    {SEI_HEADER_MAX, "bytes", "of all headers of a reply"},
    {SEI_RECORDS_DEPTH_MAX, "levels", "of nesting in a list's reply"},
    {SEI_RECORDS_STRING_MAX, "bytes", "of one string in a list's reply"},
    {SEI_FILTER_MAX, "bytes", "of a filter, as JSON"},
    {SEI_BODY_MAX, "bytes", "of a body that is given as a value"},
    {SEI_KEY_MAX, "bytes", "of a key"},
    {r->base, "seconds", "at most before the first repetition, doubled for "
     "each further one"},
    {r->cap, "seconds", "at most before any repetition"},
    {r->longest, "seconds", "of a Retry-After that are waited for"},
    {SEI_RETRY_FULL, "units", "that repetitions of a client may use up"},
    {SEI_RETRY_PRICE, "units", "that a repetition costs, until it succeeds"},
    {SEI_RETRY_TIMEOUT_PRICE, "units", "that one after a timeout costs"},
    {SEI_RETRY_REWARD, "units", "that a success at once returns"},
    {(double)p->large, "bytes", "above which a body counts as large"},
    {p->large_every, "seconds", "from one large body to the next"},
    {SEI_ATTEMPTS_MAX, "attempts", "that err.attempts lists"},
    {SEI_EVENTS_MAX, "events", "that wait for hooks and logs"},
    {SEI_CAGE_SOURCE, "bytes", "of a sandboxed recipe's text"},
    {SEI_CAGE_DEPTH, "levels", "of tables that enter or leave it"}
  };
  size_t i;
  lua_newtable(L);
  for(i = 0; i < sizeof rows / sizeof *rows; i++) {
    lua_createtable(L, 0, 3);
    lua_pushnumber(L, rows[i].value);
    lua_setfield(L, -2, "value");
    lua_pushstring(L, rows[i].unit);
    lua_setfield(L, -2, "unit");
    lua_pushstring(L, rows[i].doc);
    lua_setfield(L, -2, "doc");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

void sei_open_reference(lua_State *L)
{
  lua_pushcfunction(L, l_limits);
  lua_setfield(L, -2, "limits");
  lua_pushcfunction(L, l_options);
  lua_setfield(L, -2, "options");
}
