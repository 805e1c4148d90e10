/* edges - what hosts do that are careless, fork, or are late: seen by a host
 * that knows no Lua. Run by
 * spec/regress/853_edges_of_the_c_interface_spec.lua and others there: edges
 * NAME. */
#define _DEFAULT_SOURCE
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int readable(struct sei_context *c)
{
  struct pollfd p = { sei_fd(c), POLLIN, 0 };
  return poll(&p, 1, 0) == 1;
}

/* Whoever does not look at what sei_open() returned has NULL. */
static void no_context(const char *unused)
{
  struct sei_job job = SEI_JOB_INIT;
  size_t n = 7;
  (void)unused;
  job.text = "return 1";
  CHECK(sei_start(NULL, &job) == SEI_MISUSE);
  CHECK(sei_step(NULL) == SEI_MISUSE && sei_wait(NULL) == SEI_MISUSE);
  CHECK(sei_run(NULL, &job) == SEI_MISUSE && sei_status(NULL) == SEI_MISUSE);
  CHECK(sei_fd(NULL) == -1 && sei_timeout(NULL) == -1);
  CHECK(!sei_lua(NULL) && !sei_result(NULL, &n) && n == 0);
  HAS(sei_error(NULL, &n), "there is no context");
  CHECK(n == strlen(sei_error(NULL, NULL)));
  CHECK(!strcmp(sei_error_kind(NULL), "misuse"));
  HAS(sei_error_message(NULL), "sei_open");
  sei_cancel(NULL);
  CHECK(sei_close(NULL) == SEI_OK);
}

/* A field to come must not lie in what is padding now. */
static void reserved(const char *unused)
{
  struct sei_options o = SEI_OPTIONS_INIT;
  struct sei_context *c;
  (void)unused;
  CHECK((char *)&o.reserved + sizeof o.reserved == (char *)(&o + 1));
  o.reserved = 1;
  CHECK(sei_open(&o, &c) == SEI_MISUSE && !c);
  o.size -= sizeof o.reserved; /* a host that was built without it */
  CHECK(sei_open(&o, &c) == SEI_OK);
  CHECK(sei_close(c) == SEI_OK);
}

/* ---- fork ---- */

static void look_in_child(struct sei_context *c)
{
  size_t n = 7;
  CHECK(sei_status(c) == SEI_FORKED && sei_timeout(c) == -1);
  CHECK(!sei_result(c, &n) && n == 0);
  sei_cancel(c);
  CHECK(sei_close(c) == SEI_OK && sei_close(c) == SEI_OK);
  sei_cancel(c);
}

/* What a child calls is not felt by its parent. */
static void forked(const char *unused)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  int status;
  pid_t child;
  (void)unused;
  job.text = "coroutine.yield() return 5";
  CHECK(sei_start(c, &job) == SEI_RUNNING && !readable(c));
  child = fork();
  CHECK(child >= 0);
  if(!child) {
    look_in_child(c);
    _exit(7);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(!readable(c) && sei_status(c) == SEI_RUNNING);
  CHECK_IN(sei_wait(c) == SEI_OK, sei_error(c, NULL));
  sei_close(c);
}

/* ---- cancelling what is over ---- */

static void late(const char *unused)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  (void)unused;
  sei_cancel(c);
  CHECK(!readable(c));
  CHECK(run_text(c, "return 1", NULL) == SEI_OK);
  sei_cancel(c);
  CHECK(!readable(c) && sei_status(c) == SEI_OK);
  job.text = "return =";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  sei_cancel(c);
  CHECK(!readable(c));
  job.text = "while true do end";
  CHECK(sei_start(c, &job) == SEI_RUNNING);
  sei_cancel(c);
  CHECK(readable(c) && sei_wait(c) == SEI_CANCELLED && !readable(c));
  sei_close(c);
}

/* ---- lines of log ---- */

static char told[256];

static void on_line(void *user, int level, const char *line, size_t size)
{
  size_t n = strlen(told);
  (void)user;
  CHECK(strlen(line) == size && !strchr(line, '\n'));
  snprintf(told + n, sizeof told - n, "%d[%s]", level, line);
}

static void lines(const char *unused)
{
  struct sei_options o = SEI_OPTIONS_INIT;
  struct sei_context *c;
  (void)unused;
  o.log = on_line;
  CHECK(sei_open(&o, &c) == SEI_OK);
  CHECK_IN(run_text(c, "print('a\\nb', 1) print() print 'c\\n' "
                    "warn('d\\n', 'e')", NULL) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(told, "3[a]3[b\t1]3[]3[c]3[]2[d]2[e]"), told);
  sei_close(c);
}

/* ---- the input of a sandboxed recipe ---- */

static int run_sandboxed(struct sei_context *c, const char *input)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = "return next(inputs) == nil and 0 or inputs[1] or inputs.x";
  job.sandbox = "{}";
  job.input = input;
  return sei_run(c, &job);
}

static void sandbox_input(const char *unused)
{
  static const char *const WRONG[] = {"false", "7", "\"text\"", NULL};
  struct sei_context *c = open_one();
  size_t i;
  (void)unused;
  CHECK_IN(run_sandboxed(c, NULL) == SEI_OK, sei_error(c, NULL));
  CHECK(!strcmp(sei_result(c, NULL), "0"));
  CHECK_IN(run_sandboxed(c, "null") == SEI_OK, sei_error(c, NULL));
  CHECK(!strcmp(sei_result(c, NULL), "0"));
  CHECK(run_sandboxed(c, "[5]") == SEI_OK);
  CHECK(!strcmp(sei_result(c, NULL), "5"));
  CHECK(run_sandboxed(c, "{\"x\":6}") == SEI_OK);
  CHECK(!strcmp(sei_result(c, NULL), "6"));
  for(i = 0; WRONG[i]; i++) {
    CHECK(run_sandboxed(c, WRONG[i]) == SEI_FAILED);
    HAS(sei_error_message(c), "the job's input: with sandbox");
    CHECK(!strcmp(sei_error_kind(c), "misuse"));
  }
  sei_close(c);
}

/* ---- failures that look like results ---- */

/* What a sandboxed recipe returns behind nil is why it failed. */
static void returned_failure(const char *unused)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  (void)unused;
  job.sandbox = "{}";
  job.text = "return nil, 'no more of it'";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  HAS(sei_error_message(c), "no more of it");
  job.client = "{\"base_url\":\"http://127.0.0.1:9\",\"allow_http\":true,"
    "\"api_key\":\"k\",\"retries\":0,\"pace\":false}";
  job.text = "return client:get_schema()";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  CHECK_IN(!strcmp(sei_error_kind(c), "connect"), sei_error(c, NULL));
  job.text = "return nil, nil, 1";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK(!strcmp(sei_result(c, NULL), "null"));
  sei_close(c);
}

/* A recipe says what is planned, not by which client and into which file. */
static void no_recipe(const char *unused)
{
  static const char *const WRONG[] = {
    "return {}", "bad option 'people' for the recipe",
    "return { people = {}, acounts = {} }", "did you mean 'accounts'?",
    "return { people = {}, accounts = {}, file = '/nowhere/plan' }",
    "unknown option 'file' for the recipe",
    "return { people = {}, accounts = {}, client = 1 }",
    "unknown option 'client' for the recipe", NULL
  };
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  size_t i;
  (void)unused;
  job.plan = "";
  job.client = "{\"base_url\":\"http://127.0.0.1:9\",\"allow_http\":true,"
    "\"api_key\":\"k\",\"retries\":0,\"pace\":false}";
  for(i = 0; WRONG[i]; i += 2) {
    job.text = WRONG[i];
    CHECK(sei_run(c, &job) == SEI_FAILED);
    CHECK_IN(!strcmp(sei_error_kind(c), "decode"), sei_error(c, NULL));
    HAS(sei_error_message(c), WRONG[i + 1]);
    CHECK(!has(sei_error(c, NULL), "traceback"));
  }
  sei_close(c);
}

int main(int argc, char **argv)
{
  static const struct scenario ALL[] = {
    {"no_context", no_context}, {"reserved", reserved}, {"forked", forked},
    {"late", late}, {"lines", lines}, {"sandbox_input", sandbox_input},
    {"returned_failure", returned_failure}, {"no_recipe", no_recipe},
    {NULL, NULL}
  };
  return run_scenario(ALL, argc, argv);
}
