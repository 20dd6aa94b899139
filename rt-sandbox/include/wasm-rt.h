/* wasm-rt.h - what wasm2c's output expects of its runtime: types, and the switches its prelude
 * tests. It takes the place of wabt's file of this name, for plugins only.
 *
 * Generated code initialises these structs by position, so the order of their members is wabt's.
 * Nothing here allocates, traps or touches memory: hsb_override.h does, after the prelude.
 * wasm_rt_trap is declared and never defined, so that a trap that hsb_override.h forgot to take
 * over fails at link. */
#ifndef HSB_WASM_RT_H
#define HSB_WASM_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsb_abi.h"

/* What several generated files share is in one image: from here on its address is formed, not read
 * from a table of the linker's, which the link check could not see through. */
#pragma GCC visibility push(hidden)

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define WASM_RT_MEMCHECK_GUARD_PAGES 1 /* the prelude's own accessors are never used */
#define WASM_RT_STACK_DEPTH_COUNT 0
#define WASM_RT_ALLOW_SEGUE 0
#define WASM_RT_SANITY_CHECKS 0
#define WABT_BIG_ENDIAN 0
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "plugins are built for little-endian targets only"
#endif

#define wasm_rt_memcpy __builtin_memcpy
#define wasm_rt_unreachable __builtin_unreachable

/* Layout of struct hsb_memory (hsb_abi.h); changed by the host only. */
typedef struct hsb_memory wasm_rt_memory_t;

/* 32 bytes that name a signature; equal strings, equal signatures. */
typedef const char *wasm_rt_func_type_t;
typedef void (*wasm_rt_function_ptr_t)(void);

typedef struct wasm_rt_tailcallee_t {
  void (*fn)(void);
} wasm_rt_tailcallee_t;

/* Null: func_type and func are both NULL; otherwise neither is. */
typedef struct {
  wasm_rt_func_type_t func_type;
  wasm_rt_function_ptr_t func;
  wasm_rt_tailcallee_t func_tailcallee; /* unused: tail calls are refused */
  void *module_instance;                /* unused: always the one instance there is */
} wasm_rt_funcref_t;

/* Known before wasm2c's header, which uses it for functions that it does not export without
 * including SIMDe's. The same type as simde_v128_t. */
#define WASM_RT_SIMD_TYPE_DEFINED
typedef long long v128 __attribute__((vector_size(16)));

typedef void *wasm_rt_externref_t; /* the host's handle; NULL is null */

static const wasm_rt_funcref_t wasm_rt_funcref_null_value = {0};
static const wasm_rt_externref_t wasm_rt_externref_null_value = 0;

/* data has room for max_size elements and never moves; size <= max_size. */
typedef struct {
  wasm_rt_funcref_t *data;
  uint32_t max_size, size;
} wasm_rt_funcref_table_t;

typedef struct {
  wasm_rt_externref_t *data;
  uint32_t max_size, size;
} wasm_rt_externref_table_t;

typedef enum {
  WASM_RT_TRAP_NONE,
  WASM_RT_TRAP_OOB,
  WASM_RT_TRAP_INT_OVERFLOW,
  WASM_RT_TRAP_DIV_BY_ZERO,
  WASM_RT_TRAP_INVALID_CONVERSION,
  WASM_RT_TRAP_UNREACHABLE,
  WASM_RT_TRAP_CALL_INDIRECT,
  WASM_RT_TRAP_EXHAUSTION,
} wasm_rt_trap_t;

typedef enum {
  WASM_RT_I32,
  WASM_RT_I64,
  WASM_RT_F32,
  WASM_RT_F64,
  WASM_RT_V128,
  WASM_RT_FUNCREF,
  WASM_RT_EXTERNREF,
} wasm_rt_type_t;

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap);

#endif
