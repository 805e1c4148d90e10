/* limiter_test - one pace for all who share a name: clients, threads, clients
 * that follow each other, and processes with a state file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../ext/http/limiter.h"
#include "../../ext/http/transfer.h"

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __LINE__, #ok)

static void check(int ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", __FILE__, line, what);
}

static const struct sei_pace_options quick = { 100, 10, 500000, 10 };
static const struct sei_pace_options slow = { 0.001, 10, 500000, 10 };

static const struct sei_pace_options fast = { 5000, 10, 500000, 10 };

static void nap(double seconds)
{
  struct timespec t;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

/* How many may go at once. */
static int burst(struct sei_limiter *l)
{
  int n = 0;
  while(n < 1000 && sei_limiter_take(l, 100) <= 0)
    n++;
  return n;
}

static char path[] = "/tmp/sei-limiter-XXXXXX";

static void new_file(void)
{
  int fd;
  strcpy(path, "/tmp/sei-limiter-XXXXXX");
  fd = mkstemp(path);
  CHECK(fd >= 0);
  close(fd);
}

/* ---- in one process ---- */

static void test_shared(void)
{
  struct sei_limiter *a = sei_limiter_get(1, &slow, NULL);
  struct sei_limiter *b = sei_limiter_get(1, &slow, NULL);
  struct sei_limiter *c = sei_limiter_get(2, &slow, NULL);
  CHECK(a && a == b && a != c);
  CHECK(burst(a) == 10);
  CHECK(burst(b) == 0);
  CHECK(burst(c) == 10);
  sei_limiter_put(a);
  sei_limiter_put(b);
  sei_limiter_put(c);
  sei_limiter_put(NULL);
}

/* A client that comes after another one does not get a new burst. */
static void test_outlives(void)
{
  struct sei_limiter *l = sei_limiter_get(3, &slow, NULL);
  CHECK(burst(l) == 10);
  sei_limiter_put(l);
  l = sei_limiter_get(3, &slow, NULL);
  CHECK(burst(l) == 0);
  sei_limiter_put(l);
  l = sei_limiter_get(3, &quick, NULL); /* the one before counts no more */
  nap(0.15);
  CHECK(burst(l) >= 10);
  sei_limiter_put(l);
}

static void test_slowest(void)
{
  struct sei_pace_options few = { 50, 3, 500000, 10 };
  struct sei_limiter *a = sei_limiter_get(4, &quick, NULL);
  struct sei_limiter *b = sei_limiter_get(4, &few, NULL);
  double delay;
  CHECK(burst(a) == 3);
  delay = sei_limiter_take(a, 1);
  CHECK(delay > 0.005 && delay <= 0.02);
  sei_limiter_put(a);
  sei_limiter_put(b);
}

static void test_held(void)
{
  struct sei_limiter *l = sei_limiter_get(5, &quick, NULL);
  double delay;
  CHECK(sei_limiter_take(l, 1) <= 0);
  sei_limiter_slow(l, sei_clock(), 30);
  delay = sei_limiter_take(l, 1);
  CHECK(delay > 29.9 && delay <= 30);
  sei_limiter_put(l);
}

struct worker {
  pthread_t thread;
  double until;
  int sent;
};

static void *work(void *user)
{
  struct worker *w = user;
  struct sei_limiter *l = sei_limiter_get(6, &quick, NULL);
  while(sei_clock() < w->until) {
    double delay = sei_limiter_take(l, 100);
    if(delay <= 0)
      w->sent++;
    else
      nap(delay < 0.02 ? delay : 0.02);
  }
  sei_limiter_put(l);
  return NULL;
}

static void test_threads(void)
{
  struct worker workers[8];
  double start = sei_clock(), took;
  int i, sent = 0;
  for(i = 0; i < 8; i++) {
    workers[i].until = start + 0.5;
    workers[i].sent = 0;
    CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
  }
  for(i = 0; i < 8; i++) {
    pthread_join(workers[i].thread, NULL);
    sent += workers[i].sent;
  }
  took = sei_clock() - start;
  CHECK(sent >= 45);
  CHECK(sent <= 10 + (int)(took * 100) + 1);
}

/* ---- processes ---- */

/* `polite` ones wait as they are told; others ask and ask, which shows a file
 * that is not locked. */
static void child(const struct sei_pace_options *o, double until, int polite,
                  int out)
{
  struct sei_limiter *l = sei_limiter_get(7, o, path);
  int sent = 0;
  while(l && sei_clock() < until) {
    double delay = sei_limiter_take(l, 100);
    if(delay <= 0)
      sent++;
    else if(polite)
      nap(delay < 0.02 ? delay : 0.02);
  }
  _exit(write(out, &sent, sizeof sent) != sizeof sent);
}

static void test_processes(const struct sei_pace_options *o, int polite)
{
  pid_t pids[4];
  double start = sei_clock(), took;
  int i, status, some, sent = 0, ends[2];
  new_file();
  CHECK(!pipe(ends));
  for(i = 0; i < 4; i++) {
    pids[i] = fork();
    if(!pids[i])
      child(o, start + 0.7, polite, ends[1]);
  }
  for(i = 0; i < 4; i++) {
    CHECK(waitpid(pids[i], &status, 0) == pids[i] && !status);
    CHECK(read(ends[0], &some, sizeof some) == sizeof some);
    sent += some;
  }
  took = sei_clock() - start;
  CHECK(sent >= (polite ? 60 : 1));
  CHECK(sent <= 10 + (int)(took * o->rate) + 1);
  close(ends[0]);
  close(ends[1]);
  unlink(path);
}

/* Another process has the file and does not go on: nobody waits for it. */
static void test_stopped_owner(void)
{
  struct sei_limiter *l;
  double start, delay;
  int fd;
  new_file();
  l = sei_limiter_get(8, &quick, path);
  fd = open(path, O_RDWR); /* an open file of its own is as good */
  CHECK(fd >= 0 && !flock(fd, LOCK_EX));
  start = sei_clock();
  delay = sei_limiter_take(l, 1);
  sei_limiter_slow(l, sei_clock(), 20);
  CHECK(delay > 0 && delay < 0.05);
  CHECK(sei_clock() - start < 1);
  close(fd);
  delay = sei_limiter_take(l, 1); /* the 429 was not forgotten */
  CHECK(delay > 19 && delay <= 20);
  sei_limiter_put(l);
  unlink(path);
}

static void test_file(void)
{
  static const char *const texts[] = {
    "", "sei-pace 1", "nonsense\n", "sei-pace 2 1 1 1 1 1 1\n",
    "sei-pace 1 nan nan nan nan nan nan\n",
    "sei-pace 1 100 -1e300 0 0 0 0\n", "sei-pace 1 1e9 10 0 0 0 0\n",
    "sei-pace 1 100 10 9e99 0 0 0\n", "sei-pace 1 100 10 0 9e99 0 0\n",
    "sei-pace 1 0 10 0 0 0 0\n", "sei-pace 1 inf inf inf inf inf inf\n"
  };
  size_t i;
  for(i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct sei_limiter *l;
    FILE *f;
    new_file();
    f = fopen(path, "w");
    CHECK(f && fputs(texts[i], f) >= 0 && !fclose(f));
    l = sei_limiter_get(100 + i, &quick, path);
    CHECK(burst(l) >= 10 && burst(l) <= 100);
    sei_limiter_put(l);
    unlink(path);
  }
}

static void test_no_file(void)
{
  struct stat st;
  struct sei_limiter *l;
  CHECK(!sei_limiter_get(200, &quick, "/nowhere/at/all"));
  CHECK(!sei_limiter_get(200, &quick, "/tmp"));
  new_file();
  unlink(path);
  l = sei_limiter_get(201, &quick, path);
  CHECK(l && !stat(path, &st) && (st.st_mode & 0777) == 0600);
  sei_limiter_put(l);
  unlink(path);
}

int main(void)
{
  alarm(60);
  test_shared();
  test_outlives();
  test_slowest();
  test_held();
  test_threads();
  test_processes(&quick, 1);
  test_processes(&fast, 0);
  test_stopped_owner();
  test_file();
  test_no_file();
  printf("limiter: %d checks\n", checks);
  return failures ? 1 : 0;
}
