/* url - what can be told of an absolute URL (see also sei_url_check()). */
#ifndef SEI_HTTP_URL_H
#define SEI_HTTP_URL_H

#include <stdbool.h>

struct sei_url {
  bool https;
  bool loopback;              /* 127.0.0.0/8, ::1 or localhost */
};

enum sei_url_result {
  SEI_URL_OK,
  SEI_URL_BAD,                /* not a well-formed URL of http or https */
  SEI_URL_NOMEM
};

/* Reads scheme and host. */
enum sei_url_result sei_url_read(const char *url, struct sei_url *out);

#endif
