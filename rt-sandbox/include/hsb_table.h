/* hsb_table.h - tables of functions and of host references, and call_indirect. Included by
 * hsb_override.h.
 *
 * Invariant: no element at or beyond size is read, written or called; a function is called only as
 * the type it has. Sums are made in 64 bits, so that none wraps. */
#ifndef HSB_TABLE_H
#define HSB_TABLE_H

/* Canonical modules have one type for each signature, so types are the same if their addresses are;
 * a null element has no type, so it needs no test of its own.
 *
 * On x86-64 the steps are fixed, and the link check looks for them (docs/link-check.md): the index,
 * compared with the size of the table; the element; its type; its function. */
HSB_INLINE wasm_rt_function_ptr_t hsb_callee(void *instance, const wasm_rt_funcref_table_t *table,
                                             u32 x, wasm_rt_func_type_t type, u32 line) {
#if defined(__x86_64__)
  wasm_rt_function_ptr_t func;
  wasm_rt_func_type_t wanted; /* made here: clang would keep it in a stack slot */
  __asm__ goto("mov %k[x], %k[func]\n\tcmp %c[size](%[instance]), %k[func]\n\tjae %l[wrong]\n\t"
               "shl $5, %q[func]\n\tadd %c[data](%[instance]), %q[func]\n\t"
               "lea %[type], %q[wanted]\n\tcmp %q[wanted], (%q[func])\n\tjne %l[wrong]\n\t"
               "mov 8(%q[func]), %q[func]"
               : [func] "=&r"(func), [wanted] "=&r"(wanted)
               : [x] "r"(x), [instance] "r"(instance), [type] "m"(*type),
                 [size] "i"((char *)&table->size - (char *)instance),
                 [data] "i"((char *)&table->data - (char *)instance)
               : "cc", "memory"
               : wrong);
  return func;
wrong:
#else
  if (LIKELY(x < table->size && table->data[x].func_type == type))
    return table->data[x].func;
#endif
  hsb_call_trap(instance, table, x, line);
}

#define HSB_CALL(table, type, signature, x, ...)                                                   \
  ((type)hsb_callee(instance, &(table), x, signature, __LINE__))(instance, ##__VA_ARGS__)

/* The same beside calls by name. What all of them return, with the fuel, would meet as a whole, and
 * clang not see what it knows of each part; so this one's parts come from memory. */
#define HSB_CALL_BESIDE(table, type, signature, x, ...)                                            \
  ({                                                                                               \
    __typeof__(HSB_CALL(table, type, signature, x, ##__VA_ARGS__)) hsb_back =                      \
        HSB_CALL(table, type, signature, x, ##__VA_ARGS__);                                        \
    __asm__("" : "+m"(hsb_back));                                                                  \
    hsb_back;                                                                                      \
  })

/* `self` is what wasm2c reads from the element to pass on: it is always this instance. translate.c
 * defines it anew where it knows whom the table holds. */
#undef CALL_INDIRECT
#define CALL_INDIRECT(table, type, signature, x, self, ...)                                        \
  HSB_CALL(table, type, signature, x, ##__VA_ARGS__)

#define HSB_TABLE_AT(kind) void *instance, u32 line, kind *table
#define HSB_TABLE_CHECK(end, size)                                                                 \
  if (UNLIKELY((end) > (u64)(size)))                                                               \
  hsb_trap(instance, HSB_TRAP_TABLE_OOB, line)

#define HSB_TABLE(name)                                                                            \
  HSB_INLINE wasm_rt_##name##_t hsb_##name##_get(HSB_TABLE_AT(const wasm_rt_##name##_table_t),     \
                                                 u32 i) {                                          \
    HSB_TABLE_CHECK((u64)i + 1, table->size);                                                      \
    return table->data[i];                                                                         \
  }                                                                                                \
  HSB_INLINE void hsb_##name##_set(HSB_TABLE_AT(wasm_rt_##name##_table_t), u32 i,                  \
                                   wasm_rt_##name##_t value) {                                     \
    HSB_TABLE_CHECK((u64)i + 1, table->size);                                                      \
    table->data[i] = value;                                                                        \
  }                                                                                                \
  HSB_INLINE void hsb_##name##_fill(HSB_TABLE_AT(wasm_rt_##name##_table_t), u32 to,                \
                                    wasm_rt_##name##_t value, u32 n) {                             \
    HSB_TABLE_CHECK((u64)to + n, table->size);                                                     \
    for (u32 i = 0; i < n; i++)                                                                    \
      table->data[to + i] = value;                                                                 \
  }                                                                                                \
  HSB_INLINE void hsb_##name##_copy(HSB_TABLE_AT(wasm_rt_##name##_table_t),                        \
                                    const wasm_rt_##name##_table_t *source, u32 to, u32 from,      \
                                    u32 n) {                                                       \
    HSB_TABLE_CHECK((u64)to + n, table->size);                                                     \
    HSB_TABLE_CHECK((u64)from + n, source->size);                                                  \
    if (n)                                                                                         \
      __builtin_memmove(table->data + to, source->data + from, n * sizeof *table->data);           \
  }                                                                                                \
  HSB_INLINE u32 hsb_##name##_grow(wasm_rt_##name##_table_t *table, u32 delta,                     \
                                   wasm_rt_##name##_t value) {                                     \
    u32 old = table->size;                                                                         \
    if (delta > table->max_size - old)                                                             \
      return UINT32_MAX;                                                                           \
    for (u32 i = 0; i < delta; i++)                                                                \
      table->data[old + i] = value;                                                                \
    table->size = old + delta;                                                                     \
    return old;                                                                                    \
  }

HSB_TABLE(funcref)
HSB_TABLE(externref)

#define HSB_TABLE_HERE(table) instance, __LINE__, table
#define funcref_table_get(table, i) hsb_funcref_get(HSB_TABLE_HERE(table), i)
#define funcref_table_set(table, i, value) hsb_funcref_set(HSB_TABLE_HERE(table), i, value)
#define funcref_table_fill(table, to, value, n)                                                    \
  hsb_funcref_fill(HSB_TABLE_HERE(table), to, value, n)
#define funcref_table_copy(table, source, to, from, n)                                             \
  hsb_funcref_copy(HSB_TABLE_HERE(table), source, to, from, n)
#define wasm_rt_grow_funcref_table(table, delta, value) hsb_funcref_grow(table, delta, value)
#define externref_table_get(table, i) hsb_externref_get(HSB_TABLE_HERE(table), i)
#define externref_table_set(table, i, value) hsb_externref_set(HSB_TABLE_HERE(table), i, value)
#define externref_table_fill(table, to, value, n)                                                  \
  hsb_externref_fill(HSB_TABLE_HERE(table), to, value, n)
#define externref_table_copy(table, source, to, from, n)                                           \
  hsb_externref_copy(HSB_TABLE_HERE(table), source, to, from, n)
#define wasm_rt_grow_externref_table(table, delta, value) hsb_externref_grow(table, delta, value)

/* table.init. An element is a function or null: modules import no globals, so GlobalGet can't be.
 */
HSB_INLINE void hsb_funcref_init(HSB_TABLE_AT(wasm_rt_funcref_table_t),
                                 const wasm_elem_segment_expr_t *source, u32 size, u32 to, u32 from,
                                 u32 n) {
  HSB_TABLE_CHECK((u64)from + n, size);
  HSB_TABLE_CHECK((u64)to + n, table->size);
  for (u32 i = 0; i < n; i++) {
    const wasm_elem_segment_expr_t *e = &source[from + i];
    table->data[to + i] = e->expr_type == RefFunc ? (wasm_rt_funcref_t){e->type, e->func, {0}, 0}
                                                  : wasm_rt_funcref_null_value;
  }
}

/* wasm2c drops the elements of externref segments: they can only be null. */
HSB_INLINE void hsb_externref_init(HSB_TABLE_AT(wasm_rt_externref_table_t), u32 size, u32 to,
                                   u32 from, u32 n) {
  HSB_TABLE_CHECK((u64)from + n, size);
  hsb_externref_fill(instance, line, table, to, wasm_rt_externref_null_value, n);
}

#define funcref_table_init(table, source, size, to, from, n, self)                                 \
  hsb_funcref_init(HSB_TABLE_HERE(table), source, size, to, from, n)
#define externref_table_init(table, size, to, from, n)                                             \
  hsb_externref_init(HSB_TABLE_HERE(table), size, to, from, n)

/* The index is the number of the call: wasm2c makes all tables in one function, in order, and
 * nothing else in a plugin uses __COUNTER__. */
#define HSB_TABLE_NEW(table, min, max)                                                             \
  hsb_table_new(instance, __COUNTER__, (void **)&(table)->data, &(table)->max_size,                \
                &(table)->size, min, max, sizeof *(table)->data)
#define wasm_rt_allocate_funcref_table(table, min, max) HSB_TABLE_NEW(table, min, max)
#define wasm_rt_allocate_externref_table(table, min, max) HSB_TABLE_NEW(table, min, max)
#define wasm_rt_free_funcref_table(table) ((void)(table))
#define wasm_rt_free_externref_table(table) ((void)(table))

#endif
