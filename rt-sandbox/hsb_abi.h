/* hsb_abi.h - the plugin ABI: all that a compiled procedure (a plugin) and its host know of each
 * other. Included by the C that heliosc generates, by the engine and by tests; freestanding.
 * docs/plugin-abi.md says why it is so.
 *
 * A plugin is an ELF shared object with one exported symbol, the data object `helios_plugin`, and
 * no import at all: what it needs of the host is reached through struct hsb_ctx.
 *
 * One instance lives in one reservation of address space, low to high:
 *
 *   reservation                                                   reservation + HSB_RESERVE
 *   | guard 64 KiB | ctx 4 KiB | instance <= 1 MiB | guard ... | linear memory ... | guard |
 *                              ^                               ^
 *                              instance pointer                instance + HSB_SPAN
 *
 * Invariants the host keeps:
 *  - linear memory begins exactly HSB_SPAN bytes after the instance and never moves; in guard
 *    mode every address base + u32 + u32 + 16 beyond the committed pages faults;
 *  - struct hsb_ctx lies exactly HSB_CTX_BYTES before the instance;
 *  - `memory` in the instance (at memory_offset) is changed by the host only.
 * Neither ctx nor the instance can be reached by a guest address. */
#ifndef HSB_ABI_H
#define HSB_ABI_H

#include <stddef.h>
#include <stdint.h>

#define HSB_ABI_MAJOR 1 /* a plugin of another major is refused */
#define HSB_ABI_MINOR 1 /* grows with fields at the end of structs */

#define HSB_PAGE 65536u /* a wasm page */
/* A memory has no more: what is in bounds plus less than a MiB is an address of 32 bits, which
 * heliosc relies on when it joins accesses (compiler/rewrite/meter_near.c). */
#define HSB_PAGES_MAX 65520u
#define HSB_FRONT_GUARD 65536u
#define HSB_CTX_BYTES 4096u
#define HSB_INSTANCE_MAX (1u << 20)
#define HSB_SPAN (2u << 20)
/* base + index (< 4 GiB) + constant offset (< 4 GiB) + 16-byte access, in whole pages */
#define HSB_MEMORY_RESERVE ((UINT64_C(8) << 30) + HSB_PAGE)
/* bytes; code with a larger frame is not compiled. The host keeps at least this, and what its own
 * functions need, below stack_limit. */
#define HSB_FRAME_MAX (256u << 10)
#define HSB_RESERVE ((uint64_t)HSB_FRONT_GUARD + HSB_CTX_BYTES + HSB_SPAN + HSB_MEMORY_RESERVE)

/* Checkpoints outside of innermost loops ask for more fuel when there is less than this, so that
 * those inside seldom have to: a branch that was taken once is slower from then on. */
#define HSB_FUEL_LOW (INT64_C(1) << 14)
/* A slice has no more, whatever the last one took: code may be paid for that costs no time, and the
 * next units take 80 ns each, of loads that wait for each other. */
#define HSB_FUEL_SLICE (INT64_C(1) << 17)
/* A slice of code of which the compiler knows that its units take less may have up to so many, as
 * long as memory has no more than HSB_FUEL_SMALL bytes (helios_plugin.slice). */
#define HSB_FUEL_SLICE_MOST (INT64_C(1) << 20)
/* The most that a loop can have in one slice, if the compiler knows that it takes no more than
 * 8 ms (compiler/rewrite/meter_slow.c). */
#define HSB_FUEL_AHEAD (INT64_C(1) << 25)
/* A bit beside what is wanted: it knows that only of a memory of no more than HSB_FUEL_SMALL bytes,
 * the pages of which the system finds in 2 ms. */
#define HSB_FUEL_IF_SMALL 31
#define HSB_FUEL_SMALL (UINT32_C(1) << 22)

/* In place of an offset in the .wasm, at an access that is known to be in bounds. */
#define HSB_SURE 0x7fffffffu
/* The same with explicit bounds, at an access that hsb_memory.h has the place of. */
#define HSB_SEEN 0x7ffffffeu

enum hsb_trap {
#define HSB_TRAP(name, code, text) HSB_TRAP_##name = code,
#include "hsb_traps.def"
#undef HSB_TRAP
};

struct hsb_ctx;

/* A value of a guest call: i32 in the low half, f32 as bits in the low half, v128 takes two. */
typedef uint64_t hsb_slot;

/* A host function. Arguments in s[0..], results are written to s[0..] too (room for
 * max(params, results), at least one). env: what the host bound. To trap it calls
 * ctx->host->trap and does not return. */
typedef void hsb_import_fn(struct hsb_ctx *ctx, hsb_slot *s, void *env);

struct hsb_binding {
  hsb_import_fn *fn;
  void *env;
};

/* Calls from generated code to the host. offset: byte offset in the original .wasm. */
struct hsb_host {
  uint32_t size; /* sizeof(struct hsb_host) of the host */
  uint32_t reserved;
  /* Ends the guest call. Never returns. */
  void (*trap)(struct hsb_ctx *ctx, uint32_t code, uint32_t offset);
  /* The slice is used up: fuel is below HSB_FUEL_LOW, or less than a loop needs for all its turns.
   * Returns a new fuel >= 0, which may be the same; or traps if it is negative. */
  int64_t (*refuel)(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset);
  /* memory.grow: updates the instance's memory and returns the old page count, or UINT32_MAX. */
  uint32_t (*memory_grow)(struct hsb_ctx *ctx, uint32_t delta);
  /* Room for `max` elements of `elem` bytes of table `index`, zeroed, never moved; NULL if refused.
   * May write to *max the lower number granted (at least min). */
  void *(*table_reserve)(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                         uint32_t elem);
  /* abi_minor 1. Amid a long bulk operation: returns, or ends the call because its time is over or
   * someone cancelled it. Fuel is not looked at. */
  void (*poll)(struct hsb_ctx *ctx, uint32_t offset);
};

#define HSB_BULK_PIECE (1u << 20) /* bytes between two polls of a bulk operation */

struct hsb_ctx {
  uint32_t size;   /* sizeof(struct hsb_ctx) of the host */
  uint32_t wanted; /* 0, or for one `refuel`: fuel that a loop needs for all its turns, and a bit */
  uintptr_t stack_limit; /* a frame below this address traps */
  int64_t fuel;          /* of the slice; valid while the guest is not running */
  const struct hsb_host *host;
  const struct hsb_binding *imports; /* one per helios_plugin.imports, same order */
  void *owner;                       /* the host's own */
};

/* Mirrors wasm_rt_memory_t as generated code sees it. */
struct hsb_memory {
  uint8_t *data;      /* == instance + HSB_SPAN */
  uint32_t pages;     /* now */
  uint32_t max_pages; /* declared by the module; 65536 if not */
  uint64_t size;      /* bytes: pages * HSB_PAGE */
};

/* An active data segment: blob[blob_off, +len) goes to memory[mem_off, +len). */
struct hsb_segment {
  uint64_t mem_off;
  uint64_t blob_off;
  uint64_t len;
};

/* Function signatures are strings: parameters, ':', results; i=i32 j=i64 f=f32 d=f64 v=v128
 * r=funcref e=externref. "ij:d" takes (i32, i64) and returns f64. Fuel is not part of it. */
struct hsb_import {
  const char *module, *name, *sig;
  uint32_t module_len, name_len; /* names may hold any byte but are escaped nowhere: use lengths */
};

#define HSB_EXPORT_STATELESS 1u /* can't change memory, globals or tables: needs no reset */

struct hsb_export {
  const char *name, *sig;
  uint32_t name_len;
  uint32_t func;  /* index in the original module */
  uint32_t flags; /* HSB_EXPORT_* */
  uint32_t reserved;
  /* Reads arguments from s, runs the function on ctx->fuel, leaves results in s and the rest of
   * the fuel in ctx->fuel. Room in s: max(param slots, result slots, 1). May trap. */
  void (*call)(void *instance, hsb_slot *s);
};

#define HSB_PLUGIN_METERED 1u
#define HSB_PLUGIN_EXPLICIT_BOUNDS 2u /* needs no guard pages and no signal handler */
#define HSB_PLUGIN_HAS_MEMORY 4u
#define HSB_PLUGIN_IMPURE                                                                          \
  8u /* imports more than fuel and the call's own arguments, result, error: may not be             \
        deterministic */

#define HSB_PLUGIN_SCRIPT                                                                          \
  16u /* set by the engine, never in a file: an interpreter with its script. What it imports and   \
         is not granted answers DENIED */

struct helios_plugin {
  uint32_t size; /* sizeof(struct helios_plugin) of the compiler */
  uint16_t abi_major, abi_minor;
  uint32_t flags; /* HSB_PLUGIN_* */
  uint32_t instance_size;
  uint32_t memory_offset; /* of struct hsb_memory in the instance, if HSB_PLUGIN_HAS_MEMORY */
  uint32_t memory_min, memory_max; /* pages */
  uint32_t export_count, import_count, segment_count;
  uint32_t slice; /* units of fuel that take no more than 8 ms while memory has no more than
                   * HSB_FUEL_SMALL bytes, HSB_FUEL_SLICE to HSB_FUEL_SLICE_MOST; 0: nobody knows */
  const struct hsb_export *exports;
  const struct hsb_import *imports;
  const struct hsb_segment *segments;
  const uint8_t *blob;
  uint64_t blob_size;
  uint8_t module_hash[32]; /* SHA-256 of the original .wasm */
  /* Sets globals and tables and element segments of a zeroed instance whose ctx and memory are
   * ready. May trap. The host then copies the data segments (in order; out of range traps OOB)
   * and calls start if there is one. */
  void (*init)(void *instance);
  void (*start)(void *instance, hsb_slot *s); /* NULL if none; like hsb_export.call */
};

static inline struct hsb_ctx *hsb_ctx_of(void *instance) {
  return (struct hsb_ctx *)((char *)instance - HSB_CTX_BYTES);
}

#endif
