/* where.h - where a script was when its call was ended from outside: looked up in the memory of the
 * instance, without running anything of it. where.c: the look and its limits; where_quickjs.c,
 * where_micropython.c: what the two interpreters keep, by hsb_where.h.
 *
 * Invariant: every byte is a hostile guest's. Nothing is read outside of its memory, and a look
 * ends after HRT_LOOKS reads, whatever memory holds. */
#ifndef HRT_WHERE_H
#define HRT_WHERE_H

#include "instance/inst.h"

#define HRT_LOOKS (1u << 18)

typedef struct hrt_place {
  uint32_t line;
  char file[HRT_ESCAPED], function[HRT_ESCAPED]; /* escaped; the function may be "" */
} hrt_place;

/* False: memory does not say. */
bool hrt_where(hrt_place *out, const hrt_instance *i);

/* A look that goes on. What can't be read is 0, and the look has failed. */
struct hrt_look {
  const hrt_instance *instance;
  uint32_t left;
  bool failed;
};

/* The word, the byte at an address and an offset. */
uint32_t hrt_look_word(struct hrt_look *l, uint32_t at, uint32_t offset);
uint32_t hrt_look_byte(struct hrt_look *l, uint32_t at, uint32_t offset);
/* length bytes at an address, escaped. */
void hrt_look_text(char out[HRT_ESCAPED], struct hrt_look *l, uint64_t at, uint32_t length);

bool hrt_where_quickjs(hrt_place *out, struct hrt_look *l);
bool hrt_where_micropython(hrt_place *out, struct hrt_look *l);

#endif
