/* sandbox_host.h - the smallest host there can be for compiled plugins, for the tests of rt-sandbox
 * alone: no engine, no capability, one thread, one call at a time.
 *
 * Keeps the invariants of hsb_abi.h. A fault is a trap only if its address lies in the memory of
 * the running instance and its PC in the plugin; any other ends the process. */
#ifndef SANDBOX_HOST_H
#define SANDBOX_HOST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "hsb_abi.h"

#define SANDBOX_TABLES 8

/* Start from {0}; set what a test wants to be different before sandbox_open. */
typedef struct sandbox {
  const struct helios_plugin *plugin;
  uint32_t page_limit;                  /* of memory; 0: 65536 */
  uint32_t table_limit;                 /* elements of a table that are granted; 0: 1,000,000 */
  bool lies;                            /* table_limit is granted whatever was asked for */
  int64_t slice;                        /* fuel that refuel gives; 0: it traps with FUEL */
  uint32_t refuels;                     /* calls of refuel so far */
  uint32_t polls;                       /* calls of poll so far */
  uint32_t tables;                      /* calls of table_reserve so far */
  uint32_t table_index[SANDBOX_TABLES]; /* what the first of them asked for */
  uint32_t trap_offset;                 /* of the last trap through ctx->host->trap */
  bool faulted;                         /* the last trap was a fault, */
  uintptr_t fault_pc;                   /* at this instruction */
  uint32_t stack_bytes;                 /* for the guest; 0: 512 KiB */
  struct hsb_ctx *ctx;
  uint8_t *instance;
  uint8_t *reservation;
  uintptr_t text_low, text_high; /* where the plugin is mapped */
  sigjmp_buf landing;
  /* For instances that share what is theirs; all may be NULL or 0: */
  const struct sandbox_links *links;
  int memory_file;           /* its pages are those of this file, */
  struct sandbox *next_view; /* which is also the memory of these: a ring */
} sandbox;

/* What a host of several instances adds. */
struct sandbox_links {
  const struct hsb_host *host; /* its first three functions are sandbox_host_calls' */
  /* The instance is about to run; has stopped running, for now or for good. */
  void (*arrive)(sandbox *box), (*leave)(sandbox *box);
};

/* What every sandbox's ctx->host is, unless it has links. */
extern const struct hsb_host sandbox_host_calls;

/* The code of `to` is about to run within the call that runs `from`. */
void sandbox_cross(sandbox *from, sandbox *to);

/* Makes an instance: reserves, calls init, copies segments, calls start. Returns the trap that
 * ended this (enum hsb_trap), 0 if none, or -1 if the machine refused. Close it in any case. */
int sandbox_open(sandbox *box, const struct helios_plugin *plugin,
                 const struct hsb_binding *imports);

/* Calls an export (index in plugin->exports); arguments and results in slots, fuel in
 * box->ctx->fuel. Returns the trap, 0 if none. */
int sandbox_call(sandbox *box, uint32_t index, hsb_slot *slots);

struct hsb_memory *sandbox_memory(sandbox *box);

/* Makes box a view of the memory of another, which has a memory_file; before sandbox_open. */
void sandbox_share_memory(sandbox *box, sandbox *other);

void sandbox_close(sandbox *box);

#endif
