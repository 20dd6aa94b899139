/* linkcheck_functions.c - where functions begin and end in an image without symbols: at what is
 * called, at code addresses in data, and at those that code makes; each ends where the next begins.
 * Nothing rests on a guess: if a function is cut in two, a way leads out of one half, and that is
 * refused. Owns hcc_lc_flow.functions. */
#include <stdlib.h>
#include <string.h>

#include "linkcheck_flow.h"

/* The plugin ABI as the host reads it (docs/plugin-abi.md), from helios_plugin and hsb_export */
enum {
  PLUGIN_BYTES = 136,
  PLUGIN_FLAGS = 8,
  PLUGIN_HAS_MEMORY = 4, /* of the flags */
  PLUGIN_INSTANCE_SIZE = 12,
  PLUGIN_MEMORY = 16, /* where in the instance what the host tells of the memory is */
  MEMORY_BYTES = 24,
  PLUGIN_EXPORT_COUNT = 28,
  PLUGIN_IMPORT_COUNT = 32,
  PLUGIN_EXPORTS = 48,
  PLUGIN_BLOB_SIZE = 80,
  PLUGIN_INIT = 120,
  PLUGIN_START = 128,
  EXPORT_BYTES = 40,
  EXPORT_CALL = 32,
  INSTANCE_MAX = 1 << 20
};

static uint32_t count_bits(const uint64_t *bits, uint32_t size) {
  uint32_t n = 0;
  for (uint32_t i = 0; i <= size / 64; i++) {
    n += (uint32_t)__builtin_popcountll(bits[i]);
  }
  return n;
}

static void list(hcc_lc_flow *flow) {
  const uint64_t *bits = flow->lc->entries;
  uint32_t n = 0;
  for (uint32_t i = 0; i <= flow->size / 64; i++) {
    for (uint64_t word = bits[i]; word != 0; word &= word - 1) {
      uint32_t start = i * 64 + (unsigned)__builtin_ctzll(word);
      flow->functions[n] =
          (hcc_lc_function){.start = start, .end = flow->size, .instance = UINT16_MAX};
      if (n > 0) {
        flow->functions[n - 1].end = start;
      }
      n++;
    }
  }
}

hcc_lc_function *hcc_lc_function_at(const hcc_lc_flow *flow, uint32_t at) {
  uint32_t low = 0, high = flow->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (flow->functions[middle].start < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < flow->count && flow->functions[low].start == at ? &flow->functions[low] : NULL;
}

/* rcx, rdx, rsi, rdi, r8 to r10: what a function that preserves most saves, besides rax if need be
 */
#define PRESERVED                                                                                  \
  (1u << HCC_X86_CX | 1u << HCC_X86_DX | 1u << HCC_X86_SI | 1u << HCC_X86_DI | 1u << 8 | 1u << 9 | \
   1u << 10)

uint32_t hcc_lc_longest(const hcc_lc_flow *flow) {
  uint32_t longest = 0;
  for (uint32_t i = 0; i < flow->count; i++) {
    uint32_t length = flow->functions[i].end - flow->functions[i].start;
    longest = length > longest ? length : longest;
  }
  return longest;
}

static bool any_bit(const uint64_t *bits, uint32_t first, uint32_t end) {
  for (uint32_t i = first; i < end; i = (i / 64 + 1) * 64) {
    uint64_t word = bits[i / 64] >> (i % 64);
    uint32_t left = end - i < 64 - i % 64 ? end - i : 64 - i % 64;
    if ((left < 64 ? word & ((UINT64_C(1) << left) - 1) : word) != 0) {
      return true;
    }
  }
  return false;
}

/* Registers that a function pushes first. */
static uint16_t pushed_first(const hcc_lc_flow *flow, const hcc_lc_function *f) {
  uint16_t pushed = 0;
  hcc_x86_insn i;
  for (uint32_t at = f->start; at < f->end; at += i.length) {
    if (hcc_x86_decode(&i, flow->text + at, flow->size - at) != 0 || i.map != HCC_X86_ONE ||
        i.opcode < 0x50 || i.opcode > 0x57) {
      break;
    }
    pushed |= (uint16_t)(1u << (i.rm & 15));
  }
  return pushed;
}

/* Registers that it pops last, before every ret. */
static uint16_t popped_last(const hcc_lc_flow *flow, const hcc_lc_function *f) {
  uint16_t popped = 0, always = UINT16_MAX;
  hcc_x86_insn i;
  for (uint32_t at = f->start; at < f->end; at += i.length) {
    if (hcc_x86_decode(&i, flow->text + at, flow->size - at) != 0) {
      return 0; /* not so: hcc_lc_code has read it */
    }
    bool pops = i.map == HCC_X86_ONE && i.opcode >= 0x58 && i.opcode <= 0x5f;
    always &= hcc_lc_marked(flow->lc->rets, at) ? popped : UINT16_MAX;
    popped = (uint16_t)(pops ? popped | 1u << (i.rm & 15) : 0u);
  }
  return always;
}

/* What can be told of a function before it is followed: does it return, and does it save registers
 * that callers usually don't expect it to save? It says so by pushing them first and popping them
 * last; the walk sees whether that is true. */
static void survey(const hcc_lc_flow *flow, hcc_lc_function *f) {
  uint16_t pushed = pushed_first(flow, f);
  f->returns = any_bit(flow->lc->rets, f->start, f->end);
  f->keeps = HCC_LC_KEPT;
  if (f->returns && (pushed & PRESERVED) == PRESERVED) {
    uint16_t popped = popped_last(flow, f);
    f->keeps |= (popped & PRESERVED) == PRESERVED ? pushed & popped : 0;
  }
}

static uint64_t rela_count(const hcc_lc *lc) {
  return lc->rela.sh_type == SHT_NULL ? 0 : lc->rela.sh_size / sizeof(Elf64_Rela);
}

static int read_rela(Elf64_Rela *out, hcc_lc *lc, uint64_t n) {
  return hcc_lc_read(lc, out, lc->rela.sh_offset + n * sizeof *out, sizeof *out);
}

/* Is it a number of helios_plugin, or a part of one? Relocated it would not be what is read here.
 */
static bool is_number(uint64_t at) {
  return at < PLUGIN_EXPORTS || (at >= PLUGIN_BLOB_SIZE && at < PLUGIN_INIT);
}

/* Every relocated pointer into code is a function of which the address is taken. */
static int mark_pointers(hcc_lc_flow *flow, uint64_t exports, uint64_t exports_end) {
  hcc_lc *lc = flow->lc;
  for (uint64_t i = 0; i < rela_count(lc); i++) {
    Elf64_Rela r;
    if (read_rela(&r, lc, i)) {
      return 1;
    }
    if (is_number(r.r_offset - lc->plugin)) {
      return hcc_lc_refuse(lc, lc->rela.sh_offset, "relocation of a number of helios_plugin");
    }
    if (!hcc_lc_in_text(lc, (uint64_t)r.r_addend)) {
      continue;
    }
    hcc_lc_function *f = hcc_lc_function_at(flow, (uint32_t)(r.r_addend - lc->text.p_vaddr));
    if (f == NULL) {
      return hcc_lc_refuse(lc, lc->rela.sh_offset, "code pointer that is no function");
    }
    uint64_t at = r.r_offset - lc->plugin;
    bool export = r.r_offset >= exports && r.r_offset < exports_end &&
                  (r.r_offset - exports) % EXPORT_BYTES == EXPORT_CALL;
    f->root |= at == PLUGIN_INIT || at == PLUGIN_START || export;
    f->taken = true;
  }
  return 0;
}

static int read_plugin(hcc_lc_flow *flow, uint32_t *export_count) {
  hcc_lc *lc = flow->lc;
  uint8_t bytes[PLUGIN_BYTES];
  uint32_t flags;
  const Elf64_Phdr *home = hcc_lc_load(lc, lc->plugin, PLUGIN_BYTES);
  if (home == NULL || lc->plugin_size < PLUGIN_BYTES || lc->plugin % sizeof(uint64_t) != 0) {
    return hcc_lc_refuse(lc, lc->dynsym.sh_offset, "helios_plugin is too small or misaligned");
  }
  if (hcc_lc_read(lc, bytes, home->p_offset + (lc->plugin - home->p_vaddr), sizeof bytes)) {
    return 1;
  }
  memcpy(&flow->instance_size, bytes + PLUGIN_INSTANCE_SIZE, sizeof flow->instance_size);
  memcpy(&flags, bytes + PLUGIN_FLAGS, sizeof flags);
  memcpy(&flow->memory, bytes + PLUGIN_MEMORY, sizeof flow->memory);
  memcpy(&flow->import_count, bytes + PLUGIN_IMPORT_COUNT, sizeof flow->import_count);
  memcpy(export_count, bytes + PLUGIN_EXPORT_COUNT, sizeof *export_count);
  if (flow->instance_size > INSTANCE_MAX || flow->import_count > INSTANCE_MAX ||
      flow->memory > INSTANCE_MAX) {
    return hcc_lc_refuse(lc, home->p_offset, "helios_plugin has impossible sizes");
  }
  flow->memory_end = (flags & PLUGIN_HAS_MEMORY) != 0 ? flow->memory + MEMORY_BYTES : 0;
  return 0;
}

int hcc_lc_functions(hcc_lc_flow *flow) {
  uint32_t export_count = 0;
  uint64_t exports = 0; /* what the word in helios_plugin is relocated to */
  if (read_plugin(flow, &export_count)) {
    return 1;
  }
  hcc_lc_relocated(flow->lc, flow->lc->plugin + PLUGIN_EXPORTS, &exports);
  flow->count = count_bits(flow->lc->entries, flow->size);
  flow->functions = calloc(flow->count + 1, sizeof *flow->functions);
  flow->queue = calloc(flow->count + 1, sizeof *flow->queue);
  if (flow->functions == NULL || flow->queue == NULL) {
    return hcc_lc_no_memory(flow->lc);
  }
  list(flow);
  for (uint32_t i = 0; i < flow->count; i++) {
    survey(flow, &flow->functions[i]);
    flow->functions[i].taken =
        (flow->lc->made[flow->functions[i].start / 64] >> (flow->functions[i].start % 64) & 1) != 0;
  }
  return mark_pointers(flow, exports, exports + (uint64_t)export_count * EXPORT_BYTES);
}
