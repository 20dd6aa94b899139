/* hsb_look.h - with explicit bounds: places of memory that were compared with its size before a
 * loop that goes over them. Included by hsb_memory.h.
 *
 * Invariant: whoever calls and with whatever, a look that is kept has all of its places in bounds,
 * and a place that hsb_seen gives is one of them: nothing here trusts heliosc. A memory never
 * shrinks, so what was in bounds stays so. In a loop that counts from 0 to the look's turns clang
 * can see that each place is one of them, and leaves the comparison out. */
#ifndef HSB_LOOK_H
#define HSB_LOOK_H

#define HSB_LOOKS 8 /* that a function keeps at a time */

/* Place i, below turns, is end bytes from first + i * stride on. All zero: there are none. */
typedef struct hsb_look {
  u8 *first;
  u64 turns, end;
  s64 stride;
} hsb_look;

/* So many bytes from there on are in bounds. */
typedef struct hsb_place {
  u8 *at;
  u64 size;
} hsb_place;

/* Returns whether they are in bounds, rather than whether some are kept: clang then sees in code
 * that asks that these are. */
HSB_INLINE bool hsb_look_at(hsb_look *out, u8 *base, u64 size, u32 first, u64 turns, u32 stride,
                            u64 end) {
  s64 by = (s32)stride;
  u64 far = (turns - 1) * (u64)(by < 0 ? -by : by); /* below 2^63 */
  bool low = by >= 0 || far <= first;
  u64 last = by < 0 ? first : first + far; /* the highest that a place begins at */
  bool within = turns - 1 <= UINT32_MAX && low && end <= size && last <= size - end;
  *out = within ? (hsb_look){base + first, turns, end, by} : (hsb_look){NULL, 0, 0, 0};
  return within;
}

/* Is there such a place? */
HSB_INLINE bool hsb_below(const hsb_look *look, u64 i) {
  return i < look->turns;
}

/* Sums of pointers, not of numbers: clang then sees which places lie side by side. */
HSB_INLINE hsb_place hsb_seen(hsb_look look, u64 i, u32 offset) {
  bool within = i < look.turns && offset <= look.end;
  u8 *at = look.first + offset + (s64)i * look.stride;
  return within ? (hsb_place){at, look.end - offset} : (hsb_place){NULL, 0};
}

/* A function has these of its own (FUNC_PROLOGUE); other code has seen nothing. */
#define HSB_LOOKS_BEGIN                                                                            \
  hsb_look hsb_looks[HSB_LOOKS] = {{NULL, 0, 0, 0}};                                               \
  hsb_place hsb_at = {NULL, 0}
static const hsb_place hsb_at = {NULL, 0};

/* k is a number in the text: clang sees which of them it is. */
#define w2c_h_look(self, k, first_, turns_, stride_, end_)                                         \
  hsb_look_at(&hsb_looks[(k) % HSB_LOOKS], hsb_base(instance), instance->w2c_M0.size, first_,      \
              turns_, stride_, end_)
#define w2c_h_below(self, k, i) hsb_below(&hsb_looks[(k) % HSB_LOOKS], i)
#define w2c_h_seen(self, k, i, offset)                                                             \
  (hsb_at = hsb_seen(hsb_looks[(k) % HSB_LOOKS], i, offset), (void)0)

#endif
