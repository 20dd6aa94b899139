/* linkcheck_state.h - what the link check knows of registers and stack slots at one place in a
 * function, on every way there: an abstract state. docs/link-check.md says what it is for.
 *
 * Invariant: a state never says more than what is true on every way; joining only forgets. */
#ifndef HCC_LINKCHECK_STATE_H
#define HCC_LINKCHECK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "linkcheck_x86.h"

enum hcc_lc_kind {
  HCC_LC_NUMBER,      /* any: the low half is in low..high, the upper half is zero unless wide */
  HCC_LC_ENTRY,       /* what register `at` held when the function was entered */
  HCC_LC_INSTANCE,    /* instance pointer + at */
  HCC_LC_FRAME,       /* stack pointer at entry + at */
  HCC_LC_ALIGNED,     /* stack pointer once it was aligned + at */
  HCC_LC_IMAGE,       /* address `at` in the image */
  HCC_LC_CONSTANT,    /* what the word at address `at` in the image is relocated to: nothing writes
                         there */
  HCC_LC_HOST,        /* ctx->host */
  HCC_LC_IMPORTS,     /* ctx->imports */
  HCC_LC_HOST_CALL,   /* a function of the host */
  HCC_LC_INDEX,       /* a number less than the size of table `at` (an offset in the instance) */
  HCC_LC_OFFSET,      /* such an index times the size of an element */
  HCC_LC_ELEMENT,     /* the address of an element of table `at` */
  HCC_LC_TYPED,       /* the same, and its type was compared */
  HCC_LC_CALLEE,      /* the function of such an element */
  HCC_LC_JUMP_OFFSET, /* one of the entries low..high of the jump table at image address `at` */
  HCC_LC_JUMP         /* the address that such an entry means */
};

typedef struct hcc_lc_value {
  uint8_t kind;
  bool wide : 1;
  bool word : 1;
  uint16_t part; /* of a number: if not 0, its low byte (word: its low two) is less than this */
  uint32_t low, high;
  int32_t at; /* of a number: the identity of its low half, if not 0: copies have the same */
} hcc_lc_value;

typedef struct hcc_lc_slot {
  int32_t at;    /* from the base */
  uint8_t base;  /* HCC_LC_FRAME or HCC_LC_ALIGNED */
  uint8_t bytes; /* 4 or 8 */
  hcc_lc_value value;
} hcc_lc_slot;

#define HCC_LC_SLOTS 160

/* What flags say until the next instruction that changes them: register or copies of a number,
 * compared with a number or the size of a table; or the type of an element. */
enum hcc_lc_flags_kind {
  HCC_LC_FLAGS_NONE,
  HCC_LC_FLAGS_LIMIT,
  HCC_LC_FLAGS_SLOT, /* four bytes of the stack: base in reg, place in name */
  HCC_LC_FLAGS_SIZE,
  HCC_LC_FLAGS_TYPE
};

typedef struct hcc_lc_flags {
  uint8_t kind, reg; /* reg: HCC_X86_NONE once it was overwritten */
  bool wide;         /* all 64 bits of a wide number were compared */
  uint8_t part;      /* how many low bytes were compared; 0: 4, or 8 if wide */
  uint32_t limit;    /* of a table: its place in the instance */
  int32_t name;      /* of the number; 0: none */
} hcc_lc_flags;

typedef struct hcc_lc_state {
  hcc_lc_value regs[HCC_X86_REGS];
  hcc_lc_flags flags;
  int32_t aligned_below; /* the aligned stack pointer is not above this place in the frame */
  uint32_t slot_count;
  hcc_lc_slot slots[HCC_LC_SLOTS]; /* sorted by base and place; they don't overlap */
} hcc_lc_state;

/* A number of which nothing is known, but whether it fits in 32 bits. */
hcc_lc_value hcc_lc_unknown(bool wide);
hcc_lc_value hcc_lc_range(uint32_t low, uint32_t high);
bool hcc_lc_same(const hcc_lc_value *a, const hcc_lc_value *b);

/* Is it the address of something fixed, so that a constant may be added? */
bool hcc_lc_is_place(const hcc_lc_value *v);

/* Such an address; a number if it is out of reach. */
hcc_lc_value hcc_lc_place_at(uint8_t kind, int64_t at);

/* The state at the entry of a function. instance: registers that hold the instance pointer; kept:
 * those that it must give back as they were. */
void hcc_lc_enter(hcc_lc_state *s, uint16_t instance, uint16_t kept);
/* Bytes of a state that are in use: states are copied and kept in that length. */
size_t hcc_lc_state_size(const hcc_lc_state *s);

/* What lies in the slot, or NULL. */
const hcc_lc_value *hcc_lc_slot_get(const hcc_lc_state *s, uint8_t base, int32_t at, uint8_t bytes);
/* Writes a value, or forgets what was there if it is not worth a slot. */
void hcc_lc_slot_put(hcc_lc_state *s, uint8_t base, int32_t at, uint8_t bytes,
                     const hcc_lc_value *v);
/* Those bytes were overwritten. */
void hcc_lc_slot_forget(hcc_lc_state *s, uint8_t base, int32_t at, uint32_t bytes);
/* What lies below the stack pointer is not kept. */
void hcc_lc_slot_drop_below(hcc_lc_state *s, uint8_t base, int32_t at);

/* Numbers on the stack may be results that a callee writes. */
void hcc_lc_slot_drop_numbers(hcc_lc_state *s);

/* Makes a number's copies known by one name: `name` must be new to the state. */
void hcc_lc_name(hcc_lc_state *s, unsigned reg, int32_t name);

/* Forgets in `into` what is not true of `from`. widen: ranges that grow become all numbers. Sets
 * *changed; false if the stack pointers differ. */
bool hcc_lc_join(hcc_lc_state *into, const hcc_lc_state *from, bool widen, bool *changed);

#endif
