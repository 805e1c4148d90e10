/* json_check - what the C tests of the JSON scanner and writer share. Each
 * program includes it once. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../ext/data/json.h"

static unsigned checks, failures;

#define CHECK(what) check((what), #what, __FILE__, __LINE__)

static void check(bool ok, const char *what, const char *file, int line)
{
  checks++;
  if(ok)
    return;
  failures++;
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
}

/* Numbers that are the same in every run. */
static uint64_t random_state;

static unsigned below(unsigned n)
{
  random_state = random_state * UINT64_C(6364136223846793005) + 1442695041;
  return (unsigned)(random_state >> 33) % n;
}

/* Says what there is to say; the program's exit status. */
static int finish(const char *name)
{
  if(failures)
    return 1;
  printf("%s: %u checks\n", name, checks);
  return 0;
}

#endif
