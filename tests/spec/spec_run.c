/* spec_run.c - `spec_run FILE.so [FUEL_FILE]`: runs scripts of the specification's tests on modules
 * that spec_build.c compiled. Lines of stdin (numbers of values in hex, names as hex of their
 * bytes or - if empty, blanks of TEXT as _):
 *
 *   script NAME                            forgets the instances before it
 *   module LINE N ok | host | trap TEXT | unlinkable      host: is no assertion
 *   register N NAME
 *   call LINE N NAME COUNT ARG... return WIDTH:LANE,... | trap TEXT | any
 *   get LINE N NAME return WIDTH:LANE,...
 *
 * A lane is =BITS, c<width> or a<width> (a canonical, an arithmetic NaN), or ! (not null). Prints
 * "FAIL NAME:LINE: ..." for each that does not hold and "<passed> <failed> NAME" for each script;
 * with FUEL_FILE what each call used, "NAME:LINE FUEL", goes there if it did not trap. Exits 1 if
 * one failed, 2 if the input makes no sense. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec_store.h"

#define SLOTS_MAX 4096
#define LINE_MAX_BYTES (1 << 20)
#define FUEL (INT64_C(1) << 60)

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

/* What is being run. */
typedef struct run {
  const struct spec_module *const *modules;
  spec_instance *instances;
  uint32_t count;
  char script[64];
  unsigned passed, failed;
  bool any_failed;
  FILE *fuel;
} run;

static spec_instance *instance_of(const run *r, char **save) {
  unsigned long n = number(save, 10);
  if (n >= r->count)
    exit(2);
  return &r->instances[n];
}

static void finish_script(run *r) {
  if (r->script[0])
    printf("%u %u %s\n", r->passed, r->failed, r->script);
  for (uint32_t i = 0; i < r->count; i++)
    spec_close(&r->instances[i]);
  r->passed = r->failed = 0;
}

static void judge(run *r, bool holds, unsigned long line, int trap, const hsb_slot *slots) {
  r->passed += holds;
  r->failed += !holds;
  r->any_failed |= !holds;
  if (!holds)
    printf("FAIL %s:%lu: %s, s[0] = %" PRIx64 ", s[1] = %" PRIx64 "\n", r->script, line,
           trap == SPEC_UNLINKABLE ? "unlinkable" : trap_text(trap), slots[0], slots[1]);
}

static void note_fuel(const run *r, unsigned long line, int64_t used) {
  if (r->fuel && used != 0)
    fprintf(r->fuel, "%s:%lu %" PRId64 "\n", r->script, line, used);
}

/* In explicit mode no trap may come from a fault. */
static bool as_it_must(const spec_instance *i) {
  return !(i->module->plugin->flags & HSB_PLUGIN_EXPLICIT_BOUNDS) || !i->box.faulted;
}

static void do_module(run *r, char **save) {
  static const hsb_slot none[2] = {0, 0};
  unsigned long line = number(save, 10);
  spec_instance *i = instance_of(r, save);
  char *kind = strtok_r(NULL, " \n", save), *text = strtok_r(NULL, " \n", save);
  uint32_t n = (uint32_t)(i - r->instances);
  int trap = spec_open(r->instances, n, r->modules[n]);
  bool holds = trap == 0;
  if (strcmp(kind, "unlinkable") == 0)
    holds = trap == SPEC_UNLINKABLE;
  else if (strcmp(kind, "trap") == 0)
    holds = same_trap(trap, text) && as_it_must(i);
  if (strcmp(kind, "host") != 0 || !holds)
    judge(r, holds, line, trap, none);
  if (trap == 0)
    note_fuel(r, line, INT64_MAX - i->box.ctx->fuel);
}

static void do_call(run *r, char **save) {
  static hsb_slot slots[SLOTS_MAX];
  memset(slots, 0, sizeof slots);
  unsigned long line = number(save, 10);
  spec_instance *i = instance_of(r, save);
  const struct spec_export *export = spec_export_of(i, strtok_r(NULL, " \n", save));
  unsigned long count = number(save, 10);
  if (!i->open || !export || export->kind != SPEC_FUNC || count > SLOTS_MAX) {
    judge(r, false, line, 0, slots);
    return;
  }
  for (unsigned long k = 0; k < count; k++)
    slots[k] = number(save, 16);
  i->box.ctx->fuel = FUEL;
  int trap = sandbox_call(&i->box, export->index, slots);
  char *kind = strtok_r(NULL, " \n", save);
  bool holds;
  if (strcmp(kind, "trap") == 0)
    holds = same_trap(trap, strtok_r(NULL, " \n", save)) && as_it_must(i);
  else
    holds = trap == 0 && (strcmp(kind, "any") == 0 || results_hold(slots, save));
  judge(r, holds, line, trap, slots);
  if (trap == 0)
    note_fuel(r, line, FUEL - i->box.ctx->fuel);
}

static void do_get(run *r, char **save) {
  hsb_slot slots[4] = {0};
  unsigned long line = number(save, 10);
  spec_instance *i = instance_of(r, save);
  const struct spec_export *export = spec_export_of(i, strtok_r(NULL, " \n", save));
  bool there = i->open && export && export->kind == SPEC_GLOBAL;
  if (there)
    spec_read_global(slots, i, export->index);
  strtok_r(NULL, " \n", save); /* "return" */
  judge(r, there && results_hold(slots, save), line, 0, slots);
}

static void do_line(run *r, char *line) {
  char *save = NULL, *verb = strtok_r(line, " \n", &save);
  if (verb && strcmp(verb, "script") == 0) {
    finish_script(r);
    snprintf(r->script, sizeof r->script, "%s", strtok_r(NULL, " \n", &save));
  } else if (verb && strcmp(verb, "module") == 0) {
    do_module(r, &save);
  } else if (verb && strcmp(verb, "register") == 0) {
    spec_instance *i = instance_of(r, &save);
    spec_register(r->instances, r->count, i, strtok_r(NULL, " \n", &save));
  } else if (verb && strcmp(verb, "call") == 0) {
    do_call(r, &save);
  } else if (verb && strcmp(verb, "get") == 0) {
    do_get(r, &save);
  } else {
    exit(2);
  }
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_BYTES];
  run r = {.count = 0};
  if (argc < 2)
    return 2;
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  r.modules = library ? dlsym(library, "helios_plugin") : NULL;
  if (!r.modules) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  while (r.modules[r.count])
    r.count++;
  r.instances = calloc(r.count + 1u, sizeof *r.instances);
  r.fuel = argc > 2 ? fopen(argv[2], "w") : NULL;
  if (!r.instances || (argc > 2 && !r.fuel))
    return 2;
  while (fgets(line, sizeof line, stdin))
    do_line(&r, line);
  finish_script(&r);
  free(r.instances);
  dlclose(library);
  return r.any_failed || (r.fuel && fclose(r.fuel) != 0);
}
