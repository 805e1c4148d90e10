/* start - brings up libcurl once in a process, and checks that it will do. */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libcurl.h"
#include "pool.h"

enum { OLDEST = 0x075700 }; /* 7.87: CURLOPT_QUICK_EXIT */

/* The guarded state of this folder; written by start() alone. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;

#ifdef SEI_LATE

struct sei_curl sei_curl;
static char words[256]; /* what the loader said */

static bool cannot_load(void)
{
  const char *why = dlerror();
  snprintf(words, sizeof words, "libcurl cannot be loaded (%s)",
           why ? why : SEI_LIBCURL);
  problem = words;
  return false;
}

/* A host may unload us while a resolver thread of libcurl still waits for an
 * answer that nobody wants any more; its code has to stay: NODELETE. */
static bool load(void)
{
#define ROW(name) { "curl_" #name, offsetof(struct sei_curl, name) },
  static const struct {
    const char *name;
    size_t at;
  } rows[] = { SEI_CURL_EACH(ROW) };
#undef ROW
  void *library = dlopen(SEI_LIBCURL, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  size_t i;
  if(!library)
    return cannot_load();
  for(i = 0; i < sizeof rows / sizeof *rows; i++) {
    void *function = dlsym(library, rows[i].name);
    if(!function)
      return cannot_load();
    memcpy((char *)&sei_curl + rows[i].at, &function, sizeof function);
  }
  return true;
}

#else

static void pin_libcurl(void)
{
  Dl_info info;
  void *address = (void *)(uintptr_t)curl_multi_init;
  if(dladdr(address, &info) && info.dli_fname)
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/* It is linked; as above. */
static bool load(void)
{
  pin_libcurl();
  return true;
}

#endif

static void start(void)
{
  const curl_version_info_data *v;
  if(!load())
    return;
  v = curl_version_info(CURLVERSION_NOW);
  if(v->version_num < OLDEST)
    problem = "libcurl is too old: 7.87 or newer is needed";
  else if(!(v->features & CURL_VERSION_SSL))
    problem = "this libcurl was built without TLS";
  else if(!(v->features & CURL_VERSION_THREADSAFE))
    problem = "this libcurl cannot be started safely among threads";
  else if(curl_global_init(CURL_GLOBAL_DEFAULT))
    problem = "libcurl could not be started";
}

const char *sei_http_start(void)
{
  if(pthread_once(&once, start))
    return "libcurl could not be started";
  return problem;
}
