/* where.c - see where.h. */
#include "instance/where.h"

#include <string.h>

#include "hsb_where.h"

static void look(void *dst, struct hrt_look *l, uint64_t at, uint32_t length) {
  bool done = !l->failed && l->left > 0 && at <= UINT32_MAX &&
              hrt_guest_read(dst, l->instance, (guest_u32){(uint32_t)at}, length);
  if (done) {
    l->left--;
  } else {
    l->failed = true;
    memset(dst, 0, length);
  }
}

uint32_t hrt_look_word(struct hrt_look *l, uint32_t at, uint32_t offset) {
  uint32_t word;
  look(&word, l, (uint64_t)at + offset, sizeof word);
  return word;
}

uint32_t hrt_look_byte(struct hrt_look *l, uint32_t at, uint32_t offset) {
  uint8_t byte;
  look(&byte, l, (uint64_t)at + offset, sizeof byte);
  return byte;
}

void hrt_look_text(char out[HRT_ESCAPED], struct hrt_look *l, uint64_t at, uint32_t length) {
  uint8_t bytes[65]; /* one more than hrt_escape shows */
  length = length < sizeof bytes ? length : sizeof bytes;
  look(bytes, l, at, length);
  hrt_escape(out, bytes, length);
}

bool hrt_where(hrt_place *out, const hrt_instance *i) {
  struct hrt_look l = {.instance = i, .left = HRT_LOOKS};
  memset(out, 0, sizeof *out);
  if (i->where == 0 || i->holed) {
    return false;
  }
  switch (hrt_look_word(&l, i->where, 0)) {
  case HSB_WHERE_QUICKJS:
    return hrt_where_quickjs(out, &l);
  case HSB_WHERE_MICROPYTHON:
    return hrt_where_micropython(out, &l);
  default:
    return false;
  }
}
