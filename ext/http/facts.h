/* facts - what the libraries of this folder are, for whoever runs it. */
#ifndef SEI_HTTP_FACTS_H
#define SEI_HTTP_FACTS_H

#include <stdbool.h>

/* Texts are the libraries' own, static ones; NULL where one does not say. */
struct sei_http_facts {
  const char *problem;    /* why libcurl cannot serve, and is not known */
  const char *curl;       /* the version that runs, not that of the headers */
  const char *tls;        /* its TLS library, as "OpenSSL/3.0.15" */
  const char *zlib;       /* of our own decoder */
  const char *ares;       /* version of c-ares, if it resolves names */
  const char *ca_file;    /* the certificates that libcurl trusts by itself */
  const char *ca_path;
  bool asynch_dns;        /* names are resolved without blocking a step */
  bool http2;
  bool ipv6;
};

/* Fills them in, for which it starts libcurl. */
void sei_http_facts(struct sei_http_facts *f);

#endif
