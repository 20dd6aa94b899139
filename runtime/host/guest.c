/* guest.c - bytes between guest and host: copies in, copies out, text made fit to show. Must never
 * look at guest bytes before they are copied. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/internal.h"
#include "hsb_check.h"
#include "plugin/alloc.h"

static const struct {
  int status;
  const char *text;
} statuses[] = {
#define HSB_STATUS(NAME, code, text) {code, text},
#include "hsb_status.def"
#undef HSB_STATUS
};

const char *hrt_status_text(int status) {
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    if (statuses[i].status == status) {
      return statuses[i].text;
    }
  }
  return "error";
}

int hrt_refuse(hrt_host_env *env, int status, const char *format, ...) {
  env->excerpt[0] = 0;
  if (format == NULL) {
    snprintf(env->last, sizeof env->last, "%s", hrt_status_text(status));
    return status;
  }
  va_list list;
  va_start(list, format);
  vsnprintf(env->last, sizeof env->last, format, list);
  va_end(list);
  return status;
}

void hrt_end_call(hrt_host_env *env, const char *function, int status) {
  helios_error err = {0};
  hrt_fail(&err, HELIOS_E_GUEST, "%s: %s", function, hrt_status_text(status));
  err.guest_code = status;
  hrt_host_fail(env->ctx, &err);
}

int hrt_bytes_check(hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t max) {
  uint32_t length = hrt_u32(n);
  if (length > max) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, "%u bytes; the limit is %u", length, max);
  }
  if (!hsb_in_range(hrt_u32(p), length, hrt_guest_size(env->instance))) {
    return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  return 0;
}

int hrt_bytes_copy(struct hrt_bytes *b, hrt_host_env *env, hsb_slot p, hsb_slot n) {
  uint32_t length = hrt_u32(n);
  b->heap = NULL;
  b->at = b->small;
  b->length = length;
  if (length >= sizeof b->small) {
    b->at = b->heap = hrt_alloc((size_t)length + 1);
    if (b->heap == NULL) {
      return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
    }
  }
  if (!hrt_guest_read(b->at, env->instance, (guest_u32){hrt_u32(p)}, length)) {
    hrt_bytes_free(b);
    return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  b->at[length] = 0;
  return 0;
}

int hrt_bytes_read(struct hrt_bytes *b, hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t max) {
  int status = hrt_bytes_check(env, p, n, max);
  if (status != 0) {
    return status;
  }
  hrt_charge_bytes(env, hrt_u32(n));
  return hrt_bytes_copy(b, env, p, n);
}

void hrt_bytes_free(struct hrt_bytes *b) {
  hrt_free(b->heap);
  b->heap = NULL;
}

int hrt_bytes_two(struct hrt_bytes both[2], hrt_host_env *env, const hsb_slot s[4], uint32_t max,
                  uint32_t max_second) {
  int status = hrt_bytes_check(env, s[0], s[1], max);
  status = status != 0 ? status : hrt_bytes_check(env, s[2], s[3], max_second);
  if (status != 0) {
    return status;
  }
  hrt_charge_bytes(env, (uint64_t)hrt_u32(s[1]) + hrt_u32(s[3]));
  status = hrt_bytes_copy(&both[0], env, s[0], s[1]);
  if (status == 0 && (status = hrt_bytes_copy(&both[1], env, s[2], s[3])) != 0) {
    hrt_bytes_free(&both[0]);
  }
  return status;
}

int hrt_give(hrt_host_env *env, hsb_slot dst, hsb_slot cap, const void *bytes, uint64_t length) {
  uint64_t n = hrt_u32(cap) < length ? hrt_u32(cap) : length;
  if (length > INT32_MAX) {
    return hrt_refuse(env, HSB_STATUS_LIMIT, NULL);
  }
  if (hrt_u32(cap) > 0 &&
      !hsb_in_range(hrt_u32(dst), hrt_u32(cap), hrt_guest_size(env->instance))) {
    return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  hrt_charge_bytes(env, n);
  if (n > 0 && !hrt_guest_write(env->instance, (guest_u32){hrt_u32(dst)}, bytes, n)) {
    return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  }
  return (int)length;
}
