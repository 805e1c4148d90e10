/* measure - runs a command and says what it took.
 *
 *   measure COMMAND [ARGUMENT]...
 *
 * Prints one line: seconds by the clock, seconds of user and of system CPU,
 * peak resident set in KiB, exit status. CPU and memory are those of the
 * command and of what it waited for (wait4). The command's standard output is
 * kept; so this line begins with "measured". A program of its own, and small,
 * since a process starts with the peak of the one that it was forked from.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double seconds(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  struct timespec from, to;
  struct rusage use;
  pid_t child;
  int status = 0, problem;
  if(argc < 2)
    return 2;
  clock_gettime(CLOCK_MONOTONIC, &from);
  problem = posix_spawnp(&child, argv[1], NULL, NULL, argv + 1, environ);
  if(problem) {
    fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(problem));
    return 127;
  }
  while(wait4(child, &status, 0, &use) < 0 && errno == EINTR)
    ;
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("measured %.6f %.6f %.6f %ld %d\n",
         (double)(to.tv_sec - from.tv_sec) +
         (double)(to.tv_nsec - from.tv_nsec) / 1e9, seconds(use.ru_utime),
         seconds(use.ru_stime), use.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
