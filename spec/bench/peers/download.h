/* download - every page of the list by libcurl's multi interface, several at
 * once: what the two floors share. */
#ifndef BENCH_DOWNLOAD_H
#define BENCH_DOWNLOAD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes behind a page that may be read, as simdjson wants it. */
enum { BENCH_PADDING = 64 };

/* Asks for all pages of `total` records, `window` at once, and calls `on_page`
 * with each as it comes. 0: all came. */
int bench_download(const char *base_url, long page_size, long window,
                   long total, void (*on_page)(char *page, size_t len));

#ifdef __cplusplus
}
#endif

#endif
