/* handles - libcurl's handles that were used and wait to be used again. */
#include "handles.h"

#include "setopt.h"

CURL *sei_handles_take(struct sei_handles *h)
{
  return h->count ? h->list[--h->count] : NULL;
}

void sei_handles_give(struct sei_handles *h, CURL *easy)
{
  struct sei_setopt s = { easy, CURLE_OK };
  sei_set_pointer(&s, CURLOPT_PRIVATE, NULL);
  sei_set_pointer(&s, CURLOPT_ERRORBUFFER, NULL);
  sei_set_pointer(&s, CURLOPT_HTTPHEADER, NULL);
  sei_set_pointer(&s, CURLOPT_POSTFIELDS, NULL);
  if(s.code || h->count == SEI_HANDLES_MAX)
    curl_easy_cleanup(easy);
  else
    h->list[h->count++] = easy;
}

void sei_handles_free(struct sei_handles *h)
{
  while(h->count)
    curl_easy_cleanup(h->list[--h->count]);
}
