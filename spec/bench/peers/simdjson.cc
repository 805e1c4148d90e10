// simdjson - libcurl and simdjson (on demand), several pages at once: what is
// left when nothing becomes a value of a language.
//
//   simdjson JOB URL PAGE_SIZE WINDOW TOTAL       JOB: list, list3
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <simdjson.h>

#include "download.h"

using namespace simdjson;

static ondemand::parser parser;
static long records, sum;
static bool three;

static long number(std::string_view s)
{
  long n = 0;
  for(char c : s)
    n = n * 10 + (c - '0');
  return n;
}

static void visit_login(ondemand::object login)
{
  sum += number(login["integration_id"].get_string());
  sum += (long)login["user_id"].get_string().value().size();
}

static void visit_all(ondemand::object r)
{
  sum += number(r["id"].get_string());
  sum += (long)r["org_uuid"].get_string().value().size();
  sum += !r["full_name"].get_string().value().empty();
  sum += (long)r["email"].get_string().value().size();
  for(ondemand::object login : r["integration_user_ids"].get_array())
    visit_login(login);
  sum += (long)r["additional_fields"]["region"].get_string().value().size();
  sum += r["created_at"].get_int64().value() % 1000;
  sum += r["updated_at"].get_int64().value() % 1000;
}

static void visit_three(ondemand::object r)
{
  sum += number(r["id"].get_string());
  sum += !r["full_name"].get_string().value().empty();
  sum += (long)r["email"].get_string().value().size();
}

static void on_page(char *page, size_t len)
{
  memset(page + len, 0, BENCH_PADDING);
  ondemand::document doc = parser.iterate(page, len, len + BENCH_PADDING);
  for(ondemand::object r : doc["records"].get_array()) {
    if(three)
      visit_three(r);
    else
      visit_all(r);
    records++;
  }
}

int main(int argc, char **argv)
{
  static_assert(BENCH_PADDING >= SIMDJSON_PADDING, "padding");
  if(argc < 6)
    return 1;
  three = !strcmp(argv[1], "list3");
  try {
    if(bench_download(argv[2], atol(argv[3]), atol(argv[4]), atol(argv[5]),
                      on_page))
      return 1;
  }
  catch(const simdjson_error &e) {
    fprintf(stderr, "simdjson: %s\n", e.what());
    return 1;
  }
  printf("records %ld sum %ld\n", records, sum);
  return 0;
}
