/* loop - a C program with an event loop of its own, and recipes in it.
 *
 *   loop CLIENT COUNT
 *
 * CLIENT: the options of sei.client as JSON, for one
 *   {"region":"prod1","api_key":{"env":"SEI_API_KEY"}}
 * Opens COUNT contexts and runs a recipe in each, all at once, in one thread:
 * epoll says whose descriptor is readable, and the nearest deadline how long
 * to wait. A timer shows that the loop has time for other work meanwhile. No
 * Lua file is beside the program, and no Lua in it.
 *
 * Prints a line per context; exit status 1 if any of them failed.
 * Build: cc loop.c $(pkg-config --cflags --libs sei). Here: make host-example,
 * and then build/examples/loop.
 */
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <sei.h>

enum { CONTEXTS_MAX = 256, TICK_MS = 2, TICKER = CONTEXTS_MAX };

static const char RECIPE[] =
  "local input = ...\n"
  "local count, first = 0, nil\n"
  "for c in client:list_contributors { page_size = 50 } do\n"
  "  count = count + 1\n"
  "  first = first or c.email\n"
  "end\n"
  "return { number = input.number, count = count, first = first }\n";

/* All that there is in the loop. */
struct host {
  int epoll, ticker;
  int count, running, failed;
  unsigned long ticks, steps;
  struct sei_context *contexts[CONTEXTS_MAX];
};

static int watch(struct host *h, int fd, uint32_t number)
{
  struct epoll_event e = { .events = EPOLLIN, .data.u32 = number };
  return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- one context ---- */

static int begin(struct host *h, int i, const char *client)
{
  struct sei_job job = SEI_JOB_INIT;
  char input[32];
  if(sei_open(NULL, &h->contexts[i]) != SEI_OK ||
     watch(h, sei_fd(h->contexts[i]), (uint32_t)i))
    return -1;
  snprintf(input, sizeof input, "{\"number\":%d}", i + 1);
  job.text = RECIPE;
  job.name = "loop";
  job.input = input;
  job.client = client;
  if(sei_start(h->contexts[i], &job) == SEI_RUNNING) {
    h->running++;
    return 0;
  }
  fprintf(stderr, "context %d: %s\n", i + 1,
          sei_error(h->contexts[i], NULL));
  return -1;
}

static void step(struct host *h, int i)
{
  struct sei_context *c = h->contexts[i];
  int status;
  if(sei_status(c) != SEI_RUNNING)
    return; /* done before, in this round */
  status = sei_step(c);
  h->steps++;
  if(status == SEI_RUNNING)
    return;
  h->running--;
  if(status == SEI_OK)
    printf("context %d: %s\n", i + 1, sei_result(c, NULL));
  else {
    fprintf(stderr, "context %d: %s\n", i + 1, sei_error(c, NULL));
    h->failed++;
  }
}

/* ---- the loop ---- */

static int nearest(const struct host *h)
{
  int i, best = -1;
  for(i = 0; i < h->count; i++) {
    int ms = sei_timeout(h->contexts[i]);
    if(ms >= 0 && (best < 0 || ms < best))
      best = ms;
  }
  return best;
}

static void tick(struct host *h)
{
  uint64_t times;
  if(read(h->ticker, &times, sizeof times) == sizeof times)
    h->ticks++;
}

static void run(struct host *h)
{
  struct epoll_event events[16];
  int i, n;
  while(h->running) {
    n = epoll_wait(h->epoll, events, 16, nearest(h));
    for(i = 0; i < n; i++)
      if(events[i].data.u32 == TICKER)
        tick(h);
      else
        step(h, (int)events[i].data.u32);
    for(i = 0; i < h->count; i++)
      if(!sei_timeout(h->contexts[i]))
        step(h, i);
  }
}

static int open_loop(struct host *h)
{
  struct itimerspec every = {
    .it_interval.tv_nsec = TICK_MS * 1000000,
    .it_value.tv_nsec = TICK_MS * 1000000
  };
  h->epoll = epoll_create1(EPOLL_CLOEXEC);
  h->ticker = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return h->epoll < 0 || h->ticker < 0 ||
    timerfd_settime(h->ticker, 0, &every, NULL) ||
    watch(h, h->ticker, TICKER);
}

int main(int argc, char **argv)
{
  static struct host h;
  int i, count = argc == 3 ? atoi(argv[2]) : 0;
  if(count < 1 || count > CONTEXTS_MAX) {
    fprintf(stderr, "usage: loop CLIENT COUNT   (COUNT: 1 to %d)\n",
            CONTEXTS_MAX);
    return EXIT_FAILURE;
  }
  if(open_loop(&h)) {
    perror("loop");
    return EXIT_FAILURE;
  }
  for(i = 0; i < count; i++) {
    h.failed += begin(&h, i, argv[1]) != 0;
    h.count += h.contexts[i] != NULL;
  }
  run(&h);
  printf("loop: %d contexts, %d failed, %lu steps, the timer rang %lu times\n",
         count, h.failed, h.steps, h.ticks);
  for(i = 0; i < h.count; i++)
    sei_close(h.contexts[i]);
  close(h.ticker);
  close(h.epoll);
  return h.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
