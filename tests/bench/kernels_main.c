/* kernels_main.c - times one kernel in several builds, native code and plugins, in turn. Prints one
 * line of JSON with the median of each, in milliseconds of this thread's processor time, and the
 * fuel of each plugin that counts it.
 *
 * usage: bench_kernels ROUNDS NAME N ANSWER DIR KIND...   with DIR/NAME.KIND.so made by run.py; a
 * KIND that begins with "native" is a library with kernel_NAME, any other a plugin with run. Fails
 * if one does not answer ANSWER. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance/instance.h"
#include "measure.h"

typedef struct plugin_case {
  hrt_instance *instance;
  hrt_budget budget; /* of all runs, and somebody may cancel: as the engine's calls have it */
  int export;
  uint32_t n;
  uint64_t fuel; /* of the last run */
} plugin_case;

typedef struct native_case {
  uint32_t (*run)(uint32_t n);
  uint32_t n;
} native_case;

typedef struct kind_case { /* one of them */
  native_case native;
  plugin_case plugin;
} kind_case;

#define KINDS_MAX 16

static uint64_t run_native(void *arg) {
  native_case *c = arg;
  return c->run(c->n);
}

static uint64_t run_plugin(void *arg) {
  plugin_case *c = arg;
  uint64_t before = c->budget.fuel_used;
  c->budget.fuel_limit = before + (UINT64_C(1) << 50);
  helios_error err = {0};
  hsb_slot slots[2] = {c->n};
  if (hrt_call(c->instance, (uint32_t)c->export, slots, &c->budget, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return UINT64_MAX;
  }
  c->fuel = c->budget.fuel_used - before;
  return (uint32_t)slots[0];
}

static unsigned char *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  unsigned char *bytes = NULL;
  long length = -1;
  if (f && fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0) {
    bytes = malloc((size_t)length);
  }
  if (bytes && fread(bytes, 1, (size_t)length, f) != (size_t)length) {
    free(bytes);
    bytes = NULL;
  }
  if (f) {
    fclose(f);
  }
  *size = (size_t)length;
  return bytes;
}

static int open_plugin(plugin_case *c, const char *path, uint32_t n) {
  helios_error err = {0};
  uint8_t key[HRT_KEY_BYTES];
  hrt_plugin *plugin = NULL;
  static const int never = 0;
  c->budget = (hrt_budget){.cancel = &never};
  hrt_instance_options options = {.memory_limit_pages = 1024};
  size_t size = 0;
  unsigned char *bytes = read_file(path, &size);
  int status = bytes ? 0 : 1;
  if (!status) {
    status = hrt_key_load(key, &err);
  }
  if (!status) {
    status = hrt_plugin_load(&plugin, bytes, size, key, &err);
  }
  if (!status) {
    status = hrt_instance_new(&c->instance, plugin, &options, &c->budget, &err);
  }
  if (!status) {
    c->export = hrt_plugin_export(plugin, "run", 3);
    c->n = n;
    status = c->export < 0;
  }
  if (status) {
    fprintf(stderr, "%s: %s\n", path, err.text);
  }
  hrt_plugin_unref(plugin);
  free(bytes);
  return status;
}

static int open_native(native_case *c, const char *path, const char *name, uint32_t n) {
  char symbol[128];
  snprintf(symbol, sizeof symbol, "kernel_%s", name);
  void *library = dlopen(path, RTLD_NOW);
  void *found = library ? dlsym(library, symbol) : NULL;
  if (!found) {
    fprintf(stderr, "%s: %s\n", path, dlerror());
    return 1;
  }
  memcpy(&c->run, &found, sizeof found);
  c->n = n;
  return 0;
}

static int open_kind(measure_case *out, kind_case *kind, const char *path, const char *name,
                     uint32_t n) {
  bool native = strncmp(out->name, "native", 6) == 0;
  out->run = native ? run_native : run_plugin;
  out->arg = native ? (void *)&kind->native : (void *)&kind->plugin;
  return native ? open_native(&kind->native, path, name, n) : open_plugin(&kind->plugin, path, n);
}

static void print(const char *name, const measure_case *cases, const kind_case *kinds,
                  size_t count) {
  printf("{\"bench\":\"kernel\",\"name\":\"%s\"", name);
  for (size_t k = 0; k < count; k++) {
    printf(",\"%s\":%.4f", cases[k].name, cases[k].median / 1e6);
    if (kinds[k].plugin.fuel != 0) {
      printf(",\"%s_fuel\":%" PRIu64, cases[k].name, kinds[k].plugin.fuel);
    }
  }
  printf("}\n");
}

int main(int argc, char **argv) {
  char path[4096];
  static kind_case kinds[KINDS_MAX];
  static measure_case cases[KINDS_MAX];
  int count = argc - 6;
  if (count < 1 || count > KINDS_MAX) {
    fprintf(stderr, "usage: bench_kernels ROUNDS NAME N ANSWER DIR KIND...\n");
    return 2;
  }
  uint32_t n = (uint32_t)strtoul(argv[3], NULL, 10);
  int status = 0;
  for (int k = 0; k < count && status == 0; k++) {
    cases[k].name = argv[6 + k];
    snprintf(path, sizeof path, "%s/%s.%s.so", argv[5], argv[2], cases[k].name);
    status = open_kind(&cases[k], &kinds[k], path, argv[2], n);
  }
  if (status == 0 && cases[0].run(cases[0].arg) != strtoul(argv[4], NULL, 10)) {
    fprintf(stderr, "%s of %u: %s gives a wrong answer\n", argv[2], n, cases[0].name);
    status = 1;
  }
  if (status == 0) {
    status = measure(cases, (size_t)count, (unsigned)strtoul(argv[1], NULL, 10));
  }
  if (status == 0) {
    print(argv[2], cases, kinds, (size_t)count);
  }
  for (int k = 0; k < count; k++) {
    hrt_instance_free(kinds[k].plugin.instance);
  }
  return status;
}
