/* endpoint - what the SEI API is, as data: one row per Lua function.
 *
 * Plain C, no curl, no Lua. When the API changes its mind, this is the table
 * that changes (source of every row: api.md section 3).
 */
#ifndef SEI_API_ENDPOINT_H
#define SEI_API_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/* What the Lua function does with its request; decides its signature. */
enum sei_kind {
  SEI_KIND_OBJECT,    /* get_*{opts} -> value */
  SEI_KIND_LIST,      /* list_*{opts} -> iterator over records */
  SEI_KIND_DOWNLOAD,  /* download_*{file= | to=} -> CSV, streamed */
  SEI_KIND_ROWS,      /* f(rows, opts) -> report; rows as JSON in batches */
  SEI_KIND_UPLOAD,    /* f{file= | rows=} -> report; rows as multipart CSV */
  SEI_KIND_SEND       /* f([version_id,] [body,] opts) -> the reply */
};

/* Whether a repetition may change anything (issue of retries: by effect, not
 * by method; `list` is a POST and safe). */
enum sei_effect { SEI_READS, SEI_WRITES };

/* How pages are asked for. */
enum sei_paging {
  SEI_PAGING_NONE,    /* one reply holds everything */
  SEI_PAGING_BODY,    /* members of the JSON body */
  SEI_PAGING_QUERY    /* parameters of the query string */
};

/* Which group of client options may override the row's open points (api.md
 * section 3, "Open points"). */
enum sei_group { SEI_GROUP_NONE, SEI_GROUP_IDENTITIES, SEI_GROUP_CLOUD_IDS,
  SEI_GROUP_DEVELOPERS };

enum sei_param_type { SEI_PARAM_STRING, SEI_PARAM_INTEGER, SEI_PARAM_STRINGS };

/* A query parameter; its name is also the Lua option's. */
struct sei_param {
  const char *name;
  enum sei_param_type type;
  const char *doc;
};

enum sei_field_type { SEI_FIELD_STRING, SEI_FIELD_INTEGER, SEI_FIELD_ARRAY,
  SEI_FIELD_OBJECT };

/* A rule for one member of a row that is sent. */
struct sei_field {
  const char *name;
  enum sei_field_type type;
  bool required;
  unsigned max_length;  /* characters, 0: no limit known */
};

struct sei_endpoint {
  const char *name;     /* of the Lua function */
  enum sei_kind kind;
  enum sei_effect effect;
  const char *method;
  const char *path;     /* below the base URL; {versionId} is an argument */
  const char *accept;   /* Accept header */
  enum sei_group group;

  enum sei_paging paging;
  const char *page_name, *size_name;    /* of page index and page size */
  const struct sei_param *params;       /* NULL or up to a nameless one */
  const char *filter;   /* name of the body's member for the filter, or NULL */

  const char *before, *after;  /* around the rows of the body; SEND: the
                                  whole body in `before`, where {versionId}
                                  is an argument; NULL: the caller's */
  const struct sei_field *fields;       /* rules of rows; NULL: not objects */
  bool open_fields;     /* rows may have members beyond the rules */
  const char *either;   /* "a|b": at least one of these must be there */
  const char *csv;      /* columns of the CSV, comma-separated */
  const char *warn_values; /* "field:A|B|…": others pass with a warning */

  const char *records;  /* where records are: "a|b.c|[]", [] a bare array */
  const char *key;      /* member that tells records apart, NULL: all of it;
                           "0" and "" do not count (api.md section 4 no. 5) */
  const char *doc;      /* one sentence for the reference */
};

/* The table; ends with a row without name. */
extern const struct sei_endpoint sei_endpoints[];

/* The row of that name, or NULL. */
const struct sei_endpoint *sei_endpoint_find(const char *name);

/* The base URL of a region, or NULL. */
const char *sei_region_url(const char *region);

#endif
