/* auth - the header line that carries the API key (api.md section 2). */
#define _DEFAULT_SOURCE
#include "auth.h"

#include <string.h>

#include "../base/buf.h"

/* One row for each style, in the order of the enum. */
static const struct {
  const char *name;           /* the option's spelling */
  const char *header;
  const char *scheme;         /* before the key */
} styles[] = {
  { "auto", "", "" },
  { "x-api-key", "x-api-key", "" },
  { "apikey", "Authorization", "ApiKey " },
  { "bearer", "Authorization", "Bearer " },
  { "raw", "Authorization", "" }
};

const char *sei_auth_name(enum sei_auth_style s)
{
  return styles[s].name;
}

enum sei_auth_style sei_auth_shape(const char *key)
{
  /* base64 of `{"`: an SEI key is a JSON object */
  return strncmp(key, "eyJ", 3) ? SEI_AUTH_X_API_KEY : SEI_AUTH_APIKEY;
}

enum sei_auth_style sei_auth_other(enum sei_auth_style s)
{
  return s == SEI_AUTH_X_API_KEY ? SEI_AUTH_APIKEY : SEI_AUTH_X_API_KEY;
}

bool sei_auth_add(struct sei_headers *h, enum sei_auth_style s,
                  const char *key)
{
  enum sei_auth_style style =
    s == SEI_AUTH_BY_SHAPE ? sei_auth_shape(key) : s;
  struct sei_buf value;
  bool ok;
  /* room for all at once: growing would leave copies of the key behind */
  size_t size = strlen(styles[style].scheme) + strlen(key) + 1;
  sei_buf_init(&value, size);
  ok = sei_buf_room(&value, size) &&
       !sei_buf_adds(&value, styles[style].scheme) &&
       !sei_buf_adds(&value, key) &&
       !sei_buf_addc(&value, '\0') &&
       sei_headers_add(h, styles[style].header, value.data);
  sei_buf_wipe(&value);
  return ok;
}

bool sei_auth_account(const char *key, char *out, size_t out_size)
{
  const char *account;
  size_t n;
  if(strncmp(key, "pat.", 4) && strncmp(key, "sat.", 4))
    return false;
  account = key + 4;
  n = strcspn(account, ".");
  if(!n || account[n] != '.' || n >= out_size ||
     !sei_header_clean(account, n))
    return false;
  memcpy(out, account, n);
  out[n] = '\0';
  return true;
}
