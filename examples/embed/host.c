/* host - a C program with the client inside and no Lua file beside it.
 *
 *   SEI_API_KEY=… host [--threads N] BASE_URL
 *
 * How many contributors does the directory have, and who comes first? Asks
 * from N threads at once, each with a Lua state of its own; a state is never
 * shared. Prints a line per thread; exit status 1 if any of them failed.
 *
 * Build: cc host.c -lsei $(pkg-config --cflags --libs lua5.4 libcurl zlib
 * libutf8proc) -lm -lpthread. Here: make host-example, and then
 * build/examples/host.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sei.h>

enum { THREADS_MAX = 64, ANSWER_SIZE = 512 };

/* What one thread is asked and what it answers. */
struct job {
  pthread_t thread;
  const char *base_url;
  int failed;
  char answer[ANSWER_SIZE];
};

static const char SCRIPT[] =
  "local sei = require 'sei'\n"
  "local client <close> = sei.client {\n"
  "  base_url = ...,\n"
  "  api_key = sei.key.env 'SEI_API_KEY',\n"
  "}\n"
  "local count, first = 0, nil\n"
  "for c in client:list_contributors { page_size = 100 } do\n"
  "  count = count + 1\n"
  "  first = first or c.email\n"
  "end\n"
  "return ('%d contributors, the first is %s'):format(count, first)\n";

/* Errors of the client are objects; this makes text of them, where they still
 * may raise. */
static int as_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Runs protected, since opening libraries may raise for lack of memory. */
static int ask(lua_State *L)
{
  struct job *job = lua_touserdata(L, 1);
  luaL_openlibs(L);
  sei_preload(L);
  if(luaL_loadbuffer(L, SCRIPT, sizeof SCRIPT - 1, "=host"))
    return lua_error(L);
  lua_pushstring(L, job->base_url);
  lua_call(L, 1, 1);
  return 1;
}

static void keep_answer(struct job *job, const char *text)
{
  snprintf(job->answer, sizeof job->answer, "%s", text);
}

static void *run(void *argument)
{
  struct job *job = argument;
  lua_State *L = luaL_newstate();
  job->failed = 1;
  if(!L) {
    keep_answer(job, "not enough memory");
    return NULL;
  }
  lua_pushcfunction(L, as_text);
  lua_pushcfunction(L, ask);
  lua_pushlightuserdata(L, job);
  job->failed = lua_pcall(L, 1, 1, 1) != LUA_OK;
  keep_answer(job, lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

/* Starts them all, waits for all, reports; returns how many failed. */
static int run_all(struct job *jobs, int count)
{
  int started, i, failed = 0;
  for(started = 0; started < count; started++)
    if(pthread_create(&jobs[started].thread, NULL, run, &jobs[started]))
      break;
  for(i = 0; i < started; i++) {
    pthread_join(jobs[i].thread, NULL);
    failed += jobs[i].failed;
    fprintf(jobs[i].failed ? stderr : stdout, "thread %d: %s\n", i + 1,
            jobs[i].answer);
  }
  if(started < count)
    fprintf(stderr, "only %d of %d threads could be started\n", started,
            count);
  return failed + count - started;
}

static int usage(void)
{
  fprintf(stderr, "usage: host [--threads N] BASE_URL   (N: 1 to %d)\n",
          THREADS_MAX);
  return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
  static struct job jobs[THREADS_MAX];
  long threads = 1;
  int i;
  if(argc == 4 && !strcmp(argv[1], "--threads")) {
    char *end;
    threads = strtol(argv[2], &end, 10);
    if(*end || threads < 1 || threads > THREADS_MAX)
      return usage();
  }
  else if(argc != 2)
    return usage();
  for(i = 0; i < threads; i++)
    jobs[i].base_url = argv[argc - 1];
  return run_all(jobs, (int)threads) ? EXIT_FAILURE : EXIT_SUCCESS;
}
