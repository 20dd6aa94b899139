/* cow.c - images: what memory holds at a checkpoint, one for all instances that agree. Instances of
 * a version begin alike, so the first makes the image and the others find it. One that is worth it
 * is a file in memory that each instance maps privately: pages that nobody writes exist once,
 * however many instances there are.
 *
 * Invariants: an image never changes after it was made; an instance has one only after its own
 * memory was compared with it, byte for byte. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "instance/inst.h"
#include "plugin/alloc.h"
#include "plugin/hold.h"

#define COW_BYTES                                                                                  \
  (64u << 10) /* contents from which on a file, and its descriptor, are worth it                   \
               */

#define ASK_PAGES 1024u /* from 4 MiB on the system is asked which pages were touched */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hrt_image *images; /* those that instances have */

static uint64_t page_at(uint32_t page) {
  return (uint64_t)page * HRT_TRACK_PAGE;
}

static uint64_t size_of(const hrt_image *image) {
  return (uint64_t)image->pages * HSB_PAGE;
}

static bool is_zero(const uint8_t *page) {
  return page[0] == 0 && memcmp(page, page + 1, HRT_TRACK_PAGE - 1) == 0;
}

#define ENTRIES 512 /* of pagemap at a time */

/* What the system says of the pages from `first` on: of how many, 0 if it does not. */
static uint32_t ask(uint64_t entries[ENTRIES], int fd, const hrt_instance *i, uint32_t first,
                    uint32_t end) {
  size_t most = end - first < ENTRIES ? end - first : ENTRIES;
  uint64_t at = (uintptr_t)i->memory / HRT_TRACK_PAGE + first;
  ssize_t got = pread(fd, entries, most * sizeof *entries, (off_t)(at * sizeof *entries));
  return got > 0 ? (uint32_t)got / sizeof *entries : 0;
}

/* Adds those of [first, end) that have a frame or are swapped out. The others are as they were
 * mapped, and to look at gigabytes of these would cost seconds and their page tables. */
static void add_touched(struct hrt_ranges *r, const hrt_instance *i, uint32_t first, uint32_t end) {
  uint64_t entries[ENTRIES];
  int fd = end - first > ASK_PAGES ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) : -1;
  for (uint32_t got; fd >= 0 && (got = ask(entries, fd, i, first, end)) > 0; first += got) {
    for (uint32_t n = 0; n < got; n++) {
      if (entries[n] >> 62 != 0) {
        hrt_ranges_add(r, first + n, first + n + 1);
      }
    }
  }
  if (first < end) { /* nobody said */
    hrt_ranges_add(r, first, end);
  }
  if (fd >= 0) {
    close(fd);
  }
}

/* Memory is zero outside of these. */
static struct hrt_ranges written(const hrt_instance *i) {
  const uint32_t scale = HSB_PAGE / HRT_TRACK_PAGE;
  struct hrt_ranges r = {0};
  if (i->image) {
    r = i->image->contents;
  }
  for (uint32_t n = 0; n < i->hot.count; n++) {
    hrt_ranges_add(&r, i->hot.at[n].first, i->hot.at[n].end);
  }
  bool known = i->tracking == HRT_TRACK_FAULTS;
  add_touched(&r, i, known ? i->base_pages * scale : 0, i->pages * scale);
  return r;
}

static bool holds(const hrt_image *image, const hrt_instance *i, const struct hrt_ranges *r) {
  for (uint32_t n = 0; n < r->count; n++) {
    uint64_t at = page_at(r->at[n].first), size = page_at(r->at[n].end) - at;
    if (memcmp(image->bytes + at, i->memory + at, size) != 0) {
      return false;
    }
  }
  return true;
}

static hrt_image *find(const hrt_instance *i, const struct hrt_ranges *r) {
  hrt_image *image;
  pthread_mutex_lock(&lock);
  for (image = images; image; image = image->next) {
    if (image->plugin == i->plugin && image->pages == i->pages && holds(image, i, r) &&
        holds(image, i, &image->contents)) {
      image->refs++;
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  return image;
}

/* Which pages are not zero, and how many bytes these are. */
static uint64_t find_contents(hrt_image *image, const hrt_instance *i, const struct hrt_ranges *r) {
  uint64_t bytes = 0;
  for (uint32_t n = 0; n < r->count; n++) {
    for (uint32_t page = r->at[n].first; page < r->at[n].end; page++) {
      if (!is_zero(i->memory + page_at(page))) {
        hrt_ranges_add(&image->contents, page, page + 1);
        bytes += HRT_TRACK_PAGE;
      }
    }
  }
  return bytes;
}

static bool write_all(int fd, const uint8_t *bytes, uint64_t size, uint64_t at) {
  while (size > 0) {
    ssize_t n = pwrite(fd, bytes, size, (off_t)at);
    if (n <= 0) {
      return false;
    }
    bytes += n;
    at += (uint64_t)n;
    size -= (uint64_t)n;
  }
  return true;
}

/* Contents to a file in memory that nobody can change any more. Nothing is lost if it fails, as it
 * does beyond RLIMIT_FSIZE, which counts such files too. */
static void make_file(hrt_image *image, const hrt_instance *i) {
  hrt_hold hold;
  hrt_hold_begin(&hold, SIGXFSZ);
  int fd = memfd_create("helios image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  bool good = fd >= 0 && ftruncate(fd, (off_t)size_of(image)) == 0;
  for (uint32_t n = 0; good && n < image->contents.count; n++) {
    uint64_t at = page_at(image->contents.at[n].first);
    good = write_all(fd, i->memory + at, page_at(image->contents.at[n].end) - at, at);
  }
  hrt_hold_end(&hold, SIGXFSZ);
  good = good && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0;
  image->bytes = good ? hrt_pages_of(fd, size_of(image)) : NULL;
  if (image->bytes == NULL && fd >= 0) {
    close(fd);
    fd = -1;
  }
  image->fd = fd;
}

static bool make_pages(hrt_image *image, const hrt_instance *i) {
  image->bytes = hrt_pages(size_of(image));
  for (uint32_t n = 0; image->bytes && n < image->contents.count; n++) {
    uint64_t at = page_at(image->contents.at[n].first);
    memcpy(image->bytes + at, i->memory + at, page_at(image->contents.at[n].end) - at);
  }
  return image->bytes != NULL;
}

static void destroy(hrt_image *image) {
  hrt_unmap(image->bytes, size_of(image));
  if (image->fd >= 0) {
    close(image->fd);
  }
  hrt_free(image);
}

static hrt_image *make(const hrt_instance *i, const struct hrt_ranges *r) {
  hrt_image *image = hrt_alloc(sizeof *image);
  if (image == NULL) {
    return NULL;
  }
  *image = (hrt_image){.refs = 1, .plugin = i->plugin, .pages = i->pages, .fd = -1};
  if (find_contents(image, i, r) >= COW_BYTES) {
    make_file(image, i);
  }
  if (image->bytes == NULL && !make_pages(image, i)) {
    destroy(image);
    return NULL;
  }
  pthread_mutex_lock(&lock);
  image->next = images;
  images = image;
  pthread_mutex_unlock(&lock);
  return image;
}

int hrt_image_take(hrt_image **out, const hrt_instance *i, helios_error *err) {
  struct hrt_ranges r = written(i);
  hrt_image *image = find(i, &r);
  if (image == NULL) {
    image = make(i, &r);
  }
  *out = image;
  return image ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "no memory for an instance's image");
}

hrt_image *hrt_image_ref(hrt_image *image) {
  if (image) {
    pthread_mutex_lock(&lock);
    image->refs++;
    pthread_mutex_unlock(&lock);
  }
  return image;
}

void hrt_image_give(hrt_image *image) {
  hrt_image **at = &images;
  if (image == NULL) {
    return;
  }
  pthread_mutex_lock(&lock);
  bool last = --image->refs == 0;
  if (last) {
    while (*at != image) {
      at = &(*at)->next;
    }
    *at = image->next;
  }
  pthread_mutex_unlock(&lock);
  if (last) {
    destroy(image);
  }
}

/* A failed mmap may have taken away what was there. The hole is filled at once, or the reservation
 * is never given back, lest it be someone else's by then. */
static int plug(hrt_instance *i, uint64_t size, helios_error *err) {
  if (mmap(i->memory, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
           0) == MAP_FAILED) {
    i->holed = true;
  }
  return hrt_fail(err, HELIOS_E_MEMORY, "can't map an instance's image");
}

int hrt_image_map(hrt_instance *i, helios_error *err) {
  uint64_t size = size_of(i->image);
  if (mmap(i->memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
           i->image->fd, 0) == MAP_FAILED) {
    return plug(i, size, err);
  }
  if (!hrt_memory_close(i, size)) {
    return hrt_fail(err, HELIOS_E_MEMORY, "can't protect a guest's memory");
  }
  hrt_track_forget(i);
  return 0;
}

int hrt_image_copy(hrt_instance *i, helios_error *err) {
  int status = hrt_memory_open(i, i->image->pages, err);
  if (status != 0) {
    return status;
  }
  for (uint32_t n = 0; n < i->image->contents.count; n++) {
    const struct hrt_range *r = &i->image->contents.at[n];
    memcpy(i->memory + page_at(r->first), i->image->bytes + page_at(r->first),
           page_at(r->end) - page_at(r->first));
  }
  return hrt_memory_close(i, size_of(i->image))
             ? 0
             : hrt_fail(err, HELIOS_E_MEMORY, "can't protect a guest's memory");
}
