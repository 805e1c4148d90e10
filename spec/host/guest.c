/* guest - whether the library behaves as a guest in its host: what it leaves
 * as it was, forks, closing at any moment. Run by spec/guest_spec.lua:
 * guest NAME [CLIENT], CLIENT being the options of sei.client as JSON.
 *
 * Under test is the static library; the host knows Lua and uses libcurl, too.
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <lauxlib.h>
#include <lualib.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

static const char READ_ALL[] =
  "local n = 0 "
  "for _ in client:list_contributors { page_size = 3 } do n = n + 1 end "
  "return n";

static void start(struct sei_context *c, const char *text, const char *client)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = text;
  job.client = client;
  CHECK_IN(sei_start(c, &job) == SEI_RUNNING, sei_error(c, NULL));
}

/* Steps until something is under way. */
static void step_into(struct sei_context *c, int steps)
{
  struct pollfd p = { sei_fd(c), POLLIN, 0 };
  int i;
  for(i = 0; i < steps && sei_step(c) == SEI_RUNNING; i++)
    poll(&p, 1, sei_timeout(c));
}

/* ---- what is the process's ---- */

enum { TEXT = 65536 };

static void note(char *text, const char *fmt, ...)
{
  size_t n = strlen(text);
  va_list args;
  va_start(args, fmt);
  vsnprintf(text + n, TEXT - n, fmt, args);
  va_end(args);
}

/* Everything that a guest must leave alone, as one text. */
static void process_state(char *text)
{
  struct sigaction action;
  sigset_t mask;
  mode_t old = umask(0);
  char folder[4096];
  int i;
  umask(old);
  text[0] = '\0';
  for(i = 1; i < NSIG; i++)
    if(!sigaction(i, NULL, &action))
      note(text, "signal %d %p %x\n", i,
           (void *)(size_t)action.sa_handler, action.sa_flags);
  sigprocmask(SIG_SETMASK, NULL, &mask);
  for(i = 1; i < NSIG; i++)
    note(text, "%d", sigismember(&mask, i));
  note(text, "\nlocale %s\numask %o\nfolder %s\n", setlocale(LC_ALL, NULL),
       (unsigned)old, getcwd(folder, sizeof folder));
  for(i = 0; i < 3; i++)
    note(text, "fd %d %x %x\n", i, fcntl(i, F_GETFL), fcntl(i, F_GETFD));
  note(text, "environ %p\n", (void *)environ);
  for(i = 0; environ[i]; i++)
    note(text, "%p %s\n", (void *)environ[i], environ[i]);
}

/* Descriptors above the standard ones that another program would get. */
static int inherited(void)
{
  DIR *folder = opendir("/proc/self/fd");
  struct dirent *entry;
  int n = 0;
  CHECK(folder != NULL);
  while((entry = readdir(folder)) != NULL) {
    int fd = atoi(entry->d_name);
    n += fd > 2 && fd != dirfd(folder) && !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  closedir(folder);
  return n;
}

static void process(const char *client)
{
  static char before[TEXT], during[TEXT], after[TEXT];
  struct sei_context *c;
  int open_before = inherited();
  process_state(before);
  CHECK(strlen(before) > 1000 && strlen(before) < TEXT - 1);
  c = open_one();
  start(c, READ_ALL, client);
  step_into(c, 4);
  CHECK(sei_status(c) == SEI_RUNNING);
  process_state(during);
  CHECK(inherited() == open_before);
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  CHECK(sei_run(c, NULL) == SEI_MISUSE);
  sei_close(c);
  process_state(after);
  CHECK_IN(!strcmp(before, during), during);
  CHECK_IN(!strcmp(before, after), after);
  CHECK(inherited() == open_before);
}

/* ---- what runs at the exit ---- */

static int registered;

/* In place of the C library's: counts what this program's own part, the
 * library within, registers. Libraries of others may: OpenSSL does. */
int __cxa_atexit(void (*f)(void *), void *argument, void *handle);
int __cxa_atexit(void (*f)(void *), void *argument, void *handle)
{
  int (*real)(void (*)(void *), void *, void *);
  void *address = dlsym(RTLD_NEXT, "__cxa_atexit");
  Dl_info mine, theirs;
  memcpy(&real, &address, sizeof real);
  if(dladdr(&registered, &mine) && dladdr((void *)(size_t)f, &theirs) &&
     mine.dli_fbase == theirs.dli_fbase)
    registered++;
  return real(f, argument, handle);
}

static void at_exit(void)
{
}

static void no_atexit(const char *client)
{
  struct sei_context *c = open_one();
  start(c, READ_ALL, client);
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  sei_close(c);
  CHECK(registered == 0);
  atexit(at_exit);
  CHECK(registered == 1); /* it would have been seen */
}

/* ---- libcurl is the host's, too ---- */

static void curl_of_host(const char *client)
{
  struct sei_context *c;
  CURL *own;
  CHECK(!curl_global_init(CURL_GLOBAL_ALL));
  c = open_one();
  start(c, READ_ALL, client);
  step_into(c, 3);
  own = curl_easy_init();
  CHECK(own != NULL);
  curl_easy_cleanup(own);
  curl_global_cleanup();
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  sei_close(c);
  CHECK(!curl_global_init(CURL_GLOBAL_ALL));
  curl_global_cleanup();
  c = open_one();
  start(c, READ_ALL, client);
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  sei_close(c);
}

/* ---- fork ---- */

/* Runs a function in a child and waits for it. */
static void in_child(void (*f)(void *), void *argument)
{
  int status;
  pid_t child = fork();
  CHECK(child >= 0);
  if(!child) {
    f(argument);
    _exit(7);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void use_context_in_child(void *context)
{
  struct sei_context *c = context, *own;
  struct sei_job job = SEI_JOB_INIT;
  job.text = "return 1";
  CHECK(sei_step(c) == SEI_FORKED && sei_start(c, &job) == SEI_FORKED);
  CHECK(sei_wait(c) == SEI_FORKED && sei_run(c, &job) == SEI_FORKED);
  CHECK(sei_fd(c) == -1 && sei_lua(c) == NULL);
  HAS(sei_error_message(c), "opened before a fork");
  HAS(sei_error(c, NULL), "\"kind\":\"misuse\"");
  own = open_one();
  CHECK(run_text(own, "return 2", NULL) == SEI_OK);
  CHECK(sei_close(own) == SEI_OK);
  CHECK(sei_close(c) == SEI_OK);
}

static void fork_context(const char *client)
{
  struct sei_context *c = open_one();
  start(c, READ_ALL, client);
  step_into(c, 4);
  CHECK(sei_status(c) == SEI_RUNNING);
  in_child(use_context_in_child, c);
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), "120"), sei_result(c, NULL));
  sei_close(c);
}

/* A state of the host's own, with `client` as a global. */
static lua_State *new_state(const char *client)
{
  lua_State *L = luaL_newstate();
  CHECK(L != NULL);
  luaL_openlibs(L);
  sei_preload(L);
  lua_pushstring(L, client);
  lua_setglobal(L, "CLIENT");
  CHECK_IN(!luaL_dostring(L, "sei = require 'sei'\n"
    "local o = assert(sei.json.decode(CLIENT))\n"
    "o.api_key = 'test-key'\n"
    "client = sei.client(o)"), lua_tostring(L, -1));
  return L;
}

static void expect_true(lua_State *L, const char *text)
{
  if(luaL_dostring(L, text))
    CHECK_IN(0, luaL_tolstring(L, -1, NULL));
  CHECK_IN(lua_toboolean(L, -1), text);
  lua_settop(L, 0);
}

static void use_client_in_child(void *state)
{
  lua_State *L = state;
  expect_true(L, "local schema, err = client:get_schema() "
    "return not schema and err.kind == 'closed' and "
    "err.message:find 'before a fork' and err.hint:find 'make a client'");
  expect_true(L, "return not pcall(client.step, client)");
  expect_true(L, "client:cancel() client:close() return true");
  expect_true(L, "local schema, err = client:get_schema() "
    "return not schema and err.message == 'the client is closed'");
  expect_true(L, "local o = sei.json.decode(CLIENT) o.api_key = 'test-key' "
    "local own <close> = sei.client(o) return own:get_schema()");
  lua_close(L);
}

/* In the middle of a list, a file and a lock. */
static void fork_state(const char *client)
{
  lua_State *L = new_state(client);
  expect_true(L,
    "core = require 'sei.core'\n"
    "path = os.tmpname()\n"
    "file = assert(core.file(path))\n"
    "assert(core.file_write(file, 'half'))\n"
    "lock = assert(core.journal.lock(path .. '.lock', 'the owner'))\n"
    "walk = client:list_contributors { page_size = 7, window = 3 }\n"
    "n = 0 for _ in walk do n = n + 1 if n == 9 then break end end\n"
    "co = coroutine.wrap(function()\n"
    "  for _ in client:list_contributors { page_size = 7 } do\n"
    "    n = n + 1 coroutine.yield(true)\n"
    "  end\n"
    "end)\n"
    "n = 0 co() co() client:step() client:step() client:step()\n"
    "return n == 2 and client:active() > 1");
  in_child(use_client_in_child, L);
  expect_true(L, "while co() do end return n == 120");
  expect_true(L, "local f = assert(io.open(path .. '.lock')) "
    "local text = f:read 'a' f:close() return text == 'the owner'");
  expect_true(L, "assert(core.file_write(file, ' and whole')) "
    "assert(core.file_commit(file)) local f = assert(io.open(path)) "
    "local text = f:read 'a' f:close() os.remove(path) lock:release() "
    "os.remove(path .. '.lock') return text == 'half and whole'");
  lua_close(L);
}

static void close_client_in_child(void *state)
{
  lua_State *L = state;
  expect_true(L, "client:close() return true");
  lua_close(L);
}

/* By TLS the server would be told of an end that only the child wants. It
 * answers with the number of the connection. */
static void fork_tls(const char *client)
{
  static const char FIRST[] = "local schema, err = client:get_schema() "
    "return assert(schema, err).version == 1";
  lua_State *L = new_state(client);
  expect_true(L, FIRST);
  in_child(close_client_in_child, L);
  expect_true(L, FIRST);
  expect_true(L, "call = require 'sei.core'.call(client, 'get_schema', {}, {})"
    " client:step() return true");
  in_child(close_client_in_child, L);
  expect_true(L, "local schema, err = require 'sei.wait'.result(call) "
    "return assert(schema, err).version == 1");
  expect_true(L, FIRST);
  lua_close(L);
}

/* ---- closing at any moment ---- */

static void close_any_time(const char *client)
{
  int steps, done = 0;
  for(steps = 0; steps < 40; steps++) {
    struct sei_context *c = open_one();
    start(c, READ_ALL, client);
    step_into(c, steps);
    done += sei_status(c) == SEI_OK;
    CHECK(sei_close(c) == SEI_OK);
  }
  CHECK(done < 40);
}

/* A state of the host's, closed while calls, lists, files are under way. */
static void close_state(const char *client)
{
  static const char *const WAYS[] = {
    "", "client:step()",
    "walk = client:list_contributors { page_size = 7 } "
      "for _ in walk do client:step() break end",
    "co = coroutine.create(function() for _ in client:list_contributors { "
      "page_size = 7 } do coroutine.yield() end end) "
      "coroutine.resume(co) coroutine.resume(co)",
    "w = sei.csv.write { file = os.tmpname(), header = { 'a' } } "
      "w:row { 'b' }",
    "setmetatable({}, { __gc = function() client:close() end })",
    "setmetatable({}, { __gc = function() client:get_schema() end })",
    "client:get_schema()", "client:close()",
  };
  size_t i;
  for(i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
    lua_State *L = new_state(client);
    CHECK_IN(!luaL_dostring(L, WAYS[i]), lua_tostring(L, -1));
    lua_close(L);
  }
}

int main(int argc, char **argv)
{
  static const struct scenario ALL[] = {
    {"process", process}, {"no_atexit", no_atexit},
    {"curl_of_host", curl_of_host}, {"fork_context", fork_context},
    {"fork_state", fork_state}, {"fork_tls", fork_tls},
    {"close_any_time", close_any_time}, {"close_state", close_state},
    {NULL, NULL}
  };
  return run_scenario(ALL, argc, argv);
}
