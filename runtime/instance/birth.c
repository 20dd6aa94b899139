/* birth.c - births: how an instance of a plugin begins, so that others need not run its
 * initialisation again. What initialisation leaves behind follows from the plugin, the limits and
 * what host functions answer meanwhile. Where all of that is known to be equal
 * (hrt_instance_options' origin), one instance is initialised and the others begin where it was
 * when it was ready.
 *
 * Memory is its image (cow.c). Globals are set by the plugin's init as in any instance, then those
 * that initialisation changed are changed likewise. Fuel is charged as if it had run.
 *
 * Invariants: no pointer into one instance's reservation reaches another; a birth never changes
 * after it was made, and is there exactly while an instance or a version holds it. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "instance/inst.h"
#include "plugin/alloc.h"

/* A table, or all that one begins with: zeros behind `size` bytes. */
struct contents {
  uint8_t *bytes; /* NULL: none */
  uint64_t size;
};

/* An instance after its plugin's init. */
struct hrt_begin {
  uint64_t fuel; /* what the budget had used before it */
  uint8_t *instance;
  struct contents tables[HRT_TABLES];
};

struct hrt_birth {
  hrt_birth *next;
  uint32_t refs;
  hrt_plugin *plugin;
  uint32_t limit_pages, stack_bytes;
  uint8_t *origin;
  size_t origin_size;
  uint64_t words[HRT_BIRTH_WORDS];
  uint64_t fuel;
  uint32_t pages, peak_pages;
  uint32_t where;
  hrt_image *image;        /* or NULL */
  uint8_t *before, *after; /* the instance: as its init left it, and when it was ready */
  uint32_t table_count;
  struct contents tables[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hrt_birth *births;

/* ---- what there is ---- */

static void destroy(hrt_birth *b) {
  if (b) {
    for (uint32_t n = 0; n < b->table_count; n++) {
      hrt_free(b->tables[n].bytes);
    }
    hrt_image_give(b->image);
    hrt_plugin_unref(b->plugin);
    hrt_free(b->origin);
    hrt_free(b->before);
    hrt_free(b->after);
    hrt_free(b);
  }
}

void hrt_birth_give(hrt_birth *b) {
  hrt_birth **at = &births;
  if (b == NULL) {
    return;
  }
  pthread_mutex_lock(&lock);
  bool last = --b->refs == 0;
  if (last) {
    while (*at != b) {
      at = &(*at)->next;
    }
    *at = b->next;
  }
  pthread_mutex_unlock(&lock);
  if (last) {
    destroy(b);
  }
}

hrt_birth *hrt_instance_birth(hrt_instance *i) {
  if (i->birth) {
    pthread_mutex_lock(&lock);
    i->birth->refs++;
    pthread_mutex_unlock(&lock);
  }
  return i->birth;
}

/* The one that fits, with a use for the caller. With the lock held. */
static hrt_birth *find_locked(const hrt_instance *i, const void *origin, size_t size) {
  hrt_birth *b = births;
  while (b && (b->plugin != i->plugin || b->limit_pages != i->limit_pages ||
               b->stack_bytes != i->stack_bytes || b->origin_size != size ||
               memcmp(b->origin, origin, size) != 0)) {
    b = b->next;
  }
  if (b) {
    b->refs++;
  }
  return b;
}

static hrt_birth *find(const hrt_instance *i, const void *origin, size_t size) {
  pthread_mutex_lock(&lock);
  hrt_birth *b = find_locked(i, origin, size);
  pthread_mutex_unlock(&lock);
  return b;
}

/* ---- making one ---- */

void hrt_begin_free(struct hrt_begin *begin) {
  if (begin) {
    for (uint32_t n = 0; n < HRT_TABLES; n++) {
      hrt_free(begin->tables[n].bytes);
    }
    hrt_free(begin->instance);
    hrt_free(begin);
  }
}

static uint64_t used_of(const uint8_t *bytes, uint64_t size) {
  while (size > 0 && bytes[size - 1] == 0) {
    size--;
  }
  return size;
}

static bool copy_contents(struct contents *out, const uint8_t *bytes, uint64_t size) {
  *out = (struct contents){size > 0 ? hrt_memdup(bytes, size) : NULL, size};
  return size == 0 || out->bytes;
}

struct hrt_begin *hrt_begin_note(const hrt_instance *i, uint64_t fuel) {
  struct hrt_begin *begin = hrt_alloc(sizeof *begin);
  bool done = begin && (begin->instance = hrt_memdup(i->instance, i->abi->instance_size)) != NULL;
  for (uint32_t n = 0; n < i->table_count && done; n++) {
    const struct hrt_table *t = &i->tables[n];
    done = copy_contents(&begin->tables[n], t->data, used_of(t->data, t->open));
  }
  if (done) {
    begin->fuel = fuel;
    return begin;
  }
  hrt_begin_free(begin);
  return NULL;
}

/* Tables are as init left them. */
static bool same_tables(const hrt_instance *i) {
  for (uint32_t n = 0; n < i->table_count; n++) {
    const struct contents *c = &i->begin->tables[n];
    const struct hrt_table *t = &i->tables[n];
    if (t->image_size != c->size || (c->size > 0 && memcmp(t->image, c->bytes, c->size) != 0)) {
      return false;
    }
  }
  return true;
}

static uint64_t word_at(const uint8_t *bytes, uint32_t n) {
  uint64_t word;
  memcpy(&word, bytes + n * sizeof word, sizeof word);
  return word;
}

/* Nothing that initialisation changed may be an address of this instance, nor lie behind the last
 * whole word. */
static bool is_movable(const hrt_instance *i) {
  const uint8_t *before = i->begin->instance, *after = i->instance_image;
  uint32_t words = i->abi->instance_size / sizeof(uint64_t), whole = words * sizeof(uint64_t);
  for (uint32_t n = 0; n < words; n++) {
    uint64_t word = word_at(after, n);
    if (word != word_at(before, n) && word - (uintptr_t)i->reservation < i->reservation_size) {
      return false;
    }
  }
  return memcmp(before + whole, after + whole, i->abi->instance_size - whole) == 0;
}

/* What is left of the instance's begin becomes the birth's. */
static hrt_birth *make(hrt_instance *i, const uint64_t words[HRT_BIRTH_WORDS], uint64_t fuel) {
  struct hrt_begin *begin = i->begin;
  hrt_birth *b = hrt_alloc(sizeof *b + i->table_count * sizeof *b->tables);
  if (b == NULL) {
    return NULL;
  }
  b->refs = 1;
  b->plugin = hrt_plugin_ref(i->plugin);
  b->limit_pages = i->limit_pages;
  b->stack_bytes = i->stack_bytes;
  b->fuel = fuel - begin->fuel;
  b->pages = i->pages;
  b->peak_pages = i->peak_pages;
  b->where = i->where;
  memcpy(b->words, words, sizeof b->words);
  b->image = hrt_image_ref(i->image);
  b->before = begin->instance;
  begin->instance = NULL;
  b->table_count = i->table_count;
  memcpy(b->tables, begin->tables, b->table_count * sizeof *b->tables);
  memset(begin->tables, 0, sizeof begin->tables);
  b->after = hrt_memdup(i->instance_image, i->abi->instance_size);
  b->origin_size = i->origin_size;
  b->origin = hrt_memdup(i->origin, i->origin_size);
  if (b->after && b->origin) {
    return b;
  }
  destroy(b);
  return NULL;
}

void hrt_instance_keep(hrt_instance *i, const uint64_t words[HRT_BIRTH_WORDS], uint64_t fuel) {
  hrt_birth *b = NULL;
  if (i->begin && words && i->life == HRT_IDLE && i->ready && !i->dirty && !i->spoiled &&
      same_tables(i) && is_movable(i)) {
    b = make(i, words, fuel);
  }
  hrt_begin_free(i->begin);
  i->begin = NULL;
  i->origin = NULL;
  if (b) {
    pthread_mutex_lock(&lock);
    i->birth = find_locked(i, b->origin, b->origin_size); /* another thread's */
    if (i->birth == NULL) {
      b->next = births;
      i->birth = births = b;
      b = NULL;
    }
    pthread_mutex_unlock(&lock);
  }
  destroy(b);
}

/* ---- being born ---- */

static bool affords(const hrt_budget *b, uint64_t fuel) {
  return b->fuel_limit == 0 ||
         (b->fuel_used <= b->fuel_limit && fuel <= b->fuel_limit - b->fuel_used);
}

hrt_birth *hrt_birth_find(const hrt_instance *i, const hrt_budget *budget) {
  hrt_birth *b = i->origin ? find(i, i->origin, i->origin_size) : NULL;
  if (b && !affords(budget, b->fuel)) {
    hrt_birth_give(b); /* the long way, which says where the fuel ran out */
    b = NULL;
  }
  return b;
}

static void change_globals(hrt_instance *i, const hrt_birth *b) {
  uint32_t words = i->abi->instance_size / sizeof(uint64_t);
  for (uint32_t n = 0; n < words; n++) {
    uint64_t word = word_at(b->after, n);
    if (word != word_at(b->before, n)) {
      memcpy(i->instance + n * sizeof word, &word, sizeof word);
    }
  }
}

static int take_memory(hrt_instance *i, const hrt_birth *b, const hrt_budget *budget,
                       helios_error *err) {
  int status = 0;
  if (b->image == NULL) {
    return 0;
  }
  HRT_TRY(hrt_aside_room((uint64_t)(b->pages - i->pages) * HSB_PAGE, budget, err));
  i->image = hrt_image_ref(b->image);
  i->pages = i->base_pages = b->pages;
  i->peak_pages = b->peak_pages;
  status = b->image->fd >= 0 ? hrt_image_map(i, err) : hrt_image_copy(i, err);
out:
  return status;
}

/* Tables are the plugin's own work, and the birth has their copies already. */
static int take_tables(hrt_instance *i, const hrt_birth *b, helios_error *err) {
  for (uint32_t n = 0; n < i->table_count; n++) {
    struct hrt_table *t = &i->tables[n];
    t->image = b->tables[n].bytes;
    t->image_size = b->tables[n].size;
    t->borrowed = true;
    if (i->tracking != HRT_TRACK_NEVER) {
      if (mprotect(t->data, t->size, PROT_READ) != 0) {
        return hrt_fail(err, HELIOS_E_MEMORY, "can't protect a table");
      }
      t->open = 0;
    }
  }
  return 0;
}

int hrt_birth_follow(hrt_instance *i, hrt_birth *b, hrt_budget *budget, helios_error *err) {
  hsb_slot slots[1] = {0};
  int status = 0;
  i->birth = b;
  i->born = true;
  i->where = b->where;
  HRT_TRY(hrt_enter(i, (void (*)(void *, hsb_slot *))(uintptr_t)i->abi->init, slots, budget, err));
  change_globals(i, b);
  HRT_TRY(hrt_instance_save(i, err));
  HRT_TRY(take_memory(i, b, budget, err));
  HRT_TRY(take_tables(i, b, err));
  budget->fuel_used += b->fuel;
  i->ready = true;
  i->dirty = false;
out:
  return status;
}

const uint64_t *hrt_instance_born(const hrt_instance *i) {
  return i->born ? i->birth->words : NULL;
}
