/* threads - many recipes by few threads, each with a context of its own.
 *
 *   threads CLIENT THREADS RECIPES [LIMIT_MS]
 *
 * CLIENT: the options of sei.client as JSON, for one
 *   {"region":"prod1","api_key":{"env":"SEI_API_KEY"}}
 * THREADS threads take RECIPES recipes from one heap. A context, and with it
 * what its recipes have loaded, serves one after the other; none is shared.
 * With LIMIT_MS one more thread cancels whatever takes longer.
 *
 * Prints how they ended; exit status 1 if any of them failed. Build: cc
 * threads.c $(pkg-config --cflags --libs sei) -lpthread. Here: make
 * host-example, and then build/examples/threads.
 */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sei.h>

enum { THREADS_MAX = 64 };

static const char RECIPE[] =
  "local input = ...\n"
  "local schema = assert(client:get_schema())\n"
  "local count = 0\n"
  "for _ in client:list_contributors { page_size = 20, max_items = 40 } do\n"
  "  count = count + 1\n"
  "end\n"
  "return { number = input.number, count = count, fields = #schema.fields }";

/* What all threads share. */
struct work {
  const char *client;
  int recipes;
  atomic_int next;            /* recipe to be taken */
  atomic_int ended[SEI_FORKED + 1]; /* how many ended with each status */
  double limit;               /* seconds for a recipe; 0: none */
  atomic_bool over;           /* the watchdog may go */
};

struct worker {
  pthread_t thread;
  struct work *work;
  struct sei_context *context;
  atomic_llong since;         /* nanoseconds; 0: no recipe runs */
};

static long long now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* ---- those who work ---- */

static int run_one(struct worker *w, int number)
{
  struct sei_job job = SEI_JOB_INIT;
  char input[32];
  int status;
  snprintf(input, sizeof input, "{\"number\":%d}", number);
  job.text = RECIPE;
  job.name = "threads";
  job.input = input;
  job.client = w->work->client;
  status = sei_start(w->context, &job);
  atomic_store(&w->since, now());
  if(status == SEI_RUNNING)
    status = sei_wait(w->context);
  atomic_store(&w->since, 0);
  return status;
}

static void *run(void *argument)
{
  struct worker *w = argument;
  int number;
  while((number = atomic_fetch_add(&w->work->next, 1)) < w->work->recipes) {
    int status = run_one(w, number + 1);
    atomic_fetch_add(&w->work->ended[status], 1);
    if(status != SEI_OK && status != SEI_CANCELLED)
      fprintf(stderr, "recipe %d: %s\n", number + 1,
              sei_error(w->context, NULL));
  }
  return NULL;
}

/* ---- the one who looks at the clock ---- */

struct watchdog {
  pthread_t thread;
  struct work *work;
  struct worker *workers;
  int count;
};

/* A recipe may have ended just now and the next one begun: that one is
 * cancelled in its place, which a host that minds prevents by a lock. */
static void *look(void *argument)
{
  struct watchdog *d = argument;
  struct timespec pause = { 0, 1000000 };
  int i;
  while(!atomic_load(&d->work->over)) {
    for(i = 0; i < d->count; i++) {
      long long since = atomic_load(&d->workers[i].since);
      if(since && now() - since > d->work->limit * 1e9)
        sei_cancel(d->workers[i].context);
    }
    nanosleep(&pause, NULL);
  }
  return NULL;
}

/* ---- all of them ---- */

static int open_all(struct worker *workers, int count, struct work *work)
{
  int i;
  for(i = 0; i < count; i++) {
    int status = sei_open(NULL, &workers[i].context);
    if(status != SEI_OK) {
      fprintf(stderr, "threads: %s\n", sei_status_name(status));
      return -1;
    }
    workers[i].work = work;
  }
  return 0;
}

/* Contexts are closed when nobody is left who might cancel one. */
static int run_all(struct worker *workers, int count, struct work *work)
{
  struct watchdog dog = { .work = work, .workers = workers, .count = count };
  int i, started = 0, watched;
  watched = work->limit > 0 &&
    !pthread_create(&dog.thread, NULL, look, &dog);
  while(started < count && !pthread_create(&workers[started].thread, NULL, run,
                                           &workers[started]))
    started++;
  for(i = 0; i < started; i++)
    pthread_join(workers[i].thread, NULL);
  atomic_store(&work->over, true);
  if(watched)
    pthread_join(dog.thread, NULL);
  return started == count ? 0 : -1;
}

int main(int argc, char **argv)
{
  static struct worker workers[THREADS_MAX];
  static struct work work;
  int i, bad, count = argc >= 4 ? atoi(argv[2]) : 0;
  if(count < 1 || count > THREADS_MAX || argc > 5 || atoi(argv[3]) < 1) {
    fprintf(stderr, "usage: threads CLIENT THREADS RECIPES [LIMIT_MS]\n");
    return EXIT_FAILURE;
  }
  work.client = argv[1];
  work.recipes = atoi(argv[3]);
  work.limit = argc == 5 ? atof(argv[4]) / 1000 : 0;
  bad = open_all(workers, count, &work) || run_all(workers, count, &work);
  for(i = 0; i < count; i++)
    sei_close(workers[i].context);
  printf("threads: %d recipes by %d threads, %d done, %d cancelled\n",
         work.recipes, count, work.ended[SEI_OK], work.ended[SEI_CANCELLED]);
  return bad || work.ended[SEI_OK] + work.ended[SEI_CANCELLED] !=
    work.recipes ? EXIT_FAILURE : EXIT_SUCCESS;
}
