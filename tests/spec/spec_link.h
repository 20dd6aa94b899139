/* spec_link.h - for scripts of the specification's tests whose modules share tables: an element of
 * a table may be a function of another module, which runs in its own instance. Included by the C
 * that spec_build.c writes, behind hsb_override.h; heliosc knows nothing of it, since a plugin's
 * modules import functions only.
 *
 * Invariant: but for the instance that a call goes to, tables do what hsb_table.h says. The link
 * check does not know these calls. */
#ifndef SPEC_LINK_H
#define SPEC_LINK_H

#include "spec_module.h"

#define SPEC_HOST(instance) ((const struct spec_host *)hsb_ctx_of(instance)->host)

struct spec_crossing {
  void *from, *to;
};

HSB_INLINE void spec_cross_back(struct spec_crossing *c) {
  if (c->from != c->to)
    SPEC_HOST(c->from)->cross(c->to, c->from);
}

HSB_INLINE struct spec_crossing spec_cross(void *from, void *to) {
  if (from != to)
    SPEC_HOST(from)->cross(from, to);
  return (struct spec_crossing){from, to};
}

/* As hsb_callee, but modules have their own addresses for equal types. */
HSB_INLINE wasm_rt_function_ptr_t spec_callee(void *instance, const wasm_rt_funcref_table_t *table,
                                              u32 x, wasm_rt_func_type_t type, u32 line) {
  if (x < table->size && table->data[x].func &&
      __builtin_memcmp(table->data[x].func_type, type, 32) == 0)
    return table->data[x].func;
  hsb_call_trap(instance, table, x, line);
}

/* The callee is found first: it traps in the caller's instance, and `self` is of an element then.
 */
#undef CALL_INDIRECT
#define CALL_INDIRECT(table, type, signature, x, self, ...)                                        \
  ({                                                                                               \
    __typeof__(type) callee_ = (type)spec_callee(instance, &(table), x, signature, __LINE__);      \
    struct spec_crossing crossing_ __attribute__((cleanup(spec_cross_back))) =                     \
        spec_cross(instance, self);                                                                \
    callee_(crossing_.to, ##__VA_ARGS__);                                                          \
  })

HSB_INLINE void spec_funcref_init(HSB_TABLE_AT(wasm_rt_funcref_table_t),
                                  const wasm_elem_segment_expr_t *source, u32 size, u32 to,
                                  u32 from, u32 n) {
  hsb_funcref_init(instance, line, table, source, size, to, from, n);
  for (u32 i = 0; i < n; i++)
    table->data[to + i].module_instance = instance;
}

#undef funcref_table_init
#define funcref_table_init(table, source, size, to, from, n, self)                                 \
  spec_funcref_init(HSB_TABLE_HERE(table), source, size, to, from, n)

#define SPEC_TABLE_NEW(table, min, max)                                                            \
  (HSB_TABLE_NEW(table, min, max), SPEC_HOST(instance)->table_made(instance, &(table)->size))
#undef wasm_rt_allocate_funcref_table
#define wasm_rt_allocate_funcref_table(table, min, max) SPEC_TABLE_NEW(table, min, max)
#undef wasm_rt_allocate_externref_table
#define wasm_rt_allocate_externref_table(table, min, max) SPEC_TABLE_NEW(table, min, max)

#endif
