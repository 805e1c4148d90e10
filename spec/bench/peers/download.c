/* download - every page of the list by libcurl's multi interface.
 *
 * As little as can be done: handles and connections are used again, each
 * handle has one buffer that keeps its size, and how many pages there are is
 * known beforehand.
 */
#include "download.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
  CURL *easy;
  char *page;
  size_t len, size;
  char body[100];
};

struct job {
  CURLM *multi;
  struct slot *slots;
  struct curl_slist *lines;
  char url[512];
  long next, pages, page_size, window, failed;
  long under_way;
  void (*on_page)(char *page, size_t len);
};

static size_t on_body(char *data, size_t one, size_t n, void *user)
{
  struct slot *s = user;
  (void)one;
  if(s->len + n + BENCH_PADDING > s->size) {
    size_t size = (s->len + n + BENCH_PADDING) * 2;
    char *grown = realloc(s->page, size);
    if(!grown)
      return 0;
    s->page = grown;
    s->size = size;
  }
  memcpy(s->page + s->len, data, n);
  s->len += n;
  return n;
}

static void ask(struct job *j, struct slot *s)
{
  snprintf(s->body, sizeof s->body,
           "{\"page\":%ld,\"page_size\":%ld,\"filter\":{}}", j->next++,
           j->page_size);
  s->len = 0;
  curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, s->body);
  curl_multi_add_handle(j->multi, s->easy);
  j->under_way++;
}

/* HTTP/2, where it is offered, on one connection; BENCH_CA: whom to trust. */
static void set_tls(struct slot *s)
{
  const char *ca = getenv("BENCH_CA");
  if(!ca)
    return;
  curl_easy_setopt(s->easy, CURLOPT_CAINFO, ca);
  curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT, 1L);
}

static void make_handle(struct job *j, struct slot *s)
{
  s->easy = curl_easy_init();
  curl_easy_setopt(s->easy, CURLOPT_URL, j->url);
  curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, j->lines);
  curl_easy_setopt(s->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
  curl_easy_setopt(s->easy, CURLOPT_FAILONERROR, 1L);
  set_tls(s);
}

/* The pages that have come; each of their handles asks for the next. */
static void take_pages(struct job *j)
{
  CURLMsg *m;
  int left;
  while((m = curl_multi_info_read(j->multi, &left)) != NULL) {
    CURLcode code = m->data.result;
    char *user = NULL;
    struct slot *s;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &user);
    curl_multi_remove_handle(j->multi, m->easy_handle);
    j->under_way--;
    s = (struct slot *)(void *)user;
    if(code)
      j->failed++;
    else
      j->on_page(s->page, s->len);
    if(j->next < j->pages)
      ask(j, s);
  }
}

static void run(struct job *j)
{
  int running;
  while(j->under_way) {
    curl_multi_perform(j->multi, &running);
    take_pages(j);
    curl_multi_perform(j->multi, &running);
    if(j->under_way && running == j->under_way) /* no page is whole */
      curl_multi_poll(j->multi, NULL, 0, 10000, NULL);
  }
}

int bench_download(const char *base_url, long page_size, long window,
                   long total, void (*on_page)(char *page, size_t len))
{
  struct job j;
  long i;
  memset(&j, 0, sizeof j);
  j.pages = (total + page_size - 1) / page_size;
  j.page_size = page_size;
  j.window = window < j.pages ? window : j.pages;
  j.on_page = on_page;
  snprintf(j.url, sizeof j.url, "%s/v1/org/users/list", base_url);
  j.lines = curl_slist_append(NULL, "Content-Type: application/json");
  j.lines = curl_slist_append(j.lines, "x-api-key: bench-key");
  j.multi = curl_multi_init();
  j.slots = calloc((size_t)j.window, sizeof *j.slots);
  if(!j.lines || !j.multi || !j.slots)
    return 1;
  curl_multi_setopt(j.multi, CURLMOPT_MAXCONNECTS, j.window);
  for(i = 0; i < j.window; i++) {
    make_handle(&j, &j.slots[i]);
    ask(&j, &j.slots[i]);
  }
  run(&j);
  for(i = 0; i < j.window; i++) {
    curl_easy_cleanup(j.slots[i].easy);
    free(j.slots[i].page);
  }
  free(j.slots);
  curl_multi_cleanup(j.multi);
  curl_slist_free_all(j.lines);
  return j.failed || j.next < j.pages;
}
