/* hash.c - SHA-256. */
#include "hash.h"

#include <openssl/evp.h>

int hcc_hash(uint8_t out[HCC_HASH], const void *bytes, size_t size, hcc_error *err) {
  unsigned length = 0;
  if (EVP_Digest(bytes, size, out, &length, EVP_sha256(), NULL) != 1 || length != HCC_HASH) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "libcrypto can't compute a hash");
  }
  return 0;
}

void hcc_hex(char out[HCC_HASH_HEX], const uint8_t hash[HCC_HASH]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < HCC_HASH; i++) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
  }
  out[2 * HCC_HASH] = '\0';
}

static int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hcc_unhex(uint8_t out[HCC_HASH], const char *text) {
  for (int i = 0; i < HCC_HASH; i++) {
    int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);
    if (low < 0) {
      return false;
    }
    out[i] = (uint8_t)(high << 4 | low);
  }
  return text[2 * HCC_HASH] == '\0';
}
