/* spec_store.c - see spec_store.h. What can't go wrong but by lack of memory ends the program. */
#include "spec_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE_ROOM 1000000u /* elements, as heliosc's limit */

/* The table's struct in an instance; of both kinds. */
struct table_view {
  void *data;
  uint32_t max_size, size;
};

typedef struct spec_target { /* what an imported function is */
  spec_instance *instance;
  uint32_t export; /* in its plugin */
} spec_target;

typedef struct external { /* what an import is resolved to */
  spec_instance *from;
  const struct spec_export *export;
} external;

static void *must(void *room) {
  if (room == NULL) {
    fputs("no memory\n", stderr);
    exit(2);
  }
  return room;
}

static spec_instance *of(sandbox *box) {
  return (spec_instance *)box;
}

static struct table_view *view_of(const spec_instance *i, uint32_t table) {
  return (void *)(i->box.instance + i->module->tables[table].at);
}

/* --- what is copied when another instance begins to run --- */

static void arrive(sandbox *box) {
  spec_instance *i = of(box);
  for (uint32_t t = 0; t < i->tables_made; t++) {
    view_of(i, t)->size = i->tables[t]->size;
  }
  for (uint32_t g = 0; g < i->module->global_count; g++) {
    const struct spec_global *global = &i->module->globals[g];
    if (i->globals[g] != NULL) {
      memcpy(box->instance + global->at, i->globals[g]->bytes, global->size);
    }
  }
}

static void leave(sandbox *box) {
  spec_instance *i = of(box);
  for (uint32_t t = 0; t < i->tables_made; t++) {
    i->tables[t]->size = view_of(i, t)->size;
  }
  for (uint32_t g = 0; g < i->module->global_count; g++) {
    const struct spec_global *global = &i->module->globals[g];
    bool initial = !i->ready && g < i->imported_globals; /* of its own, which is not the value */
    if (i->globals[g] != NULL && !initial) {
      memcpy(i->globals[g]->bytes, box->instance + global->at, global->size);
    }
  }
  i->ready = true; /* what runs first is init */
}

static void cross(void *from, void *to) {
  sandbox_cross(hsb_ctx_of(from)->owner, hsb_ctx_of(to)->owner);
}

/* Tables are made in order; an imported one has its elements already. */
static void *table_reserve(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                           uint32_t elem) {
  spec_instance *i = of(ctx->owner);
  spec_shared_table *t = i->tables[i->tables_made++];
  (void)index;
  if (t->elements == NULL) {
    t->room = *max < TABLE_ROOM ? *max : TABLE_ROOM;
    t->size = min;
    void *room = mmap(NULL, (size_t)t->room * elem + 1, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->elements = room == MAP_FAILED ? NULL : room; /* as long as the process */
  }
  *max = t->room;
  return t->elements;
}

static void table_made(void *instance, uint32_t *size) {
  spec_instance *i = of(hsb_ctx_of(instance)->owner);
  *size = i->tables[i->tables_made - 1]->size;
}

static struct spec_host host;
static const struct sandbox_links links = {&host.abi, arrive, leave};

static void make_host(void) {
  host.abi = sandbox_host_calls;
  host.abi.table_reserve = table_reserve;
  host.cross = cross;
  host.table_made = table_made;
}

/* --- linking --- */

static bool same_hex(const char *name, uint32_t size, const char *hex) {
  bool same = size == 0 ? strcmp(hex, "-") == 0 : strlen(hex) == (size_t)size * 2;
  for (uint32_t i = 0; i < size && same; i++) {
    char want[3];
    snprintf(want, sizeof want, "%02x", (uint8_t)name[i]);
    same = memcmp(hex + (size_t)i * 2, want, 2) == 0;
  }
  return same;
}

static bool same(const char *a, uint32_t a_size, const char *b, uint32_t b_size) {
  return a_size == b_size && memcmp(a, b, a_size) == 0;
}

const struct spec_export *spec_export_of(const spec_instance *instance, const char *hex) {
  for (uint32_t e = 0; e < instance->module->export_count; e++) {
    const struct spec_export *export = &instance->module->exports[e];
    if (same_hex(export->name, export->name_size, hex)) {
      return export;
    }
  }
  return NULL;
}

static bool look_up(external *out, spec_instance *instances, uint32_t n,
                    const struct spec_import *import) {
  for (uint32_t i = n; i > 0; i--) {
    spec_instance *from = &instances[i - 1];
    if (from->name == NULL || !same_hex(import->module, import->module_size, from->name)) {
      continue;
    }
    for (uint32_t e = 0; e < from->module->export_count; e++) {
      const struct spec_export *export = &from->module->exports[e];
      if (same(export->name, export->name_size, import->name, import->name_size)) {
        *out = (external){from, export};
        return true;
      }
    }
    return false;
  }
  return false;
}

static bool within(uint32_t size, const struct spec_limits *declared,
                   const struct spec_limits *wanted) {
  return size >= wanted->min &&
         (!wanted->has_max || (declared->has_max && declared->max <= wanted->max));
}

static const struct spec_limits *memory_limits(const spec_instance *i) {
  return &i->module->memory[0];
}

/* Has what was found the type that the import wants? */
static bool fits(const external *found, const struct spec_module *m,
                 const struct spec_import *import) {
  const struct spec_module *from = found->from->module;
  uint32_t index = found->export->index;
  if (found->export->kind != import->kind) {
    return false;
  }
  switch (import->kind) {
  case SPEC_FUNC:
    return strcmp(from->plugin->exports[index].sig, m->plugin->imports[import->index].sig) == 0;
  case SPEC_TABLE: {
    const spec_shared_table *t = found->from->tables[index];
    return t->type == m->tables[import->index].type &&
           within(t->size, &t->limits, &m->tables[import->index].limits);
  }
  case SPEC_MEMORY: {
    struct spec_limits declared = *memory_limits(found->from);
    const struct hsb_memory *now = sandbox_memory(&found->from->box);
    declared.has_max = now->max_pages < 65536 || declared.has_max;
    declared.max = now->max_pages;
    return within(now->pages, &declared, m->memory);
  }
  default:
    return from->globals[index].type == m->globals[import->index].type &&
           from->globals[index].mutable == m->globals[import->index].mutable;
  }
}

static void call_target(struct hsb_ctx *ctx, hsb_slot *slots, void *env) {
  spec_target *to = env;
  struct hsb_ctx *inner = to->instance->box.ctx;
  inner->fuel = ctx->fuel;
  int trap = sandbox_call(&to->instance->box, to->export, slots);
  if (trap != 0) {
    ctx->host->trap(ctx, (uint32_t)trap, 0);
  }
  ctx->fuel = inner->fuel;
}

/* Shares what was found. */
static void bind(spec_instance *i, const struct spec_import *import, const external *found) {
  uint32_t index = found->export->index;
  switch (import->kind) {
  case SPEC_FUNC:
    i->targets[import->index] = (spec_target){found->from, index};
    i->bindings[import->index] = (struct hsb_binding){call_target, &i->targets[import->index]};
    break;
  case SPEC_TABLE:
    i->tables[import->index] = found->from->tables[index];
    break;
  case SPEC_MEMORY:
    sandbox_share_memory(&i->box, &found->from->box);
    break;
  default:
    i->globals[import->index] = found->from->globals[index];
    break;
  }
}

static bool reference(const struct spec_global *g) {
  return g->type == 'r' || g->type == 'e';
}

/* What the module defines itself. Globals that can change and that others can see are shared with
 * these from the beginning. */
static void define(spec_instance *i) {
  const struct spec_module *m = i->module;
  for (uint32_t t = 0; t < m->table_count; t++) {
    if (i->tables[t] == NULL) {
      i->tables[t] = must(calloc(1, sizeof *i->tables[t]));
      i->tables[t]->type = m->tables[t].type;
      i->tables[t]->limits = m->tables[t].limits;
    }
  }
  for (uint32_t e = 0; e < m->export_count; e++) {
    const struct spec_export *export = &m->exports[e];
    bool global = export->kind == SPEC_GLOBAL;
    if (global && i->globals[export->index] == NULL &&
        (m->globals[export->index].mutable || reference(&m->globals[export->index]))) {
      i->globals[export->index] = must(calloc(1, sizeof *i->globals[0]));
    }
    if (export->kind == SPEC_MEMORY && i->box.memory_file == 0) {
      i->box.memory_file = memfd_create("memory", MFD_CLOEXEC);
    }
  }
}

int spec_open(spec_instance *instances, uint32_t n, const struct spec_module *module) {
  spec_instance *i = &instances[n];
  external *found = must(calloc(module->import_count + 1u, sizeof *found));
  make_host();
  i->module = module;
  for (uint32_t k = 0; k < module->import_count; k++) {
    if (!look_up(&found[k], instances, n, &module->imports[k]) ||
        !fits(&found[k], module, &module->imports[k])) {
      free(found);
      return SPEC_UNLINKABLE;
    }
  }
  i->box.links = &links;
  i->tables = must(calloc(module->table_count + 1u, sizeof *i->tables));
  i->globals = must(calloc(module->global_count + 1u, sizeof *i->globals));
  i->targets = must(calloc(module->import_count + 1u, sizeof *i->targets));
  i->bindings = must(calloc(module->import_count + 1u, sizeof *i->bindings));
  for (uint32_t k = 0; k < module->import_count; k++) {
    bind(i, &module->imports[k], &found[k]);
    i->imported_globals += module->imports[k].kind == SPEC_GLOBAL;
  }
  free(found);
  define(i);
  i->open = true;
  return sandbox_open(&i->box, module->plugin, i->bindings);
}

void spec_register(spec_instance *instances, uint32_t count, spec_instance *instance,
                   const char *name) {
  for (uint32_t i = 0; i < count; i++) {
    if (instances[i].name != NULL && strcmp(instances[i].name, name) == 0) {
      free(instances[i].name);
      instances[i].name = NULL;
    }
  }
  free(instance->name);
  instance->name = must(strdup(name));
}

void spec_read_global(hsb_slot *slots, spec_instance *instance, uint32_t index) {
  const struct spec_global *global = &instance->module->globals[index];
  const void *from = instance->globals[index] != NULL
                         ? (const void *)instance->globals[index]->bytes
                         : instance->box.instance + global->at;
  slots[0] = slots[1] = 0;
  memcpy(slots, from, global->type == 'r' ? sizeof *slots : global->size);
}

void spec_close(spec_instance *instance) {
  if (instance->open) {
    sandbox_close(&instance->box);
  }
  free(instance->name);
  free(instance->bindings);
  free(instance->targets);
  free(instance->globals);
  free(instance->tables);
  *instance = (spec_instance){.open = false};
}
