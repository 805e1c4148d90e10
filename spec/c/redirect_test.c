/* redirect_test - where a Location leads, and where it must not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../ext/http/redirect.h"

static int checks, failures;

static void check(int ok, const char *what, const char *got)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s: got %s\n", what, got ? got : "nothing");
}

/* From FROM, Location: `location` leads to `to`; NULL: nowhere. */
static const char FROM[] = "https://sei.example/sei/api/v1/org/users?page=1";

static const struct { const char *location, *to; } rows[] = {
  {"/other", "https://sei.example/other"},
  {"schema", "https://sei.example/sei/api/v1/org/schema"},
  {"../list?x=1", "https://sei.example/sei/api/v1/list?x=1"},
  {"?page=2", "https://sei.example/sei/api/v1/org/users?page=2"},
  {"https://sei.example/a#b", "https://sei.example/a"},
  {"https://SEI.example:443/a", "https://SEI.example:443/a"},
  {"//sei.example/a", "https://sei.example/a"},
  {"http://sei.example/a", NULL},
  {"http://sei.example:443/a", NULL},
  {"https://sei.example:8443/a", NULL},
  {"https://sei.example.evil/a", NULL},
  {"https://evil/sei.example", NULL},
  {"//evil/a", NULL},
  {"https://sei.example@evil/", NULL},
  {"https://user@sei.example/", NULL},
  {"https://user:pass@sei.example/", NULL},
  {"https://:pass@sei.example/", NULL},
  {"https://evil\\@sei.example/", NULL},
  {"https://sei.example\\.evil/", NULL},
  {"ftp://sei.example/a", NULL},
  {"file:///etc/passwd", NULL},
  {"javascript:alert(1)", NULL},
  {"https://", NULL},
  {"https:///a", NULL},
  {"https://sei.example:0x1bb/a", NULL},
  {"https://sei.example:99999/a", NULL},
  {"/with blank", "https://sei.example/with%20blank"},
  {"https://sei.ex%61mple.evil/", NULL}
};

static void test_urls(void)
{
  size_t i;
  for(i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *to = sei_redirect_url(FROM, rows[i].location);
    check(rows[i].to ? to && !strcmp(to, rows[i].to) : !to,
          rows[i].location, to);
    free(to);
  }
}

static void test_methods(void)
{
  static const int all[] = {300, 301, 302, 303, 304, 305, 307, 308, 200};
  size_t i;
  for(i = 0; i < sizeof all / sizeof *all; i++) {
    int s = all[i], moved = s == 301 || s == 302 || s == 303;
    int same = s == 307 || s == 308;
    check(sei_redirect_keeps_method(s, "GET") == (moved || same), "GET", "");
    check(sei_redirect_keeps_method(s, "POST") == same, "POST", "");
  }
}

/* From an address with a port. */
static void test_port(void)
{
  static const char from[] = "http://127.0.0.1:8080/sei/api/x";
  char *to = sei_redirect_url(from, "http://127.0.0.1:8080/y");
  check(to && !strcmp(to, "http://127.0.0.1:8080/y"), "same port", to);
  free(to);
  to = sei_redirect_url(from, "http://127.0.0.1/y");
  check(!to, "no port", to);
  free(to);
  to = sei_redirect_url(from, "http://localhost:8080/y");
  check(!to, "another name of the host", to);
  free(to);
  to = sei_redirect_url(from, "http://[::1]:8080/y");
  check(!to, "another address", to);
  free(to);
}

int main(void)
{
  test_urls();
  test_methods();
  test_port();
  printf("redirect: %d checks\n", checks);
  return failures ? 1 : 0;
}
