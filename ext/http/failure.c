/* failure - sorts libcurl's result codes into the kinds that a caller tells
 * apart: try again, fix the set-up, or give up. */
#define _DEFAULT_SOURCE
#include "failure.h"

#include <string.h>

/* What is not listed is a protocol failure: it came from the other side, and
 * trying again is not known to help. */
static const struct {
  CURLcode code;
  enum sei_failure failure;
} rows[] = {
  { CURLE_OK, SEI_FAILURE_NONE },
  { CURLE_COULDNT_RESOLVE_PROXY, SEI_FAILURE_CONNECT },
  { CURLE_COULDNT_RESOLVE_HOST, SEI_FAILURE_CONNECT },
  { CURLE_COULDNT_CONNECT, SEI_FAILURE_CONNECT },
  { CURLE_INTERFACE_FAILED, SEI_FAILURE_CONNECT },
  { CURLE_NO_CONNECTION_AVAILABLE, SEI_FAILURE_CONNECT },
  { CURLE_PROXY, SEI_FAILURE_CONNECT },
  { CURLE_GOT_NOTHING, SEI_FAILURE_CONNECT },
  { CURLE_PARTIAL_FILE, SEI_FAILURE_CONNECT },
  { CURLE_SEND_ERROR, SEI_FAILURE_CONNECT },
  { CURLE_RECV_ERROR, SEI_FAILURE_CONNECT },
  { CURLE_SEND_FAIL_REWIND, SEI_FAILURE_CONNECT }, /* see on_seek() */
  { CURLE_HTTP2, SEI_FAILURE_CONNECT },
  { CURLE_HTTP2_STREAM, SEI_FAILURE_CONNECT },
  { CURLE_SSL_CONNECT_ERROR, SEI_FAILURE_TLS },
  { CURLE_SSL_ENGINE_NOTFOUND, SEI_FAILURE_TLS },
  { CURLE_SSL_ENGINE_SETFAILED, SEI_FAILURE_TLS },
  { CURLE_SSL_ENGINE_INITFAILED, SEI_FAILURE_TLS },
  { CURLE_SSL_CERTPROBLEM, SEI_FAILURE_TLS },
  { CURLE_SSL_CIPHER, SEI_FAILURE_TLS },
  { CURLE_SSL_CACERT_BADFILE, SEI_FAILURE_TLS },
  { CURLE_SSL_CRL_BADFILE, SEI_FAILURE_TLS },
  { CURLE_SSL_ISSUER_ERROR, SEI_FAILURE_TLS },
  { CURLE_SSL_SHUTDOWN_FAILED, SEI_FAILURE_TLS },
  { CURLE_SSL_INVALIDCERTSTATUS, SEI_FAILURE_TLS },
  { CURLE_SSL_PINNEDPUBKEYNOTMATCH, SEI_FAILURE_TLS },
  { CURLE_SSL_CLIENTCERT, SEI_FAILURE_TLS },
  { CURLE_PEER_FAILED_VERIFICATION, SEI_FAILURE_TLS },
  { CURLE_USE_SSL_FAILED, SEI_FAILURE_TLS },
  { CURLE_OPERATION_TIMEDOUT, SEI_FAILURE_TIMEOUT },
  { CURLE_ABORTED_BY_CALLBACK, SEI_FAILURE_MEMORY }, /* see on_socket() */
  { CURLE_OUT_OF_MEMORY, SEI_FAILURE_MEMORY },
  { CURLE_FAILED_INIT, SEI_FAILURE_MEMORY }
};

enum sei_failure sei_failure_of(CURLcode code, const char *words)
{
  size_t i;
  /* the connection broke during the handshake: nothing is wrong with TLS */
  if(code == CURLE_SSL_CONNECT_ERROR && strstr(words, "SSL_ERROR_SYSCALL"))
    return SEI_FAILURE_CONNECT;
  for(i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if(rows[i].code == code)
      return rows[i].failure;
  return SEI_FAILURE_PROTOCOL;
}
