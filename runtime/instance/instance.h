/* instance.h - instances of a plugin and calls into them. reserve.c: address space and memory;
 * image.c: instantiate and reset; birth.c: instances that begin alike; track.c: written pages;
 * guest.c: host access; aside.c: memory to be given back; call.c, outermost.h: calls;
 * guard.h + guard_<arch>.S: enter and leave guest code; signal.c: the one fault handler; budget.c:
 * fuel, time, cancellation.
 *
 * Invariants: an instance is used by one thread at a time; a trapped instance is dead and never
 * called again; a fault is a trap only if its PC is in the plugin, its address in the instance's
 * reservation, and this thread is in a guest call of it - everything else goes to the handler
 * that was there before. */
#ifndef HRT_INSTANCE_H
#define HRT_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "hsb_abi.h"
#include "plugin/plugin.h"

typedef struct hrt_instance hrt_instance;

/* A guest offset is its own type so that an unchecked one does not compile into a pointer. */
typedef struct guest_u32 {
  uint32_t v;
} guest_u32;

/* What calls may use, shared by nested calls (procedure -> SQL -> procedure). Owned by the
 * caller of the outermost one; zero-initialised fields mean "none spent, no limit". */
typedef struct hrt_budget {
  uint64_t fuel_limit;  /* units; 0: no limit */
  uint64_t fuel_used;   /* by all calls so far */
  uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
  const int *cancel;    /* read atomically at every slice; nonzero cancels; may be NULL */
  /* Asked at every slice; nonzero cancels (sqlite3_interrupt). May be NULL. */
  int (*probe)(void *probe_arg);
  void *probe_arg;
  uint32_t depth, depth_limit; /* of nested calls; limit 0: 16 */
  /* budget.c's own: what is left of the slice between calls, its size, when it began. */
  int64_t slice, slice_size;
  uint64_t slice_start;
} hrt_budget;

/* Outside of guest code: E_CANCELLED or E_DEADLINE if calls on it are to end. */
int hrt_budget_ends(const hrt_budget *b, helios_error *err);
uint64_t hrt_now_ns(void); /* CLOCK_MONOTONIC: what deadlines and times of calls are by */

typedef struct hrt_instance_options {
  uint32_t memory_limit_pages; /* 0: 256 (16 MiB) */
  uint32_t stack_bytes;        /* of guest code a call; 0: 1 MiB, never more than the thread has */
  const struct hsb_binding *imports; /* one per import of the plugin; copied */
  void *user;                        /* for host functions: hrt_instance_user */
  /* All that host functions answer by while an instance of the plugin is initialised, where none
   * does by anything else: hrt_instance_keep. Read until then. NULL: it is not known. */
  const void *origin;
  size_t origin_size;
} hrt_instance_options;

/* Installs the signal handler once per process, chained. Idempotent, thread-safe. */
int hrt_signal_install(helios_error *err);

/* Reserves, initialises globals, tables, memory, data segments; runs start, then an export
 * "_initialize" if there is one, on the budget. Errors: E_MEMORY, E_LIMIT, E_TRAP ... */
int hrt_instance_new(hrt_instance **out, hrt_plugin *plugin, const hrt_instance_options *options,
                     hrt_budget *budget, helios_error *err);
void hrt_instance_free(hrt_instance *i); /* takes NULL */

/* How an instance begins: kept so that others of the same plugin, limits and origin begin there
 * without being initialised. Its users are those instances, and who asks for it. */
typedef struct hrt_birth hrt_birth;
#define HRT_BIRTH_WORDS 6 /* that the host keeps with it */
/* The instance is ready to be called, at its checkpoint. words: what the host wants back; NULL if
 * host functions answered by more than the origin: then others can't begin so. fuel: of the budget
 * that it was made on, used so far. Nothing is lost if there is no memory for it. */
void hrt_instance_keep(hrt_instance *i, const uint64_t words[HRT_BIRTH_WORDS], uint64_t fuel);
/* The words if it began as another one, and so is ready; else NULL. */
const uint64_t *hrt_instance_born(const hrt_instance *i);
hrt_birth *hrt_instance_birth(hrt_instance *i); /* NULL: it has none; else hrt_birth_give it */
void hrt_birth_give(hrt_birth *b);              /* takes NULL */

/* Memory of instances that were freed, of all threads, that the system has not got back yet:
 * aside.c. step gives back a piece, unless a guest call runs on this thread; all gives back
 * everything. */
void hrt_aside_step(void);
uint64_t hrt_aside_all(void); /* how many bytes it was */
uint64_t hrt_aside_bytes(void);

/* Back to the state of the last checkpoint (hrt_instance_new makes the first one), in time
 * proportional to the pages that calls write. Not on a dead instance. One that wrote so
 * much that to give it back takes milliseconds is dead then: E_MEMORY. */
int hrt_instance_reset(hrt_instance *i, helios_error *err);
/* Makes the state now (memory with its size, globals, tables) the one that reset returns to: after
 * the arena was asked for. Errors: E_MEMORY, E_MISUSE (dead or running). */
int hrt_instance_checkpoint(hrt_instance *i, helios_error *err);
bool hrt_instance_dead(const hrt_instance *i);
void *hrt_instance_user(const hrt_instance *i);
hrt_plugin *hrt_instance_plugin(const hrt_instance *i); /* borrowed */
hrt_instance *hrt_instance_of(struct hsb_ctx *ctx);     /* for host functions */
/* Where an interpreter has its record of hsb_where.h: for the text of a call's early end. */
void hrt_instance_where(hrt_instance *i, guest_u32 at);

/* Calls export `index` (of abi->exports). slots: arguments in, results out, room for
 * max(param slots, result slots, 1). On a trap the instance is dead and err says what, in which
 * function and at which wasm offset; the text names no procedure, the caller adds that.
 * Fuel used is added to budget->fuel_used, trap or not (after a trap other than fuel, and an end
 * amid a bulk operation, without what the guest used since the last refuel or host call). Errors:
 * E_TRAP, E_FUEL, E_DEADLINE, E_CANCELLED, E_LIMIT (depth), E_MISUSE (dead instance). */
int hrt_call(hrt_instance *i, uint32_t index, hsb_slot *slots, hrt_budget *budget,
             helios_error *err);

/* The same for an export that was looked up once: what a call needs of the plugin, in one place. */
typedef struct hrt_export {
  void (*fn)(void *instance, hsb_slot *slots);
  bool stateless; /* a call needs no reset */
} hrt_export;
/* index: of abi->exports, below export_count. */
hrt_export hrt_export_at(const struct helios_plugin *abi, uint32_t index);
/* e: of the instance's own plugin. */
int hrt_call_export(hrt_instance *i, const hrt_export *e, hsb_slot *slots, hrt_budget *budget,
                    helios_error *err);

/* Ends the running guest call from a host function with an error of the host's own: err->code is
 * what hrt_call then returns. Does not return. */
__attribute__((noreturn)) void hrt_host_fail(struct hsb_ctx *ctx, const helios_error *err);
/* Charges the running call; traps when fuel is exhausted. */
void hrt_host_charge(struct hsb_ctx *ctx, uint64_t units);
/* Bytes of the thread's stack below the caller; 0: nobody knows. Guest code leaves 384 KiB. */
uint64_t hrt_stack_left(void);
/* The budget of the running call, for nested SQL. */
hrt_budget *hrt_host_budget(struct hsb_ctx *ctx);

/* Guest memory. The only ways to it. */

/* Copies guest memory [at, at+len) to dst. False if out of range. */
bool hrt_guest_read(void *dst, const hrt_instance *i, guest_u32 at, uint64_t len);
/* Copies src to guest memory [at, at+len). False if out of range. */
bool hrt_guest_write(hrt_instance *i, guest_u32 at, const void *src, uint64_t len);
/* Writes src and then zeros to memory that is zero at the checkpoint (the argument arena). No reset
 * follows from it: the caller makes it zero again, with len 0, before anyone else's call and before
 * a checkpoint. False if out of range. */
bool hrt_guest_put(hrt_instance *i, guest_u32 at, const void *src, uint64_t len, uint64_t zeros);
/* Is [at, at+len) zero at the checkpoint? */
bool hrt_guest_starts_zero(const hrt_instance *i, guest_u32 at, uint64_t len);
/* Bytes of memory now. */
uint64_t hrt_guest_size(const hrt_instance *i);
/* The most it ever had. */
uint64_t hrt_guest_peak(const hrt_instance *i);
/* Grows memory for the host's own use (the argument arena). Returns the old page count, or -1. */
int64_t hrt_guest_grow(hrt_instance *i, uint32_t pages);

#endif
