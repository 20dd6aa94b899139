/* inst.h - what the files of runtime/instance share: the instance, the running call, the set of
 * written pages. Private to this folder, its tests and those who include outermost.h.
 *
 * Invariant: what the signal handler touches (the current activation, its instance's fields) is
 * changed by the same thread only, while no guest code runs. */
#ifndef HRT_INST_H
#define HRT_INST_H

#include <stdatomic.h>

#include "instance/guard.h"
#include "instance/instance.h"

#define HRT_TRACK_PAGE 4096u /* what one write fault opens */
#define HRT_RANGES 16        /* of written pages, in an instance: two mappings each */
#define HRT_RANGES_ALL                                                                             \
  1024                   /* in all of the process, which may have 65,530 mappings by default:      \
                          * an instance that gets no more of them has one of all its memory */
#define HRT_RANGE_GAP 2  /* pages: closer ranges are one */
#define HRT_HOT_MAX 1024 /* pages: above it reset drops pages instead of copying them */
#define HRT_RELEARN 4096 /* resets after which the written pages are learned anew */
#define HRT_TABLES_RESERVE (UINT64_C(64) << 20) /* all tables of an instance */
#define HRT_TABLE_GROWTH 65536u /* elements that a table may grow above its minimum, */
#define HRT_TABLE_SHARE 16 /* and the part of the reserve that is left: so 100 tables find room */
#define HRT_TABLES 100     /* HCC_MAX_TABLES */

/* Pages [first, end) of linear memory, of HRT_TRACK_PAGE. */
struct hrt_range {
  uint32_t first, end;
};

/* Sorted, disjoint, more than HRT_RANGE_GAP apart. */
struct hrt_ranges {
  uint32_t count;
  struct hrt_range at[HRT_RANGES];
};

/* Adds [first, end); the result holds it, and all that was between it and a range it joined. */
struct hrt_range hrt_ranges_add(struct hrt_ranges *r, uint32_t first, uint32_t end);
bool hrt_ranges_hold(const struct hrt_ranges *r, uint32_t first, uint32_t end);
uint32_t hrt_ranges_pages(const struct hrt_ranges *r);

#define HRT_STRIPS 64
#define HRT_STRIP_LINE 64u /* bytes */

/* Lines [at, end) of memory: zero in the image, or to be copied from there. */
struct hrt_strip {
  uint32_t at, end;
  bool zero;
};

struct hrt_strips {
  bool known; /* they are those of the image and of what is hot */
  uint32_t count;
  struct hrt_strip at[HRT_STRIPS];
};

/* What memory holds at a checkpoint. */
typedef struct hrt_image {
  struct hrt_image *next;
  uint32_t refs;
  uint32_t pages;             /* of HSB_PAGE */
  const hrt_plugin *plugin;   /* borrowed of the instances */
  uint8_t *bytes;             /* read only */
  struct hrt_ranges contents; /* bytes are 0 outside of these */
  int fd;                     /* of the same bytes, for private mappings; -1: none */
} hrt_image;

struct hrt_table {
  uint8_t *data;
  uint64_t size;  /* bytes, whole pages */
  uint64_t open;  /* bytes from data that may be written; all or a prefix */
  uint8_t *image; /* the first image_size bytes at the checkpoint; NULL if all are 0 */
  uint64_t image_size;
  bool borrowed; /* image: of the birth */
};

/* How writes to memory below base_pages are known. */
enum hrt_tracking {
  HRT_TRACK_FAULTS, /* read-only except for `hot` */
  HRT_TRACK_OPEN,   /* all writable: too many pages for ranges, until the next relearn */
  HRT_TRACK_NEVER,  /* all writable: no signal handler (explicit bounds) */
};

/* A running guest call. */
struct hrt_activation {
  struct hrt_landing landing;
  hrt_instance *instance;
  hrt_budget *budget;
  struct hrt_activation *outer; /* of this thread */
  helios_error *err;
  int64_t mark;    /* ctx->fuel when fuel_used was last right */
  int64_t extra;   /* what ctx->fuel has above what is left of the budget's slice */
  bool last;       /* there is no fuel but what the guest has: asking for more is no use */
  bool refueled;   /* more fuel was given: extra is no longer what the call began with */
  uint32_t looked; /* not 0: the budget's limits were looked at from inside */
  /* set by what ends the call early */
  uintptr_t pc;    /* of a fault, or 0 */
  uint32_t offset; /* in the .wasm where it trapped, or HELIOS_NO_OFFSET */
  int host_status; /* of hrt_host_fail, or 0 */
};

enum hrt_life { HRT_IDLE, HRT_RUNNING, HRT_DEAD };

struct hrt_instance {
  struct hsb_ctx *ctx;
  uint8_t *instance; /* as generated code knows it */
  uint32_t stack_bytes;
  uint32_t where;                   /* of hrt_instance_where; 0: nobody said */
  uint8_t life;                     /* enum hrt_life */
  bool unmetered;                   /* its counter serves clock and cancellation and is no fuel */
  bool dirty;                       /* something may have been written since the checkpoint */
  bool ready;                       /* there was a checkpoint */
  bool spoiled;                     /* can't be reset any more */
  bool holed;                       /* part of the reservation is not ours any more */
  bool born;                        /* began as another instance did */
  struct hrt_activation activation; /* its one call: an instance has no second one at a time */
  hrt_plugin *plugin;
  const struct helios_plugin *abi;
  uint8_t *memory;
  uint32_t pages, limit_pages, base_pages; /* of HSB_PAGE: now; at most (limit
                                            * and declared maximum); at the checkpoint */
  uint32_t peak_pages;                     /* the most there ever were */
  enum hrt_tracking tracking;
  uint32_t resets;
  struct hrt_ranges hot; /* written since the last relearn */
  struct hrt_strips strips;
  hrt_image *image;        /* of memory; NULL: not yet, or it has none */
  uint8_t *instance_image; /* instance_size bytes */
  uint64_t tables_used;    /* bytes of the tables' reserve */
  uint32_t table_count;
  struct hrt_table tables[HRT_TABLES];
  uint8_t *reservation; /* tables, then as in hsb_abi.h */
  uint64_t reservation_size;
  struct hsb_binding *imports;
  void *user;
  hrt_birth *birth;        /* or NULL */
  struct hrt_begin *begin; /* until hrt_instance_keep, or NULL: birth.c's own */
  const void *origin;      /* likewise */
  size_t origin_size;
};

/* What a thread knows: its innermost running guest call or NULL, and its stack. */
struct hrt_thread {
  struct hrt_activation *current;
  uintptr_t stack_low, stack_size; /* 0 until looked for, or unknown */
  uintptr_t stack_floor;           /* stack_low + HRT_HOST_STACK */
  bool looked;
};

extern __thread struct hrt_thread hrt_thread __attribute__((tls_model("initial-exec")));

/* aside.c */
#define HRT_ASIDE_PIECE (UINT64_C(32) << 20) /* bytes: half a millisecond to 5 */
/* Takes the mapping over, of which [from, from + written) may have been written: whole pages. */
void hrt_aside(void *pages, uint64_t size, uint64_t from, uint64_t written);
/* Gives back so much of what is set aside, a piece at most. How much it was; 0: there is none. */
uint64_t hrt_aside_give(uint64_t bytes);
/* So much is to be opened: as much is given back first, with a look at the budget, if it is not
 * NULL, before each piece. Errors: E_CANCELLED, E_DEADLINE. */
int hrt_aside_room(uint64_t bytes, const hrt_budget *budget, helios_error *err);

/* reserve.c */
int hrt_instance_map(hrt_instance *i, helios_error *err);
void hrt_instance_unmap(hrt_instance *i);
struct hsb_memory *hrt_instance_memory(const hrt_instance *i); /* NULL if it has none */
bool hrt_memory_close(hrt_instance *i, uint64_t size);
int hrt_memory_open(hrt_instance *i, uint32_t pages, helios_error *err); /* the first ones */
uint32_t hrt_memory_grow(struct hsb_ctx *ctx, uint32_t delta); /* for guests: may end the call */
bool hrt_memory_can_grow(const hrt_instance *i, uint32_t delta);
uint32_t hrt_memory_add(hrt_instance *i, uint32_t delta); /* the old count, or UINT32_MAX */
void *hrt_table_reserve(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                        uint32_t elem);

/* track.c */
/* Guest wrote to address and faulted. 0: repaired, go on; else the trap. Async-signal-safe. */
uint32_t hrt_track_fault(hrt_instance *i, uintptr_t address);
/* Makes [at, at+len) of memory, which is in range, writable by the host. False: no memory. */
bool hrt_track_open(hrt_instance *i, uint64_t at, uint64_t len);
/* The same for what a reset must undo. */
bool hrt_track_write(hrt_instance *i, uint64_t at, uint64_t len);
/* All of memory below base_pages read-only again and nothing hot. */
int hrt_track_begin(hrt_instance *i, helios_error *err);

/* No page is hot any more: memory is closed, or new. */
void hrt_track_forget(hrt_instance *i);

/* strips.c */
/* The hot pages become what they are in the image, which there is. */
void hrt_strips_restore(hrt_instance *i);

/* cow.c */
/* The image that equals memory now: one that there is, or a new one. */
int hrt_image_take(hrt_image **out, const hrt_instance *i, helios_error *err);
void hrt_image_give(hrt_image *image);      /* takes NULL */
hrt_image *hrt_image_ref(hrt_image *image); /* takes NULL */
/* Memory becomes a private mapping of i->image, which has a file. */
int hrt_image_map(hrt_instance *i, helios_error *err);
/* Memory, of which nothing is open, becomes a copy of i->image. */
int hrt_image_copy(hrt_instance *i, helios_error *err);

/* image.c */
extern const struct hsb_host hrt_host_table;
int hrt_instance_save(hrt_instance *i, helios_error *err); /* its struct: the checkpoint's */

/* birth.c */
/* What the plugin's init left: before anything else runs. NULL: no memory. */
struct hrt_begin *hrt_begin_note(const hrt_instance *i, uint64_t fuel);
void hrt_begin_free(struct hrt_begin *begin); /* takes NULL */
/* One that i can begin as, with a use for the caller, or NULL. */
hrt_birth *hrt_birth_find(const hrt_instance *i, const hrt_budget *budget);
/* i, whose address space is reserved, begins so: it is ready. Takes b over. */
int hrt_birth_follow(hrt_instance *i, hrt_birth *b, hrt_budget *budget, helios_error *err);

/* call.c */
/* Runs fn under the guard. Errors as hrt_call. */
int hrt_enter(hrt_instance *i, void (*fn)(void *, hsb_slot *), hsb_slot *slots, hrt_budget *budget,
              helios_error *err);
/* As hrt_fail, with trap and offset. */
int hrt_trap_error(helios_error *err, uint32_t trap, uint32_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
_Noreturn void hrt_trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset);

/* budget.c */
#define HRT_DEPTH_LIMIT 16
/* Kept free below the limit: one guest frame that is made before it is checked, and the host
 * functions that it calls, SQLite among them. */
#define HRT_HOST_STACK (HSB_FRAME_MAX + (128u << 10))
#define HRT_STACK_UNKNOWN UINTPTR_MAX /* the limit on a stack that is not the thread's own */
/* Lowest address that guest frames of a call may reach. Looks for the thread's stack if that was
 * not done yet. */
uintptr_t hrt_stack_limit(const hrt_instance *i, const struct hrt_activation *outer);
/* The budget's part of entering and leaving: outermost.h has the short cut. */
int hrt_budget_begin(struct hrt_activation *a);
void hrt_budget_end(struct hrt_activation *a);
void hrt_poll(struct hsb_ctx *ctx, uint32_t offset);
int64_t hrt_refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset);
#endif
