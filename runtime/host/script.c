/* script.c - what an interpreter asks its host: the script that came with it, which of its
 * functions this instance runs and how that was declared. All of it is fixed before the instance is
 * made, so that the interpreter can prepare everything while it is initialised
 * (docs/script-engines.md). */
#include <string.h>

#include "host/internal.h"
#include "hsb_file.h"
#include "plugin/alloc.h"

enum hsb_sqltype {
#define HSB_SQLTYPE(NAME, code) SQLTYPE_##NAME = code,
#include "hsb_sqltype.def"
#undef HSB_SQLTYPE
};

static int code_of(uint8_t type) {
  static const uint8_t codes[HRT_TYPE_COUNT + 1] = {
#define HRT_TYPE(NAME, canonical) [HRT_TYPE_##NAME] = SQLTYPE_##NAME,
#include "host/types.def"
      [HRT_TYPE_VOID] = SQLTYPE_NOTHING,
  };
  return codes[type];
}

/* The plugin of a script has it inside, and the declaration is its instances' origin. */
static void answer_alike(hrt_host_env *env) {
  if (hrt_plugin_abi(hrt_instance_plugin(env->instance))->flags & HSB_PLUGIN_SCRIPT) {
    hrt_answers_alike(env);
  }
}

/* Appends bytes with their number before them. to: NULL: only counts. */
static size_t put(uint8_t *to, size_t at, const void *bytes, size_t length) {
  uint64_t n = length;
  if (to) {
    memcpy(to + at, &n, sizeof n);
    memcpy(to + at + sizeof n, length > 0 ? bytes : "", length);
  }
  return at + sizeof n + length;
}

/* Which of the grants there are that WASI answers without, too. */
static uint32_t wasi_grants(const hrt_caps *caps) {
  static const hrt_cap_type types[] = {HRT_CAP_CLOCK, HRT_CAP_RANDOM, HRT_CAP_ENV, HRT_CAP_FS_READ,
                                       HRT_CAP_FS_WRITE};
  uint32_t bits = 0;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    bits |= (uint32_t)hrt_caps_any(caps, types[i]) << i;
  }
  return bits;
}

static size_t write_origin(uint8_t *to, const hrt_declared *d, const hrt_caps *caps) {
  uint32_t grants = wasi_grants(caps);
  size_t at = put(to, 0, &grants, sizeof grants);
  if (d == NULL) {
    return at;
  }
  at = put(to, at, d->export_name, d->export_length);
  at = put(to, at, d->types, d->argc);
  at = put(to, at, &d->returns, sizeof d->returns);
  at = put(to, at, d->column_types, d->columns);
  for (uint32_t n = 0; n < d->columns; n++) {
    at = put(to, at, d->names[n], strlen(d->names[n]));
  }
  return at;
}

void *hrt_host_origin(size_t *size, const hrt_declared *d, const hrt_caps *caps) {
  *size = write_origin(NULL, d, caps);
  void *origin = hrt_alloc(*size);
  if (origin) {
    (void)write_origin(origin, d, caps);
  }
  return origin;
}

void hrt_hc_script_read(hrt_host_env *env, hsb_slot *s) {
  answer_alike(env);
  size_t size = 0;
  const void *script =
      hrt_plugin_section(hrt_instance_plugin(env->instance), HSB_SECTION_SCRIPT, &size);
  hrt_answer(s, script ? hrt_give_from(env, s[0], s[1], s[2], script, size)
                       : hrt_refuse(env, HSB_STATUS_ABSENT, "the module has no script"));
}

void hrt_hc_script_export(hrt_host_env *env, hsb_slot *s) {
  answer_alike(env);
  const hrt_declared *d = env->declared;
  hrt_answer(s, d ? hrt_give(env, s[0], s[1], d->export_name, d->export_length)
                  : hrt_refuse(env, HSB_STATUS_STATE, "the instance runs no one export"));
}

void hrt_hc_script_type(hrt_host_env *env, hsb_slot *s) {
  answer_alike(env);
  const hrt_declared *d = env->declared;
  uint32_t index = hrt_u32(s[0]), column = UINT32_MAX - 1 - index;
  if (d == NULL) {
    hrt_answer(s, hrt_refuse(env, HSB_STATUS_STATE, "the instance runs no one export"));
  } else if (index == UINT32_MAX) {
    hrt_answer(s, d->columns > 0 ? SQLTYPE_TABLE : code_of(d->returns));
  } else if (index < d->argc) {
    hrt_answer(s, code_of(d->types[index]));
  } else {
    hrt_answer(s, column < d->columns ? code_of(d->column_types[column])
                                      : hrt_refuse(env, HSB_STATUS_INDEX, "no such type"));
  }
}

void hrt_hc_script_where(hrt_host_env *env, hsb_slot *s) {
  hrt_answers_alike(env);
  hrt_instance_where(env->instance, (guest_u32){hrt_u32(s[0])});
  hrt_answer(s, 0);
}

void hrt_hc_script_column(hrt_host_env *env, hsb_slot *s) {
  answer_alike(env);
  const hrt_declared *d = env->declared;
  uint32_t index = hrt_u32(s[0]);
  bool there = d && index < d->columns;
  hrt_answer(s, there ? hrt_give(env, s[1], s[2], d->names[index], strlen(d->names[index]))
                      : hrt_refuse(env, HSB_STATUS_INDEX, "no column %u", index));
}
