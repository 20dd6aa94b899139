/* guest.c - guest memory for host functions: checked copies, size and growth. 64-bit
 * arithmetic throughout; never hands out a pointer. */
#include <string.h>

#include "hsb_check.h"
#include "instance/inst.h"

uint64_t hrt_guest_size(const hrt_instance *i) {
  return (uint64_t)i->pages * HSB_PAGE;
}

uint64_t hrt_guest_peak(const hrt_instance *i) {
  return (uint64_t)i->peak_pages * HSB_PAGE;
}

bool hrt_guest_read(void *dst, const hrt_instance *i, guest_u32 at, uint64_t len) {
  if (!hsb_in_range(at.v, len, hrt_guest_size(i))) {
    return false;
  }
  if (len > 0) {
    memcpy(dst, i->memory + at.v, len);
  }
  return true;
}

bool hrt_guest_write(hrt_instance *i, guest_u32 at, const void *src, uint64_t len) {
  if (!hsb_in_range(at.v, len, hrt_guest_size(i)) || !hrt_track_write(i, at.v, len)) {
    return false;
  }
  if (len > 0) {
    memcpy(i->memory + at.v, src, len);
  }
  return true;
}

bool hrt_guest_put(hrt_instance *i, guest_u32 at, const void *src, uint64_t len, uint64_t zeros) {
  uint64_t all;
  if (!hsb_add64(&all, len, zeros) || !hsb_in_range(at.v, all, hrt_guest_size(i)) ||
      !hrt_track_open(i, at.v, all)) {
    return false;
  }
  if (len > 0) {
    memcpy(i->memory + at.v, src, len);
  }
  if (zeros > 0) {
    memset(i->memory + at.v + len, 0, zeros);
  }
  return true;
}

bool hrt_guest_starts_zero(const hrt_instance *i, guest_u32 at, uint64_t len) {
  uint64_t end;
  if (!hsb_add64(&end, at.v, len)) {
    return false;
  }
  for (uint32_t n = 0; i->image && n < i->image->contents.count; n++) {
    uint64_t low = (uint64_t)i->image->contents.at[n].first * HRT_TRACK_PAGE;
    uint64_t high = (uint64_t)i->image->contents.at[n].end * HRT_TRACK_PAGE;
    for (low = low > at.v ? low : at.v; low < high && low < end; low++) {
      if (i->image->bytes[low] != 0) {
        return false;
      }
    }
  }
  return true;
}

int64_t hrt_guest_grow(hrt_instance *i, uint32_t pages) {
  if (hrt_memory_can_grow(i, pages)) {
    (void)hrt_aside_room((uint64_t)pages * HSB_PAGE, NULL, NULL);
  }
  uint32_t old = hrt_memory_add(i, pages);
  if (old == UINT32_MAX) {
    return -1;
  }
  i->dirty = true;
  return (int64_t)old;
}
