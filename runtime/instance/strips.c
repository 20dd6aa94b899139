/* strips.c - what a reset writes into hot pages: long runs of zeros in the image are set, which is
 * two to four times as fast as copying, as nothing is read; the rest is copied. Stacks and heaps
 * are mostly zero after instantiation, and are mostly what calls write.
 *
 * Invariant: strips cover the hot pages, all of them, and one that is set is zero in the image.
 * They are found anew when other pages are hot, or another image is there. */
#include <string.h>

#include "instance/inst.h"

#define LINE HRT_STRIP_LINE
#define PAGE (HRT_TRACK_PAGE / LINE)
#define WORTH 8 /* lines: shorter runs of zeros are copied with what is around them */

static bool is_zero(const uint8_t *image, uint32_t line) {
  const uint8_t *at = image + (uint64_t)line * LINE;
  return at[0] == 0 && memcmp(at, at + 1, LINE - 1) == 0;
}

/* The end of the lines from at on that are all zero, or of those that are not. */
static uint32_t run_end(const uint8_t *image, uint32_t at, uint32_t end, bool zero) {
  while (at < end && is_zero(image, at) == zero) {
    at++;
  }
  return at;
}

/* Adds [at, end), which joins a strip before it if both are copied. */
static void add(struct hrt_strips *s, uint32_t at, uint32_t end, bool zero) {
  struct hrt_strip *last = s->count > 0 ? &s->at[s->count - 1] : NULL;
  if (last != NULL && !last->zero && !zero && last->end == at) {
    last->end = end;
  } else {
    s->at[s->count++] = (struct hrt_strip){at, end, zero};
  }
}

/* Adds strips while there are less than most, then one more if that is not all. */
static void add_range(struct hrt_strips *s, const uint8_t *image, uint32_t at, uint32_t end,
                      uint32_t most) {
  while (at < end && s->count < most) {
    uint32_t zeros = run_end(image, at, end, true);
    bool worth = zeros - at >= WORTH;
    uint32_t to = worth ? zeros : run_end(image, zeros, end, false);
    add(s, at, to, worth);
    at = to;
  }
  if (at < end) {
    add(s, at, end, false);
  }
}

static void find(struct hrt_strips *s, const uint8_t *image, const struct hrt_ranges *hot) {
  s->count = 0;
  for (uint32_t n = 0; n < hot->count; n++) {
    uint32_t need = hot->count - n; /* a place for this range and each after it */
    add_range(s, image, hot->at[n].first * PAGE, hot->at[n].end * PAGE, HRT_STRIPS - need);
  }
  s->known = true;
}

void hrt_strips_restore(hrt_instance *i) {
  const struct hrt_strips *s = &i->strips;
  if (i->hot.count == 0) {
    return; /* there may be no image */
  }
  if (!s->known) {
    find(&i->strips, i->image->bytes, &i->hot);
  }
  for (uint32_t n = 0; n < s->count; n++) {
    uint64_t at = (uint64_t)s->at[n].at * LINE, size = (uint64_t)s->at[n].end * LINE - at;
    if (s->at[n].zero) {
      memset(i->memory + at, 0, size);
    } else {
      memcpy(i->memory + at, i->image->bytes + at, size);
    }
  }
}
