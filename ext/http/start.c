/* start - brings up libcurl once in a process, and checks that it will do. */
#define _GNU_SOURCE /* dladdr */
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

#include "pool.h"

enum { OLDEST = 0x075700 }; /* 7.87: CURLOPT_QUICK_EXIT */

/* The one guarded state of this folder; written by start() alone. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;

/* A host may unload us while a resolver thread of libcurl still waits for an
 * answer that nobody wants any more; its code has to stay. */
static void pin_libcurl(void)
{
  Dl_info info;
  void *address = (void *)(uintptr_t)curl_multi_init;
  if(dladdr(address, &info) && info.dli_fname)
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static void start(void)
{
  const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
  if(v->version_num < OLDEST)
    problem = "libcurl is too old: 7.87 or newer is needed";
  else if(!(v->features & CURL_VERSION_SSL))
    problem = "this libcurl was built without TLS";
  else if(!(v->features & CURL_VERSION_THREADSAFE))
    problem = "this libcurl cannot be started safely among threads";
  else if(curl_global_init(CURL_GLOBAL_DEFAULT))
    problem = "libcurl could not be started";
  else
    pin_libcurl();
}

const char *sei_http_start(void)
{
  if(pthread_once(&once, start))
    return "libcurl could not be started";
  return problem;
}
