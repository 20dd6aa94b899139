/* build_kit.h - for tests of the compiler: a folder of its own with cache and key, modules built
 * from text, and a small host that loads a plugin with the engine's loader and calls into it. The
 * host is only as good as tests need: one instance, one thread, longjmp out of traps. */
#ifndef BUILD_KIT_H
#define BUILD_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "build.h"
#include "fs.h"
#include "hsb_abi.h"
#include "plugin/plugin.h"
#include "tools.h"

static char kit_folder[64];

/* The toolchain of this checkout, unless the caller names one. */
static inline int kit_begin(void **state) {
  (void)state;
  char path[HCC_PATH];
  const char *source = getenv("HELIOS_SOURCE");
  if (source != NULL && getenv("HELIOS_TOOLCHAIN") == NULL &&
      hcc_path(path, NULL, "%s/toolchain", source) == 0 && access(path, R_OK) == 0) {
    setenv("HELIOS_TOOLCHAIN", path, 1);
  }
  strcpy(kit_folder, "/tmp/helios-test-XXXXXX");
  assert_non_null(mkdtemp(kit_folder));
  snprintf(path, sizeof path, "%s/cache", kit_folder);
  setenv("HELIOS_CACHE", path, 1);
  snprintf(path, sizeof path, "%s/local.key", kit_folder);
  setenv("HELIOS_KEY", path, 1);
  snprintf(path, sizeof path, "%s/tmp", kit_folder);
  assert_int_equal(mkdir(path, 0700), 0);
  setenv("TMPDIR", path, 1);
  return 0;
}

static inline int kit_end(void **state) {
  (void)state;
  hcc_dir_remove(kit_folder);
  return 0;
}

static inline const char *kit_path(const char *name) {
  static char paths[8][256];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", kit_folder, name);
  return path;
}

static inline void kit_write(const char *name, const void *bytes, size_t size) {
  assert_int_equal(hcc_file_write(kit_path(name), bytes, size, NULL), 0);
}

static inline uint8_t *kit_read(const char *path, size_t *size) {
  uint8_t *bytes;
  assert_int_equal(hcc_file_read(&bytes, size, path, 1u << 30, NULL), 0);
  return bytes;
}

/* How many files are in a folder of the kit. */
static inline unsigned kit_count(const char *name) {
  char command[512];
  unsigned count = 0;
  snprintf(command, sizeof command, "ls -A '%s' 2>/dev/null | wc -l", kit_path(name));
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  assert_int_equal(fscanf(pipe, "%u", &count), 1);
  pclose(pipe);
  return count;
}

/* Builds text or binary; the plugin is kit_path("m.so"). Returns hcc_build's status. */
static inline int kit_build(hcc_build_result *result, const void *module, size_t size,
                            hcc_build_options options, hcc_error *err) {
  char input[256], output[256];
  snprintf(input, sizeof input, "%s", kit_path("m.in"));
  snprintf(output, sizeof output, "%s", kit_path("m.so"));
  kit_write("m.in", module, size);
  options.input = input;
  options.output = options.output == NULL ? output : options.output;
  return hcc_build(result, &options, err);
}

static inline void kit_must_build(hcc_build_result *result, const char *wat,
                                  hcc_build_options options) {
  hcc_error err = {.code = HCC_OK};
  if (kit_build(result, wat, strlen(wat), options, &err) != 0) {
    fail_msg("build: %s", err.text);
  }
}

typedef struct kit_host {
  hrt_plugin *plugin;
  const struct helios_plugin *abi;
  uint8_t *reservation;
  void *instance;
  struct hsb_ctx *ctx;
  struct hsb_memory *memory;
  struct hsb_host calls;
  uint8_t *tables;
  size_t tables_used;
  uint32_t trap, offset, refuels; /* of the last call */
  int64_t fuel_limit;             /* handed out at the first refuel, then FUEL traps */
  sigjmp_buf out;
} kit_host;

static kit_host *kit_current;

static inline void kit_trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset) {
  kit_host *h = ctx->owner;
  h->trap = code;
  h->offset = offset;
  siglongjmp(h->out, 1);
}

static inline int64_t kit_refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset) {
  kit_host *h = ctx->owner;
  if (h->refuels > 0 && fuel >= 0) {
    return fuel;
  }
  if (h->refuels++ > 0 || fuel + h->fuel_limit < 0) {
    kit_trap(ctx, HSB_TRAP_FUEL, offset);
  }
  return fuel + h->fuel_limit;
}

static inline uint32_t kit_grow(struct hsb_ctx *ctx, uint32_t delta) {
  kit_host *h = ctx->owner;
  uint32_t before = h->memory->pages;
  if (delta > h->memory->max_pages - before) {
    return UINT32_MAX;
  }
  h->memory->pages += delta;
  h->memory->size = (uint64_t)h->memory->pages * HSB_PAGE;
  mprotect(h->memory->data, h->memory->size, PROT_READ | PROT_WRITE);
  return before;
}

static inline void *kit_table(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                              uint32_t elem) {
  (void)index;
  kit_host *h = ctx->owner;
  *max = *max > min + 1000 ? min + 1000 : *max;
  void *room = h->tables + h->tables_used;
  h->tables_used += (size_t)*max * elem;
  assert_true(h->tables_used <= 16u << 20);
  return room;
}

/* A fault of the guest: where it was is in the plugin's lines. */
static inline void kit_fault(int number, siginfo_t *info, void *context) {
  (void)number, (void)info;
  kit_host *h = kit_current;
#if defined(__x86_64__)
  uintptr_t pc = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#else
  uintptr_t pc = (uintptr_t)((ucontext_t *)context)->uc_mcontext.pc;
#endif
  if (h == NULL || !hrt_plugin_has_pc(h->plugin, pc)) {
    signal(number, SIG_DFL);
    return;
  }
  h->trap = HSB_TRAP_OOB;
  h->offset = hrt_plugin_line(h->plugin, pc);
  siglongjmp(h->out, 1);
}

/* Runs f(instance, slots); false if it trapped. */
static inline bool kit_run(kit_host *h, void (*f)(void *, hsb_slot *), hsb_slot *slots) {
  h->refuels = 0;
  h->trap = 0;
  h->offset = 0;
  kit_current = h;
  if (sigsetjmp(h->out, 1) != 0) {
    kit_current = NULL;
    return false;
  }
  f(h->instance, slots);
  kit_current = NULL;
  return true;
}

static inline void kit_init_call(void *instance, hsb_slot *slots) {
  (void)slots;
  kit_current->abi->init(instance);
}

static inline void kit_poll(struct hsb_ctx *ctx, uint32_t offset) {
  (void)ctx, (void)offset; /* nobody stops a test */
}

/* A plugin file that this machine's key has sealed. */
static inline hrt_plugin *kit_plugin_of(const char *path) {
  size_t size;
  uint8_t key[HRT_KEY_BYTES];
  helios_error err = {.code = HELIOS_OK};
  hrt_plugin *p = NULL;
  uint8_t *bytes = kit_read(path, &size);
  assert_int_equal(hrt_key_load(key, &err), 0);
  if (hrt_plugin_load(&p, bytes, size, key, &err) != 0) {
    fail_msg("load: %s", err.text);
  }
  free(bytes);
  return p;
}

/* A plugin of a module's text. */
static inline hrt_plugin *kit_plugin_built(const char *wat, hcc_build_options options) {
  hcc_build_result r;
  kit_must_build(&r, wat, options);
  return kit_plugin_of(kit_path("m.so"));
}

/* For a group whose tests call one plugin, optimized: kit_plugin. */
static hrt_plugin *kit_plugin;

static inline int kit_begin_built(void **state, const char *wat, hcc_build_options options) {
  int status = kit_begin(state);
  kit_plugin = kit_plugin_built(wat, options);
  return status;
}

static inline int kit_begin_plugin(void **state, const char *wat) {
  return kit_begin_built(state, wat, (hcc_build_options){.tier = HCC_TIER_OPTIMIZING});
}

static inline int kit_begin_explicit(void **state, const char *wat) {
  return kit_begin_built(
      state, wat, (hcc_build_options){.tier = HCC_TIER_OPTIMIZING, .bounds = HCC_BOUNDS_EXPLICIT});
}

static inline int kit_end_plugin(void **state) {
  hrt_plugin_unref(kit_plugin);
  return kit_end(state);
}

/* Loads a plugin file and makes an instance. imports: one for each of the plugin's. */
static inline void kit_load(kit_host *h, const char *path, const struct hsb_binding *imports) {
  memset(h, 0, sizeof *h);
  h->plugin = kit_plugin_of(path);
  h->abi = hrt_plugin_abi(h->plugin);
  h->reservation =
      mmap(NULL, HSB_RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_ptr_not_equal(h->reservation, MAP_FAILED);
  h->ctx = (void *)(h->reservation + HSB_FRONT_GUARD);
  h->instance = (uint8_t *)h->ctx + HSB_CTX_BYTES;
  assert_int_equal(mprotect(h->ctx, HSB_CTX_BYTES + HSB_INSTANCE_MAX, PROT_READ | PROT_WRITE), 0);
  h->tables = mmap(NULL, 16u << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(h->tables, MAP_FAILED);
  h->calls = (struct hsb_host){.size = sizeof h->calls,
                               .trap = kit_trap,
                               .refuel = kit_refuel,
                               .memory_grow = kit_grow,
                               .table_reserve = kit_table,
                               .poll = kit_poll};
  *h->ctx = (struct hsb_ctx){.size = sizeof *h->ctx,
                             .stack_limit = (uintptr_t)__builtin_frame_address(0) - (512u << 10),
                             .host = &h->calls,
                             .imports = imports,
                             .owner = h};
  h->fuel_limit = 1000000;
  struct sigaction action = {.sa_sigaction = kit_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  if (h->abi->flags & HSB_PLUGIN_HAS_MEMORY) {
    h->memory = (void *)((uint8_t *)h->instance + h->abi->memory_offset);
    h->memory->data = (uint8_t *)h->instance + HSB_SPAN;
    h->memory->max_pages = h->abi->memory_max;
    kit_grow(h->ctx, h->abi->memory_min);
  }
  hsb_slot none[1];
  assert_true(kit_run(h, kit_init_call, none));
  for (uint32_t i = 0; i < h->abi->segment_count; i++) {
    const struct hsb_segment *s = &h->abi->segments[i];
    assert_true(s->mem_off + s->len <= h->memory->size);
    memcpy(h->memory->data + s->mem_off, h->abi->blob + s->blob_off, s->len);
  }
  if (h->abi->start != NULL) {
    assert_true(kit_run(h, h->abi->start, none));
  }
}

static inline void kit_unload(kit_host *h) {
  munmap(h->reservation, HSB_RESERVE);
  munmap(h->tables, 16u << 20);
  hrt_plugin_unref(h->plugin);
}

/* Calls an export by name; false if it trapped (h->trap, h->offset). */
static inline bool kit_call(kit_host *h, const char *name, hsb_slot *slots) {
  int index = hrt_plugin_export(h->plugin, name, strlen(name));
  assert_true(index >= 0);
  h->ctx->fuel = 1000;
  return kit_run(h, h->abi->exports[index].call, slots);
}

#endif
