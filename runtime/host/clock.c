/* clock.c - the time, for procedures that may know it. */
#include <time.h>

#include "host/internal.h"

void hrt_hc_now_us(hrt_host_env *env, hsb_slot *s) {
  (void)env;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  s[0] = (hsb_slot)((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

void hrt_hc_heliosdb_now(hrt_host_env *env, hsb_slot *s) {
  hrt_hc_now_us(env, s);
}
