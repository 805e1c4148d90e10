/* facts - what the libraries of this folder are, for whoever runs it. */
#include "facts.h"

#include <openssl/crypto.h>
#include <utf8proc.h>

const char *sei_utf8proc_version(void)
{
  return utf8proc_version();
}

const char *sei_libcrypto_version(void)
{
  return OpenSSL_version(OPENSSL_VERSION);
}
