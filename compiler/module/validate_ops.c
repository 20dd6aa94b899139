/* validate_ops.c - the typing rule of each instruction (core specification 3.3). Most follow from
 * the opcode table: a check of the immediates by their kind, then the signature; the rest has a
 * handler here. Invariants: see validate_internal.h. */
#include <inttypes.h>

#include "validate_internal.h"

#define FAIL(v, ...) hcc_fail((v)->err, HCC_E_INVALID, (v)->in.begin, __VA_ARGS__)

static int check_index(hcc__validator *v, const char *what, uint32_t index, uint32_t count) {
  return index < count ? 0 : FAIL(v, "unknown %s %" PRIu32, what, index);
}

/* ---- immediates ---- */

static int check_func(hcc__validator *v) {
  int status = check_index(v, "function", v->in.a, v->m->func_count);
  if (status == 0 && v->in.code == HCC_OP_REF_FUNC && !v->m->funcs[v->in.a].declared_ref) {
    status = FAIL(v, "undeclared function reference %" PRIu32, v->in.a);
  }
  return status;
}

static int check_local(hcc__validator *v) {
  return check_index(v, "local", v->in.a, v->local_count);
}

static int check_global(hcc__validator *v) {
  return check_index(v, "global", v->in.a,
                     v->constant ? v->m->imported_globals : v->m->global_count);
}

static int check_table(hcc__validator *v) {
  return check_index(v, "table", v->in.a, v->m->table_count);
}

static int check_same_type(hcc__validator *v, uint8_t expected, uint8_t found) {
  return expected == found ? 0
                           : FAIL(v, "type mismatch: %s expects %s, found %s", v->in.info->name,
                                  hcc_type_name(expected), hcc_type_name(found));
}

static int check_table_copy(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status;
  HCC_TRY(check_index(v, "table", v->in.a, m->table_count));
  HCC_TRY(check_index(v, "table", v->in.b, m->table_count));
  HCC_TRY(check_same_type(v, m->tables[v->in.a].type, m->tables[v->in.b].type));
out:
  return status;
}

static int check_elem(hcc__validator *v) {
  return check_index(v, "element segment", v->in.a, v->m->elem_count);
}

static int check_table_init(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status;
  HCC_TRY(check_elem(v));
  HCC_TRY(check_index(v, "table", v->in.b, m->table_count));
  HCC_TRY(check_same_type(v, m->tables[v->in.b].type, m->elems[v->in.a].type));
out:
  return status;
}

static int check_call_indirect(hcc__validator *v) {
  int status;
  HCC_TRY(check_index(v, "type", v->in.a, v->m->type_count));
  HCC_TRY(check_index(v, "table", v->in.b, v->m->table_count));
  HCC_TRY(check_same_type(v, HCC_FUNCREF, v->m->tables[v->in.b].type));
out:
  return status;
}

static int check_memory(hcc__validator *v) {
  return check_index(v, "memory", 0, v->m->memory_count);
}

static int check_data(hcc__validator *v) {
  if (!v->m->has_data_count) {
    return hcc_fail(v->err, HCC_E_MALFORMED, v->in.begin, "%s: data count section required",
                    v->in.info->name);
  }
  return check_index(v, "data segment", v->in.a, v->m->data_count);
}

static int check_memory_init(hcc__validator *v) {
  int status = check_memory(v);
  return status != 0 ? status : check_data(v);
}

static int check_memarg(hcc__validator *v) {
  int status = check_memory(v);
  if (status == 0 && v->in.a > v->in.info->align) {
    status =
        FAIL(v, "alignment must not be larger than natural: %s with 2^%" PRIu32 ", natural is 2^%u",
             v->in.info->name, v->in.a, v->in.info->align);
  }
  return status;
}

static int check_lane(hcc__validator *v) {
  unsigned lanes = 16u >> v->in.info->align;
  return v->in.lane < lanes ? 0
                            : FAIL(v, "invalid lane index: %s of lane %u, there are %u",
                                   v->in.info->name, v->in.lane, lanes);
}

static int check_memarg_lane(hcc__validator *v) {
  int status = check_memarg(v);
  return status != 0 ? status : check_lane(v);
}

static int check_shuffle(hcc__validator *v) {
  for (uint32_t i = v->in.end - 16; i < v->in.end; i++) {
    if (v->m->bytes[i] >= 32) {
      return FAIL(v, "invalid lane index: i8x16.shuffle of lane %u, there are 32", v->m->bytes[i]);
    }
  }
  return 0;
}

static int (*const imm_checks[])(hcc__validator *) = {
    [HCC_IMM_FUNC] = check_func,
    [HCC_IMM_CALL_INDIRECT] = check_call_indirect,
    [HCC_IMM_LOCAL] = check_local,
    [HCC_IMM_GLOBAL] = check_global,
    [HCC_IMM_TABLE] = check_table,
    [HCC_IMM_TABLE_COPY] = check_table_copy,
    [HCC_IMM_TABLE_INIT] = check_table_init,
    [HCC_IMM_ELEM] = check_elem,
    [HCC_IMM_DATA] = check_data,
    [HCC_IMM_MEMORY] = check_memory,
    [HCC_IMM_MEMORY_COPY] = check_memory,
    [HCC_IMM_MEMORY_INIT] = check_memory_init,
    [HCC_IMM_MEMARG] = check_memarg,
    [HCC_IMM_MEMARG_LANE] = check_memarg_lane,
    [HCC_IMM_LANE] = check_lane,
    [HCC_IMM_SHUFFLE] = check_shuffle,
    [HCC_IMM_SELECT] = NULL, /* the last one, so that the table has them all */
};

/* ---- control ---- */

/* The byte of a single result's type is in the input, so no array is made for it. */
static int block_type(hcc_functype *out, hcc__validator *v) {
  int64_t block = v->in.block;
  *out = (hcc_functype){0};
  if (block >= 0) {
    if (block >= v->m->type_count) {
      return FAIL(v, "unknown type %" PRId64, block);
    }
    *out = v->m->types[block];
  } else if (block != -1) {
    out->results = v->m->bytes + v->in.end - 1;
    out->result_count = 1;
  }
  return 0;
}

static int do_block(hcc__validator *v) {
  hcc_functype type;
  int status;
  HCC_TRY(block_type(&type, v));
  if (v->in.code == HCC_OP_IF) {
    HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  }
  HCC_TRY(hcc__pop_types(v, type.params, type.param_count));
  HCC_TRY(hcc__push_frame(v, v->in.code, &type));
  HCC_TRY(hcc__push_types(v, type.params, type.param_count));
out:
  return status;
}

static int do_else(hcc__validator *v) {
  hcc__frame frame;
  int status;
  if (v->frames[v->frame_count - 1].code != HCC_OP_IF) {
    status = hcc_fail(v->err, HCC_E_MALFORMED, v->in.begin, "else without if");
    goto out;
  }
  HCC_TRY(hcc__pop_frame(&frame, v));
  HCC_TRY(hcc__push_frame(v, HCC_OP_ELSE, &frame.type));
  HCC_TRY(hcc__push_types(v, frame.type.params, frame.type.param_count));
out:
  return status;
}

static bool same_types(const hcc_functype *t) {
  bool same = t->param_count == t->result_count;
  for (uint32_t i = 0; same && i < t->param_count; i++) {
    same = t->params[i] == t->results[i];
  }
  return same;
}

static int do_end(hcc__validator *v) {
  hcc__frame frame;
  int status;
  HCC_TRY(hcc__pop_frame(&frame, v));
  if (frame.code == HCC_OP_IF && !same_types(&frame.type)) {
    status = FAIL(v, "type mismatch: if without else must leave what it takes");
    goto out;
  }
  if (v->frame_count != 0) {
    HCC_TRY(hcc__push_types(v, frame.type.results, frame.type.result_count));
  }
out:
  return status;
}

/* What a branch to the label takes along. */
static int label_types(const uint8_t **types, uint32_t *count, hcc__validator *v, uint32_t label) {
  *types = NULL;
  *count = 0;
  if (label >= v->frame_count) {
    return FAIL(v, "unknown label %" PRIu32, label);
  }
  const hcc__frame *frame = &v->frames[v->frame_count - 1 - label];
  bool loop = frame->code == HCC_OP_LOOP;
  *types = loop ? frame->type.params : frame->type.results;
  *count = loop ? frame->type.param_count : frame->type.result_count;
  return 0;
}

static int do_br(hcc__validator *v) {
  const uint8_t *types;
  uint32_t count;
  int status;
  HCC_TRY(label_types(&types, &count, v, v->in.a));
  HCC_TRY(hcc__pop_types(v, types, count));
  hcc__set_unreachable(v);
out:
  return status;
}

static int do_br_if(hcc__validator *v) {
  const uint8_t *types;
  uint32_t count;
  int status;
  HCC_TRY(label_types(&types, &count, v, v->in.a));
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  HCC_TRY(hcc__pop_types(v, types, count));
  HCC_TRY(hcc__push_types(v, types, count));
out:
  return status;
}

static int do_br_table(hcc__validator *v) {
  hcc_reader r = {v->m->bytes, v->in.targets, v->in.end};
  uint32_t label, count, arity = 0;
  const uint8_t *types;
  int status;
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  for (uint32_t i = 0; i <= v->in.target_count; i++) {
    HCC_TRY(hcc_read_u32(&label, &r, v->err));
    HCC_TRY(label_types(&types, &count, v, label));
    if (i > 0 && count != arity) {
      status = FAIL(v,
                    "type mismatch: br_table's label %" PRIu32 " takes %" PRIu32
                    " values, another takes %" PRIu32,
                    label, count, arity);
      goto out;
    }
    arity = count;
    HCC_TRY(hcc__check_types(v, types, count));
  }
  hcc__set_unreachable(v);
out:
  return status;
}

static int do_return(hcc__validator *v) {
  const hcc_functype *type = &v->frames[0].type;
  int status = hcc__pop_types(v, type->results, type->result_count);
  if (status == 0) {
    hcc__set_unreachable(v);
  }
  return status;
}

static int do_unreachable(hcc__validator *v) {
  hcc__set_unreachable(v);
  return 0;
}

static int apply(hcc__validator *v, const hcc_functype *type) {
  int status = hcc__pop_types(v, type->params, type->param_count);
  return status != 0 ? status : hcc__push_types(v, type->results, type->result_count);
}

static int do_call(hcc__validator *v) {
  return apply(v, &v->m->types[v->m->funcs[v->in.a].type]);
}

static int do_call_indirect(hcc__validator *v) {
  int status = hcc__pop(NULL, v, HCC_I32);
  return status != 0 ? status : apply(v, &v->m->types[v->in.a]);
}

/* ---- parametric and variables ---- */

static int do_drop(hcc__validator *v) {
  return hcc__pop(NULL, v, HCC__ANY);
}

static bool is_reference(uint8_t type) {
  return type == HCC_FUNCREF || type == HCC_EXTERNREF;
}

static int do_select(hcc__validator *v) {
  uint8_t second = HCC__ANY, first = HCC__ANY;
  int status;
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  HCC_TRY(hcc__pop(&second, v, HCC__ANY));
  HCC_TRY(hcc__pop(&first, v, second));
  if (is_reference(first) || is_reference(second)) {
    status = FAIL(v, "type mismatch: select without a type expects a number or vector, found %s",
                  hcc_type_name(is_reference(first) ? first : second));
    goto out;
  }
  HCC_TRY(hcc__push(v, first != HCC__ANY ? first : second));
out:
  return status;
}

static int do_select_t(hcc__validator *v) {
  int status;
  if (v->in.target_count != 1) {
    status = FAIL(v, "invalid result arity: select with %" PRIu32 " types", v->in.target_count);
    goto out;
  }
  uint8_t type = v->m->bytes[v->in.targets];
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  HCC_TRY(hcc__pop(NULL, v, type));
  HCC_TRY(hcc__pop(NULL, v, type));
  HCC_TRY(hcc__push(v, type));
out:
  return status;
}

static int do_local_get(hcc__validator *v) {
  return hcc__push(v, v->locals[v->in.a]);
}

static int do_local_set(hcc__validator *v) {
  return hcc__pop(NULL, v, v->locals[v->in.a]);
}

static int do_local_tee(hcc__validator *v) {
  int status = do_local_set(v);
  return status != 0 ? status : do_local_get(v);
}

static int do_global_get(hcc__validator *v) {
  const hcc_global *global = &v->m->globals[v->in.a];
  if (v->constant && global->mutable) {
    return FAIL(v, "constant expression required: global %" PRIu32 " is mutable", v->in.a);
  }
  return hcc__push(v, global->type);
}

static int do_global_set(hcc__validator *v) {
  const hcc_global *global = &v->m->globals[v->in.a];
  if (!global->mutable) {
    return FAIL(v, "global %" PRIu32 " is immutable", v->in.a);
  }
  return hcc__pop(NULL, v, global->type);
}

/* ---- references and tables ---- */

static int do_ref_null(hcc__validator *v) {
  return hcc__push(v, (uint8_t)v->in.a);
}

static int do_ref_is_null(hcc__validator *v) {
  uint8_t type = HCC__ANY;
  int status;
  HCC_TRY(hcc__pop(&type, v, HCC__ANY));
  if (type != HCC__ANY && !is_reference(type)) {
    status =
        FAIL(v, "type mismatch: ref.is_null expects a reference, found %s", hcc_type_name(type));
    goto out;
  }
  HCC_TRY(hcc__push(v, HCC_I32));
out:
  return status;
}

static int do_table_get(hcc__validator *v) {
  int status = hcc__pop(NULL, v, HCC_I32);
  return status != 0 ? status : hcc__push(v, v->m->tables[v->in.a].type);
}

static int do_table_set(hcc__validator *v) {
  int status = hcc__pop(NULL, v, v->m->tables[v->in.a].type);
  return status != 0 ? status : hcc__pop(NULL, v, HCC_I32);
}

static int do_table_grow(hcc__validator *v) {
  int status;
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  HCC_TRY(hcc__pop(NULL, v, v->m->tables[v->in.a].type));
  HCC_TRY(hcc__push(v, HCC_I32));
out:
  return status;
}

static int do_table_fill(hcc__validator *v) {
  int status;
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
  HCC_TRY(hcc__pop(NULL, v, v->m->tables[v->in.a].type));
  HCC_TRY(hcc__pop(NULL, v, HCC_I32));
out:
  return status;
}

/* Every opcode whose signature the opcode table leaves open. */
static int (*const handlers[HCC_OP_SLOTS])(hcc__validator *) = {
    [HCC_OP_SLOT(HCC_OP_UNREACHABLE)] = do_unreachable,
    [HCC_OP_SLOT(HCC_OP_BLOCK)] = do_block,
    [HCC_OP_SLOT(HCC_OP_LOOP)] = do_block,
    [HCC_OP_SLOT(HCC_OP_IF)] = do_block,
    [HCC_OP_SLOT(HCC_OP_ELSE)] = do_else,
    [HCC_OP_SLOT(HCC_OP_END)] = do_end,
    [HCC_OP_SLOT(HCC_OP_BR)] = do_br,
    [HCC_OP_SLOT(HCC_OP_BR_IF)] = do_br_if,
    [HCC_OP_SLOT(HCC_OP_BR_TABLE)] = do_br_table,
    [HCC_OP_SLOT(HCC_OP_RETURN)] = do_return,
    [HCC_OP_SLOT(HCC_OP_CALL)] = do_call,
    [HCC_OP_SLOT(HCC_OP_CALL_INDIRECT)] = do_call_indirect,
    [HCC_OP_SLOT(HCC_OP_DROP)] = do_drop,
    [HCC_OP_SLOT(HCC_OP_SELECT)] = do_select,
    [HCC_OP_SLOT(HCC_OP_SELECT_T)] = do_select_t,
    [HCC_OP_SLOT(HCC_OP_LOCAL_GET)] = do_local_get,
    [HCC_OP_SLOT(HCC_OP_LOCAL_SET)] = do_local_set,
    [HCC_OP_SLOT(HCC_OP_LOCAL_TEE)] = do_local_tee,
    [HCC_OP_SLOT(HCC_OP_GLOBAL_GET)] = do_global_get,
    [HCC_OP_SLOT(HCC_OP_GLOBAL_SET)] = do_global_set,
    [HCC_OP_SLOT(HCC_OP_TABLE_GET)] = do_table_get,
    [HCC_OP_SLOT(HCC_OP_TABLE_SET)] = do_table_set,
    [HCC_OP_SLOT(HCC_OP_REF_NULL)] = do_ref_null,
    [HCC_OP_SLOT(HCC_OP_REF_IS_NULL)] = do_ref_is_null,
    [HCC_OP_SLOT(HCC_OP_TABLE_GROW)] = do_table_grow,
    [HCC_OP_SLOT(HCC_OP_TABLE_FILL)] = do_table_fill,
};

static uint8_t letter_type(char letter) {
  static const uint8_t types[128] = {
      ['i'] = HCC_I32,  ['j'] = HCC_I64,     ['f'] = HCC_F32,       ['d'] = HCC_F64,
      ['v'] = HCC_V128, ['r'] = HCC_FUNCREF, ['e'] = HCC_EXTERNREF,
  };
  return types[letter & 127];
}

static int apply_signature(hcc__validator *v, const char *sig) {
  const char *colon = sig;
  int status = 0;
  while (*colon != ':') {
    colon++;
  }
  for (const char *p = colon; p > sig; p--) {
    HCC_TRY(hcc__pop(NULL, v, letter_type(p[-1])));
  }
  for (const char *p = colon + 1; *p != '\0'; p++) {
    HCC_TRY(hcc__push(v, letter_type(*p)));
  }
out:
  return status;
}

int hcc__validate_instr(hcc__validator *v) {
  const hcc_op_info *info = v->in.info;
  int status = 0;
  if (v->constant && !(info->flags & HCC_OPF_CONST)) {
    status = FAIL(v, "constant expression required, found %s", info->name);
    goto out;
  }
  if (info->imm < sizeof imm_checks / sizeof *imm_checks && imm_checks[info->imm] != NULL) {
    HCC_TRY(imm_checks[info->imm](v));
  }
  HCC_TRY(info->sig != NULL ? apply_signature(v, info->sig) : handlers[HCC_OP_SLOT(info->code)](v));
out:
  return status;
}
