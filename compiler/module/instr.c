/* instr.c - reads one instruction with its immediates. It never allocates, never judges meaning
 * (validate.c does) and never moves past the reader's end. Owns: the opcode table made of
 * opcodes.def and the list of opcodes that refused proposals use. */
#include "instr.h"

#include <inttypes.h>

#include "limits.h"

static const hcc_op_info ops[HCC_OP_SLOTS] = {
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags)                                     \
  [HCC_OP_SLOT(code)] = {text, code, HCC_IMM_##imm, fuel, flags, align, sig},
#include "opcodes.def"
#undef HCC_OP
};

/* Opcodes of proposals that heliosc refuses; prefix 0 for plain ones. */
static const struct {
  uint8_t prefix;
  uint32_t first, last;
  const char *proposal;
} refused_ops[] = {
    {0, 0x06, 0x0a, "exceptions"},
    {0, 0x12, 0x13, "tail calls"},
    {0, 0x14, 0x14, "function references"},
    {0, 0x15, 0x15, "tail calls"},
    {0, 0x18, 0x19, "exceptions"},
    {0, 0x1f, 0x1f, "exceptions"},
    {0, 0xd3, 0xd3, "GC"},
    {0, 0xd4, 0xd6, "function references"},
    {0, 0xe0, 0xe6, "stack switching"},
    {0xfb, 0x00, 0x1e, "GC"},
    {0xfb, 0x80, 0xbf, "stringref"},
    {0xfc, 0x12, 0x12, "memory control"},
    {0xfc, 0x13, 0x16, "wide arithmetic"},
    {0xfd, 0x100, 0x12f, "relaxed SIMD"},
    {0xfe, 0x00, 0x4e, "threads"},
};

const hcc_op_info *hcc_op_info_of(uint32_t code) {
  if (code >= 0x100 && (code < 0xfc00 || code >= 0xfe00)) {
    return NULL;
  }
  const hcc_op_info *info = &ops[HCC_OP_SLOT(code)];
  return info->name != NULL ? info : NULL;
}

static int refuse_op(uint8_t prefix, uint32_t op, uint32_t offset, hcc_error *err) {
  for (size_t i = 0; i < sizeof refused_ops / sizeof *refused_ops; i++) {
    if (refused_ops[i].prefix == prefix && op >= refused_ops[i].first &&
        op <= refused_ops[i].last) {
      return prefix == 0 ? hcc_fail(err, HCC_E_PROPOSAL, offset,
                                    "opcode 0x%02" PRIx32 " needs the %s proposal", op,
                                    refused_ops[i].proposal)
                         : hcc_fail(err, HCC_E_PROPOSAL, offset,
                                    "opcode 0x%02x 0x%02" PRIx32 " needs the %s proposal", prefix,
                                    op, refused_ops[i].proposal);
    }
  }
  return prefix == 0 ? hcc_fail(err, HCC_E_MALFORMED, offset, "illegal opcode 0x%02" PRIx32, op)
                     : hcc_fail(err, HCC_E_MALFORMED, offset, "illegal opcode 0x%02x 0x%02" PRIx32,
                                prefix, op);
}

static int read_opcode(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  uint8_t byte = 0, prefix = 0;
  uint32_t op;
  int status;
  HCC_TRY(hcc_read_byte(&byte, r, err));
  op = byte;
  if (byte >= 0xfb && byte <= 0xfe) {
    prefix = byte;
    HCC_TRY(hcc_read_u32(&op, r, err));
  }
  bool known = prefix == 0 || ((prefix == 0xfc || prefix == 0xfd) && op < 0x100);
  out->code = prefix == 0 ? op : prefix * 0x100u + op;
  out->info = known ? hcc_op_info_of(out->code) : NULL;
  if (out->info == NULL) {
    status = refuse_op(prefix, op, out->begin, err);
  }
out:
  return status;
}

/* Where a memory index will stand once there are more memories than one. */
static int read_zero(hcc_reader *r, hcc_error *err) {
  uint8_t byte = 0;
  int status = hcc_read_byte(&byte, r, err);
  if (status == 0 && byte != 0) {
    r->pos--;
    status = byte & 0x80 ? hcc_fail(err, HCC_E_MALFORMED, r->pos, "zero byte expected")
                         : hcc_fail(err, HCC_E_PROPOSAL, r->pos,
                                    "memory index %u needs the multi-memory proposal", byte);
  }
  return status;
}

static int read_none(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  (void)out;
  (void)r;
  (void)err;
  return 0;
}

static int read_block(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  if (r->pos < r->end && (r->bytes[r->pos] & 0xc0) == 0x40) { /* one byte, negative */
    uint8_t type;
    if (r->bytes[r->pos] == 0x40) {
      r->pos++;
      out->block = -1;
      return 0;
    }
    int status = hcc_read_type(&type, r, err);
    out->block = status == 0 ? -(int64_t)type - 1 : 0;
    return status;
  }
  uint32_t at = r->pos;
  int status = hcc_read_s33(&out->block, r, err);
  if (status == 0 && out->block < 0) {
    status = hcc_fail(err, HCC_E_MALFORMED, at, "malformed block type");
  }
  return status;
}

static int read_index(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  return hcc_read_u32(&out->a, r, err);
}

static int read_two_indices(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int status = hcc_read_u32(&out->a, r, err);
  return status != 0 ? status : hcc_read_u32(&out->b, r, err);
}

static int read_br_table(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int status =
      hcc_read_count(&out->target_count, "targets of br_table", HCC_MAX_BR_TABLE, 1, r, err);
  out->targets = r->pos;
  for (uint32_t i = 0; status == 0 && i <= out->target_count; i++) {
    uint32_t label;
    status = hcc_read_u32(&label, r, err);
  }
  return status;
}

static int read_memory(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  (void)out;
  return read_zero(r, err);
}

static int read_memory_copy(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  (void)out;
  int status = read_zero(r, err);
  return status != 0 ? status : read_zero(r, err);
}

static int read_memory_init(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int status = hcc_read_u32(&out->a, r, err);
  return status != 0 ? status : read_zero(r, err);
}

static int read_memarg(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  uint32_t at = r->pos, offset;
  int status;
  HCC_TRY(hcc_read_u32(&out->a, r, err));
  if (out->a >= 0x40 && out->a < 0x80) {
    status = hcc_fail(err, HCC_E_PROPOSAL, at,
                      "a memory index in a memory access needs the multi-memory proposal");
    goto out;
  }
  if (out->a >= 0x20) {
    status = hcc_fail(err, HCC_E_MALFORMED, at, "malformed memory alignment 2^%" PRIu32, out->a);
    goto out;
  }
  HCC_TRY(hcc_read_u32(&offset, r, err));
  out->offset = offset;
out:
  return status;
}

static int read_lane(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  return hcc_read_byte(&out->lane, r, err);
}

static int read_memarg_lane(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int status = read_memarg(out, r, err);
  return status != 0 ? status : read_lane(out, r, err);
}

static int read_16_bytes(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  hcc_range range;
  (void)out;
  return hcc_read_range(&range, 16, r, err);
}

static int read_i32(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int32_t value = 0;
  int status = hcc_read_s32(&value, r, err);
  out->value = (uint64_t)(int64_t)value;
  return status;
}

static int read_i64(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int64_t value = 0;
  int status = hcc_read_s64(&value, r, err);
  out->value = (uint64_t)value;
  return status;
}

static int read_bits(hcc_instr *out, uint32_t size, hcc_reader *r, hcc_error *err) {
  hcc_range range = {0, 0};
  int status = hcc_read_range(&range, size, r, err);
  for (uint32_t i = 0; i < range.end - range.begin; i++) {
    out->value |= (uint64_t)r->bytes[range.begin + i] << (8 * i);
  }
  return status;
}

static int read_f32(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  return read_bits(out, 4, r, err);
}

static int read_f64(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  return read_bits(out, 8, r, err);
}

static int read_ref(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  uint8_t type = 0;
  int status = hcc_read_ref_type(&type, r, err);
  out->a = type;
  return status;
}

static int read_select(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  int status = hcc_read_count(&out->target_count, "types of select", HCC_MAX_RESULTS, 1, r, err);
  out->targets = r->pos;
  for (uint32_t i = 0; status == 0 && i < out->target_count; i++) {
    uint8_t type;
    status = hcc_read_type(&type, r, err);
  }
  return status;
}

static int (*const imm_readers[])(hcc_instr *, hcc_reader *, hcc_error *) = {
    [HCC_IMM_NONE] = read_none,
    [HCC_IMM_BLOCK] = read_block,
    [HCC_IMM_LABEL] = read_index,
    [HCC_IMM_BR_TABLE] = read_br_table,
    [HCC_IMM_FUNC] = read_index,
    [HCC_IMM_CALL_INDIRECT] = read_two_indices,
    [HCC_IMM_LOCAL] = read_index,
    [HCC_IMM_GLOBAL] = read_index,
    [HCC_IMM_TABLE] = read_index,
    [HCC_IMM_TABLE_COPY] = read_two_indices,
    [HCC_IMM_TABLE_INIT] = read_two_indices,
    [HCC_IMM_ELEM] = read_index,
    [HCC_IMM_DATA] = read_index,
    [HCC_IMM_MEMORY] = read_memory,
    [HCC_IMM_MEMORY_COPY] = read_memory_copy,
    [HCC_IMM_MEMORY_INIT] = read_memory_init,
    [HCC_IMM_MEMARG] = read_memarg,
    [HCC_IMM_MEMARG_LANE] = read_memarg_lane,
    [HCC_IMM_LANE] = read_lane,
    [HCC_IMM_SHUFFLE] = read_16_bytes,
    [HCC_IMM_I32] = read_i32,
    [HCC_IMM_I64] = read_i64,
    [HCC_IMM_F32] = read_f32,
    [HCC_IMM_F64] = read_f64,
    [HCC_IMM_V128] = read_16_bytes,
    [HCC_IMM_REF_TYPE] = read_ref,
    [HCC_IMM_SELECT] = read_select,
};

int hcc_instr_next(hcc_instr *out, hcc_reader *r, hcc_error *err) {
  hcc_reader copy = *r;
  int status;
  *out = (hcc_instr){.begin = r->pos};
  HCC_TRY(read_opcode(out, &copy, err));
  HCC_TRY(imm_readers[out->info->imm](out, &copy, err));
  out->end = copy.pos;
  *r = copy;
out:
  return status;
}

int hcc_expr_next(hcc_range *out, hcc_reader *r, hcc_error *err) {
  hcc_reader copy = *r;
  uint32_t depth = 1;
  hcc_instr in;
  int status;
  while (depth > 0) {
    HCC_TRY(hcc_instr_next(&in, &copy, err));
    depth += in.info->imm == HCC_IMM_BLOCK;
    depth -= in.code == HCC_OP_END;
  }
  *out = (hcc_range){r->pos, copy.pos};
  *r = copy;
out:
  return status;
}
