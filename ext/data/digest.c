/* digest - SHA-256 by OpenSSL's libcrypto. */
#include "digest.h"

#include <openssl/evp.h>

bool sei_digest_begin(struct sei_digest *d)
{
  d->state = EVP_MD_CTX_new();
  if(!d->state)
    return false;
  if(EVP_DigestInit_ex(d->state, EVP_sha256(), NULL) == 1)
    return true;
  sei_digest_end(d);
  return false;
}

bool sei_digest_add(struct sei_digest *d, const void *bytes, size_t n)
{
  return EVP_DigestUpdate(d->state, bytes, n) == 1;
}

/* EVP_DigestFinal_ex() closes the state, so it works on a copy. */
static bool finish_copy(const struct sei_digest *d, unsigned char *bytes)
{
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  unsigned n = 0;
  bool done = copy && EVP_MD_CTX_copy_ex(copy, d->state) == 1 &&
    EVP_DigestFinal_ex(copy, bytes, &n) == 1 && n == SEI_DIGEST_HEX / 2;
  EVP_MD_CTX_free(copy);
  return done;
}

bool sei_digest_hex(const struct sei_digest *d, char hex[SEI_DIGEST_HEX + 1])
{
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[EVP_MAX_MD_SIZE];
  int i;
  if(!finish_copy(d, bytes))
    return false;
  for(i = 0; i < SEI_DIGEST_HEX / 2; i++) {
    hex[2 * i] = digits[bytes[i] >> 4];
    hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  hex[SEI_DIGEST_HEX] = 0;
  return true;
}

void sei_digest_end(struct sei_digest *d)
{
  EVP_MD_CTX_free(d->state);
  d->state = NULL;
}
