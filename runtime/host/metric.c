/* metric.c - numbers that a procedure emits for whoever watches the database: counters and gauges
 * in the store of runtime/observe. Must never make a name that was not looked at. */
#include <math.h>
#include <string.h>

#include "host/internal.h"

static int emit(hrt_host_env *env, hrt_metric_kind kind, const char *name, double value) {
  if (!isfinite(value) || (kind == HRT_METRIC_COUNTER && value < 0)) {
    return hrt_refuse(env, HSB_STATUS_TYPE,
                      "a counter grows by a number of 0 or more, a gauge is "
                      "a number");
  }
  switch (hrt_observe_metric(env->conn->observer.store, env->procedure, name, kind, value)) {
  case HRT_METRIC_DONE:
    return 0;
  case HRT_METRIC_OTHER_KIND:
    return hrt_refuse(env, HSB_STATUS_TYPE, "%s is a %s of this procedure", name,
                      kind == HRT_METRIC_COUNTER ? "gauge" : "counter");
  case HRT_METRIC_NO_MEMORY:
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  case HRT_METRIC_TOO_MANY:
    break;
  }
  return hrt_refuse(env, HSB_STATUS_LIMIT, "more than %d metrics of the procedure, or %d of all",
                    HRT_METRICS_OF_ONE, HRT_METRICS_MOST);
}

static void take(hrt_host_env *env, hsb_slot *s, hrt_metric_kind kind) {
  struct hrt_bytes name;
  double value = 0;
  memcpy(&value, &s[2], sizeof value);
  int status = hrt_bytes_read(&name, env, s[0], s[1], HRT_METRIC_BYTES - 1);
  if (status == 0) {
    const char *text = (const char *)name.at;
    status = hrt_name_ok(text, name.length) ? emit(env, kind, text, value)
                                            : hrt_refuse(env, HSB_STATUS_NAME, NULL);
    hrt_bytes_free(&name);
  }
  hrt_answer(s, status);
}

void hrt_hc_metric_add(hrt_host_env *env, hsb_slot *s) {
  take(env, s, HRT_METRIC_COUNTER);
}

void hrt_hc_metric_set(hrt_host_env *env, hsb_slot *s) {
  take(env, s, HRT_METRIC_GAUGE);
}
