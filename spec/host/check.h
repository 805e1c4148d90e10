/* check - what the host programs of the tests share: a claim that does not
 * hold ends the program and names its line. */
#ifndef SEI_SPEC_CHECK_H
#define SEI_SPEC_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sei.h>

#define CHECK(claim) check(!!(claim), #claim, "", __FILE__, __LINE__)

/* The same, and shows a text if it does not hold. */
#define CHECK_IN(claim, text) \
  check(!!(claim), #claim, text, __FILE__, __LINE__)

/* Whether `part` is in the text; no text has no part. */
#define HAS(text, part) CHECK_IN(has(text, part), text)

static inline void check(int holds, const char *claim, const char *text,
                         const char *file, int line)
{
  if(holds)
    return;
  fprintf(stderr, "%s:%d: %s does not hold: %s\n", file, line, claim,
          text ? text : "(no text)");
  exit(1);
}

static inline int has(const char *text, const char *part)
{
  return text && strstr(text, part) != NULL;
}

/* A context with the defaults. */
static inline struct sei_context *open_one(void)
{
  struct sei_context *c = NULL;
  CHECK(sei_open(NULL, &c) == SEI_OK && c);
  return c;
}

/* Runs a text of Lua with an input of JSON (NULL: none). */
static inline int run_text(struct sei_context *c, const char *text,
                           const char *input)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = text;
  job.input = input;
  return sei_run(c, &job);
}

/* One test: its name on the command line. */
struct scenario {
  const char *name;
  void (*run)(const char *argument);
};

/* main() of such a program: PROGRAM NAME [ARGUMENT], or all names without. */
static inline int run_scenario(const struct scenario *list, int argc,
                               char **argv)
{
  for(; list->name; list++)
    if(argc < 2)
      puts(list->name);
    else if(!strcmp(list->name, argv[1])) {
      list->run(argc > 2 ? argv[2] : NULL);
      printf("ok %s\n", list->name);
      return 0;
    }
  return argc < 2 ? 0 : 2;
}

#endif
