/* kernels_main.c - times kernels: native code, the plugin with fuel, the plugin without. Prints a
 * line of JSON a kernel.
 *
 * usage: bench_kernels ROUNDS NAME N DIR [NAME N DIR]...   with DIR/NAME.native.so, DIR/NAME.so,
 * DIR/NAME.nofuel.so, DIR/NAME.explicit.so; made by run.py. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance/instance.h"
#include "measure.h"

typedef struct plugin_case {
  hrt_instance *instance;
  int export;
  uint32_t n;
} plugin_case;

typedef struct native_case {
  uint32_t (*run)(uint32_t n);
  uint32_t n;
} native_case;

static uint64_t run_native(void *arg) {
  native_case *c = arg;
  return c->run(c->n);
}

static uint64_t run_plugin(void *arg) {
  plugin_case *c = arg;
  hrt_budget budget = {.fuel_limit = UINT64_C(1) << 50};
  helios_error err = {0};
  hsb_slot slots[2] = {c->n};
  if (hrt_call(c->instance, (uint32_t)c->export, slots, &budget, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return UINT64_MAX;
  }
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
  hrt_budget budget = {0};
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
    status = hrt_instance_new(&c->instance, plugin, &options, &budget, &err);
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

static int bench(const char *name, uint32_t n, const char *dir, unsigned rounds) {
  static const char *const kinds[] = {"", ".nofuel", ".explicit"};
  char path[4096], symbol[128];
  native_case native = {.n = n};
  plugin_case plugins[3] = {{0}};
  measure_case cases[4] = {{.name = "native", .run = run_native, .arg = &native}};
  snprintf(path, sizeof path, "%s/%s.native.so", dir, name);
  snprintf(symbol, sizeof symbol, "kernel_%s", name);
  void *library = dlopen(path, RTLD_NOW);
  void *found = library ? dlsym(library, symbol) : NULL;
  if (!found) {
    fprintf(stderr, "%s: %s\n", path, dlerror());
    return 1;
  }
  memcpy(&native.run, &found, sizeof found);
  for (int k = 0; k < 3; k++) {
    snprintf(path, sizeof path, "%s/%s%s.so", dir, name, kinds[k]);
    if (open_plugin(&plugins[k], path, n)) {
      return 1;
    }
    cases[k + 1] =
        (measure_case){.name = k ? kinds[k] + 1 : "metered", .run = run_plugin, .arg = &plugins[k]};
  }
  int status = measure(cases, 4, rounds);
  if (!status) {
    printf("{\"bench\":\"kernel\",\"name\":\"%s\",\"native_ms\":%.3f,\"metered\":%.3f,"
           "\"unmetered\":%.3f,\"explicit\":%.3f,\"fuel_cost\":%.3f}\n",
           name, cases[0].median / 1e6, cases[1].median / cases[0].median,
           cases[2].median / cases[0].median, cases[3].median / cases[0].median,
           cases[1].median / cases[2].median);
  }
  for (int k = 0; k < 3; k++) {
    hrt_instance_free(plugins[k].instance);
  }
  dlclose(library);
  return status;
}

int main(int argc, char **argv) {
  int status = 0;
  if (argc < 5 || (argc - 2) % 3 != 0) {
    fprintf(stderr, "usage: bench_kernels ROUNDS NAME N DIR ...\n");
    return 2;
  }
  for (int i = 2; i < argc; i += 3) {
    status |= bench(argv[i], (uint32_t)strtoul(argv[i + 1], NULL, 10), argv[i + 2],
                    (unsigned)strtoul(argv[1], NULL, 10));
  }
  return status;
}
