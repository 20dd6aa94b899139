/* image.c - a new instance, the checkpoint (the state that reset returns to) and the reset.
 *
 * Memory has an image (cow.c), instance struct and tables have copies. A reset restores the hot
 * pages (track.c, strips.c), so that it takes no system call unless memory grew or too many pages
 * were written.
 *
 * Invariant: after a successful reset memory, globals and tables are byte for byte what they were
 * at the checkpoint; an instance for which that failed is dead. */
#include <string.h>
#include <sys/mman.h>

#include "hsb_check.h"
#include "instance/inst.h"
#include "plugin/alloc.h"
#include "plugin/check.h"

#define MEMORY_LIMIT_PAGES 256 /* 16 MiB: DESIGN section 7, without a profile */
#define STACK_BYTES (1u << 20)
#define RESET_NS 2000000u /* after which no more than a piece is given back */

const struct hsb_host hrt_host_table = {
    .size = sizeof(struct hsb_host),
    .trap = hrt_trap,
    .refuel = hrt_refuel,
    .memory_grow = hrt_memory_grow,
    .table_reserve = hrt_table_reserve,
    .poll = hrt_poll,
};

/* ---- checkpoint ---- */

static int save_memory(hrt_instance *i, helios_error *err) {
  hrt_image *image;
  if (i->pages == 0) {
    return 0;
  }
  int status = hrt_image_take(&image, i, err);
  if (status != 0) {
    return status;
  }
  hrt_image_give(i->image);
  i->image = image;
  i->base_pages = i->pages;
  return image->fd >= 0 ? hrt_image_map(i, err) : hrt_track_begin(i, err);
}

static void free_image(struct hrt_table *t) {
  if (!t->borrowed) {
    hrt_free(t->image);
  }
  t->borrowed = false;
}

static int save_table(hrt_instance *i, struct hrt_table *t, helios_error *err) {
  uint64_t used = t->open;
  if (used == 0 && i->ready) {
    return 0; /* not written since the last checkpoint */
  }
  while (used > 0 && t->data[used - 1] == 0) {
    used--;
  }
  void *image = used > 0 ? hrt_memdup(t->data, used) : NULL;
  if (used > 0 && image == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "no memory for a table's image");
  }
  free_image(t);
  t->image = image;
  t->image_size = used;
  if (i->tracking != HRT_TRACK_NEVER) {
    if (mprotect(t->data, t->size, PROT_READ) != 0) {
      return hrt_fail(err, HELIOS_E_MEMORY, "can't protect a table");
    }
    t->open = 0;
  }
  return 0;
}

int hrt_instance_save(hrt_instance *i, helios_error *err) {
  if (i->instance_image == NULL) {
    i->instance_image = hrt_alloc(i->abi->instance_size);
  }
  if (i->instance_image == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "no memory for an instance's image");
  }
  memcpy(i->instance_image, i->instance, i->abi->instance_size);
  return 0;
}

int hrt_instance_checkpoint(hrt_instance *i, helios_error *err) {
  int status = 0;
  if (i->life != HRT_IDLE || i->spoiled) {
    return hrt_fail(err, HELIOS_E_MISUSE, "no checkpoint of a dead or running instance");
  }
  if (i->ready && !i->dirty) {
    return 0;
  }
  i->life = HRT_DEAD; /* unless all of it works */
  HRT_TRY(hrt_instance_save(i, err));
  HRT_TRY(save_memory(i, err));
  for (uint32_t n = 0; n < i->table_count; n++) {
    HRT_TRY(save_table(i, &i->tables[n], err));
  }
  i->ready = true;
  i->dirty = false;
  i->life = HRT_IDLE;
out:
  return status;
}

/* ---- reset ---- */

/* Gives pages back, so that they are as they were mapped. False also if that takes its time: nobody
 * could stop the statement meanwhile, and a new instance, with this one set aside (aside.c), is had
 * sooner. */
static bool drop(uint8_t *at, uint64_t size) {
  uint64_t began = size > HRT_ASIDE_PIECE ? hrt_now_ns() : 0;
  while (size > HRT_ASIDE_PIECE) {
    if (madvise(at, HRT_ASIDE_PIECE, MADV_DONTNEED) != 0 || hrt_now_ns() - began > RESET_NS) {
      return false;
    }
    at += HRT_ASIDE_PIECE;
    size -= HRT_ASIDE_PIECE;
  }
  return madvise(at, size, MADV_DONTNEED) == 0;
}

/* Gives grown pages back and closes them. */
static bool drop_grown(hrt_instance *i) {
  uint8_t *begin = i->memory + (uint64_t)i->base_pages * HSB_PAGE;
  uint64_t size = (uint64_t)(i->pages - i->base_pages) * HSB_PAGE;
  if (!drop(begin, size) || mprotect(begin, size, PROT_NONE) != 0) {
    return false;
  }
  i->pages = i->base_pages;
  return true;
}

/* What the image holds in these pages. */
static void copy_back(hrt_instance *i, const struct hrt_ranges *r) {
  for (uint32_t n = 0; n < r->count; n++) {
    uint64_t at = (uint64_t)r->at[n].first * HRT_TRACK_PAGE;
    uint64_t size = (uint64_t)(r->at[n].end - r->at[n].first) * HRT_TRACK_PAGE;
    memcpy(i->memory + at, i->image->bytes + at, size);
  }
}

/* All that the image does not hold becomes zero by giving it back. */
static bool drop_rest(hrt_instance *i) {
  const struct hrt_ranges *contents = &i->image->contents;
  uint64_t at = 0, all = (uint64_t)i->base_pages * HSB_PAGE;
  bool done = true;
  for (uint32_t n = 0; n <= contents->count && done; n++) {
    bool last = n == contents->count;
    uint64_t end = last ? all : (uint64_t)contents->at[n].first * HRT_TRACK_PAGE;
    done = at == end || drop(i->memory + at, end - at);
    at = last ? all : (uint64_t)contents->at[n].end * HRT_TRACK_PAGE;
  }
  return done;
}

/* All of memory, whatever was written. */
static bool restore_all(hrt_instance *i) {
  if (i->image->fd >= 0) { /* back to the file */
    return drop(i->memory, (uint64_t)i->base_pages * HSB_PAGE);
  }
  copy_back(i, &i->image->contents);
  return drop_rest(i);
}

static bool restore_memory(hrt_instance *i) {
  if (i->pages > i->base_pages && !drop_grown(i)) {
    return false;
  }
  if (i->tracking == HRT_TRACK_FAULTS) {
    hrt_strips_restore(i);
  } else if (i->base_pages > 0 && !restore_all(i)) {
    return false;
  }
  if (++i->resets < HRT_RELEARN) {
    return true;
  }
  i->resets = 0;
  return hrt_track_begin(i, NULL) == 0;
}

static bool restore_table(struct hrt_table *t) {
  uint64_t page_end = (t->image_size + HRT_TRACK_PAGE - 1) & ~(uint64_t)(HRT_TRACK_PAGE - 1);
  if (t->open == 0) {
    return true;
  }
  if (t->image_size > 0) {
    memcpy(t->data, t->image, t->image_size);
    memset(t->data + t->image_size, 0, page_end - t->image_size);
  }
  return page_end == t->open || madvise(t->data + page_end, t->open - page_end, MADV_DONTNEED) == 0;
}

int hrt_instance_reset(hrt_instance *i, helios_error *err) {
  if (i->life != HRT_IDLE) {
    return hrt_fail(err, HELIOS_E_MISUSE, "a dead or running instance can't be reset");
  }
  if (!i->dirty && !i->spoiled) {
    return 0;
  }
  bool done = !i->spoiled && restore_memory(i);
  memcpy(i->instance, i->instance_image, i->abi->instance_size);
  for (uint32_t n = 0; n < i->table_count && done; n++) {
    done = restore_table(&i->tables[n]);
  }
  i->dirty = false;
  i->life = done ? HRT_IDLE : HRT_DEAD;
  return done ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "can't reset an instance");
}

/* ---- a new instance ---- */

static int copy_segments(hrt_instance *i, helios_error *err) {
  for (uint32_t n = 0; n < i->abi->segment_count; n++) {
    const struct hsb_segment *s = &i->abi->segments[n];
    if (!hsb_in_range(s->mem_off, s->len, (uint64_t)i->pages * HSB_PAGE)) {
      return hrt_trap_error(err, HSB_TRAP_OOB, HELIOS_NO_OFFSET,
                            "out of bounds memory access: data segment %u does not fit", n);
    }
    if (!hrt_track_write(i, s->mem_off, s->len)) {
      return hrt_fail(err, HELIOS_E_MEMORY, "no memory for a data segment");
    }
    if (s->len > 0) {
      memcpy(i->memory + s->mem_off, i->abi->blob + s->blob_off, s->len);
    }
  }
  return 0;
}

static int run_start(hrt_instance *i, hrt_budget *budget, helios_error *err) {
  hsb_slot slots[1] = {0};
  int status;
  uint64_t fuel = budget->fuel_used;
  HRT_TRY(hrt_memory_open(i, i->pages, err));
  if (i->pages > 0 && !hrt_memory_close(i, (uint64_t)i->pages * HSB_PAGE)) {
    HRT_TRY(hrt_fail(err, HELIOS_E_MEMORY, "can't protect a guest's memory"));
  }
  HRT_TRY(hrt_enter(i, (void (*)(void *, hsb_slot *))(uintptr_t)i->abi->init, slots, budget, err));
  i->begin = i->origin ? hrt_begin_note(i, fuel) : NULL;
  HRT_TRY(copy_segments(i, err));
  if (i->abi->start) {
    HRT_TRY(hrt_enter(i, i->abi->start, slots, budget, err));
  }
  int n = hrt_plugin_export(i->plugin, "_initialize", sizeof "_initialize" - 1);
  if (n >= 0 && strcmp(i->abi->exports[n].sig, ":") == 0) {
    HRT_TRY(hrt_enter(i, i->abi->exports[n].call, slots, budget, err));
  }
out:
  return status;
}

static int take_options(hrt_instance *i, const hrt_instance_options *o, helios_error *err) {
  const struct helios_plugin *abi = i->abi;
  i->user = o->user;
  i->origin = o->origin;
  i->origin_size = o->origin_size;
  i->stack_bytes = o->stack_bytes ? o->stack_bytes : STACK_BYTES;
  i->limit_pages = o->memory_limit_pages ? o->memory_limit_pages : MEMORY_LIMIT_PAGES;
  i->limit_pages = i->limit_pages < abi->memory_max ? i->limit_pages : abi->memory_max;
  i->limit_pages = i->limit_pages < HSB_PAGES_MAX ? i->limit_pages : HSB_PAGES_MAX;
  i->tracking = abi->flags & HSB_PLUGIN_EXPLICIT_BOUNDS ? HRT_TRACK_NEVER : HRT_TRACK_FAULTS;
  if (abi->memory_min > i->limit_pages) {
    int status = hrt_fail(err, HELIOS_E_LIMIT, "needs %llu KiB of memory, the limit is %llu KiB",
                          (unsigned long long)abi->memory_min * (HSB_PAGE / 1024),
                          (unsigned long long)i->limit_pages * (HSB_PAGE / 1024));
    hrt_hint(err, "raise memory_limit");
    return status;
  }
  if (abi->import_count > 0 && o->imports == NULL) {
    return hrt_fail(err, HELIOS_E_MISUSE, "a plugin's imports must be bound");
  }
  i->imports = abi->import_count > 0
                   ? hrt_memdup(o->imports, abi->import_count * sizeof *o->imports)
                   : hrt_alloc(1);
  return i->imports ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "no memory for an instance");
}

static void fill_ctx(hrt_instance *i) {
  i->ctx->size = sizeof *i->ctx;
  i->ctx->host = &hrt_host_table;
  i->ctx->imports = i->imports;
  i->ctx->owner = i;
}

int hrt_instance_new(hrt_instance **out, hrt_plugin *plugin, const hrt_instance_options *options,
                     hrt_budget *budget, helios_error *err) {
  int status;
  hrt_instance *i = hrt_alloc(sizeof *i);
  if (i == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "no memory for an instance");
    goto out;
  }
  i->plugin = hrt_plugin_ref(plugin);
  i->abi = hrt_plugin_abi(plugin);
  i->activation.instance = i;
  i->unmetered = (i->abi->flags & HSB_PLUGIN_METERED) == 0;
  HRT_TRY(take_options(i, options, err));
  if (i->tracking == HRT_TRACK_FAULTS) {
    HRT_TRY(hrt_signal_install(err));
  }
  HRT_TRY(hrt_aside_room((uint64_t)i->abi->memory_min * HSB_PAGE, budget, err));
  HRT_TRY(hrt_instance_map(i, err));
  fill_ctx(i);
  hrt_birth *birth = hrt_birth_find(i, budget);
  if (birth) {
    HRT_TRY(hrt_birth_follow(i, birth, budget, err));
  } else {
    HRT_TRY(run_start(i, budget, err));
    HRT_TRY(hrt_instance_checkpoint(i, err));
  }
  *out = i;
  i = NULL;
out:
  hrt_instance_free(i);
  return status;
}

void hrt_instance_free(hrt_instance *i) {
  if (i == NULL) {
    return;
  }
  for (uint32_t n = 0; n < i->table_count; n++) {
    free_image(&i->tables[n]);
  }
  hrt_begin_free(i->begin);
  hrt_track_forget(i);
  hrt_instance_unmap(i);
  hrt_image_give(i->image);
  hrt_free(i->instance_image);
  hrt_free(i->imports);
  hrt_birth_give(i->birth);
  hrt_plugin_unref(i->plugin);
  hrt_free(i);
}

bool hrt_instance_dead(const hrt_instance *i) {
  return i->life == HRT_DEAD;
}

void *hrt_instance_user(const hrt_instance *i) {
  return i->user;
}

hrt_plugin *hrt_instance_plugin(const hrt_instance *i) {
  return i->plugin;
}

void hrt_instance_where(hrt_instance *i, guest_u32 at) {
  i->where = at.v;
}

hrt_instance *hrt_instance_of(struct hsb_ctx *ctx) {
  return ctx->owner;
}
