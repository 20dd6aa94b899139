/* instr.h - reads one instruction at a time from a byte range. The only place that knows how
 * instructions are encoded; the opcode table itself is opcodes.def.
 *
 * Invariant: a reader never moves past its end, and a failed read does not move it. */
#ifndef HCC_INSTR_H
#define HCC_INSTR_H

#include "reader.h"

/* Opcodes: the byte for plain ones; 0xfc00 + n and 0xfd00 + n behind a prefix. */
enum hcc_op {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags) HCC_OP_##name = code,
#include "opcodes.def"
#undef HCC_OP
};

/* clang-format off */
enum hcc_imm { /* what follows the opcode */
  HCC_IMM_NONE,
  HCC_IMM_BLOCK,         /* block type */
  HCC_IMM_LABEL,         /* br, br_if */
  HCC_IMM_BR_TABLE,
  HCC_IMM_FUNC,          /* call, ref.func */
  HCC_IMM_CALL_INDIRECT, /* type, table */
  HCC_IMM_LOCAL,
  HCC_IMM_GLOBAL,
  HCC_IMM_TABLE,
  HCC_IMM_TABLE_COPY,    /* destination, source */
  HCC_IMM_TABLE_INIT,    /* elem, table */
  HCC_IMM_ELEM,
  HCC_IMM_DATA,
  HCC_IMM_MEMORY,        /* one zero byte */
  HCC_IMM_MEMORY_COPY,   /* two zero bytes */
  HCC_IMM_MEMORY_INIT,   /* data, zero byte */
  HCC_IMM_MEMARG,        /* align, offset */
  HCC_IMM_MEMARG_LANE,   /* align, offset, lane */
  HCC_IMM_LANE,
  HCC_IMM_SHUFFLE,       /* 16 lanes */
  HCC_IMM_I32,
  HCC_IMM_I64,
  HCC_IMM_F32,
  HCC_IMM_F64,
  HCC_IMM_V128,
  HCC_IMM_REF_TYPE,
  HCC_IMM_SELECT,        /* vector of value types */
};
/* clang-format on */

/* flags of an opcode */
#define HCC_OPF_TRAPS 1u  /* may trap at this instruction: gets a line mark */
#define HCC_OPF_BULK 2u   /* its top i32 operand is a length that is metered */
#define HCC_OPF_WRITES 4u /* changes memory, a global, a table, or drops a segment */
#define HCC_OPF_CONST 8u  /* may stand in a constant expression */

/* Dense numbering of opcodes for tables: 256 plain ones, then 256 each behind 0xfc and 0xfd. */
#define HCC_OP_SLOTS 768u
#define HCC_OP_SLOT(code) ((code) < 0x100 ? (code) : (code)-0xfc00 + 0x100)

typedef struct hcc_op_info {
  const char *name; /* as in the text format; the typed select is "select t" */
  uint16_t code;
  uint8_t imm;     /* enum hcc_imm */
  uint8_t fuel;    /* units, see docs/metering.md */
  uint8_t flags;   /* HCC_OPF_* */
  uint8_t align;   /* log2 of the bytes of a MEMARG access or of a LANE; lanes are 16 >> align */
  const char *sig; /* "ii:i" where it is fixed, NULL where it depends; letters as in hsb_abi.h */
} hcc_op_info;

/* NULL if there is no such opcode. */
const hcc_op_info *hcc_op_info_of(uint32_t code);

typedef struct hcc_instr {
  uint32_t code;  /* enum hcc_op */
  uint32_t begin; /* offset of its first byte */
  uint32_t end;   /* offset behind its last byte */
  const hcc_op_info *info;
  int64_t block;   /* BLOCK: type index >= 0, or -1 for no value, else -(enum hcc_type) - 1 */
  uint32_t a, b;   /* LABEL, FUNC, LOCAL ...: the indices in order; MEMARG: a = log2 of align;
                      REF_TYPE: a = enum hcc_type */
  uint64_t offset; /* MEMARG */
  uint8_t lane;
  uint64_t value; /* I32, I64 (sign-extended), F32, F64: bits; V128, SHUFFLE: not set, they are the
                     16 bytes before end */
  uint32_t targets, target_count; /* BR_TABLE: offset of the first target; count, default not
                                     counted; SELECT: offset of the first type; count */
} hcc_instr;

/* One instruction. Errors: MALFORMED, LIMIT (br_table), PROPOSAL (names it), at the byte that is
 * wrong; *out is then of no use. */
int hcc_instr_next(hcc_instr *out, hcc_reader *r, hcc_error *err);
/* The bytes of one expression, up to the end that closes it, that included. Same errors. */
int hcc_expr_next(hcc_range *out, hcc_reader *r, hcc_error *err);

#endif
