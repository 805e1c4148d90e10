/* gunzip - unpacks a reply's Content-Encoding: gzip as it arrives.
 *
 * Ours, because libcurl 7.88 hands on a gzip stream that ends too early as if
 * it were whole, and a CSV file cut off that way looks like a shorter one.
 */
#ifndef SEI_HTTP_GUNZIP_H
#define SEI_HTTP_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

struct sei_gunzip;

enum sei_gunzip_result {
  SEI_GUNZIP_OK,
  SEI_GUNZIP_BAD,             /* not gzip, or damaged */
  SEI_GUNZIP_STOPPED,         /* the sink said no */
  SEI_GUNZIP_NOMEM
};

/* Takes unpacked bytes; false stops. */
typedef bool sei_gunzip_sink(void *user, const void *bytes, size_t n);

/* NULL: no memory. */
struct sei_gunzip *sei_gunzip_new(void);

/* NULL is fine. */
void sei_gunzip_free(struct sei_gunzip *g);

/* Unpacks n more bytes into the sink, at most 16 KiB at a time. */
enum sei_gunzip_result sei_gunzip_add(struct sei_gunzip *g,
                                      const void *bytes, size_t n,
                                      sei_gunzip_sink *sink, void *user);

/* Whether what came so far is whole; nothing at all is. */
bool sei_gunzip_whole(const struct sei_gunzip *g);

#endif
