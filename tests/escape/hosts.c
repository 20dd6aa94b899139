/* hosts.c - host functions for guests of the corpus. Must not be kinder to a guest than a host is:
 * each goes through the engine's own checked functions. */
#include "hosts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "instance/inst.h"

#define SCRATCH (1u << 20)

static uint8_t scratch[SCRATCH];
static volatile uintptr_t nowhere = 8;
static hrt_instance *callee;

void hosts_set_callee(hrt_instance *i) {
  callee = i;
}

static guest_u32 at(hsb_slot s) {
  return (guest_u32){(uint32_t)s};
}

/* A bug of the host's. */
static void null_write(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)s, (void)env;
  *(volatile char *)nowhere = 1;
}

/* Through the guest's address, past its memory: still a bug of the host's. */
static void wild_write(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  *((volatile char *)ctx + HSB_CTX_BYTES + HSB_SPAN + (UINT64_C(7) << 30)) = 1;
}

static void grow(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  int64_t old = hrt_guest_grow(hrt_instance_of(ctx), (uint32_t)s[0]);
  s[0] = old == -1 || (old >= 0 && old <= 65536) ? (uint32_t)old : 0xbad;
}

static void size(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  s[0] = hrt_guest_size(hrt_instance_of(ctx));
}

/* (at, len): how many bytes of a are there; -1 if out of range. */
static void count(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  uint64_t found = 0, len = s[1];
  if (!hrt_guest_read(scratch, hrt_instance_of(ctx), at(s[0]), len)) {
    s[0] = UINT64_MAX;
    return;
  }
  for (uint64_t n = 0; n < len; n++) {
    found += scratch[n] == 'a';
  }
  s[0] = found;
}

/* (at, len) becomes a's. 1, or 0 if out of range. */
static void spell(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  memset(scratch, 'a', sizeof scratch);
  s[0] = hrt_guest_write(hrt_instance_of(ctx), at(s[0]), scratch, s[1]);
}

/* (at, len, zeros): as spell, through the function for the argument arena. */
static void put(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  memset(scratch, 'a', sizeof scratch);
  s[0] = hrt_guest_put(hrt_instance_of(ctx), at(s[0]), scratch, s[1], s[2]);
}

/* (at, len): is it zero at the checkpoint? */
static void starts_zero(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  s[0] = hrt_guest_starts_zero(hrt_instance_of(ctx), at(s[0]), s[1]);
}

static void trap(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  ctx->host->trap(ctx, (uint32_t)s[0], 0);
}

static void fail(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  helios_error err = {.code = HELIOS_E_LIMIT};
  snprintf(err.text, sizeof err.text, "the host refuses");
  hrt_host_fail(ctx, &err);
}

/* A host that says that it failed, and not how. */
static void fail_mutely(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  helios_error err = {.code = HELIOS_OK};
  hrt_host_fail(ctx, &err);
}

static void charge(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  hrt_host_charge(ctx, s[0]);
}

/* Calls "again" of the running instance or of another one; the status of the call. */
static uint64_t call_again(hrt_instance *i, struct hsb_ctx *ctx, uint64_t argument) {
  hsb_slot slots[4] = {argument};
  int n = hrt_plugin_export(hrt_instance_plugin(i), "again", 5);
  return n < 0 ? UINT64_MAX : (uint64_t)hrt_call(i, (uint32_t)n, slots, hrt_host_budget(ctx), NULL);
}

static void reenter(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  s[0] = call_again(hrt_instance_of(ctx), ctx, s[0]);
}

static void call_other(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  s[0] = callee == NULL ? UINT64_MAX : call_again(callee, ctx, s[0]);
}

/* A new instance of the running plugin, on the running budget: what its "again" returns, or the
 * status if it can't be made or fails. */
static void nest(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  hrt_instance *outer = hrt_instance_of(ctx), *inner = NULL;
  hrt_budget *budget = hrt_host_budget(ctx);
  hrt_instance_options options = {.imports = outer->imports, .stack_bytes = outer->stack_bytes};
  int n = hrt_plugin_export(outer->plugin, "again", 5);
  int status = hrt_instance_new(&inner, outer->plugin, &options, budget, NULL);
  status = status == 0 ? hrt_call(inner, (uint32_t)n, s, budget, NULL) : status;
  s[0] = status == 0 ? s[0] : (uint64_t)status;
  hrt_instance_free(inner);
}

/* Works for (ms) milliseconds, in guest memory: (ms, at, len). */
static void work(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)env;
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    memset(scratch, 'a', sizeof scratch);
    hrt_guest_write(hrt_instance_of(ctx), at(s[1]), scratch, s[2] < SCRATCH ? s[2] : SCRATCH);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
           (long)(uint32_t)s[0]);
}

static const struct {
  const char *name, *sig;
  hsb_import_fn *fn;
} rows[] = {{"null_write", ":", null_write},
            {"wild_write", ":", wild_write},
            {"grow", "i:i", grow},
            {"size", ":j", size},
            {"count", "ij:j", count},
            {"spell", "ij:i", spell},
            {"put", "ijj:i", put},
            {"starts_zero", "ij:i", starts_zero},
            {"trap", "i:", trap},
            {"fail", ":", fail},
            {"fail_mutely", ":", fail_mutely},
            {"charge", "j:", charge},
            {"reenter", "i:i", reenter},
            {"call_other", "i:i", call_other},
            {"nest", "i:i", nest},
            {"work", "iii:", work}};

bool hosts_bind(struct hsb_binding out[HOSTS_MAX], hrt_plugin *p) {
  const struct helios_plugin *abi = hrt_plugin_abi(p);
  for (uint32_t n = 0; n < abi->import_count; n++) {
    const struct hsb_import *import = &abi->imports[n];
    size_t row = 0, row_count = sizeof rows / sizeof *rows;
    while (row < row_count && (strlen(rows[row].name) != import->name_len ||
                               memcmp(rows[row].name, import->name, import->name_len) != 0 ||
                               strcmp(rows[row].sig, import->sig) != 0)) {
      row++;
    }
    if (row == row_count || n >= HOSTS_MAX) {
      printf("  no host function %.*s (%s)\n", (int)import->name_len, import->name, import->sig);
      return false;
    }
    out[n] = (struct hsb_binding){rows[row].fn, NULL};
  }
  return true;
}
