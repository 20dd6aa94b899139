/* env.c - the environment of an instance: made, asked for its arena, cleaned after each call,
 * freed. Must never let anything of one call reach the next. */
#include <string.h>

#include "host/compile_bounds.h"
#include "host/internal.h"
#include "hsb_check.h"
#include "plugin/alloc.h"

int hrt_host_env_new(hrt_host_env **out, hrt_host_conn *conn, const hrt_caps *caps,
                     const char *procedure, helios_error *err) {
  hrt_host_env *env = hrt_alloc(sizeof *env);
  if (env == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  env->conn = conn;
  env->caps = caps;
  env->procedure = procedure;
  *out = env;
  return 0;
}

void hrt_host_env_free(hrt_host_env *env) {
  if (env == NULL) {
    return;
  }
  hrt_host_end_slow(env);
  hrt_stmts_free(env);
  hrt_crypto_free(env);
  hrt_wasi_free(env);
  hrt_kv_free(env);
  hrt_free(env->tx);
  hrt_free(env);
}

void hrt_host_end_slow(hrt_host_env *env) {
  hrt_compile_drop(env->conn);
  hrt_stmts_close(env);
  hrt_kv_reset(env);
  hrt_tx_end(env);
  hrt_query_free(env);
  hrt_files_free(env);
  hrt_http_free(env);
  hrt_wasi_end(env);
  hrt_free(env->bytes);
  env->bytes = NULL;
  env->length = 0;
  env->vm_steps = 0;
  env->touched = false;
}

bool hrt_arena_put(hrt_host_env *env, uint64_t at, const void *bytes, uint64_t length) {
  guest_u32 to = {env->arena + (uint32_t)at};
  uint64_t end = at + length, next = (end + 7) & ~UINT64_C(7);
  if (!env->arena_zero) {
    return hrt_guest_write(env->instance, to, bytes, length);
  }
  next = next < env->arena_size ? next : env->arena_size;
  env->arena_used = env->arena_used > next ? env->arena_used : next;
  return hrt_guest_put(env->instance, to, bytes, length, next - end);
}

bool hrt_arena_clear_slow(hrt_host_env *env, uint64_t used) {
  guest_u32 at = {env->arena + (uint32_t)used};
  bool done = hrt_guest_put(env->instance, at, NULL, 0, env->arena_used - used);
  env->arena_used = done ? used : env->arena_used;
  return done;
}

/* Adds pages behind the memory, at least as many as the arena has, so that growing arguments don't
 * grow it each time. They belong to the checkpoint: a reset does not take them away again - unless
 * the instance keeps state that a checkpoint must not hold. */
bool hrt_arena_room(hrt_host_env *env, uint64_t bytes) {
  if (bytes <= env->arena_size) {
    return true;
  }
  uint64_t most = bytes;
  if ((!env->keeps && hrt_instance_reset(env->instance, NULL) != 0) || !hrt_arena_clear(env, 0)) {
    return false;
  }
  if (most < UINT64_C(2) * env->arena_size) {
    most = UINT64_C(2) * env->arena_size;
  }
  uint64_t size = hrt_guest_size(env->instance);
  uint64_t pages = bytes / HSB_PAGE + (bytes % HSB_PAGE != 0);
  uint64_t more = most / HSB_PAGE + (most % HSB_PAGE != 0);
  if (pages > UINT16_MAX || (hrt_guest_grow(env->instance, (uint32_t)more) < 0 &&
                             hrt_guest_grow(env->instance, (uint32_t)pages) < 0)) {
    return false;
  }
  env->arena = (uint32_t)size; /* below 4 GiB, since the memory has grown past it */
  env->arena_size = (uint32_t)(hrt_guest_size(env->instance) - size);
  env->arena_zero = true;
  env->arena_moved = env->keeps;
  return env->keeps || hrt_instance_checkpoint(env->instance, NULL) == 0;
}

static int ask(hrt_host_env *env, uint32_t export, hrt_budget *budget, helios_error *err) {
  hsb_slot slot = 0;
  int status = hrt_call(env->instance, export, &slot, budget, err);
  if (status != 0) {
    return status;
  }
  uint32_t at = (uint32_t)(slot >> 32), size = (uint32_t)slot;
  uint32_t up = (8 - at % 8) % 8; /* cells are 8-aligned */
  if (!hsb_in_range(at, size, hrt_guest_size(env->instance)) || size <= up) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "helios_arena gives a range outside of the memory");
  }
  env->arena = at + up;
  env->arena_size = size - up;
  return 0;
}

static int make_ready(hrt_host_env *env, hrt_instance *instance, hrt_budget *budget,
                      helios_error *err) {
  const struct helios_plugin *abi = hrt_plugin_abi(hrt_instance_plugin(instance));
  int export =
      hrt_plugin_export(hrt_instance_plugin(instance), "helios_arena", strlen("helios_arena"));
  int status = 0;
  hrt_wasi_ready(env);
  if (export < 0) {
    return 0;
  }
  if (strcmp(abi->exports[export].sig, ":j") != 0) {
    return hrt_fail(err, HELIOS_E_SIGNATURE, "export helios_arena must be () -> i64");
  }
  HRT_TRY(ask(env, (uint32_t) export, budget, err));
  hrt_wasi_ready(env);
  HRT_TRY(hrt_instance_checkpoint(instance, err)); /* what the guest did to make it is part of it */
  env->arena_zero = hrt_guest_starts_zero(instance, (guest_u32){env->arena}, env->arena_size);
out:
  return status;
}

/* What others that begin alike must know. */
enum { ARENA, ARENA_SIZE, ARENA_ZERO, WASI, CLOCK, RANDOM, WORDS };
_Static_assert(WORDS == HRT_BIRTH_WORDS && RANDOM == CLOCK + 1, "as they are kept");

static void keep(hrt_host_env *env, uint64_t fuel) {
  uint64_t words[WORDS] = {
      [ARENA] = env->arena, [ARENA_SIZE] = env->arena_size, [ARENA_ZERO] = env->arena_zero};
  words[WASI] = hrt_wasi_begins(&words[CLOCK], env);
  hrt_instance_keep(env->instance, env->asked == 0 ? words : NULL, fuel);
}

static int begin_alike(hrt_host_env *env, const uint64_t words[WORDS], helios_error *err) {
  env->arena = (uint32_t)words[ARENA];
  env->arena_size = (uint32_t)words[ARENA_SIZE];
  env->arena_zero = words[ARENA_ZERO] != 0;
  return !words[WASI] || hrt_wasi_begin(env, &words[CLOCK])
             ? 0
             : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

int hrt_host_ready(hrt_host_env *env, hrt_instance *instance, hrt_budget *budget,
                   helios_error *err) {
  const uint64_t *born = hrt_instance_born(instance);
  env->instance = instance;
  if (born) {
    return begin_alike(env, born, err);
  }
  int status = make_ready(env, instance, budget, err);
  if (status == 0) {
    keep(env, budget->fuel_used);
  }
  return status;
}
