/* random.c - random bytes for procedures that may have them, from libcrypto's generator, which the
 * kernel seeds and which a fork does not repeat. Must never hand out a byte that it could not fill.
 */
#include <openssl/rand.h>

#include "host/internal.h"

static int fill(hrt_host_env *env, uint32_t at, uint32_t length) {
  uint8_t bytes[512];
  while (length > 0) {
    uint32_t n = length < sizeof bytes ? length : sizeof bytes;
    if (RAND_bytes(bytes, (int)n) != 1) {
      return hrt_refuse(env, HSB_STATUS_STATE, "the host has no randomness now");
    }
    if (!hrt_guest_write(env->instance, (guest_u32){at}, bytes, n)) {
      return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
    }
    at += n;
    length -= n;
  }
  return 0;
}

void hrt_hc_random(hrt_host_env *env, hsb_slot *s) {
  int status = hrt_bytes_check(env, s[0], s[1], HRT_RANDOM_MAX);
  if (status == 0) {
    hrt_host_charge(env->ctx, hrt_u32(s[1]));
    status = fill(env, hrt_u32(s[0]), hrt_u32(s[1]));
  }
  hrt_answer(s, status);
}
