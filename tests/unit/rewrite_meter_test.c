/* rewrite_meter_test.c - meter*.c and flow.c: where fuel is taken and places are marked, what each
 * block costs, and the table of prices. */
#include "rewrite_kit.h"

#define MARK(offset) HCC_OP_I32_CONST, offset, HCC_OP_CALL, 2
/* Keeps the fuel that is on the stack and asks for more below a number: local 1, and the import it
 * calls. */
#define CHECK_BELOW(fuel, ...)                                                                     \
  HCC_OP_LOCAL_TEE, 1, HCC_OP_I64_CONST, __VA_ARGS__, HCC_OP_I64_LT_S, HCC_OP_IF, UNIT,            \
      HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, fuel, HCC_OP_LOCAL_SET, 1, HCC_OP_END
#define CHECK(fuel) CHECK_BELOW(fuel, 0)

static void marks__right_before_what_traps(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_LOAD, 2, 0, HCC_OP_DROP);
  rewrite(&f, MARKS);
  uint8_t at = (uint8_t)f.m->funcs[1].code.begin;
  assert_in_range(at, 1, 63);
  CODE(&f, 2, HCC_OP_I32_CONST, at, HCC_OP_CALL, 1, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_CONST,
       (uint8_t)(at + 2), HCC_OP_CALL, 1, HCC_OP_I32_LOAD, 2, 0, HCC_OP_DROP, HCC_OP_END);
  end(&f);
}

static void marks__metered_loop_and_bulk(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0,
            0xfc, 0x0b, 0, HCC_OP_END);
  rewrite(&f, BOTH);
  uint8_t at = (uint8_t)f.m->funcs[1].code.begin, fill = (uint8_t)(at + 8);
  assert_in_range(at, 1, 50);
  _Static_assert(HSB_FUEL_LOW == 1 << 14, "as below: there is a loop in it");
  CODE(&f, 3, MARK(at), HCC_OP_LOCAL_GET, 1, CHECK_BELOW(1, 0x80, 0x80, 1), HCC_OP_BLOCK, UNIT,
       HCC_OP_LOOP, UNIT, MARK(at), HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 4, HCC_OP_I64_SUB,
       CHECK(1), HCC_OP_I32_CONST, 0, HCC_OP_I32_CONST, 0, HCC_OP_LOCAL_GET, 0, MARK(fill),
       HCC_OP_LOCAL_TEE, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 2, HCC_OP_I64_EXTEND_I32_U,
       HCC_OP_I64_CONST, 5, HCC_OP_I64_SHR_U, HCC_OP_I64_SUB, CHECK(1), MARK(fill), 0xfc, 0x0b, 0,
       HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* The callee's entry is the checkpoint; an import's call is none. */
static void metered__loop_that_calls(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 1, HCC_OP_BR, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 3, HCC_OP_I64_SUB,
       HCC_OP_LOCAL_SET, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, 2, HCC_OP_LOCAL_SET, 1, HCC_OP_BR, 0,
       HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, HCC_OP_BR, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 0x80 | (3 + HCC_FUEL_HOST_CALL), 0, HCC_OP_I64_SUB,
       CHECK(1), HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 1, HCC_OP_CALL, 0, HCC_OP_LOCAL_SET, 1,
       HCC_OP_BR, 0, HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

#define PAY(n) HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, (n)&0x7f, HCC_OP_I64_SUB, HCC_OP_LOCAL_SET, 1

/* Both arms owe at least 2 units, the loop's header pays them with its own 4. */
static void metered__arms_owe(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0,
            HCC_OP_DROP, HCC_OP_ELSE, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP,
            HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, PAY(-2), HCC_OP_LOOP, UNIT,
       HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 6, HCC_OP_I64_SUB, CHECK(1), HCC_OP_LOCAL_GET, 0,
       HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_ELSE, HCC_OP_LOCAL_GET, 0,
       HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_DROP, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 0,
       HCC_OP_BR_IF, 0, HCC_OP_END, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* What is owed is paid before code that owes less comes to the same place, and before a table. */
static void metered__debts_meet(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0,
            HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_LOCAL_GET, 0,
            HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_TABLE, 1, 0, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 4, HCC_OP_I64_SUB, CHECK(1), HCC_OP_BLOCK,
       UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, PAY(2),
       HCC_OP_BR_IF, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, PAY(2), HCC_OP_END, HCC_OP_LOCAL_GET, 0,
       HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, PAY(2), HCC_OP_BR_TABLE, 1, 0, 0, HCC_OP_END,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* The second of two branches to the end of a block pays on its own way, in a loop that has no other
 * in it, if it carries nothing. */
static void metered__pays_aside(void **state) {
  fixture f;
  (void)state;
#define ASK HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF
#define NOTHING HCC_OP_LOCAL_GET, 0, HCC_OP_DROP
#define TWO_WAYS ASK, 0, ASK, 0, NOTHING, HCC_OP_END
#define BEGIN(turn) HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, turn, HCC_OP_I64_SUB, CHECK(1)
#define ASIDE                                                                                      \
  ASK, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, PAY(2), HCC_OP_BR, 1, HCC_OP_END, NOTHING, PAY(4), \
      HCC_OP_END
#define BEFORE ASK, 0, HCC_OP_LOCAL_GET, 0, PAY(2), HCC_OP_BR_IF, 0, NOTHING, PAY(2), HCC_OP_END
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, UNIT, TWO_WAYS, ASK, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT, BEGIN(4),
       HCC_OP_BLOCK, UNIT, ASIDE, ASK, 0, HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
  /* another loop is in it */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, UNIT, TWO_WAYS, HCC_OP_LOOP, UNIT, NOTHING,
            HCC_OP_END, ASK, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT, BEGIN(4),
       HCC_OP_BLOCK, UNIT, BEFORE, HCC_OP_LOOP, UNIT, BEGIN(2), NOTHING, HCC_OP_END, ASK, 0,
       HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
  /* they lead further */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, ASK, 1, ASK, 1, NOTHING,
            HCC_OP_END, HCC_OP_END, ASK, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT, BEGIN(4),
       HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, ASK, 1, HCC_OP_LOCAL_GET, 0, PAY(2), HCC_OP_BR_IF, 1,
       NOTHING, HCC_OP_END, PAY(2), HCC_OP_END, ASK, 0, HCC_OP_END, HCC_OP_END, HCC_OP_LOCAL_GET, 1,
       HCC_OP_END);
  end(&f);
  /* they carry a value */
  WITH_BODY(&f, HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, HCC_I32, HCC_OP_LOCAL_GET, 0, TWO_WAYS,
            HCC_OP_DROP, ASK, 0, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, CHECK(1), HCC_OP_BLOCK, UNIT, HCC_OP_LOOP, UNIT, BEGIN(6),
       HCC_OP_BLOCK, HCC_I32, HCC_OP_LOCAL_GET, 0, BEFORE, HCC_OP_DROP, ASK, 0, HCC_OP_END,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
#undef ASK
#undef NOTHING
#undef TWO_WAYS
#undef BEGIN
#undef ASIDE
#undef BEFORE
}

static void metered__return_is_a_branch(void **state) {
  fixture f;
  (void)state;
  WITH_BODY(&f, HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_END, HCC_OP_END);
  rewrite(&f, METER);
  CODE(&f, 2, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 1, HCC_OP_I64_SUB, CHECK(1), HCC_OP_BLOCK,
       UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_BR, 2, HCC_OP_END, HCC_OP_END,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

static void metered__locals_and_grow(void **state) {
  static const uint8_t code[] = {1,
                                 12,
                                 1,
                                 2,
                                 HCC_I64, /* locals 1 and 2 */
                                 HCC_OP_LOCAL_GET,
                                 2,
                                 HCC_OP_DROP,
                                 HCC_OP_LOCAL_GET,
                                 0,
                                 HCC_OP_MEMORY_GROW,
                                 0,
                                 HCC_OP_DROP,
                                 HCC_OP_END};
  fixture f;
  (void)state;
  begin(&f);
  SECTION(&f, 1, 1, 0x60, 1, HCC_I32, 0);
  SECTION(&f, 3, 1, 0);
  SECTION(&f, 5, 1, 0, 1);
  add_section(&f, 10, code, sizeof code);
  rewrite(&f, METER);
  assert_int_equal(f.result->funcs[1].local_count, 4); /* two more, for the pages and the result */
  CODE(&f, 1, HCC_OP_LOCAL_GET, 1, HCC_OP_I64_CONST, 5, HCC_OP_I64_SUB, CHECK(0), HCC_OP_BLOCK,
       UNIT, HCC_OP_LOCAL_GET, 3, HCC_OP_DROP, HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_TEE, 4,
       HCC_OP_MEMORY_GROW, 0, HCC_OP_LOCAL_TEE, 5, HCC_OP_I32_CONST, 0x7f, HCC_OP_I32_NE, HCC_OP_IF,
       UNIT, HCC_OP_LOCAL_GET, 1, HCC_OP_LOCAL_GET, 4, HCC_OP_I64_EXTEND_I32_U, HCC_OP_I64_CONST,
       10, HCC_OP_I64_SHL, HCC_OP_I64_SUB, CHECK(0), HCC_OP_END, HCC_OP_LOCAL_GET, 5, HCC_OP_DROP,
       HCC_OP_END, HCC_OP_LOCAL_GET, 1, HCC_OP_END);
  end(&f);
}

/* Costs of the blocks of a body. */
static void assert_costs(const uint8_t *code, size_t size, const uint32_t *costs, size_t count,
                         bool polls) {
  fixture f;
  hcc__rw_locals locals;
  with_body(&f, code, size);
  load(&f);
  hcc__rw rw = {.m = f.m, .err = &f.err, .options.polls = polls};
  hcc_buf_init(&rw.costs, 1 << 20);
  assert_int_equal(hcc__flow_new(&rw.flow, &f.err), 0);
  assert_int_equal(hcc__rw_costs(&locals, &rw, &f.m->funcs[1]), 0);
  const hcc__rw_cost *actual = (const hcc__rw_cost *)(const void *)rw.costs.data;
  assert_int_equal(rw.costs.size, count * sizeof *actual);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(actual[i].fuel, costs[i]);
  }
  hcc_buf_free(&rw.costs);
  hcc__flow_free(&rw.flow);
  end(&f);
}

#define COSTS_IF(polls, code, costs)                                                               \
  assert_costs((const uint8_t[]){code}, sizeof((const uint8_t[]){code}),                           \
               (const uint32_t[]){costs}, sizeof((const uint32_t[]){costs}) / sizeof(uint32_t),    \
               polls)
#define COSTS(code, costs) COSTS_IF(false, LIST(code), LIST(costs))

static void costs__blocks(void **state) {
  (void)state;
  COSTS(HCC_OP_NOP, LIST(0));
  COSTS(LIST(HCC_OP_LOCAL_GET, 0, HCC_OP_DROP), LIST(2));
  /* what follows a block that no branch leaves for further out belongs to what stands before it */
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(4));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_BR, 0, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(3, 0));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(4, 2, 0));
  /* behind a loop it goes on as before it, even though its label is branched to */
  COSTS(LIST(HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_END, HCC_OP_I32_CONST,
             0, HCC_OP_DROP),
        LIST(2, 2, 0));
  /* ... but one that a branch leaves for a label further out does */
  COSTS(LIST(HCC_OP_LOOP, UNIT, HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 1,
             HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(2, 2, 2));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_RETURN, HCC_OP_END,
             HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(2, 1, 2));
  /* calls: function 1 is defined, 0 is imported */
  COSTS(LIST(HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 1, HCC_OP_ELSE,
             HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0, HCC_OP_END, HCC_OP_I32_CONST, 0, HCC_OP_DROP),
        LIST(4, 2, 2 + HCC_FUEL_HOST_CALL, 0));
}

/* What a unit takes at worst: that of the slowest block of all bodies, rounded up. */
static void costs__slowest_block(void **state) {
  static const struct {
    uint8_t code[12];
    size_t size;
    uint64_t time;
  } rows[] = {
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_DROP}, 3, 1},
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_I32_LOAD, 2, 0, HCC_OP_DROP}, 6, 51},
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP, HCC_OP_END}, 8, 13},
      {{HCC_OP_BLOCK, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, HCC_OP_END}, 7, 13},
      {{HCC_OP_RETURN}, 1, 48},
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 1}, 4, 33},
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, 0}, 4, 1},
      {{HCC_OP_LOCAL_GET, 0, HCC_OP_LOCAL_GET, 0, HCC_OP_I32_DIV_U, HCC_OP_DROP}, 6, 49},
  };
  fixture f;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t code[32] = {1, (uint8_t)(rows[i].size + 2), 0};
    memcpy(code + 3, rows[i].code, rows[i].size);
    code[3 + rows[i].size] = HCC_OP_END;
    begin(&f);
    SECTION(&f, 1, 1, 0x60, 1, HCC_I32, 0);
    SECTION(&f, 2, 1, 1, 'a', 1, 'b', 0, 0);
    SECTION(&f, 3, 1, 0);
    SECTION(&f, 5, 1, 0, 1);
    add_section(&f, 10, code, rows[i].size + 4);
    rewrite(&f, METER);
    assert_int_equal(f.plan.unit_time, rows[i].time);
    end(&f);
  }
  WITH_BODY(&f, HCC_OP_LOCAL_GET, 0, HCC_OP_DROP);
  rewrite(&f, MARKS);
  assert_int_equal(f.plan.unit_time, 0);
  end(&f);
}

static void costs__dead_code(void **state) {
  (void)state;
  COSTS(LIST(HCC_OP_RETURN, HCC_OP_I32_CONST, 0, HCC_OP_DROP), LIST(1, 0));
  /* a branch out of dead code leaves nothing */
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_UNREACHABLE, HCC_OP_BR, 0, HCC_OP_END, HCC_OP_I32_CONST, 0,
             HCC_OP_DROP),
        LIST(3, 0));
  COSTS(LIST(HCC_OP_BLOCK, UNIT, HCC_OP_RETURN, HCC_OP_BLOCK, UNIT, HCC_OP_END, HCC_OP_LOOP, UNIT,
             HCC_OP_I32_CONST, 0, HCC_OP_IF, UNIT, HCC_OP_ELSE, HCC_OP_END, HCC_OP_END, HCC_OP_END),
        LIST(1, 0));
}

/* Polls: all that stands in a loop but in no inner one is charged at its header, as is what stands
 * in none at the entry. */
static void costs__polls(void **state) {
  (void)state;
#define ARM HCC_OP_LOCAL_GET, 0, HCC_OP_IF, UNIT, HCC_OP_I32_CONST, 0, HCC_OP_DROP, HCC_OP_END
#define INNER HCC_OP_LOOP, UNIT, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0, ARM, HCC_OP_END
#define OUTER HCC_OP_LOOP, UNIT, ARM, INNER, HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 1, HCC_OP_END
  COSTS(LIST(ARM, ARM), LIST(4, 2, 0, 2, 0));
  COSTS_IF(true, LIST(ARM, ARM), LIST(8, 0, 0, 0, 0));
  COSTS_IF(true, LIST(ARM, INNER, ARM), LIST(8, 0, 0, 6, 0, 0, 0, 0, 0));
  COSTS_IF(true, LIST(OUTER), LIST(0, 6, 0, 0, 6, 0, 0, 0, 0, 0));
#undef ARM
#undef INNER
#undef OUTER
}

static void table__has_all_bulk_instructions(void **state) {
  unsigned found = 0;
  (void)state;
  for (uint32_t code = 0; code < 0x10000; code++) {
    hcc_instr instr = {.code = code, .info = hcc_op_info_of(code)};
    if (instr.info != NULL && (instr.info->flags & HCC_OPF_BULK) != 0) {
      const hcc__rw_length *length = hcc__rw_length_of(&instr);
      assert_non_null(length);
      assert_int_equal(length->code, code);
      found++;
    }
  }
  assert_int_equal(found, 8);
}

/* What every loop and every recursion needs costs something (docs/metering.md). */
static void table__no_free_cycle(void **state) {
  static const uint32_t codes[] = {HCC_OP_BR,   HCC_OP_BR_IF,         HCC_OP_BR_TABLE, HCC_OP_IF,
                                   HCC_OP_CALL, HCC_OP_CALL_INDIRECT, HCC_OP_RETURN};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    assert_true(hcc_op_info_of(codes[i])->fuel >= 1);
  }
}

static void assert_published(const char *page, const char *format, ...) {
  char row[200];
  va_list args;
  va_start(args, format);
  vsnprintf(row, sizeof row, format, args);
  va_end(args);
  if (strstr(page, row) == NULL) {
    fail_msg("docs/metering.md lacks: %s", row);
  }
}

static void table__is_published(void **state) {
  char path[4096], page[65536];
  (void)state;
  snprintf(path, sizeof path, "%s/docs/metering.md", getenv("HELIOS_SOURCE"));
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  assert_published(page, "| `call` of an import, on top of the instruction | %u |",
                   HCC_FUEL_HOST_CALL);
#define BULK(op, shift)                                                                            \
  assert_published(page, "| `%s` | n >> %u | before it |", hcc_op_info_of(HCC_OP_##op)->name,      \
                   shift);
#define GROW(op, shift)                                                                            \
  assert_published(page, "| `%s` | n << %u | after it, if it succeeded |",                         \
                   hcc_op_info_of(HCC_OP_##op)->name, shift);
  HCC_FUEL_BY_LENGTH(BULK, GROW)
  for (uint32_t code = 0; code < 0x10000; code++) { /* one unit, or in the list of free ones */
    const hcc_op_info *info = hcc_op_info_of(code);
    if (info != NULL && info->fuel == 0) {
      const char *row = strstr(page, "| `nop`, `block`, `loop`, `else`, `end` | 0 |");
      char name[64];
      snprintf(name, sizeof name, "`%s`", info->name);
      assert_non_null(row);
      assert_non_null(strstr(row, name));
      assert_true(strstr(row, name) < strchr(row, '\n'));
    } else if (info != NULL) {
      assert_int_equal(info->fuel, 1);
    }
  }
}

/* How many checkpoints of a function ask when fuel is low. */
static unsigned lows(fixture *f, uint32_t func) {
  static const uint8_t low[] = {HCC_OP_I64_CONST, 0x80, 0x80, 1, HCC_OP_I64_LT_S};
  rewrite(f, BOTH);
  hcc_range range = f->result->funcs[func].code;
  unsigned count = 0;
  for (uint32_t at = range.begin; at + sizeof low <= range.end; at++) {
    count += memcmp(f->result->bytes + at, low, sizeof low) == 0;
  }
  end(f);
  return count;
}

/* A loop whose turns begin with a call of the function itself has the same checkpoint as the
 * function, so that this one need not be spared. */
static void low__loops(void **state) {
  fixture f;
  (void)state;
#define ENDLESS(...) HCC_OP_LOOP, UNIT, __VA_ARGS__, HCC_OP_BR, 0, HCC_OP_END
#define CALL(func) HCC_OP_LOCAL_GET, 0, HCC_OP_CALL, func
#define END_IF HCC_OP_LOCAL_GET, 0, HCC_OP_BR_IF, 0
  WITH_BODY(&f, ENDLESS(CALL(1)));
  assert_int_equal(lows(&f, 3), 0);
  WITH_BODY(&f, ENDLESS(CALL(0)));
  assert_int_equal(lows(&f, 3), 1);
  WITH_BODY(&f, ENDLESS(END_IF, CALL(1)));
  assert_int_equal(lows(&f, 3), 1);
  WITH_BODY(&f, ENDLESS(ENDLESS(CALL(1))));
  assert_int_equal(lows(&f, 3), 1);
  WITH_BODY(&f, ENDLESS(CALL(1), HCC_OP_LOOP, UNIT, CALL(1), HCC_OP_END));
  assert_int_equal(lows(&f, 3), 0);
  WITH_BODY(&f, ENDLESS(CALL(1), HCC_OP_LOOP, UNIT, END_IF, HCC_OP_END));
  assert_int_equal(lows(&f, 3), 1);
  begin(&f); /* the same of another function */
  SECTION(&f, 1, 1, 0x60, 1, HCC_I32, 0);
  SECTION(&f, 2, 1, 1, 'a', 1, 'b', 0, 0);
  SECTION(&f, 3, 2, 0, 0);
  SECTION(&f, 10, 2, 11, 0, ENDLESS(CALL(2)), HCC_OP_END, 2, 0, HCC_OP_END);
  assert_int_equal(lows(&f, 3), 1);
#undef ENDLESS
#undef CALL
#undef END_IF
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks__right_before_what_traps),
      cmocka_unit_test(marks__metered_loop_and_bulk),
      cmocka_unit_test(metered__loop_that_calls),
      cmocka_unit_test(low__loops),
      cmocka_unit_test(metered__arms_owe),
      cmocka_unit_test(metered__debts_meet),
      cmocka_unit_test(metered__pays_aside),
      cmocka_unit_test(metered__return_is_a_branch),
      cmocka_unit_test(metered__locals_and_grow),
      cmocka_unit_test(costs__blocks),
      cmocka_unit_test(costs__slowest_block),
      cmocka_unit_test(costs__dead_code),
      cmocka_unit_test(costs__polls),
      cmocka_unit_test(table__has_all_bulk_instructions),
      cmocka_unit_test(table__no_free_cycle),
      cmocka_unit_test(table__is_published),
  };
  return cmocka_run_group_tests_name("rewrite_meter", tests, NULL, NULL);
}
