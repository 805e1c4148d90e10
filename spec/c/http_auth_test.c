/* http_auth_test - the four styles of sending a key; what its shape says. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "../../ext/http/auth.h"

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __LINE__, #ok)

static void check(int ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", __FILE__, line, what);
}

static void sends(enum sei_auth_style s, const char *key, const char *name,
                  const char *value)
{
  struct sei_headers h = { 0 };
  CHECK(sei_auth_add(&h, s, key));
  CHECK(h.count == 1);
  CHECK(!strcmp(h.list[0].name, name));
  CHECK(!strcmp(h.list[0].value, value));
  sei_headers_free(&h);
}

static void test_styles(void)
{
  sends(SEI_AUTH_X_API_KEY, "k", "x-api-key", "k");
  sends(SEI_AUTH_APIKEY, "k", "Authorization", "ApiKey k");
  sends(SEI_AUTH_BEARER, "k", "Authorization", "Bearer k");
  sends(SEI_AUTH_RAW, "k", "Authorization", "k");
  sends(SEI_AUTH_BY_SHAPE, "eyJhIjox", "Authorization", "ApiKey eyJhIjox");
  sends(SEI_AUTH_BY_SHAPE, "pat.a.b.c", "x-api-key", "pat.a.b.c");
  sends(SEI_AUTH_X_API_KEY, "eyJhIjox", "x-api-key", "eyJhIjox");
}

static void test_shape(void)
{
  CHECK(sei_auth_shape("eyJ") == SEI_AUTH_APIKEY);
  CHECK(sei_auth_shape("eyj") == SEI_AUTH_X_API_KEY);
  CHECK(sei_auth_shape("") == SEI_AUTH_X_API_KEY);
  CHECK(sei_auth_shape("sat.x.y.z") == SEI_AUTH_X_API_KEY);
  CHECK(sei_auth_other(SEI_AUTH_X_API_KEY) == SEI_AUTH_APIKEY);
  CHECK(sei_auth_other(SEI_AUTH_APIKEY) == SEI_AUTH_X_API_KEY);
  CHECK(sei_auth_other(SEI_AUTH_BEARER) == SEI_AUTH_X_API_KEY);
  CHECK(!strcmp(sei_auth_name(SEI_AUTH_X_API_KEY), "x-api-key"));
  CHECK(!strcmp(sei_auth_name(SEI_AUTH_APIKEY), "apikey"));
  CHECK(!strcmp(sei_auth_name(SEI_AUTH_BEARER), "bearer"));
  CHECK(!strcmp(sei_auth_name(SEI_AUTH_RAW), "raw"));
}

static void has_account(const char *key, const char *account)
{
  char out[8];
  int has = sei_auth_account(key, out, sizeof out);
  CHECK(has == (account != NULL));
  CHECK(!account || !strcmp(out, account));
}

static void test_account(void)
{
  has_account("pat.acct.id.secret", "acct");
  has_account("sat.a.id.secret", "a");
  has_account("pat.1234567.id.secret", "1234567");
  has_account("pat.12345678.id.secret", NULL); /* does not fit */
  has_account("pat..id.secret", NULL);
  has_account("pat.acct", NULL);
  has_account("pat.", NULL);
  has_account("pat", NULL);
  has_account("", NULL);
  has_account("eyJhIjox.b.c", NULL);
  has_account("PAT.acct.id.secret", NULL);
  has_account("pat.a\nb.id.secret", NULL);
}

int main(void)
{
  test_styles();
  test_shape();
  test_account();
  if(!failures)
    printf("http_auth: %d checks\n", checks);
  return failures != 0;
}
