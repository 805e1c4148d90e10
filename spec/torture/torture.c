/* torture - fails the n-th allocation of a scenario, for n = 1, 2, 3 … until
 * none is left to fail.
 *
 *   torture [OPTION…] SCRIPT NAME URL FOLDER
 *
 * SCRIPT is scenarios.lua; it says what NAME does with the emulator at URL and
 * the files in FOLDER. Each n has a Lua state of its own. Whatever fails, the
 * call either succeeds or ends with "not enough memory" or with an error
 * object; the same client works afterwards; no block, no descriptor and no
 * file is left when the state is closed.
 *
 *   --window N    so many allocations fail in a row (1); 0: all that follow
 *   --dense N     n = 1 … N one by one (300), then in growing random steps
 *   --runs N      at most so many (1000)
 *   --seed N      of the steps (1)
 *   --early       fail from the making of the state on
 *   --cold        the same, each in a process that never used libcurl
 *   --squeeze     instead: all garbage is collected at every allocation
 *   --at N        only n = N, and show where it fails and what is left
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sei.h>

#include "memory.h"

enum { PATIENCE = 30 }; /* seconds for one n */

static const long NEVER = LONG_MAX; /* an n that is not reached */

struct torture {
  const char *script, *name, *url, *folder;
  long window, dense, runs, at;
  unsigned long seed;
  bool early, cold, squeeze;
  long n;                   /* the one under way */
  long done, reported;
  char problem[1024];       /* of the one under way; "": none */
};

static struct torture t = { .window = 1, .dense = 300, .runs = 1000,
                            .seed = 1 };

/* ---- one state ---- */

static void blame(const char *what, const char *detail)
{
  if(!*t.problem)
    snprintf(t.problem, sizeof t.problem, "%s: %s", what,
             detail ? detail : "(no text)");
}

/* An error in a finalizer is one that nobody else would hear of. */
static void on_warning(void *user, const char *text, int more)
{
  (void)user;
  (void)more;
  if(strstr(text, "error in"))
    blame("a warning", text);
}

static int as_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Leaves call, judge and again on the stack. */
static int prepare(lua_State *L)
{
  luaL_Buffer b;
  luaL_buffinitsize(L, &b, MEMORY_BUFFER);
  luaL_pushresultsize(&b, 0);
  luaL_openlibs(L);
  sei_preload(L);
  if(luaL_loadfile(L, t.script))
    return lua_error(L);
  lua_pushstring(L, t.name);
  lua_pushstring(L, t.url);
  lua_pushstring(L, t.folder);
  lua_call(L, 3, 3);
  return 3;
}

/* Calls judge(fired, ok, what the call returned …), which answers nil or what
 * is wrong. Stack: judge's index, `from` the first result. */
static void judge(lua_State *L, int judge_at, int from, bool fired, bool ok)
{
  int results = lua_gettop(L) - from + 1;
  lua_pushvalue(L, judge_at);
  lua_pushboolean(L, fired);
  lua_pushboolean(L, ok);
  lua_rotate(L, from, 3);
  lua_pushcfunction(L, as_text);
  lua_insert(L, from);
  if(lua_pcall(L, 2 + results, 1, from))
    blame("the judge", lua_tostring(L, -1));
  else if(lua_isstring(L, -1))
    blame(fired ? "when memory failed" : "with enough memory",
          lua_tostring(L, -1));
  lua_settop(L, from - 1);
}

/* The state could not be prepared: right only if that was memory's fault. */
static void judge_start(lua_State *L)
{
  const char *text = lua_tostring(L, -1);
  if(!memory_fired() || !text || (!strstr(text, "not enough memory") &&
                                  !strstr(text, "Cannot allocate memory")))
    blame("preparing", text);
}

/* Stack: call 1, judge 2, again 3. */
static void call(lua_State *L)
{
  bool ok;
  lua_pushvalue(L, 1);
  ok = lua_pcall(L, 0, LUA_MULTRET, 0) == LUA_OK;
  memory_disarm();
  luaL_checkstack(L, 10, NULL);
  judge(L, 2, 4, memory_fired(), ok);
  if(!lua_isfunction(L, 3))
    return;
  lua_pushvalue(L, 3);
  ok = lua_pcall(L, 0, LUA_MULTRET, 0) == LUA_OK;
  judge(L, 2, 4, false, ok);
}

static void run_state(lua_State *L)
{
  lua_setwarnf(L, on_warning, NULL);
  lua_pushcfunction(L, prepare);
  if(lua_pcall(L, 0, 3, 0)) {
    memory_disarm();
    judge_start(L);
    return;
  }
  if(!t.early)
    memory_arm(t.squeeze ? NEVER : t.n, t.window);
  call(L);
}

/* ---- what may not be left ---- */

/* Entries of a folder, those apart that scenarios keep there. */
static int count_entries(const char *path, bool strange)
{
  DIR *d = opendir(path);
  const struct dirent *e;
  int n = 0;
  while(d && (e = readdir(d)) != NULL)
    n += !strange || strstr(e->d_name, ".part");
  if(d)
    closedir(d);
  return n;
}

/* A thread of the resolver may still close the pipe that it was given. */
static int settled_descriptors(int expected)
{
  int i, n = count_entries("/proc/self/fd", false);
  for(i = 0; i < 200 && n != expected; i++) {
    usleep(1000);
    n = count_entries("/proc/self/fd", false);
  }
  return n;
}

/* One n. Returns whether an allocation was made to fail. */
static bool run_once(void)
{
  lua_State *L;
  size_t left;
  int open = count_entries("/proc/self/fd", false), now;
  char text[64];
  *t.problem = '\0';
  alarm(PATIENCE);
  memory_open_books();
  memory_squeeze(t.squeeze);
  if(t.early)
    memory_arm(t.n, t.window);
  L = lua_newstate(memory_lua, NULL);
  if(L) {
    run_state(L);
    lua_close(L);
  }
  memory_disarm();
  left = memory_close_books(t.n < NEVER && !t.cold);
  alarm(0);
  if(left) {
    snprintf(text, sizeof text, "%zu", left);
    blame("blocks left", text);
  }
  now = settled_descriptors(open);
  if(now != open) {
    snprintf(text, sizeof text, "%d", now - open);
    blame("descriptors left", text);
  }
  if(count_entries(t.folder, true))
    blame("files left", t.folder);
  return memory_fired();
}

/* ---- all of them ---- */

static bool report(void)
{
  t.done++;
  if(!*t.problem)
    return true;
  t.reported++;
  fprintf(stderr, "%s, window %ld, n = %ld: %s\n", t.name, t.window, t.n,
          t.problem);
  return t.reported < 10;
}

static void on_alarm(int signal)
{
  (void)signal;
  fprintf(stderr, "%s, window %ld, n = %ld: hangs\n", t.name, t.window, t.n);
  abort();
}

/* Runs in a process of its own, in which libcurl was never started; then all
 * must go well there. Returns whether an allocation was made to fail. */
static bool run_cold(void)
{
  int status = 0;
  pid_t child = fork();
  if(!child) {
    bool fired = run_once();
    if(!strncmp(t.problem, "blocks left", 11))
      *t.problem = '\0'; /* what is made once in a process stays */
    if(!*t.problem) {
      t.n = NEVER;
      run_once();
      if(!strncmp(t.problem, "blocks left", 11))
        *t.problem = '\0';
    }
    if(*t.problem)
      fprintf(stderr, "%s\n", t.problem);
    _exit(*t.problem ? 3 : fired ? 1 : 0);
  }
  if(child < 0 || waitpid(child, &status, 0) != child)
    blame("fork", "failed");
  else if(!WIFEXITED(status) || WEXITSTATUS(status) > 1)
    blame("a new process", "ended badly");
  else
    *t.problem = '\0';
  return !WIFEXITED(status) || WEXITSTATUS(status) == 1;
}

static unsigned long next_random(void)
{
  t.seed = t.seed * 6364136223846793005u + 1442695040888963407u;
  return t.seed >> 33;
}

static long step(void)
{
  long most = (t.n - t.dense) / 8 + 4;
  return t.n < t.dense ? 1 : 1 + (long)(next_random() % (unsigned long)most);
}

static void run_all(void)
{
  bool fired = true;
  for(t.n = 1; fired && t.done < t.runs; t.n += step()) {
    fired = t.cold ? run_cold() : run_once();
    if(!report())
      break;
  }
  printf("%s, window %ld: %ld runs, %s\n", t.name, t.window, t.done,
         t.reported ? "FAILED" : fired ? "stopped by --runs" :
         "the last one whole");
}

/* Once without failures, which also makes what is made once in a process. */
static bool warm_up(void)
{
  int i;
  for(i = 0; i < 2; i++) {
    t.n = NEVER;
    run_once();
  }
  if(*t.problem)
    fprintf(stderr, "%s does not work at all: %s\n", t.name, t.problem);
  return !*t.problem;
}

static void run_squeezed(void)
{
  long times;
  run_once();
  times = memory_squeezed();
  if(!times)
    blame("nothing", "was collected");
  report();
  printf("%s, all garbage collected %ld times: %s\n", t.name, times,
         t.reported ? "FAILED" : "whole");
}

/* ---- the command line ---- */

static bool number_option(const char *name, const char *value)
{
  static const struct { const char *name; long *where; } NUMBERS[] = {
    {"--window", &t.window}, {"--dense", &t.dense}, {"--runs", &t.runs},
    {"--at", &t.at}
  };
  size_t i;
  for(i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
    if(!strcmp(name, NUMBERS[i].name)) {
      *NUMBERS[i].where = strtol(value, NULL, 10);
      return true;
    }
  if(strcmp(name, "--seed"))
    return false;
  t.seed = strtoul(value, NULL, 10);
  return true;
}

static bool read_options(int argc, char **argv)
{
  int i = 1;
  for(; i < argc && !strncmp(argv[i], "--", 2); i++) {
    if(!strcmp(argv[i], "--early"))
      t.early = true;
    else if(!strcmp(argv[i], "--cold"))
      t.early = t.cold = true;
    else if(!strcmp(argv[i], "--squeeze"))
      t.squeeze = true;
    else if(i + 1 < argc && number_option(argv[i], argv[i + 1]))
      i++;
    else
      return false;
  }
  if(argc - i != 4)
    return false;
  t.script = argv[i];
  t.name = argv[i + 1];
  t.url = argv[i + 2];
  t.folder = argv[i + 3];
  return true;
}

int main(int argc, char **argv)
{
  if(!read_options(argc, argv)) {
    fprintf(stderr, "usage: torture [OPTION…] SCRIPT NAME URL FOLDER\n");
    return 2;
  }
  signal(SIGALRM, on_alarm);
  if(!t.cold && !warm_up())
    return 1;
  if(t.squeeze)
    run_squeezed();
  else if(t.at) {
    t.n = t.at;
    memory_trace(true);
    run_once();
    report();
  }
  else
    run_all();
  return t.reported ? 1 : 0;
}
