/* decode_code.c - the sections that hold code and data: element and data segments, function bodies,
 * constant expressions. It keeps their byte ranges and looks inside only to find their ends.
 * Invariants: see decode_internal.h. */
#include <inttypes.h>

#include "decode_internal.h"
#include "instr.h"
#include "limits.h"

/* The kind of an element segment's items, or their type; neither with flags 0 and 4. */
static int decode_elem_type(hcc_elem *out, uint32_t flags, hcc__decoder *d) {
  uint8_t kind;
  int status = 0;
  out->type = HCC_FUNCREF;
  if ((flags & 3) == 0) {
    goto out;
  }
  if (out->exprs) {
    HCC_TRY(hcc_read_ref_type(&out->type, &d->r, d->err));
    goto out;
  }
  HCC_TRY(hcc_read_byte(&kind, &d->r, d->err));
  if (kind != 0) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, d->r.pos - 1, "malformed element kind 0x%02x", kind);
  }
out:
  return status;
}

static int decode_items(hcc_elem *out, hcc__decoder *d) {
  hcc_range expr;
  uint32_t index;
  int status;
  HCC_TRY(hcc_read_count(&out->count, "elements of a segment", HCC_MAX_TABLE_ELEMENTS, 1, &d->r,
                         d->err));
  out->items.begin = d->r.pos;
  for (uint32_t i = 0; i < out->count; i++) {
    HCC_TRY(out->exprs ? hcc_expr_next(&expr, &d->r, d->err) : hcc_read_u32(&index, &d->r, d->err));
  }
  out->items.end = d->r.pos;
out:
  return status;
}

static int decode_elem(hcc_elem *out, hcc__decoder *d) {
  uint32_t at = d->r.pos, flags;
  int status;
  HCC_TRY(hcc_read_u32(&flags, &d->r, d->err));
  if (flags > 7) {
    status =
        hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed element segment flags %" PRIu32, flags);
    goto out;
  }
  out->exprs = flags & 4;
  out->mode = !(flags & 1) ? HCC_ACTIVE : flags & 2 ? HCC_DECLARATIVE : HCC_PASSIVE;
  if (out->mode == HCC_ACTIVE) {
    if (flags & 2) {
      HCC_TRY(hcc_read_u32(&out->table, &d->r, d->err));
    }
    HCC_TRY(hcc_expr_next(&out->offset, &d->r, d->err));
  }
  HCC_TRY(decode_elem_type(out, flags, d));
  HCC_TRY(decode_items(out, d));
out:
  return status;
}

int hcc__decode_elems(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "element segments", HCC_MAX_SEGMENTS, 2, &d->r, d->err));
  m->elems = hcc__decode_array(d, count, sizeof *m->elems);
  if (m->elems == NULL) {
    status = HCC_E_NO_MEMORY;
    goto out;
  }
  for (; m->elem_count < count; m->elem_count++) {
    HCC_TRY(decode_elem(&m->elems[m->elem_count], d));
  }
out:
  return status;
}

int hcc__decode_data_count(hcc__decoder *d) {
  d->m->has_data_count = true;
  return hcc_read_u32(&d->m->declared_data_count, &d->r, d->err);
}

static int decode_data(hcc_data *out, hcc__decoder *d) {
  uint32_t at = d->r.pos, flags, memory, size;
  int status;
  HCC_TRY(hcc_read_u32(&flags, &d->r, d->err));
  if (flags > 2) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed data segment flags %" PRIu32, flags);
    goto out;
  }
  if (flags == 2) {
    at = d->r.pos;
    HCC_TRY(hcc_read_u32(&memory, &d->r, d->err));
    if (memory != 0) {
      status =
          hcc_fail(d->err, HCC_E_PROPOSAL, at,
                   "a data segment of memory %" PRIu32 " needs the multi-memory proposal", memory);
      goto out;
    }
  }
  out->mode = flags == 1 ? HCC_PASSIVE : HCC_ACTIVE;
  if (out->mode == HCC_ACTIVE) {
    HCC_TRY(hcc_expr_next(&out->offset, &d->r, d->err));
  }
  HCC_TRY(hcc_read_u32(&size, &d->r, d->err));
  HCC_TRY(hcc_read_range(&out->bytes, size, &d->r, d->err));
out:
  return status;
}

int hcc__decode_datas(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "data segments", HCC_MAX_SEGMENTS, 2, &d->r, d->err));
  m->datas = hcc__decode_array(d, count, sizeof *m->datas);
  if (m->datas == NULL) {
    status = HCC_E_NO_MEMORY;
    goto out;
  }
  for (; m->data_count < count; m->data_count++) {
    HCC_TRY(decode_data(&m->datas[m->data_count], d));
  }
out:
  return status;
}

static int decode_locals(hcc_func *out, hcc__decoder *d) {
  const hcc_module *m = d->m;
  uint32_t params = out->type < m->type_count ? m->types[out->type].param_count : 0;
  uint32_t groups, count, at = d->r.pos;
  uint64_t total = 0;
  uint8_t type;
  int status;
  HCC_TRY(hcc_read_count(&groups, "groups of locals", UINT32_MAX - 1, 2, &d->r, d->err));
  for (uint32_t i = 0; i < groups; i++) {
    HCC_TRY(hcc_read_u32(&count, &d->r, d->err));
    HCC_TRY(hcc_read_type(&type, &d->r, d->err));
    total += count; /* at most 2^25 groups */
  }
  if (total + params > HCC_MAX_LOCALS) {
    status = hcc_fail(d->err, HCC_E_LIMIT, at,
                      "a function with %" PRIu64 " locals, at most %u are allowed", total + params,
                      HCC_MAX_LOCALS);
    goto out;
  }
  out->local_count = (uint32_t)total;
out:
  return status;
}

static int decode_body(hcc_func *out, hcc__decoder *d) {
  hcc_reader section = d->r;
  uint32_t at = section.pos, size;
  int status;
  HCC_TRY(hcc_read_u32(&size, &section, d->err));
  HCC_TRY(hcc_read_range(&out->body, size, &section, d->err));
  if (size > HCC_MAX_BODY) {
    status =
        hcc_fail(d->err, HCC_E_LIMIT, at, "a function of %" PRIu32 " bytes, at most %u are allowed",
                 size, HCC_MAX_BODY);
    goto out;
  }
  d->r.pos = out->body.begin;
  d->r.end = out->body.end;
  HCC_TRY(decode_locals(out, d));
  out->code = (hcc_range){d->r.pos, out->body.end};
  d->r = section;
out:
  return status;
}

int hcc__decode_code(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t at = d->r.pos, functions = m->func_count - m->imported_funcs, count;
  int status;
  HCC_TRY(hcc_read_count(&count, "function bodies", HCC_MAX_FUNCS, 1, &d->r, d->err));
  if (count != functions) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, at,
                      "function and code section have inconsistent lengths: %" PRIu32
                      " functions, %" PRIu32 " bodies",
                      functions, count);
    goto out;
  }
  for (; d->bodies < count; d->bodies++) {
    uint32_t index = m->imported_funcs + d->bodies;
    status = decode_body(&m->funcs[index], d);
    if (status != 0) {
      if (d->err != NULL && d->err->func == UINT32_MAX) {
        d->err->func = index;
      }
      goto out;
    }
  }
out:
  return status;
}

static void declare(hcc_module *m, uint32_t index) {
  if (index < m->func_count) {
    m->funcs[index].declared_ref = true;
  }
}

static int declare_in_expr(hcc__decoder *d, hcc_reader *r) {
  uint32_t depth = 1;
  hcc_instr in;
  int status = 0;
  while (depth > 0) {
    HCC_TRY(hcc_instr_next(&in, r, d->err));
    depth += in.info->imm == HCC_IMM_BLOCK;
    depth -= in.code == HCC_OP_END;
    if (in.code == HCC_OP_REF_FUNC) {
      declare(d->m, in.a);
    }
  }
out:
  return status;
}

static int declare_in_elem(hcc__decoder *d, const hcc_elem *elem) {
  hcc_reader r = {d->m->bytes, elem->items.begin, elem->items.end};
  uint32_t index;
  int status = 0;
  for (uint32_t i = 0; i < elem->count; i++) {
    if (elem->exprs) {
      HCC_TRY(declare_in_expr(d, &r));
    } else {
      HCC_TRY(hcc_read_u32(&index, &r, d->err));
      declare(d->m, index);
    }
  }
out:
  return status;
}

int hcc__decode_declared_refs(hcc__decoder *d) {
  hcc_module *m = d->m;
  int status = 0;
  for (uint32_t i = 0; i < m->export_count; i++) {
    if (m->exports[i].kind == HCC_FUNC) {
      declare(m, m->exports[i].index);
    }
  }
  for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
    hcc_reader r = {m->bytes, m->globals[i].init.begin, m->globals[i].init.end};
    HCC_TRY(declare_in_expr(d, &r));
  }
  for (uint32_t i = 0; i < m->elem_count; i++) {
    HCC_TRY(declare_in_elem(d, &m->elems[i]));
  }
out:
  return status;
}
