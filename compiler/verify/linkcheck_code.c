/* linkcheck_code.c - decodes .text from its first byte to its last and checks that each instruction
 * is allowed and that each direct branch and code address leads to the beginning of one. Owns the
 * bits of hcc_lc. Where indirect branches lead is seen to by linkcheck_flow.c. */
#include <stdlib.h>

#include "linkcheck_image.h"
#include "linkcheck_x86.h"

/* A pass over text: one bit a byte for where instructions begin and where branches lead. */
struct pass {
  hcc_lc *lc;
  const uint8_t *text;
  uint64_t size;
  uint64_t *targets;
};

static int refuse(struct pass *p, uint64_t at, const char *text) {
  return hcc_lc_refuse(p->lc, p->lc->text.p_offset + at, "%s in the code", text);
}

/* A direct branch, or an address that code forms: `to` counts from the beginning of text. */
static int lead(struct pass *p, uint64_t at, int64_t to, bool branches) {
  if (to >= 0 && (uint64_t)to < p->size) {
    hcc_lc_mark(p->targets, (uint64_t)to);
    return 0;
  }
  if (branches) {
    return refuse(p, at, "branch out of .text");
  }
  if (!hcc_lc_inside(p->lc->text.p_vaddr + (uint64_t)to, 0, 0, p->lc->end)) {
    return refuse(p, at, "address outside the image");
  }
  return 0;
}

/* What a direct branch or an address in the code says of the place it leads to. */
static int x86_target(struct pass *p, uint64_t at, const hcc_x86_insn *i) {
  uint64_t to = (uint64_t)((int64_t)at + i->target);
  bool lea = i->map == HCC_X86_ONE && i->opcode == 0x8d;
  if (to >= p->size) {
    return 0;
  }
  if (i->branches) {
    hcc_lc_mark(i->flow == HCC_X86_CALL ? p->lc->entries : p->lc->labels, to);
    return 0;
  }
  if (!lea) {
    return refuse(p, at, "access to data");
  }
  hcc_lc_mark(p->lc->entries, to);
  hcc_lc_mark(p->lc->made, to);
  return 0;
}

static int x86_insn(struct pass *p, uint64_t at, hcc_x86_insn *i, uint8_t *flow) {
  if (hcc_x86_decode(i, p->text + at, p->size - at) != 0) {
    return refuse(p, at, "unknown instruction");
  }
  if (i->refusal != NULL) {
    return refuse(p, at, i->refusal);
  }
  if (i->flow == HCC_X86_PAD) {
    if (*flow == HCC_X86_NEXT) {
      return refuse(p, at, "int3 that is not padding");
    }
    return 0; /* no beginning: nothing may lead here; flow stays what it was */
  }
  *flow = i->flow;
  hcc_lc_mark(p->lc->starts, at);
  if (!i->branches && !i->addresses) {
    if (i->flow == HCC_X86_STOP && i->map == HCC_X86_ONE && i->opcode == 0xc3) {
      hcc_lc_mark(p->lc->rets, at);
    }
    return 0;
  }
  return lead(p, at, (int64_t)at + i->target, i->branches) || x86_target(p, at, i);
}

static int x86(struct pass *p) {
  uint8_t flow = HCC_X86_STOP;
  hcc_x86_insn i;
  for (uint64_t at = 0; at < p->size; at += i.length) {
    if (x86_insn(p, at, &i, &flow)) {
      return 1;
    }
    p->lc->report->instructions++;
  }
  return flow == HCC_X86_NEXT ? refuse(p, p->size - 1, "execution runs past the end") : 0;
}

enum a64_kind { PLAIN, B26, BL26, B19, B14, ADR, ADRP, REFUSED };

static const struct a64_rule {
  uint32_t mask, value;
  enum a64_kind kind;
  const char *why;
} a64_rules[] = {
#define A64(mask, value, kind, why) {mask, value, kind, why},
#include "linkcheck_a64.def"
#undef A64
    {0, 0, REFUSED, "unknown instruction"},
};

/* The signed branch offset in bytes that stands in `width` bits of word from bit `low`. */
static int64_t a64_offset(uint32_t word, unsigned low, unsigned width) {
  uint32_t top = word << (32 - low - width);
  return ((int32_t)top >> (32 - width)) * INT64_C(4);
}

/* adr counts bytes from itself, adrp pages from its own page. */
static int64_t a64_address(const struct pass *p, uint64_t at, uint32_t word, bool pages) {
  int64_t n = a64_offset(word, 5, 19) + (word >> 29 & 3);
  if (!pages) {
    return (int64_t)at + n;
  }
  uint64_t base = p->lc->text.p_vaddr, page = (base + at) & ~UINT64_C(4095);
  return (int64_t)page - (int64_t)base + n * 4096;
}

static int a64_insn(struct pass *p, uint64_t at, uint32_t word) {
  const struct a64_rule *rule = a64_rules;
  while ((word & rule->mask) != rule->value) {
    rule++;
  }
  switch (rule->kind) {
  case PLAIN:
    return 0;
  case B26:
  case BL26:
    return lead(p, at, (int64_t)at + a64_offset(word, 0, 26), true);
  case B19:
    return lead(p, at, (int64_t)at + a64_offset(word, 5, 19), true);
  case B14:
    return lead(p, at, (int64_t)at + a64_offset(word, 5, 14), true);
  case ADR:
  case ADRP:
    return lead(p, at, a64_address(p, at, word, rule->kind == ADRP), false);
  default:
    return refuse(p, at, rule->why);
  }
}

static int a64(struct pass *p) {
  if (p->size % 4 != 0 || p->lc->text.p_vaddr % 4 != 0) {
    return refuse(p, 0, "a misaligned word");
  }
  for (uint64_t at = 0; at < p->size; at += 4) {
    const uint8_t *b = p->text + at;
    uint32_t word = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    if (a64_insn(p, at, word)) {
      return 1;
    }
    hcc_lc_mark(p->lc->starts, at);
    p->lc->report->instructions++;
  }
  return 0;
}

static int targets(struct pass *p) {
  for (uint64_t i = 0; i <= p->size / 64; i++) {
    uint64_t wrong = p->targets[i] & ~p->lc->starts[i];
    if (wrong != 0) {
      return refuse(p, i * 64 + (unsigned)__builtin_ctzll(wrong),
                    "branch or address into the middle of an instruction or padding");
    }
  }
  return 0;
}

int hcc_lc_code(hcc_lc *lc) {
  struct pass p = {.lc = lc, .text = lc->bytes + lc->text.p_offset, .size = lc->text.p_filesz};
  uint64_t **bits[] = {&lc->starts, &lc->labels, &lc->entries, &lc->made, &lc->rets, &p.targets};
  bool room = true;
  int status;
  lc->report->text_bytes = p.size;
  for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
    *bits[i] = calloc(p.size / 64 + 1, sizeof **bits[i]);
    room &= *bits[i] != NULL;
  }
  if (!room) {
    status = hcc_lc_no_memory(lc);
    goto out;
  }
  status = lc->header.e_machine == EM_X86_64 ? x86(&p) : a64(&p);
  if (status == 0) {
    status = targets(&p);
  }
out:
  free(p.targets);
  return status;
}
