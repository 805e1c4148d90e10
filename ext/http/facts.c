/* facts - what the libraries of this folder are, for whoever runs it. */
#include "facts.h"

#include <zlib.h>

#include "libcurl.h"
#include "pool.h"

void sei_http_facts(struct sei_http_facts *f)
{
  /* Members that came later are there if `age` says so: curl's manual,
   * curl_version_info(3). */
  const curl_version_info_data *v;
  *f = (struct sei_http_facts){.problem = sei_http_start(),
    .zlib = zlibVersion()};
  if(f->problem)
    return;
  v = curl_version_info(CURLVERSION_NOW);
  f->curl = v->version;
  f->tls = v->ssl_version;
  if(v->age >= CURLVERSION_SECOND)
    f->ares = v->ares;
  if(v->age >= CURLVERSION_SEVENTH) {
    f->ca_file = v->cainfo;
    f->ca_path = v->capath;
  }
  f->asynch_dns = (v->features & CURL_VERSION_ASYNCHDNS) != 0;
  f->http2 = (v->features & CURL_VERSION_HTTP2) != 0;
  f->ipv6 = (v->features & CURL_VERSION_IPV6) != 0;
}
