/* clock - the monotonic clock that every deadline is measured on. */
#define _DEFAULT_SOURCE
#include <time.h>

#include "transfer.h"

double sei_clock(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
