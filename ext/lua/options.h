/* options - tables of options, checked against tables of rows. */
#ifndef SEI_LUA_OPTIONS_H
#define SEI_LUA_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

enum sei_option_type {
  SEI_OPT_STRING,     /* not empty, no control characters */
  SEI_OPT_SECRET,     /* anything; the value is never shown */
  SEI_OPT_BOOLEAN,
  SEI_OPT_NUMBER,     /* min < value <= max */
  SEI_OPT_INTEGER,    /* min <= value <= max */
  SEI_OPT_FUNCTION,   /* or anything callable */
  SEI_OPT_TABLE,
  SEI_OPT_CHOICE,     /* one of the words in `choices` */
  SEI_OPT_STRINGS,    /* a string or an array of strings */
  SEI_OPT_ANY
};

struct sei_option {
  const char *name;
  enum sei_option_type type;
  double min, max;
  const char *choices;  /* of CHOICE: "error|warn|repair"; of ANY: its types,
                           as the reference writes them: "boolean|table" */
  const char *initial;  /* default, in words, for messages and reference */
  const char *doc;      /* one sentence */
};

enum { SEI_OPTION_TABLES = 4 };

/* Raises unless the value at `index` is a table (nil counts as an empty one
 * and becomes one) all of whose keys stand in one of the `tables` (each ends
 * with a row without name; at most SEI_OPTION_TABLES, NULL ends) with values
 * of their types. `what` names the function for the message. */
void sei_options_check(lua_State *L, int index, const char *what,
                       const struct sei_option *const *tables);

/* Read a checked option; the default if it is absent. Leave no trace on the
 * stack. The string belongs to the table. */
double sei_option_number(lua_State *L, int index, const char *name,
                         double otherwise);
lua_Integer sei_option_integer(lua_State *L, int index, const char *name,
                               lua_Integer otherwise);
bool sei_option_boolean(lua_State *L, int index, const char *name,
                        bool otherwise);
const char *sei_option_string(lua_State *L, int index, const char *name,
                              const char *otherwise);

/* Appends a {name=, type=, default=, doc=, min=, max=, choices=} per row to
 * the array on top. */
void sei_options_append(lua_State *L, const struct sei_option *table);

#endif
