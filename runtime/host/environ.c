/* environ.c - environment variables, each by a grant that names it. Must never tell whether a
 * variable exists that is not granted. */
#include <stdlib.h>
#include <string.h>

#include "host/internal.h"

/* The name, granted; NUL-terminated in b, which is to be freed after a 0. */
static int granted(struct hrt_bytes *b, hrt_host_env *env, const hsb_slot *s) {
  char shown[HRT_NAME_MAX + 1];
  int status = hrt_bytes_read(b, env, s[0], s[1], HRT_NAME_MAX);
  if (status != 0) {
    return status;
  }
  const char *name = (const char *)b->at;
  if (strlen(name) == b->length && hrt_caps_allow(env->caps, HRT_CAP_ENV, name, NULL)) {
    return 0;
  }
  hrt_clean(shown, sizeof shown, b->at, b->length);
  hrt_bytes_free(b);
  return hrt_denied(env, HRT_CAP_ENV, shown,
                    "procedure %s may not read the environment variable %s: it has no grant "
                    "'env:%s'",
                    env->procedure, shown, shown);
}

void hrt_hc_env_get(hrt_host_env *env, hsb_slot *s) {
  struct hrt_bytes name;
  int status = granted(&name, env, s);
  if (status == 0) {
    const char *value = getenv((const char *)name.at);
    hrt_bytes_free(&name);
    status = value != NULL ? hrt_give(env, s[2], s[3], value, strlen(value))
                           : hrt_refuse(env, HSB_STATUS_ABSENT, "the variable is not set");
  }
  hrt_answer(s, status);
}
