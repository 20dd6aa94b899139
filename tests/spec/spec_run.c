/* spec_run.c - the host side of native.py: loads a shared object with many plugins in it, reads
 * lines open LINE PLUGIN TRAP|-                        makes an instance (that traps so) call LINE
 * PLUGIN EXPORT N ARG... return WIDTH:LANE,...   calls; results are as given trap TEXT | any from
 * standard input (numbers in hex, blanks of TEXT as _), and prints LINE: what was wrong for each
 * that does not hold, then "<passed> passed". Exits 1 if one failed, 2 if the input makes no sense.
 *
 * A lane is =BITS, c<width> or a<width> (a canonical, an arithmetic NaN), or ! (not null). */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox_host.h"

#define SLOTS_MAX 4096
#define LINE_MAX_BYTES (1 << 20)

static const char *trap_text(int trap) {
  switch (trap) {
#define HSB_TRAP(name, code, text)                                                                 \
  case code:                                                                                       \
    return text;
#include "hsb_traps.def"
#undef HSB_TRAP
  default:
    return "no instance";
  }
}

/* Does the suite's text mean this trap? It may say less than ours, or add an index. */
static bool same_trap(int trap, char *text) {
  for (char *p = text; *p; p++)
    *p = *p == '_' ? ' ' : *p;
  const char *ours = trap_text(trap);
  size_t n = strlen(ours) < strlen(text) ? strlen(ours) : strlen(text);
  if (trap > 0 && strncmp(ours, text, n) == 0)
    return true;
  /* "undefined element", "uninitialized element 2": ours go on differently after the noun. */
  const char *noun = strstr(text, "element");
  return trap > 0 && noun && strncmp(ours, text, (size_t)(noun - text) + 7) == 0;
}

static bool is_nan(uint64_t bits, const char *lane) {
  bool wide = strcmp(lane + 1, "64") == 0;
  uint64_t sign = wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
  uint64_t canonical = wide ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc00000);
  if (lane[0] == 'c')
    return (bits & ~sign) == canonical;
  return (bits & canonical) == canonical;
}

static bool lane_holds(uint64_t bits, const char *lane) {
  switch (lane[0]) {
  case '=':
    return bits == strtoull(lane + 1, NULL, 16);
  case '!':
    return bits != 0;
  default:
    return is_nan(bits, lane);
  }
}

/* One result: WIDTH:LANE,... against what stands at slots; sets *used to the slots it took. */
static bool result_holds(const hsb_slot *slots, char *word, unsigned *used) {
  unsigned width = (unsigned)strtoul(word, &word, 10), count = 0;
  bool holds = true;
  char *save = NULL;
  for (char *lane = strtok_r(word + 1, ",", &save); lane; lane = strtok_r(NULL, ",", &save)) {
    uint64_t bits = 0;
    memcpy(&bits, (const char *)slots + count * (width / 8), width / 8);
    holds = lane_holds(bits, lane) && holds;
    count++;
  }
  *used = count * width > 64 ? 2 : 1;
  return holds;
}

static bool results_hold(const hsb_slot *slots, char **save) {
  bool holds = true;
  unsigned used = 0, at = 0;
  for (char *word = strtok_r(NULL, " \n", save); word; word = strtok_r(NULL, " \n", save)) {
    holds = result_holds(slots + at, word, &used) && holds;
    at += used;
  }
  return holds;
}

static unsigned long number(char **save, int base) {
  char *word = strtok_r(NULL, " \n", save);
  if (!word)
    exit(2);
  return strtoul(word, NULL, base);
}

/* In explicit mode no trap may come from a fault. */
static bool explicit_bounds;

/* What an import is bound to. */
typedef struct target {
  sandbox *box;
  uint32_t export;
} target;

/* A module of the script, with what its imports are bound to. */
typedef struct module {
  sandbox box;
  struct hsb_binding *bindings;
  target *targets;
} module;

static void call_target(struct hsb_ctx *ctx, hsb_slot *slots, void *env) {
  target *to = env;
  int trap = to->box ? sandbox_call(to->box, to->export, slots) : 0;
  if (trap)
    ctx->host->trap(ctx, (uint32_t)trap, 0);
}

static void read_bindings(module *modules, module *m, char **save) {
  unsigned long count = number(save, 10);
  m->bindings = calloc(count + 1, sizeof *m->bindings);
  m->targets = calloc(count + 1, sizeof *m->targets);
  if (!m->bindings || !m->targets)
    exit(2);
  for (unsigned long i = 0; i < count; i++) {
    char *which = strtok_r(NULL, " \n", save), *export = strtok_r(NULL, " \n", save);
    if (which[0] != '-')
      m->targets[i] = (target){&modules[atol(which)].box, (uint32_t)atol(export)};
    m->bindings[i] = (struct hsb_binding){call_target, &m->targets[i]};
  }
}

static bool do_open(unsigned long line, module *modules, module *m,
                    const struct helios_plugin *plugin, char **save) {
  char *text = strtok_r(NULL, " \n", save);
  read_bindings(modules, m, save);
  int trap = sandbox_open(&m->box, plugin, m->bindings);
  bool holds = text[0] == '-' ? trap == 0 : same_trap(trap, text);
  if (!holds)
    printf("%lu: open: %s, not %s\n", line, trap_text(trap), text);
  return holds;
}

static bool do_call(unsigned long line, sandbox *box, char **save) {
  static hsb_slot slots[SLOTS_MAX];
  memset(slots, 0, sizeof slots);
  uint32_t export = (uint32_t)number(save, 10);
  unsigned long count = number(save, 10);
  if (export >= box->plugin->export_count || count > SLOTS_MAX)
    exit(2);
  for (unsigned long i = 0; i < count; i++)
    slots[i] = number(save, 16);
  int trap = sandbox_call(box, export, slots);
  char *kind = strtok_r(NULL, " \n", save);
  bool holds;
  if (strcmp(kind, "trap") == 0)
    holds = same_trap(trap, strtok_r(NULL, " \n", save)) && !(explicit_bounds && box->faulted);
  else
    holds = trap == 0 && (strcmp(kind, "any") == 0 || results_hold(slots, save));
  if (!holds)
    printf("%lu: e%u: %s, s[0] = %" PRIx64 ", s[1] = %" PRIx64 "\n", line, export, trap_text(trap),
           slots[0], slots[1]);
  return holds;
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_BYTES];
  unsigned passed = 0, failed = 0, count = 0;
  if (argc != 3)
    return 2;
  explicit_bounds = strcmp(argv[2], "explicit") == 0;
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  const struct helios_plugin *const *plugins = library ? dlsym(library, "spec_plugins") : NULL;
  if (!plugins)
    return 2;
  while (plugins[count])
    count++;
  module *modules = calloc(count + 1, sizeof *modules);
  while (modules && fgets(line, sizeof line, stdin)) {
    char *save = NULL, *verb = strtok_r(line, " \n", &save);
    unsigned long at = number(&save, 10), which = number(&save, 10);
    if (which >= count)
      return 2;
    bool holds = strcmp(verb, "open") == 0
                     ? do_open(at, modules, &modules[which], plugins[which], &save)
                     : do_call(at, &modules[which].box, &save);
    passed += holds;
    failed += !holds;
  }
  for (unsigned i = 0; modules && i < count; i++) {
    sandbox_close(&modules[i].box);
    free(modules[i].bindings);
    free(modules[i].targets);
  }
  free(modules);
  dlclose(library);
  printf("%u passed\n", passed);
  return failed != 0;
}
