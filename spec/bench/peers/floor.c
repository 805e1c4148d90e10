/* floor - libcurl that only downloads: no client can be cheaper.
 *
 *   floor JOB URL PAGE_SIZE WINDOW TOTAL       JOB: list, first
 *
 * Prints how many bytes came; it decodes nothing, so it has no sum to show.
 */
#include <stdio.h>
#include <stdlib.h>

#include "download.h"

static size_t bytes;

static void on_page(char *page, size_t len)
{
  (void)page;
  bytes += len;
}

int main(int argc, char **argv)
{
  if(argc < 6 || bench_download(argv[2], atol(argv[3]), atol(argv[4]),
                                atol(argv[5]), on_page))
    return 1;
  printf("bytes %zu\n", bytes);
  return 0;
}
