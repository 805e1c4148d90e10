/* threads - recipes in many threads at once, for ThreadSanitizer: each thread
 * has a Lua state of its own, all have the same key and so the same pace.
 *
 *   threads COUNT ROUNDS SCRIPT URL FOLDER
 *
 * SCRIPT gets the thread's number, URL and FOLDER and returns what it found.
 * Exit status 1 if any thread failed or found something else than the first.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sei.h>

enum { THREADS_MAX = 64 };

struct job {
  pthread_t thread;
  char *const *words;       /* SCRIPT URL FOLDER */
  int number, rounds, failed;
  char answer[512];
};

static int as_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

static int work(lua_State *L)
{
  const struct job *job = lua_touserdata(L, 1);
  luaL_openlibs(L);
  sei_preload(L);
  if(luaL_loadfile(L, job->words[0]))
    return lua_error(L);
  lua_pushinteger(L, job->number);
  lua_pushstring(L, job->words[1]);
  lua_pushstring(L, job->words[2]);
  lua_call(L, 3, 1);
  return 1;
}

/* One state, from its making to its end. */
static void round_of(struct job *job)
{
  lua_State *L = luaL_newstate();
  const char *text = NULL;
  if(L) {
    lua_pushcfunction(L, as_text);
    lua_pushcfunction(L, work);
    lua_pushlightuserdata(L, job);
    job->failed |= lua_pcall(L, 1, 1, 1) != LUA_OK;
    text = lua_tostring(L, -1);
  }
  job->failed |= !text;
  snprintf(job->answer, sizeof job->answer, "%s", text ? text : "no answer");
  if(L)
    lua_close(L);
}

static void *run(void *argument)
{
  struct job *job = argument;
  int i;
  for(i = 0; i < job->rounds && !job->failed; i++)
    round_of(job);
  return NULL;
}

static int wait_for(struct job *jobs, int count)
{
  int i, failed = 0;
  for(i = 0; i < count; i++)
    pthread_join(jobs[i].thread, NULL);
  for(i = 0; i < count; i++)
    if(jobs[i].failed || strcmp(jobs[i].answer, jobs[0].answer)) {
      fprintf(stderr, "thread %d: %s\n", i + 1, jobs[i].answer);
      failed++;
    }
  printf("threads: %d, %d failed, each found: %s\n", count, failed,
         jobs[0].answer);
  return failed;
}

int main(int argc, char **argv)
{
  static struct job jobs[THREADS_MAX];
  int i, count = argc == 6 ? atoi(argv[1]) : 0;
  if(count < 1 || count > THREADS_MAX || atoi(argv[2]) < 1) {
    fprintf(stderr, "usage: threads COUNT ROUNDS SCRIPT URL FOLDER\n");
    return 2;
  }
  for(i = 0; i < count; i++) {
    jobs[i].words = argv + 3;
    jobs[i].number = i + 1;
    jobs[i].rounds = atoi(argv[2]);
    if(pthread_create(&jobs[i].thread, NULL, run, &jobs[i])) {
      fprintf(stderr, "thread %d cannot be started\n", i + 1);
      return 2;
    }
  }
  return wait_for(jobs, count) ? 1 : 0;
}
