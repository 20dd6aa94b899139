/* sandbox_memory_test.c - rt-sandbox's memory access: every load and store of opcodes.def at the
 * edge of memory, in both modes, with the offset of the trap; growth; bulk operations. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "instr.h"
#include "sandbox_build.h"
#include "sandbox_host.h"

#define WAT_MAX (256u << 10)
#define FIRST_MARK 1000u /* of the first operator; each next one has the next number */
#define EXPORTS_EACH 3   /* of an operator: plain, result unused, with the largest offset */

typedef struct operator_row {
  const char *text, *sig;
  uint32_t imm, bytes;
} operator_row;

static const operator_row rows[] = {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags)                                     \
  {text, sig, HCC_IMM_##imm, 1u << (align)},
#include "opcodes.def"
#undef HCC_OP
};
#define ROWS (sizeof rows / sizeof rows[0])

static bool is_access(const operator_row *row) {
  return row->imm == HCC_IMM_MEMARG || row->imm == HCC_IMM_MEMARG_LANE;
}

static bool is_load(const operator_row *row) {
  return row->sig[strlen(row->sig) - 1] != ':';
}

static const char *type_name(char letter) {
  switch (letter) {
  case 'i':
    return "i32";
  case 'j':
    return "i64";
  case 'f':
    return "f32";
  case 'd':
    return "f64";
  default:
    return "v128";
  }
}

/* One export of an operator; variant as EXPORTS_EACH says. */
static void add_function(FILE *wat, FILE *sigs, const operator_row *row, unsigned mark,
                         unsigned number, int variant) {
  bool result = is_load(row) && variant == 0;
  size_t params = strcspn(row->sig, ":");
  fprintf(wat, " (func (export \"e%u\") (param", number);
  for (size_t i = 0; i < params; i++)
    fprintf(wat, " %s", type_name(row->sig[i]));
  fprintf(wat, ")%s%s%s", result ? " (result " : "", result ? type_name(row->sig[params + 1]) : "",
          result ? ")" : "");
  for (size_t i = 0; i < params; i++)
    fprintf(wat, " local.get %zu", i);
  fprintf(wat, " i32.const %u call $mark %s%s%s%s)\n", mark, row->text,
          variant == 2 ? " offset=4294967295" : "", row->imm == HCC_IMM_MEMARG_LANE ? " 1" : "",
          is_load(row) && variant ? " drop" : "");
  fprintf(sigs, "%.*s%s ", (int)params + 1, row->sig, result ? row->sig + params + 1 : "");
}

/* A module with EXPORTS_EACH exports for each access of opcodes.def. */
static void accesses_module(char *wat_text, char *sig_text) {
  FILE *wat = fmemopen(wat_text, WAT_MAX, "w"), *sigs = fmemopen(sig_text, WAT_MAX, "w");
  unsigned number = 0;
  assert_non_null(wat);
  assert_non_null(sigs);
  fputs("(module (import \"h\" \"mark\" (func $mark (param i32))) (memory 1 1)\n", wat);
  for (size_t i = 0; i < ROWS; i++) {
    if (!is_access(&rows[i]))
      continue;
    for (int v = 0; v < EXPORTS_EACH; v++, number++)
      add_function(wat, sigs, &rows[i], FIRST_MARK + number / EXPORTS_EACH, number, v);
  }
  fputs(")\n", wat);
  fclose(wat);
  fseek(sigs, -1, SEEK_CUR);
  fputc('\0', sigs);
  fclose(sigs);
  assert_int_equal(number, EXPORTS_EACH * (23 + 22)); /* the specification's number of them */
}

static void build(sandbox_plugin *plugin, const sandbox_source *source) {
  int status = sandbox_build(plugin, source, false);
  if (status == SANDBOX_NO_TOOL) {
    sandbox_free(plugin);
    skip();
  }
  assert_int_equal(status, 0);
}

/* Calls an export with addr and a value of all ones; returns the trap. */
static int access_at(sandbox *box, unsigned export, uint32_t addr) {
  hsb_slot slots[4] = {addr, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  return sandbox_call(box, export, slots);
}

static void expect_oob(sandbox *box, unsigned export, uint32_t addr, bool explicit_bounds) {
  assert_int_equal(access_at(box, export, addr), HSB_TRAP_OOB);
  assert_int_equal(box->faulted, !explicit_bounds);
}

/* Memory is 0, 1, 2, ... before; exactly the bytes of a store at addr may differ after. */
static void expect_exact(sandbox *box, const operator_row *row, unsigned export, uint32_t addr) {
  uint8_t *memory = sandbox_memory(box)->data;
  for (uint32_t i = 0; i < HSB_PAGE; i++)
    memory[i] = (uint8_t)i;
  assert_int_equal(access_at(box, export, addr), 0);
  for (uint32_t i = 0; i < HSB_PAGE; i++) {
    bool stored = !is_load(row) && i >= addr && i < addr + row->bytes;
    if (memory[i] != (stored ? 0xff : (uint8_t)i))
      fail_msg("%s at %u: byte %u is %#x", row->text, addr, i, memory[i]);
  }
}

static void accesses(bool explicit_bounds) {
  char *wat = calloc(1, WAT_MAX), *sigs = calloc(1, WAT_MAX);
  sandbox_plugin plugin;
  sandbox box = {0};
  unsigned export = 0;
  assert_non_null(wat);
  assert_non_null(sigs);
  accesses_module(wat, sigs);
  sandbox_source source = {.wat = wat,
                           .exports = sigs,
                           .pages_min = 1,
                           .pages_max = 1,
                           .explicit_bounds = explicit_bounds};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  for (size_t i = 0; i < ROWS; i++) {
    if (!is_access(&rows[i]))
      continue;
    uint32_t last = HSB_PAGE - rows[i].bytes, mark = FIRST_MARK + export / EXPORTS_EACH;
    expect_exact(&box, &rows[i], export, last);
    expect_exact(&box, &rows[i], export, 1); /* no alignment is needed */
    expect_oob(&box, export, last + 1, explicit_bounds);
    uint32_t offset = explicit_bounds ? box.trap_offset : sandbox_offset_of(&plugin, box.fault_pc);
    if (offset != mark)
      fail_msg("%s: trap at offset %u, not %u", rows[i].text, offset, mark);
    expect_oob(&box, export, UINT32_MAX, explicit_bounds);
    assert_int_equal(access_at(&box, export + 1, last), 0);
    expect_oob(&box, export + 1, last + 1, explicit_bounds); /* though the result is unused */
    expect_oob(&box, export + 2, 0, explicit_bounds);        /* 4 GiB - 1 away */
    expect_oob(&box, export + 2, 1, explicit_bounds);        /* the sum is not taken modulo 2^32 */
    expect_oob(&box, export + 2, UINT32_MAX, explicit_bounds);
    export += EXPORTS_EACH;
  }
  sandbox_close(&box);
  sandbox_free(&plugin);
  free(wat);
  free(sigs);
}

static void access__guard(void **state) {
  (void)state;
  accesses(false);
}

static void access__explicit(void **state) {
  (void)state;
  accesses(true);
}

/* --- a loop that copies --- */

static const char copy_wat[] =
    "(module (import \"h\" \"copy\" (func $copy (param i64 i64 i64) (result i32))) (memory 2 2)"
    " (func (export \"e0\") (param i64 i64 i64) (result i32)"
    "  (call $copy (local.get 0) (local.get 1) (local.get 2))))";

/* Are both ranges in bounds, and is all read before it is written? */
static bool is_copy(uint64_t to, uint64_t from, uint64_t n) {
  uint64_t size = 2 * HSB_PAGE;
  return n <= size && to <= size - n && from <= size - n && (to < from || to - from >= n);
}

/* Whatever is said of a loop, nothing but what is in bounds is copied. */
static void copy__trusts_nobody(void **state) {
  static const uint64_t all[] = {0,
                                 1,
                                 16,
                                 17,
                                 2 * HSB_PAGE - 16,
                                 2 * HSB_PAGE - 1,
                                 2 * HSB_PAGE,
                                 UINT32_MAX,
                                 UINT64_C(1) << 33,
                                 UINT64_C(1) << 40,
                                 UINT64_MAX - 2 * HSB_PAGE,
                                 UINT64_MAX - 16,
                                 UINT64_MAX};
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  sandbox_source source = {.wat = copy_wat, .exports = "jjj:i", .pages_min = 2, .pages_max = 2};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  for (size_t i = 0; i < 13 * 13 * 13; i++) {
    uint64_t to = all[i % 13], from = all[i / 13 % 13], n = all[i / 169];
    hsb_slot slots[3] = {to, from, n};
    if (sandbox_call(&box, 0, slots) != 0 || slots[0] != is_copy(to, from, n)) {
      fail_msg("%llx from %llx, %llx bytes", (unsigned long long)to, (unsigned long long)from,
               (unsigned long long)n);
    }
  }
  sandbox_close(&box);
  sandbox_free(&plugin);
}

/* --- what was compared before a loop (hsb_look.h) --- */

/* k, first, turns, stride, end; i, offset; 1: loads four bytes where hsb_seen has them. */
static const char look_wat[] =
    "(module (import \"h\" \"mark\" (func $mark (param i32)))"
    " (import \"h\" \"look\" (func $look (param i32 i32 i64 i32 i64) (result i32)))"
    " (import \"h\" \"seen\" (func $seen (param i32 i64 i32)))"
    " (import \"h\" \"below\" (func $below (param i32 i64) (result i32))) (memory 2 2)"
    " (func (export \"e0\") (param i32 i32 i64 i32 i64 i64 i32) (result i32)"
    "  (drop (call $look (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))"
    "  (call $seen (local.get 0) (local.get 5) (local.get 6))"
    "  i32.const 0 i32.const 2147483646 call $mark i32.load)"
    " (func (export \"e1\") (result i32)" /* nothing was looked at */
    "  i32.const 0 i32.const 2147483646 call $mark i32.load)"
    " (func (export \"e2\") (param i32 i64) (result i32)" /* what another place of it was */
    "  (drop (call $look (i32.const 1) (i32.const 0) (i64.const 4) (i32.const 4) (i64.const 4)))"
    "  (drop (call $look (i32.const 1) (i32.const -1) (i64.const 4) (i32.const 4) (i64.const 4)))"
    "  (call $seen (local.get 0) (local.get 1) (i32.const 0))"
    "  i32.const 0 i32.const 2147483646 call $mark i32.load)"
    " (func (export \"e3\") (param i32 i32 i64 i32 i64 i64) (result i32)" /* is there a place i? */
    "  (i32.shl (call $look (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))"
    "   (i32.const 1))"
    "  (i32.add (call $below (local.get 0) (local.get 5)))))";
enum { LOOK_AND_LOAD, LOAD_UNSEEN, LOAD_OTHER, LOOK_AND_ASK };
#define LOOK_SIZE (2 * HSB_PAGE)

typedef struct look_row {
  uint32_t first;
  uint64_t turns;
  uint32_t stride;
  uint64_t end, i;
  uint32_t offset;
} look_row;

/* All places must be in bounds, whether they are asked for or not. */
static bool is_kept(const look_row *r) {
  __int128 far = (__int128)(int32_t)r->stride * (__int128)(r->turns - 1);
  __int128 low = far < 0 ? r->first + far : r->first, high = far < 0 ? r->first : r->first + far;
  return r->turns != 0 && r->turns - 1 <= UINT32_MAX && low >= 0 &&
         high + (__int128)r->end <= LOOK_SIZE;
}

static bool is_place(const look_row *r) {
  return is_kept(r) && r->i < r->turns && r->offset <= r->end && r->end - r->offset >= 4;
}

static void check_asked(sandbox *box, const look_row *r) {
  hsb_slot slots[7] = {3, r->first, r->turns, r->stride, r->end, r->i};
  uint32_t expected = is_kept(r) ? 2 + (r->i < r->turns) : 0;
  assert_int_equal(sandbox_call(box, LOOK_AND_ASK, slots), 0);
  assert_int_equal(slots[0], expected);
}

static void check_look(sandbox *box, const look_row *r) {
  hsb_slot slots[7] = {3, r->first, r->turns, r->stride, r->end, r->i, r->offset};
  bool expected = is_place(r);
  int trap = sandbox_call(box, LOOK_AND_LOAD, slots);
  uint32_t at = r->first + (uint32_t)r->i * r->stride + r->offset;
  if (trap != (expected ? 0 : HSB_TRAP_OOB) || box->faulted || (expected && slots[0] != at / 4)) {
    fail_msg("%u + %d * %llu of %llu, %llu bytes, offset %u: trap %d, value %u", r->first,
             (int)r->stride, (unsigned long long)r->i, (unsigned long long)r->turns,
             (unsigned long long)r->end, r->offset, trap, (unsigned)slots[0]);
  }
}

/* Whatever is said of a loop, nothing but places in bounds is read. Words have their index. */
static void look__trusts_nobody(void **state) {
  static const uint64_t firsts[] = {0, 4, 64, LOOK_SIZE - 64, LOOK_SIZE - 4, 0xfffffffc};
  static const uint64_t turns[] = {0,
                                   1,
                                   4,
                                   16,
                                   17,
                                   UINT32_MAX,
                                   UINT64_C(1) << 32,
                                   (UINT64_C(1) << 32) + 1,
                                   UINT64_C(1) << 62,
                                   UINT64_MAX};
  static const uint32_t strides[] = {0, 4, 8, (uint32_t)-4, (uint32_t)-8, 1u << 31, 0x7ffffffc};
  static const uint64_t ends[] = {0, 3, 4, 8, 64, 68, LOOK_SIZE, LOOK_SIZE + 1, UINT64_MAX};
  static const uint64_t is[] = {0, 1, 3, 4, 15, 16, UINT32_MAX, UINT64_C(1) << 62, UINT64_MAX};
  static const uint32_t offsets[] = {0, 4, 60, 64, LOOK_SIZE - 4, 0xfffffffc};
#define EACH(index, of) for (size_t index = 0; index < sizeof of / sizeof *of; index++)
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  sandbox_source source = {.wat = look_wat,
                           .exports = "iijijji:i :i ij:i iijijj:i",
                           .pages_min = 2,
                           .pages_max = 2,
                           .explicit_bounds = true};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  for (uint32_t i = 0; i < LOOK_SIZE / 4; i++) {
    memcpy(sandbox_memory(&box)->data + (size_t)i * 4, &i, sizeof i);
  }
  EACH(a, firsts) EACH(b, turns) EACH(c, strides) EACH(d, ends) EACH(e, is) EACH(f, offsets) {
    look_row row = {(uint32_t)firsts[a], turns[b], strides[c], ends[d], is[e], offsets[f]};
    check_look(&box, &row);
    if (f == 0) {
      check_asked(&box, &row);
    }
  }
#undef EACH
  hsb_slot other[2] = {1, 0};
  assert_int_equal(sandbox_call(&box, LOAD_UNSEEN, other), HSB_TRAP_OOB);
  assert_int_equal(sandbox_call(&box, LOAD_OTHER, other), HSB_TRAP_OOB); /* the last look failed */
  other[0] = 2;
  assert_int_equal(sandbox_call(&box, LOAD_OTHER, other), HSB_TRAP_OOB);
  sandbox_close(&box);
  sandbox_free(&plugin);
}

/* --- growth and bulk operations, in both modes --- */

static const char memory_wat[] =
    "(module (import \"h\" \"mark\" (func $mark (param i32))) (memory 1 5)"
    " (data $d \"hello\") (data $none \"\")"
    " (func (export \"e0\") (param i32) (result i32) local.get 0 memory.grow)"
    " (func (export \"e1\") (result i32) memory.size)"
    " (func (export \"e2\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 7001 call $mark memory.fill)"
    " (func (export \"e3\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 7002 call $mark memory.copy)"
    " (func (export \"e4\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 7003 call $mark memory.init $d)"
    " (func (export \"e5\") data.drop $d)"
    " (func (export \"e6\") (param i32) (result i32) local.get 0 i32.load8_u)"
    /* grow and use at once: no size may be kept from before */
    " (func (export \"e7\") (param i32) (result i32) (i32.store8 (i32.const 0) (i32.const 1))"
    "  (drop (memory.grow (i32.const 1))) (i32.store8 (local.get 0) (i32.const 9))"
    "  (i32.load8_u (local.get 0))))";
enum { GROW, SIZE, FILL, COPY, INIT, DROP, LOAD, GROW_AND_STORE };

static uint32_t value(sandbox *box, unsigned export, uint32_t arg) {
  hsb_slot slots[1] = {arg};
  assert_int_equal(sandbox_call(box, export, slots), 0);
  return (uint32_t)slots[0];
}

static int bulk(sandbox *box, unsigned export, uint32_t a, uint32_t b, uint32_t c) {
  hsb_slot slots[3] = {a, b, c};
  return sandbox_call(box, export, slots);
}

/* Must trap before it changes anything, by comparison in both modes. */
static void expect_bulk_trap(sandbox *box, unsigned export, uint32_t a, uint32_t b, uint32_t c) {
  struct hsb_memory *memory = sandbox_memory(box);
  uint8_t *before = malloc(memory->size);
  assert_non_null(before);
  memcpy(before, memory->data, memory->size);
  assert_int_equal(bulk(box, export, a, b, c), HSB_TRAP_OOB);
  assert_false(box->faulted);
  assert_int_equal(box->trap_offset, 7001 + export - FILL);
  assert_memory_equal(before, memory->data, memory->size);
  free(before);
}

static void open_memory(sandbox_plugin *plugin, sandbox *box, bool explicit_bounds) {
  sandbox_source source = {.wat = memory_wat,
                           .exports = "i:i :i iii: iii: iii: : i:i i:i",
                           .pages_min = 1,
                           .pages_max = 5,
                           .explicit_bounds = explicit_bounds};
  build(plugin, &source);
  assert_int_equal(sandbox_open(box, plugin->plugin, NULL), 0);
}

static void grow_in(bool explicit_bounds) {
  sandbox_plugin plugin;
  sandbox box = {.page_limit = 4};
  hsb_slot slots[1] = {HSB_PAGE};
  open_memory(&plugin, &box, explicit_bounds);
  assert_int_equal(value(&box, GROW, 0), 1);
  assert_int_equal(sandbox_call(&box, LOAD, slots), HSB_TRAP_OOB);
  assert_int_equal(value(&box, GROW_AND_STORE, HSB_PAGE), 9);
  assert_int_equal(value(&box, LOAD, 2 * HSB_PAGE - 1), 0);
  assert_int_equal(value(&box, GROW, 3), UINT32_MAX); /* the host's limit: 4 */
  assert_int_equal(value(&box, GROW, UINT32_MAX), UINT32_MAX);
  assert_int_equal(value(&box, GROW, 65535), UINT32_MAX);
  assert_int_equal(value(&box, SIZE, 0), 2);
  assert_int_equal(value(&box, GROW, 2), 2);
  assert_int_equal(value(&box, SIZE, 0), 4);
  assert_int_equal(value(&box, GROW, 1), UINT32_MAX);
  assert_int_equal(value(&box, GROW, 0), 4);
  assert_int_equal(value(&box, LOAD, 4 * HSB_PAGE - 1), 0);
  slots[0] = 4 * HSB_PAGE;
  assert_int_equal(sandbox_call(&box, LOAD, slots), HSB_TRAP_OOB);
  assert_int_equal(value(&box, LOAD, HSB_PAGE), 9);
  sandbox_close(&box);
  sandbox_free(&plugin);
}

static void grow__both_modes(void **state) {
  (void)state;
  grow_in(false);
  grow_in(true);
}

static void bulk_in(bool explicit_bounds) {
  sandbox_plugin plugin;
  sandbox box = {0};
  open_memory(&plugin, &box, explicit_bounds);
  const uint8_t *memory = sandbox_memory(&box)->data;
  assert_int_equal(bulk(&box, FILL, HSB_PAGE - 2, 0x1ab, 2), 0);
  assert_int_equal(memory[HSB_PAGE - 2], 0xab);
  assert_int_equal(memory[HSB_PAGE - 1], 0xab);
  assert_int_equal(memory[HSB_PAGE - 3], 0);
  assert_int_equal(bulk(&box, INIT, 100, 1, 3), 0);
  assert_memory_equal(memory + 99, "\0ell\0", 5);
  assert_int_equal(bulk(&box, COPY, 101, 100, 3), 0); /* overlapping, upwards */
  assert_memory_equal(memory + 99, "\0eell\0", 6);
  assert_int_equal(bulk(&box, COPY, 99, 101, 3), 0); /* and downwards */
  assert_memory_equal(memory + 99, "ellll\0", 6);
  static const struct {
    unsigned export;
    uint32_t to, from, n;
    bool traps;
  } edges[] = {
      {FILL, HSB_PAGE, 1, 0, false},
      {FILL, HSB_PAGE + 1, 1, 0, true},
      {FILL, HSB_PAGE - 1, 1, 2, true},
      {FILL, 0, 1, HSB_PAGE + 1, true},
      {FILL, UINT32_MAX, 1, 1, true},
      {FILL, UINT32_MAX, 1, UINT32_MAX, true},
      {FILL, 8, 1, UINT32_MAX - 7, true},
      {COPY, HSB_PAGE, HSB_PAGE, 0, false},
      {COPY, HSB_PAGE + 1, 0, 0, true},
      {COPY, 0, HSB_PAGE + 1, 0, true},
      {COPY, HSB_PAGE - 4, 0, 5, true},
      {COPY, 0, HSB_PAGE - 4, 5, true},
      {COPY, 1, 2, UINT32_MAX, true},
      {COPY, UINT32_MAX, 0, 2, true},
      {COPY, 0, UINT32_MAX, 2, true},
      {INIT, HSB_PAGE, 5, 0, false},
      {INIT, HSB_PAGE + 1, 0, 0, true},
      {INIT, 0, 6, 0, true},
      {INIT, 0, 3, 3, true},
      {INIT, 0, UINT32_MAX, 1, true},
      {INIT, HSB_PAGE - 1, 0, 2, true},
      {INIT, 0, 1, UINT32_MAX, true},
  };
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
    if (edges[i].traps)
      expect_bulk_trap(&box, edges[i].export, edges[i].to, edges[i].from, edges[i].n);
    else
      assert_int_equal(bulk(&box, edges[i].export, edges[i].to, edges[i].from, edges[i].n), 0);
  }
  assert_int_equal(value(&box, DROP, 0), 0);
  assert_int_equal(bulk(&box, INIT, 0, 0, 0), 0);
  expect_bulk_trap(&box, INIT, 0, 0, 1);
  sandbox_close(&box);
  sandbox_free(&plugin);
}

static void bulk__both_modes(void **state) {
  (void)state;
  bulk_in(false);
  bulk_in(true);
}

/* More than HSB_BULK_PIECE: in pieces with a poll after each, all of it and no more. */
static void bulk__long_ones_poll(void **state) {
  enum { PIECE = HSB_BULK_PIECE, SOURCE = PIECE + 17 };
  char *wat = malloc(SOURCE + 1000);
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  assert_non_null(wat);
  int head = sprintf(wat, "(module (memory 64 64) (data $d \"");
  memset(wat + head, 'x', SOURCE);
  sprintf(wat + head + SOURCE,
          "\") (func (export \"e0\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
          " memory.fill) (func (export \"e1\") (param i32 i32 i32) local.get 0 local.get 1"
          " local.get 2 memory.copy) (func (export \"e2\") (param i32 i32 i32) local.get 0"
          " local.get 1 local.get 2 memory.init $d))");
  sandbox_source source = {
      .wat = wat, .exports = "iii: iii: iii:", .pages_min = 64, .pages_max = 64};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  uint8_t *memory = sandbox_memory(&box)->data;
  assert_int_equal(bulk(&box, 0, 1, 'f', PIECE), 0);
  assert_int_equal(box.polls, 0);
  assert_int_equal(bulk(&box, 0, 1, 'f', SOURCE), 0);
  assert_int_equal(box.polls, 2);
  assert_memory_equal(memory, "\0f", 2);
  assert_memory_equal(memory + SOURCE, "f\0", 2);
  assert_int_equal(bulk(&box, 2, 1, 0, PIECE), 0);
  assert_int_equal(box.polls, 2);
  assert_int_equal(bulk(&box, 2, 1, 0, SOURCE), 0);
  assert_int_equal(box.polls, 4);
  assert_memory_equal(memory + SOURCE, "x\0", 2);
  assert_int_equal(bulk(&box, 1, 5, 1, PIECE), 0);
  assert_int_equal(box.polls, 4);
  memory[1] = 'a';
  memory[SOURCE] = 'z';
  assert_int_equal(bulk(&box, 1, 5, 1, SOURCE), 0); /* overlapping, upwards */
  assert_int_equal(box.polls, 6);
  assert_int_equal(memory[5], 'a');
  assert_memory_equal(memory + SOURCE + 4, "z\0", 2);
  assert_int_equal(bulk(&box, 1, 2, 5, SOURCE), 0); /* and downwards */
  assert_int_equal(box.polls, 8);
  assert_int_equal(memory[2], 'a');
  assert_int_equal(memory[SOURCE + 1], 'z');
  sandbox_close(&box);
  sandbox_free(&plugin);
  free(wat);
}

/* A host that gives less memory than the module says is told so. */
static void init__memory_too_small(void **state) {
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  sandbox_source source = {.wat = "(module (memory 3) (func (export \"e0\")))",
                           .exports = ":",
                           .pages_min = 2,
                           .pages_max = 65536};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), HSB_TRAP_OUT_OF_MEMORY);
  sandbox_close(&box);
  sandbox_free(&plugin);
}

/* --- hsb_lib.c against libc --- */

typedef void *copy_fn(void *to, const void *from, size_t n);
typedef void *set_fn(void *to, int value, size_t n);
typedef int compare_fn(const void *a, const void *b, size_t n);

#define AREA 20000

static void fill_pattern(uint8_t *area) {
  for (uint32_t i = 0; i < AREA; i++)
    area[i] = (uint8_t)((i * 2654435761u) >> 13);
}

/* Every length up to 300, and some around the thresholds. */
static size_t next_length(size_t n) {
  return n < 300 ? n + 1 : n + n / 5 - (n & 7);
}

static void check_copies(copy_fn *copy, copy_fn *move) {
  static uint8_t ours[AREA], theirs[AREA];
  static const int shifts[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1000};
  for (size_t n = 0; n < 6000; n = next_length(n)) {
    fill_pattern(ours);
    fill_pattern(theirs);
    memcpy(theirs + 10001, theirs + 3, n);
    assert_ptr_equal(copy(ours + 10001, ours + 3, n), ours + 10001);
    assert_memory_equal(ours, theirs, AREA);
    for (size_t k = 0; k < 2 * sizeof shifts / sizeof shifts[0]; k++) {
      size_t to = 5000 + (k & 1 ? (size_t)shifts[k / 2] : 0);
      size_t from = 5000 + (k & 1 ? 0 : (size_t)shifts[k / 2]);
      fill_pattern(ours);
      fill_pattern(theirs);
      memmove(theirs + to, theirs + from, n);
      assert_ptr_equal(move(ours + to, ours + from, n), ours + to);
      assert_memory_equal(ours, theirs, AREA);
    }
  }
}

static void check_set_and_compare(set_fn *set, compare_fn *compare) {
  static uint8_t ours[AREA], theirs[AREA];
  for (size_t n = 0; n < 6000; n = next_length(n)) {
    fill_pattern(ours);
    fill_pattern(theirs);
    memset(theirs + 5, 0x1c3, n);
    assert_ptr_equal(set(ours + 5, 0x1c3, n), ours + 5);
    assert_memory_equal(ours, theirs, AREA);
    assert_int_equal(compare(ours, theirs, n), 0);
    for (size_t at = 0; at < n; at += 1 + n / 9) {
      ours[at] ^= 0x80;
      int want = memcmp(ours, theirs, n), got = compare(ours, theirs, n);
      assert_true(want < 0 ? got < 0 : got > 0);
      ours[at] ^= 0x80;
    }
  }
}

static void lib__same_as_libc(void **state) {
  (void)state;
  void *library = sandbox_build_library();
  if (!library)
    skip();
  copy_fn *copy = (copy_fn *)dlsym(library, "own_memcpy");
  copy_fn *move = (copy_fn *)dlsym(library, "own_memmove");
  set_fn *set = (set_fn *)dlsym(library, "own_memset");
  compare_fn *compare = (compare_fn *)dlsym(library, "own_memcmp");
  assert_true(copy && move && set && compare);
  check_copies(copy, move);
  check_set_and_compare(set, compare);
  dlclose(library);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(access__guard),        cmocka_unit_test(access__explicit),
      cmocka_unit_test(grow__both_modes),     cmocka_unit_test(bulk__both_modes),
      cmocka_unit_test(bulk__long_ones_poll), cmocka_unit_test(init__memory_too_small),
      cmocka_unit_test(lib__same_as_libc),    cmocka_unit_test(look__trusts_nobody),
      cmocka_unit_test(copy__trusts_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
