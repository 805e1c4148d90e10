/* jobs - what ext/sei.h promises of contexts and jobs, seen by a host that
 * knows no Lua. Run by spec/host_spec.lua: jobs NAME [CLIENT]. */
#define _DEFAULT_SOURCE
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Whether the descriptor is readable within so many milliseconds. */
static int readable(struct sei_context *c, int ms)
{
  struct pollfd p = { sei_fd(c), POLLIN, 0 };
  return poll(&p, 1, ms) == 1;
}

/* A job that has not begun yet. */
static void start_text(struct sei_context *c, const char *text,
                       const char *client)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = text;
  job.client = client;
  CHECK_IN(sei_start(c, &job) == SEI_RUNNING, sei_error(c, NULL));
}

/* ---- facts ---- */

static void facts(const char *unused)
{
  char text[32];
  (void)unused;
  snprintf(text, sizeof text, "%d.%d.%d", SEI_VERSION_MAJOR,
           SEI_VERSION_MINOR, SEI_VERSION_PATCH);
  CHECK(!strcmp(text, SEI_VERSION));
  CHECK(!strcmp(sei_version(), SEI_VERSION));
  CHECK(sei_version_number() == SEI_VERSION_NUMBER);
  CHECK(!strcmp(sei_status_name(SEI_OK), "ok"));
  CHECK(!strcmp(sei_status_name(SEI_FORKED), "forked"));
  CHECK(!strcmp(sei_status_name(-1), "unknown"));
  CHECK(!strcmp(sei_status_name(99), "unknown"));
}

/* ---- results ---- */

static void expect(struct sei_context *c, const char *text, const char *input,
                   const char *result)
{
  size_t n = 0;
  CHECK_IN(run_text(c, text, input) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, &n), result), sei_result(c, NULL));
  CHECK(n == strlen(result));
  CHECK(sei_error(c, NULL) == NULL && sei_error_kind(c) == NULL);
  CHECK(sei_status(c) == SEI_OK && sei_step(c) == SEI_OK);
}

static void results(const char *unused)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  size_t n = 1;
  (void)unused;
  CHECK(sei_status(c) == SEI_OK && sei_step(c) == SEI_OK);
  CHECK(sei_result(c, &n) == NULL && n == 0);
  expect(c, "return ...", "{\"b\":[1,2.5,\"\\u00e9\",null,[]],\"a\":{}}",
         "{\"a\":{},\"b\":[1,2.5,\"\xC3\xA9\",null,[]]}");
  expect(c, "return ... == sei.null", NULL, "true");
  expect(c, "", NULL, "null");
  expect(c, "return nil", NULL, "null");
  expect(c, "coroutine.yield() return 9007199254740993", NULL,
         "9007199254740993");
  expect(c, "_G.x = 1 return x", NULL, "1");
  expect(c, "return x", NULL, "1"); /* a global of _G stays */
  expect(c, "return arg[0]", NULL, "\"recipe\"");
  job.text = "return 'a\\0b'garbage";
  job.text_size = strlen("return 'a\\0b'");
  job.input = "7garbage";
  job.input_size = 1;
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK(!strcmp(sei_result(c, NULL), "\"a\\u0000b\""));
  CHECK(sei_close(c) == SEI_OK);
  CHECK(sei_close(NULL) == SEI_OK);
}

/* A file, and a module that stands beside it. */
static void file(const char *path)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  job.file = path;
  job.input = "{\"n\":20}";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), "42"), sei_result(c, NULL));
  job.file = "/nonexistent/recipe.lua";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  CHECK(!strcmp(sei_error_kind(c), "io"));
  HAS(sei_error_message(c), "/nonexistent/recipe.lua: No such file");
  sei_close(c);
}

/* ---- errors ---- */

static void expect_error(struct sei_context *c, const char *text,
                         const char *input, const char *kind,
                         const char *message)
{
  CHECK(run_text(c, text, input) == SEI_FAILED);
  CHECK(sei_result(c, NULL) == NULL);
  CHECK_IN(!strcmp(sei_error_kind(c), kind), sei_error(c, NULL));
  HAS(sei_error_message(c), message);
  HAS(sei_error(c, NULL), kind);
  CHECK(sei_error(c, NULL)[0] == '{');
}

static void errors(const char *unused)
{
  struct sei_context *c = open_one();
  (void)unused;
  expect_error(c, "return =", NULL, "decode", "recipe:1:");
  expect_error(c, "return 1", "{\"a\":", "decode", "the job's input is no");
  expect_error(c, "\nerror 'oops'", NULL, "script", "recipe:2: oops");
  HAS(sei_error(c, NULL), "\"line\":2");
  HAS(sei_error(c, NULL), "stack traceback");
  expect_error(c, "error{}", NULL, "script", "no text but table");
  expect_error(c, "error '\\xFF'", NULL, "script", "?");
  expect_error(c, "return nil, 'reason'", NULL, "script", "reason");
  expect_error(c, "return print", NULL, "encode", "function");
  expect_error(c, "return {x={y=print}}", NULL, "encode", "x.y");
  expect_error(c, "coroutine.yield(1)", NULL, "script", "yielded a value");
  expect_error(c, "os.exit(0)", NULL, "refused", "os.exit");
  expect_error(c, "os.setlocale 'C'", NULL, "refused", "os.setlocale");
  expect(c, "return os.setlocale()", NULL, "\"C\"");
  expect_error(c, "return nil, sei.error{kind='drift', message='m', rows={"
               "{line=3}}, hint='h', x=print}", NULL, "drift", "m");
  HAS(sei_error(c, NULL), "\"rows\":[{\"line\":3}]");
  HAS(sei_error(c, NULL), "\"hint\":\"h\"");
  expect_error(c, "local s <close> = setmetatable({}, {__close = function() "
               "_G.closed = true end}) error 'x'", NULL, "script", "x");
  expect(c, "return closed", NULL, "true");
  sei_close(c);
}

static void expect_client_error(struct sei_context *c, const char *client,
                                const char *kind, const char *message)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = "return assert(client:get_schema())";
  job.client = client;
  CHECK(sei_run(c, &job) == SEI_FAILED);
  CHECK_IN(!strcmp(sei_error_kind(c), kind), sei_error(c, NULL));
  HAS(sei_error_message(c), message);
  CHECK(!has(sei_error(c, NULL), "very-secret-key"));
}

static void client_errors(const char *unused)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  (void)unused;
  expect_client_error(c, "[", "decode", "the job's client is no JSON");
  expect_client_error(c, "7", "misuse", "JSON object expected, got number");
  expect_client_error(c, "{\"regoin\":\"prod1\"}", "misuse", "region");
  expect_client_error(c, "{\"region\":\"prod1\",\"api_key\":{\"evn\":\"X\"}}",
                      "misuse", "{\"env\": NAME}");
  expect_client_error(c, "{\"region\":\"prod1\",\"api_key\":{\"env\":"
                      "\"SEI_NOT_SET\"},\"retries\":0}", "auth",
                      "SEI_NOT_SET");
  expect_client_error(c, "{\"base_url\":\"http://127.0.0.1:1/sei/api\","
                      "\"api_key\":\"very-secret-key\",\"retries\":0}",
                      "connect", "connect");
  HAS(sei_error(c, NULL), "\"url\":\"http://127.0.0.1:1/");
  job.text = "return { people = {}, accounts = {} }";
  job.plan = "";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  HAS(sei_error_message(c), "no client");
  sei_close(c);
}

/* ---- misuse ---- */

static struct sei_context *logged;
static int lines;

/* A callback that does what it must not. */
static void on_log(void *user, int level, const char *line, size_t size)
{
  struct sei_job job = SEI_JOB_INIT;
  CHECK(user == &lines && level == SEI_LOG_INFO);
  CHECK(!strcmp(line, "a\t1") && size == 3);
  job.text = "";
  CHECK(sei_step(logged) == SEI_MISUSE);
  CHECK(sei_start(logged, &job) == SEI_MISUSE);
  HAS(sei_error_message(logged), "callback");
  CHECK(sei_close(logged) == SEI_MISUSE);
  lines++;
}

static void misuse(const char *unused)
{
  struct sei_options options = SEI_OPTIONS_INIT;
  struct sei_job job = SEI_JOB_INIT;
  struct sei_context *c;
  (void)unused;
  CHECK(sei_open(NULL, NULL) == SEI_MISUSE);
  options.size = 1;
  CHECK(sei_open(&options, &c) == SEI_MISUSE && !c);
  options.size = sizeof options;
  options.log_level = 9;
  CHECK(sei_open(&options, &c) == SEI_MISUSE && !c);
  options.log_level = 0;
  options.log = on_log;
  options.log_user = &lines;
  CHECK(sei_open(&options, &c) == SEI_OK);
  logged = c;
  CHECK(sei_start(c, NULL) == SEI_MISUSE);
  CHECK(sei_start(c, &job) == SEI_MISUSE);
  HAS(sei_error_message(c), "either file or text");
  job.text = "print('a', 1) coroutine.yield() return 5";
  job.file = "x";
  CHECK(sei_start(c, &job) == SEI_MISUSE);
  job.file = NULL;
  CHECK(sei_start(c, &job) == SEI_RUNNING);
  CHECK(sei_start(c, &job) == SEI_MISUSE);
  HAS(sei_error_message(c), "one at a time");
  CHECK(sei_wait(c) == SEI_OK && !sei_error(c, NULL));
  CHECK(!strcmp(sei_result(c, NULL), "5") && lines == 1);
  CHECK(sei_close(c) == SEI_OK);
}

/* ---- slices and cancelling ---- */

static void slices(const char *unused)
{
  struct sei_context *c = open_one();
  int steps = 0;
  (void)unused;
  start_text(c, "local t = os.clock() while os.clock() < t + 0.3 do end",
             NULL);
  while(sei_step(c) == SEI_RUNNING) {
    CHECK(sei_timeout(c) == 0);
    steps++;
  }
  CHECK(sei_status(c) == SEI_OK);
  CHECK(steps >= 5);
  CHECK(sei_timeout(c) == -1);
  sei_close(c);
}

static void *cancel_soon(void *context)
{
  struct timespec pause = { 0, 20000000 };
  nanosleep(&pause, NULL);
  sei_cancel(context);
  return NULL;
}

/* What never ends by itself, cancelled by another thread. */
static void cancel_text(const char *text, const char *client)
{
  struct sei_context *c = open_one();
  pthread_t thread;
  double begin = now();
  start_text(c, text, client);
  CHECK(!pthread_create(&thread, NULL, cancel_soon, c));
  CHECK_IN(sei_wait(c) == SEI_CANCELLED, text);
  CHECK(now() - begin < 30);
  pthread_join(thread, NULL);
  CHECK(!strcmp(sei_error_kind(c), "cancelled"));
  CHECK(!sei_result(c, NULL) && sei_timeout(c) == -1);
  sei_step(c);
  CHECK(!readable(c, 0)); /* or an idle host's loop would spin */
  expect(c, "return closed", NULL, "true");
  sei_cancel(c); /* nothing runs */
  sei_step(c);
  CHECK(!readable(c, 0) && sei_status(c) == SEI_OK);
  sei_cancel(c);
  expect(c, "return 1", NULL, "1");
  sei_close(c);
}

#define CLOSED "local s <close> = setmetatable({}, " \
  "{__close = function() _G.closed = true end}) "

static void cancel(const char *client)
{
  cancel_text(CLOSED "while true do end", NULL);
  cancel_text(CLOSED "while true do pcall(function() while true do end end) "
              "end", NULL);
  cancel_text(CLOSED "local f = coroutine.wrap(function() while true do end "
              "end) while true do f() f = coroutine.wrap(function() while "
              "true do end end) end", NULL);
  cancel_text(CLOSED "table.sort({1, 2, 3}, function() while true do end "
              "end)", NULL);
  cancel_text(CLOSED "while true do client:get_schema() end", client);
  cancel_text(CLOSED "while true do pcall(client.get_schema, client) end",
              client);
}

/* ---- memory ---- */

struct books {
  size_t used, most;
  long count, fail_at;        /* the fail_at-th and all after it; 0: none */
  long window;                /* how many fail */
};

static void *keep_books(void *user, void *block, size_t old_size,
                        size_t new_size)
{
  struct books *b = user;
  void *new_block = NULL;
  CHECK(block || !old_size);
  if(new_size > old_size && b->fail_at && ++b->count >= b->fail_at &&
     b->count < b->fail_at + b->window)
    return NULL;
  if(new_size) {
    new_block = realloc(block, new_size);
    CHECK(new_block);
  }
  else
    free(block);
  b->used += new_size - old_size;
  if(b->used > b->most)
    b->most = b->used;
  return new_block;
}

/* One job while allocations fail: from opening to closing. */
static int run_failing(struct books *b, const char *client)
{
  struct sei_options options = SEI_OPTIONS_INIT;
  struct sei_context *c;
  struct sei_job job = SEI_JOB_INIT;
  int status;
  options.allocate = keep_books;
  options.allocate_user = b;
  status = sei_open(&options, &c);
  if(status == SEI_OK) {
    job.text = "local t = {} for i = 1, 50 do t[i] = {i} end "
      "return {#t, client and #assert(client:get_schema()).fields}";
    job.client = client;
    status = sei_run(c, &job);
    if(status == SEI_OK)
      CHECK(has(sei_result(c, NULL), "[50,"));
    else
      CHECK(sei_error(c, NULL) && sei_error_kind(c));
    sei_close(c);
  }
  CHECK(b->used == 0);
  return status;
}

/* Fails the n-th allocation, once or from there on, for about so many n. */
static void fail_some(const char *client, long times)
{
  struct books b = { .window = 1 };
  long n, all, bad = 0, round = 0;
  b.fail_at = 1000000000;
  CHECK(run_failing(&b, client) == SEI_OK);
  CHECK(b.most > 100000);
  all = b.count;
  for(n = 1; n <= all; n += 1 + all / times) {
    int status;
    memset(&b, 0, sizeof b);
    b.fail_at = n;
    b.window = ++round % 2 ? 1 : 1000000000;
    status = run_failing(&b, client);
    CHECK(status == SEI_OK || status == SEI_MEMORY || status == SEI_FAILED);
    bad += status != SEI_OK;
  }
  printf("memory: %ld of %ld runs failed\n", bad, round);
  CHECK(bad > round / 6);
}

static void memory(const char *client)
{
  fail_some(client, 60);
}

static void memory_all(const char *client)
{
  fail_some(client, 6000);
}

/* ---- a plan ---- */

static void plan(const char *client)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  job.text = "return { people = {{email='nobody@example.com', name='No'}}, "
    "accounts = {{integration_id=5322, login='nobody', email="
    "'nobody@example.com'}}, guard = { state = false } }";
  job.client = client;
  job.plan = "";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  HAS(sei_result(c, NULL), "\"digest\":\"");
  HAS(sei_result(c, NULL), "\"failed\":[");
  HAS(sei_result(c, NULL), "\"writes\":");
  job.text = "return 5";
  CHECK(sei_run(c, &job) == SEI_FAILED);
  HAS(sei_error_message(c), "no recipe, but number");
  sei_close(c);
}

/* ---- the client from job to job ---- */

static void expect_requests(struct sei_context *c, const char *client,
                            const char *result)
{
  struct sei_job job = SEI_JOB_INIT;
  job.text = "assert(client:get_schema()) return client:stats().calls";
  job.client = client;
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), result), sei_result(c, NULL));
}

static void kept(const char *client)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  char other[1024];
  snprintf(other, sizeof other, "{\"retries\":1,%s", client + 1);
  expect_requests(c, client, "1");
  expect_requests(c, client, "2");
  expect_requests(c, other, "1");
  expect_requests(c, client, "1"); /* one is kept, not all */
  expect_client_error(c, "{}", "misuse", "region");
  expect_requests(c, client, "2");
  job.client = client;
  job.text = "co = coroutine.wrap(function() client:get_schema() end) co() "
    "return client:active()";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), "1"), sei_result(c, NULL));
  job.text = "local n = client:active() client:close() return n";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), "0"), sei_result(c, NULL));
  expect_requests(c, client, "1");
  sei_close(c);
}

/* ---- recipes that need not be trusted ---- */

static void expect_refused(struct sei_context *c, struct sei_job *job,
                           const char *text, const char *kind,
                           const char *message)
{
  job->text = text;
  CHECK(sei_run(c, job) == SEI_FAILED);
  CHECK_IN(!strcmp(sei_error_kind(c), kind), sei_error(c, NULL));
  HAS(sei_error_message(c), message);
}

/* One that computes for ever, in slices; sei_cancel() reaches it. */
static void sandbox_slices(void)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  int steps;
  job.sandbox = "{\"time\":60}";
  job.text = "while true do pcall(function() while true do end end) end";
  CHECK_IN(sei_start(c, &job) == SEI_RUNNING, sei_error(c, NULL));
  for(steps = 0; steps < 10; steps++)
    CHECK(sei_step(c) == SEI_RUNNING && sei_timeout(c) == 0);
  sei_cancel(c);
  CHECK(sei_wait(c) == SEI_CANCELLED);
  expect(c, "return 1", NULL, "1");
  sei_close(c);
}

static void sandbox(const char *client)
{
  struct sei_context *c = open_one();
  struct sei_job job = SEI_JOB_INIT;
  job.client = client;
  job.input = "{\"n\":20}";
  job.sandbox = "{\"time\":60,\"operations\":[\"get_schema\"]}";
  job.text = "return { inputs.n + 1, #client:get_schema().fields > 0, os }";
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  CHECK_IN(!strcmp(sei_result(c, NULL), "[21,true]"), sei_result(c, NULL));
  expect_refused(c, &job, "return io.open '/etc/passwd'", "decode", "io");
  expect_refused(c, &job, "return assert(client:patch_identities({{}}))",
                 "refused", "patch_identities");
  job.sandbox = "{\"time\":0.2}";
  expect_refused(c, &job, "while true do end", "refused", "seconds were over");
  job.sandbox = "{\"tiem\":1}";
  expect_refused(c, &job, "return 1", "misuse", "'time'");
  job.sandbox = "{\"client\":{}}";
  expect_refused(c, &job, "return 1", "misuse", "a field of the job");
  job.sandbox = "{}";
  job.plan = "";
  expect_refused(c, &job, "return 1", "misuse", "either plan or sandbox");
  sei_close(c);
  sandbox_slices();
}

/* ---- log ---- */

struct log {
  int lines[SEI_LOG_DEBUG + 1];
  char last[SEI_LOG_DEBUG + 1][512];
};

static void keep_line(void *user, int level, const char *line, size_t size)
{
  struct log *l = user;
  CHECK(level >= SEI_LOG_ERROR && level <= SEI_LOG_DEBUG);
  CHECK(strlen(line) == size && !has(line, "\n") && !has(line, "test-key"));
  l->lines[level]++;
  snprintf(l->last[level], sizeof l->last[level], "%s", line);
}

static void log_of(const char *client, int level, int json, struct log *l)
{
  struct sei_options options = SEI_OPTIONS_INIT;
  struct sei_context *c;
  struct sei_job job = SEI_JOB_INIT;
  memset(l, 0, sizeof *l);
  options.log = keep_line;
  options.log_user = l;
  options.log_level = level;
  options.log_json = json;
  CHECK(sei_open(&options, &c) == SEI_OK);
  job.text = "assert(client:get_schema()) warn('take ', 'care')";
  job.client = client;
  CHECK_IN(sei_run(c, &job) == SEI_OK, sei_error(c, NULL));
  sei_close(c);
}

static void logs(const char *client)
{
  struct log l;
  log_of(client, 0, 0, &l);
  CHECK(l.lines[SEI_LOG_INFO] == 1 && l.lines[SEI_LOG_DEBUG] == 0);
  HAS(l.last[SEI_LOG_INFO], "get_schema");
  CHECK(!strcmp(l.last[SEI_LOG_WARN], "take care"));
  log_of(client, SEI_LOG_DEBUG, 1, &l);
  CHECK(l.lines[SEI_LOG_INFO] == 1 && l.lines[SEI_LOG_DEBUG] == 1);
  HAS(l.last[SEI_LOG_DEBUG], "\"level\":\"debug\"");
  log_of(client, SEI_LOG_WARN, 0, &l);
  CHECK(l.lines[SEI_LOG_INFO] == 0 && l.lines[SEI_LOG_WARN] == 1);
}

int main(int argc, char **argv)
{
  static const struct scenario ALL[] = {
    {"facts", facts}, {"results", results}, {"file", file},
    {"errors", errors}, {"client_errors", client_errors}, {"misuse", misuse},
    {"slices", slices}, {"cancel", cancel}, {"memory", memory},
    {"memory_all", memory_all},
    {"plan", plan}, {"kept", kept}, {"sandbox", sandbox}, {"logs", logs},
    {NULL, NULL}
  };
  return run_scenario(ALL, argc, argv);
}
