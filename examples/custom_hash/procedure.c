/* procedure.c - use_custom_hash(input): the application's hash of a text, in hex. */
#include <heliosdb.h>

HG_IMPORT(heliosdb, custom_hash)
int custom_hash(const void *data, unsigned data_len, void *output);

HELIOS_ARENA(8192)

HELIOS_PROCEDURE(use_custom_hash)
hg_bytes use_custom_hash(const char *input, unsigned n) {
  static const char digits[] = "0123456789abcdef";
  static char hex[64];
  unsigned char hash[32];
  int length = custom_hash(input, n, hash);
  if (length != sizeof hash) {
    hg_fail(1, HG_LIT("custom_hash gave no hash"));
    return 0;
  }
  for (unsigned i = 0; i < sizeof hash; i++) {
    hex[2 * i] = digits[hash[i] >> 4];
    hex[2 * i + 1] = digits[hash[i] & 15];
  }
  return hg_pack(hex, sizeof hex);
}
