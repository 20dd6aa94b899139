/* sjlj_code.c - function bodies of the lowering: a look at the flag behind each call that may
 * throw, and the functions that take the place of the imports. Owns: what is known of the operand
 * stack, by which the function that an invoke calls is found. */
#include "emit.h"
#include "sjlj_parts.h"

#define KNOWN_MAX 32 /* operands that are looked at; the parameters of an invoke are fewer */

/* The topmost operands, as far as they are known: a constant, or HCC_SJ_NONE. Below them stands
 * what is not known. */
typedef struct known {
  uint32_t values[KNOWN_MAX], count;
} known;

static void push(known *k, uint32_t value) {
  if (k->count == KNOWN_MAX) {
    for (uint32_t i = 1; i < KNOWN_MAX; i++) {
      k->values[i - 1] = k->values[i];
    }
    k->count--;
  }
  k->values[k->count++] = value;
}

static void push_unknown(known *k, uint32_t count) {
  for (uint32_t i = 0; i < count && i < KNOWN_MAX; i++) {
    push(k, HCC_SJ_NONE);
  }
}

static void pop(known *k, uint32_t count) {
  k->count = count < k->count ? k->count - count : 0;
}

/* The operand with `above` others on it. */
static uint32_t peek(const known *k, uint32_t above) {
  return above < k->count ? k->values[k->count - 1 - above] : HCC_SJ_NONE;
}

static void follow_call(known *k, const hcc_functype *type, uint32_t more) {
  pop(k, type->param_count + more);
  push_unknown(k, type->result_count);
}

static void follow_sig(known *k, const char *sig) {
  uint32_t operands = 0, results = 0;
  for (; *sig != '\0' && *sig != ':'; sig++) {
    operands++;
  }
  for (sig += *sig == ':'; *sig != '\0'; sig++) {
    results++;
  }
  pop(k, operands);
  push_unknown(k, results);
}

/* What the instruction does to the operands. Where control flow meets, nothing is known. */
static void follow(known *k, const hcc__sj *sj, const hcc_instr *i) {
  switch (i->code) {
  case HCC_OP_I32_CONST:
    push(k, (uint32_t)i->value);
    break;
  case HCC_OP_CALL:
    follow_call(k, &sj->m->types[sj->m->funcs[i->a].type], 0);
    break;
  case HCC_OP_CALL_INDIRECT:
    follow_call(k, &sj->m->types[i->a], 1);
    break;
  case HCC_OP_DROP:
  case HCC_OP_LOCAL_SET:
  case HCC_OP_GLOBAL_SET:
    pop(k, 1);
    break;
  case HCC_OP_SELECT:
  case HCC_OP_SELECT_T:
    pop(k, 3);
    push(k, HCC_SJ_NONE);
    break;
  case HCC_OP_LOCAL_GET:
  case HCC_OP_GLOBAL_GET:
    push(k, HCC_SJ_NONE);
    break;
  case HCC_OP_LOCAL_TEE:
    break;
  default:
    if (i->info->sig != NULL) {
      follow_sig(k, i->info->sig);
    } else {
      k->count = 0;
    }
  }
}

static void put_zero(hcc_buf *out, uint8_t type) {
  static const uint8_t zeros[16] = {0};
  switch (type) {
  case HCC_I32:
    emit_i32(out, 0);
    break;
  case HCC_I64:
    emit_i64(out, 0);
    break;
  case HCC_F32:
    emit(out, HCC_OP_F32_CONST);
    hcc_buf_add(out, zeros, 4);
    break;
  case HCC_F64:
    emit(out, HCC_OP_F64_CONST);
    hcc_buf_add(out, zeros, 8);
    break;
  case HCC_V128:
    emit_index(out, HCC_OP_V128_CONST >> 8, HCC_OP_V128_CONST & 0xff);
    hcc_buf_add(out, zeros, 16);
    break;
  default: /* a reference */
    emit(out, HCC_OP_REF_NULL);
    hcc_buf_byte(out, type);
  }
}

static void put_return(hcc_buf *out, const hcc_functype *type) {
  for (uint32_t i = 0; i < type->result_count; i++) {
    put_zero(out, type->results[i]);
  }
  emit(out, HCC_OP_RETURN);
}

static void put_if_thrown(hcc_buf *out, const hcc__sj *sj) {
  emit_index(out, HCC_OP_GLOBAL_GET, sj->flag);
  emit_open(out, HCC_OP_IF);
}

/* Behind a call that may throw: the values of `type` are what the caller returns. */
static void put_check(hcc_buf *out, const hcc__sj *sj, const hcc_functype *type) {
  put_if_thrown(out, sj);
  put_return(out, type);
  emit(out, HCC_OP_END);
}

/* The index in the output of what a call of an invoke calls: where the function is known, one that
 * calls it directly. */
static uint32_t invoked(hcc__sj *sj, uint32_t invoke, const known *k) {
  uint32_t type = sj->m->funcs[invoke].type;
  uint32_t at = peek(k, sj->m->types[type].param_count - 1);
  uint32_t target = at < sj->table_size ? sj->table[at] : HCC_SJ_NONE;
  if (target >= sj->m->func_count || !hcc__sj_invokes(sj, type, sj->m->funcs[target].type)) {
    return sj->ids[invoke];
  }
  if (sj->direct[target] == HCC_SJ_NONE) {
    sj->direct[target] = hcc__sj_make(sj, (hcc__sj_made){HCC_SJ_DIRECT, type, target});
  }
  return sj->direct[target];
}

static int put_instr(hcc_buf *out, hcc__sj *sj, const hcc_func *func, const known *k,
                     const hcc_instr *i) {
  const hcc_functype *type = &sj->m->types[func->type];
  if (i->code == HCC_OP_CALL_INDIRECT) {
    hcc_buf_add(out, sj->m->bytes + i->begin, i->end - i->begin);
    if (sj->throws[sj->m->func_count + sj->classes[i->a]]) {
      put_check(out, sj, type);
    }
  } else if (i->info->imm == HCC_IMM_FUNC) {
    if (i->a >= sj->m->func_count) {
      return hcc__sj_bug(sj, i->begin);
    }
    bool invoke = i->code == HCC_OP_CALL && sj->kinds[i->a] == HCC_SJ_INVOKE;
    emit_index(out, i->code, invoke ? invoked(sj, i->a, k) : sj->ids[i->a]);
    if (i->code == HCC_OP_CALL && sj->throws[i->a]) {
      put_check(out, sj, type);
    }
  } else {
    hcc_buf_add(out, sj->m->bytes + i->begin, i->end - i->begin);
  }
  return 0;
}

int hcc__sj_body(hcc_buf *out, hcc__sj *sj, const hcc_func *func) {
  hcc_reader r = {sj->m->bytes, func->code.begin, func->code.end};
  known k = {.count = 0};
  int status = 0;
  hcc_buf_add(out, sj->m->bytes + func->body.begin, func->code.begin - func->body.begin);
  while (r.pos < r.end) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, sj->err));
    HCC_TRY(put_instr(out, sj, func, &k, &i));
    follow(&k, sj, &i);
  }
out:
  return status;
}

int hcc__sj_copy(hcc_buf *out, const hcc__sj *sj, hcc_range code) {
  hcc_reader r = {sj->m->bytes, code.begin, code.end};
  int status = 0;
  while (r.pos < r.end) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, sj->err));
    if (i.info->imm != HCC_IMM_FUNC) {
      hcc_buf_add(out, sj->m->bytes + i.begin, i.end - i.begin);
    } else if (i.a < sj->m->func_count) {
      emit_index(out, i.code, sj->ids[i.a]);
    } else {
      HCC_TRY(hcc__sj_bug(sj, i.begin));
    }
  }
out:
  return status;
}

static void put_params(hcc_buf *out, uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < count; i++) {
    emit_index(out, HCC_OP_LOCAL_GET, i);
  }
}

/* Behind the call: the throw ends here, as in Emscripten's invoke_*. The local behind the
 * parameters has the stack pointer from before. */
static void put_catch(hcc_buf *out, const hcc__sj *sj, const hcc_functype *type) {
  put_if_thrown(out, sj);
  emit_i32(out, 0);
  emit_index(out, HCC_OP_GLOBAL_SET, sj->flag);
  emit_index(out, HCC_OP_LOCAL_GET, type->param_count);
  emit_index(out, HCC_OP_CALL, sj->ids[sj->restore]);
  emit_i32(out, 1);
  emit_i32(out, 0);
  emit_index(out, HCC_OP_CALL, sj->ids[sj->set_threw]);
  put_return(out, type);
  emit(out, HCC_OP_END);
}

static void put_invoke(hcc_buf *out, const hcc__sj *sj, const hcc__sj_made *made) {
  const hcc_functype *type = &sj->m->types[made->type];
  bool direct = made->kind == HCC_SJ_DIRECT;
  bool catches = !direct || sj->throws[made->target];
  if (catches) {
    emit_index(out, HCC_OP_CALL, sj->ids[sj->save]);
    emit_index(out, HCC_OP_LOCAL_SET, type->param_count);
  }
  put_params(out, 1, type->param_count);
  if (direct) {
    emit_index(out, HCC_OP_CALL, sj->ids[made->target]);
  } else if (made->target == HCC_SJ_NONE) { /* no function has such a type */
    emit(out, HCC_OP_UNREACHABLE);
  } else {
    emit_index(out, HCC_OP_LOCAL_GET, 0);
    emit_index(out, HCC_OP_CALL_INDIRECT, made->target);
    hcc_buf_u32(out, 0);
  }
  if (catches) {
    put_catch(out, sj, type);
  }
}

static void put_entry(hcc_buf *out, const hcc__sj *sj, const hcc__sj_made *made) {
  put_params(out, 0, sj->m->types[made->type].param_count);
  emit_index(out, HCC_OP_CALL, sj->ids[made->target]);
  put_if_thrown(out, sj);
  emit(out, HCC_OP_UNREACHABLE);
  emit(out, HCC_OP_END);
}

void hcc__sj_made_body(hcc_buf *out, const hcc__sj *sj, const hcc__sj_made *made) {
  bool local = made->kind == HCC_SJ_INVOKE || made->kind == HCC_SJ_DIRECT;
  hcc_buf_u32(out, local ? 1 : 0);
  if (local) {
    hcc_buf_u32(out, 1);
    hcc_buf_byte(out, HCC_I32);
  }
  if (made->kind == HCC_SJ_THROW) {
    emit_i32(out, 1);
    emit_index(out, HCC_OP_GLOBAL_SET, sj->flag);
  } else if (made->kind == HCC_SJ_ENTRY) {
    put_entry(out, sj, made);
  } else {
    put_invoke(out, sj, made);
  }
  emit(out, HCC_OP_END);
}
