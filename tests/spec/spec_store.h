/* spec_store.h - instances of one script of the specification's tests, which import from each other
 * whatever modules can: functions through the plugin's bindings; memories as views of one file;
 * tables as the same elements; what is a number in an instance (sizes of tables, mutable globals)
 * is copied whenever another instance begins to run.
 *
 * Invariant: linking decides as core specification 4.5.4 says, by the sizes that there are now. */
#ifndef SPEC_STORE_H
#define SPEC_STORE_H

#include "sandbox_host.h"
#include "spec_module.h"

typedef struct spec_shared_table {
  void *elements;
  char type;
  uint32_t size, room;
  struct spec_limits limits; /* as declared */
} spec_shared_table;

typedef struct spec_shared_global {
  uint8_t bytes[32];
} spec_shared_global;

typedef struct spec_instance {
  sandbox box; /* first: the hooks of sandbox_host.h get this */
  const struct spec_module *module;
  char *name; /* registered as, hex; NULL: not */
  bool open;
  spec_shared_table **tables;   /* by index */
  spec_shared_global **globals; /* by index; NULL: nobody else can see it */
  uint32_t tables_made, imported_globals;
  bool ready;                  /* init has run */
  struct spec_target *targets; /* by imported function */
  struct hsb_binding *bindings;
} spec_instance;

#define SPEC_UNLINKABLE (-2)

/* Links and instantiates `module` as instances[n]; imports come from those before it. Returns
 * SPEC_UNLINKABLE or what sandbox_open returns. The instance stays until spec_close, even if it
 * failed: others may have functions of it. */
int spec_open(spec_instance *instances, uint32_t n, const struct spec_module *module);

/* From now on the name, in hex, means this one of `count` instances. */
void spec_register(spec_instance *instances, uint32_t count, spec_instance *instance,
                   const char *name);

/* The export with this name in hex, or NULL. */
const struct spec_export *spec_export_of(const spec_instance *instance, const char *hex);

/* The value of an exported global, as slots. */
void spec_read_global(hsb_slot *slots, spec_instance *instance, uint32_t index);

void spec_close(spec_instance *instance);

#endif
