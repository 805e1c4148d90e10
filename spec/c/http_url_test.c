/* http_url_test - which base URLs are taken, and why others are not. */
#define _GNU_SOURCE
#include "http_drive.h"

static void check_url(const char *url, bool allow_http, const char *wrong)
{
  const char *answer = sei_url_check(url, allow_http);
  bool ok = wrong ? answer && strstr(answer, wrong) : !answer;
  if(!ok)
    printf("%s: %s\n", url, answer ? answer : "no complaint");
  CHECK(ok);
}

int main(void)
{
  check_url("https://app.harness.io/prod1/sei/api", false, NULL);
  check_url("HTTPS://app.harness.io", false, NULL);
  check_url("http://127.0.0.1:80/x", false, NULL);
  check_url("http://127.3.2.1/", false, NULL);
  check_url("http://[::1]:8080", false, NULL);
  check_url("http://LocalHost:1/", false, NULL);
  check_url("http://10.0.0.1/", false, "plain http");
  check_url("http://10.0.0.1/", true, NULL);
  check_url("http://localhost.evil.example/", false, "plain http");
  check_url("http://127.0.0.1.evil.example/", false, "plain http");
  check_url("http://[::ffff:10.0.0.1]/", false, "plain http");
  check_url("https://a:b@h/", false, "user name");
  check_url("https:///a:b@h/", false, "user name");
  check_url("https:///h/", false, "malformed");
  check_url("http://127.0.0.1@evil.example/", false, "user name");
  check_url("http://127.0.0.1\\@evil.example/", false, "backslash");
  check_url("https://h/?a", false, "query");
  check_url("https://h/#a", false, "fragment");
  check_url("https://h/\r\nX: y", false, "control");
  check_url("https://h/a b", false, "blank");
  check_url("ftp://h/", false, "https://");
  check_url("h/sei", false, "https://");
  check_url("", false, "https://");
  check_url("https://", false, "malformed");
  check_url("https://h:99999/", false, "malformed");
  return report("http_url");
}
