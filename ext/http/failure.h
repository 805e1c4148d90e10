/* failure - what a CURLcode means to us. */
#ifndef SEI_HTTP_FAILURE_H
#define SEI_HTTP_FAILURE_H


#include "libcurl.h"
#include "transfer.h"

/* `words` is what libcurl wrote into the error buffer, maybe "". */
enum sei_failure sei_failure_of(CURLcode code, const char *words);

#endif
