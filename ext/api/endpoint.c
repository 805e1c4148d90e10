/* endpoint - what the SEI API is, as data: one row per Lua function.
 *
 * Every row comes from api.md section 3; where that leaves a point open, the
 * row holds the safe side and `group` says which client options override it.
 */
#include "endpoint.h"

#include <string.h>

#define JSON "application/json"
#define CSV "text/csv"

/* The envelopes that api.md accepts while the real one is not documented. */
#define ANY_ENVELOPE "[]|records|content|data.content|data"

static const struct sei_param NO_PARAMS[] = {{NULL, SEI_PARAM_STRING, NULL}};

static const struct sei_param CONTRIBUTOR_PARAMS[] = {
  {"version", SEI_PARAM_STRING,
   "pins that version of the directory, a snapshot of linked users"},
  {NULL, SEI_PARAM_STRING, NULL}
};

static const struct sei_param DEVELOPER_PARAMS[] = {
  {"emails", SEI_PARAM_STRINGS, "only developers with these addresses"},
  {"developerRefIds", SEI_PARAM_STRINGS, "only developers with these ids"},
  {"searchKey", SEI_PARAM_STRING, "column to search in"},
  {"searchValue", SEI_PARAM_STRING, "text to search for"},
  {"sortKey", SEI_PARAM_STRING, "column to sort by"},
  {"sortOrder", SEI_PARAM_STRING, "direction, as the service spells it"},
  {NULL, SEI_PARAM_STRING, NULL}
};

/* Lengths: api.md section 4 no. 7. A record without integration_user_ids
 * breaks the call, so it is required. */
static const struct sei_field CONTRIBUTOR_FIELDS[] = {
  {"id", SEI_FIELD_STRING, false, 0},
  {"email", SEI_FIELD_STRING, false, 150},
  {"full_name", SEI_FIELD_STRING, false, 150},
  {"integration_user_ids", SEI_FIELD_ARRAY, true, 0},
  {"additional_fields", SEI_FIELD_OBJECT, false, 0},
  {NULL, SEI_FIELD_STRING, false, 0}
};

static const struct sei_field IDENTITY_FIELDS[] = {
  {"email", SEI_FIELD_STRING, true, 0},
  {"integrationId", SEI_FIELD_INTEGER, true, 0},
  {"identity", SEI_FIELD_STRING, true, 0},
  {NULL, SEI_FIELD_STRING, false, 0}
};

static const struct sei_field CLOUD_ID_FIELDS[] = {
  {"email", SEI_FIELD_STRING, true, 0},
  {"applicationType", SEI_FIELD_STRING, true, 0},
  {"cloudId", SEI_FIELD_STRING, true, 0},
  {NULL, SEI_FIELD_STRING, false, 0}
};

/* The columns of a developer are the customer's own; only the object's shape
 * is known. */
static const struct sei_field DEVELOPER_FIELDS[] = {
  {NULL, SEI_FIELD_STRING, false, 0}
};

const struct sei_endpoint sei_endpoints[] = {
  {.name = "list_versions", .kind = SEI_KIND_LIST, .effect = SEI_READS,
   .method = "GET", .path = "/v1/org/users/versions", .accept = JSON,
   .paging = SEI_PAGING_QUERY, .page_name = "page", .size_name = "page_size",
   .params = NO_PARAMS, .records = "records", .key = "id",
   .doc = "The versions of the contributor directory."},

  {.name = "activate_version", .kind = SEI_KIND_SEND, .effect = SEI_WRITES,
   .method = "POST", .path = "/v1/org/users/versions", .accept = JSON,
   .before = "{\"active_version\":{versionId}}",
   .doc = "Makes a version of the contributor directory the active one. Seen, "
     "not documented (api.md section 4 no. 3): needs undocumented = true."},

  {.name = "get_schema", .kind = SEI_KIND_OBJECT, .effect = SEI_READS,
   .method = "GET", .path = "/v1/org/users/schema", .accept = JSON,
   .params = NO_PARAMS,
   .doc = "The fields that a contributor can have."},

  {.name = "list_contributors", .kind = SEI_KIND_LIST, .effect = SEI_READS,
   .method = "POST", .path = "/v1/org/users/list", .accept = JSON,
   .paging = SEI_PAGING_BODY, .page_name = "page", .size_name = "page_size",
   .params = CONTRIBUTOR_PARAMS, .filter = "filter",
   .records = "records", .key = "id",
   .doc = "The contributors, unlinked logins among them."},

  {.name = "update_contributors", .kind = SEI_KIND_ROWS, .effect = SEI_WRITES,
   .method = "PUT", .path = "/v1/org/users", .accept = JSON,
   .before = "[", .after = "]", .fields = CONTRIBUTOR_FIELDS,
   .open_fields = true, .either = "id|email",
   .doc = "Replaces whole contributor records, matched by email or id."},

  {.name = "list_licensed", .kind = SEI_KIND_LIST, .effect = SEI_READS,
   .method = "POST", .path = "/v1/sei_contributor/list", .accept = JSON,
   .paging = SEI_PAGING_NONE, .before = "{}", .params = NO_PARAMS,
   .records = "org_user_details", .key = "org_user_ref_id",
   .doc = "The contributors that take a licence."},

  {.name = "list_identities", .kind = SEI_KIND_LIST, .effect = SEI_READS,
   .method = "GET", .path = "/v2/developers/identities", .accept = JSON,
   .group = SEI_GROUP_IDENTITIES, .paging = SEI_PAGING_QUERY,
   .page_name = "pageIndex", .size_name = "pageSize",
   .params = DEVELOPER_PARAMS, .records = ANY_ENVELOPE,
   .doc = "The developer identities, page by page."},

  {.name = "download_identities", .kind = SEI_KIND_DOWNLOAD,
   .effect = SEI_READS, .method = "GET", .path = "/v2/developers/identities",
   .accept = CSV, .group = SEI_GROUP_IDENTITIES, .params = NO_PARAMS,
   .csv = "email,integrationId,identity",
   .doc = "All developer identities as CSV."},

  {.name = "patch_identities", .kind = SEI_KIND_ROWS, .effect = SEI_WRITES,
   .method = "PATCH", .path = "/v2/developers/identities", .accept = JSON,
   .before = "[", .after = "]", .fields = IDENTITY_FIELDS,
   .doc = "Maps identities to developers."},

  {.name = "upload_identities", .kind = SEI_KIND_UPLOAD,
   .effect = SEI_WRITES, .method = "PATCH",
   .path = "/v2/developers/identities", .accept = JSON,
   .group = SEI_GROUP_IDENTITIES, .fields = IDENTITY_FIELDS,
   .csv = "email,integrationId,identity",
   .doc = "Maps identities to developers from CSV."},

  {.name = "add_cloud_ids", .kind = SEI_KIND_ROWS, .effect = SEI_WRITES,
   .method = "POST", .path = "/v2/developers/cloud-ids", .accept = JSON,
   .before = "{\"integrationUsers\":[", .after = "]}",
   .fields = CLOUD_ID_FIELDS,
   .warn_values = "applicationType:GITHUB|GITLAB_CLOUD|BITBUCKET_SERVER|"
     "BITBUCKET_CLOUD|HARNESS_CODE|CUSTOM",
   .doc = "Maps cloud ids to developers (previous API)."},

  {.name = "upload_cloud_ids", .kind = SEI_KIND_UPLOAD, .effect = SEI_WRITES,
   .method = "POST", .path = "/v2/developers/cloud-ids/upload",
   .accept = JSON, .group = SEI_GROUP_CLOUD_IDS, .fields = CLOUD_ID_FIELDS,
   .csv = "email,applicationType,cloudId",
   .warn_values = "applicationType:GITHUB|GITLAB_CLOUD|BITBUCKET_SERVER|"
     "BITBUCKET_CLOUD|HARNESS_CODE|CUSTOM",
   .doc = "Maps cloud ids to developers from CSV (previous API)."},

  {.name = "list_developers", .kind = SEI_KIND_LIST, .effect = SEI_READS,
   .method = "GET", .path = "/v2/developers", .accept = JSON,
   .group = SEI_GROUP_DEVELOPERS, .paging = SEI_PAGING_QUERY,
   .page_name = "pageIndex", .size_name = "pageSize",
   .params = DEVELOPER_PARAMS, .records = ANY_ENVELOPE,
   .doc = "The developer records, page by page."},

  {.name = "download_developers", .kind = SEI_KIND_DOWNLOAD,
   .effect = SEI_READS, .method = "GET", .path = "/v2/developers",
   .accept = CSV, .group = SEI_GROUP_DEVELOPERS, .params = DEVELOPER_PARAMS,
   .doc = "All developer records as CSV."},

  {.name = "get_developer_schema", .kind = SEI_KIND_OBJECT,
   .effect = SEI_READS, .method = "GET", .path = "/v2/developers/schema",
   .accept = JSON, .params = NO_PARAMS,
   .doc = "The fields that a developer record can have."},

  {.name = "upload_developers", .kind = SEI_KIND_UPLOAD,
   .effect = SEI_WRITES, .method = "POST", .path = "/v2/developers",
   .accept = JSON, .group = SEI_GROUP_DEVELOPERS, .fields = DEVELOPER_FIELDS,
   .open_fields = true,
   .doc = "First upload of developer records; the reply is a preview."},

  {.name = "reupload_developers", .kind = SEI_KIND_UPLOAD,
   .effect = SEI_WRITES, .method = "PUT", .path = "/v2/developers",
   .accept = JSON, .group = SEI_GROUP_DEVELOPERS, .fields = DEVELOPER_FIELDS,
   .open_fields = true,
   .doc = "Later upload of developer records; the reply is a preview."},

  {.name = "map_developer_fields", .kind = SEI_KIND_SEND,
   .effect = SEI_WRITES, .method = "PUT",
   .path = "/v2/developers/versions/{versionId}/fieldMappings",
   .accept = JSON,
   .doc = "Says which column of an upload is which field."},

  {.name = "activate_developers", .kind = SEI_KIND_SEND,
   .effect = SEI_WRITES, .method = "PATCH",
   .path = "/v2/developers/versions/{versionId}", .accept = JSON,
   .before = "{\"active\":true}",
   .doc = "Makes an uploaded version the active one."},

  {.name = "patch_developers", .kind = SEI_KIND_ROWS, .effect = SEI_WRITES,
   .method = "PATCH", .path = "/v2/developers", .accept = JSON,
   .before = "[", .after = "]", .fields = DEVELOPER_FIELDS,
   .open_fields = true,
   .doc = "Changes fields of developer records."},

  {.name = "delete_developers", .kind = SEI_KIND_ROWS, .effect = SEI_WRITES,
   .method = "DELETE", .path = "/v2/developers", .accept = JSON,
   .before = "{\"emails\":[", .after = "]}",
   .doc = "Deletes the developer records with these addresses."},

  {.name = NULL}
};

const struct sei_endpoint *sei_endpoint_find(const char *name)
{
  const struct sei_endpoint *e;
  for(e = sei_endpoints; e->name; e++)
    if(!strcmp(e->name, name))
      return e;
  return NULL;
}

/* api.md section 1. */
static const struct { const char *name, *url; } REGIONS[] = {
  {"prod1", "https://app.harness.io/prod1/sei/api"},
  {"prod2", "https://app.harness.io/gratis/sei/api"},
  {"prod3", "https://app3.harness.io/sei/api"},
  {"eu", "https://accounts.eu.harness.io/sei/api"}
};

enum { REGION_COUNT = sizeof REGIONS / sizeof REGIONS[0] };

const char *sei_region_url(const char *region)
{
  size_t i;
  for(i = 0; i < REGION_COUNT; i++)
    if(!strcmp(REGIONS[i].name, region))
      return REGIONS[i].url;
  return NULL;
}
