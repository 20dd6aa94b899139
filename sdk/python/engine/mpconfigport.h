/* mpconfigport.h - MicroPython as heliosc builds it: the language at the level "extra features", no
 * files, no time, no random numbers but through the host. docs/sdk-python.md says what that means
 * for a script. */
#ifndef HELIOS_MPCONFIGPORT_H
#define HELIOS_MPCONFIGPORT_H

#include <alloca.h>
#include <stddef.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;

/* ---- the language ---- */
#define MICROPY_ENABLE_COMPILER 1
#define MICROPY_ENABLE_SOURCE_LINE 1
#define MICROPY_ERROR_REPORTING MICROPY_ERROR_REPORTING_DETAILED
#define MICROPY_FLOAT_IMPL MICROPY_FLOAT_IMPL_DOUBLE
#define MICROPY_LONGINT_IMPL MICROPY_LONGINT_IMPL_MPZ
#define MICROPY_PY_BUILTINS_STR_UNICODE_CHECK 1
#define MICROPY_PY_BUILTINS_INPUT 0
#define MICROPY_PY_BUILTINS_HELP 0
#define MICROPY_PY_BUILTINS_EXECFILE 0
#define MICROPY_PY_ASYNC_AWAIT 0
#define MICROPY_PY_ALL_SPECIAL_METHODS 1
#define MICROPY_PY_REVERSE_SPECIAL_METHODS 1
#define MICROPY_PY_DELATTR_SETATTR 1
#define MICROPY_PY_DESCRIPTORS 1
#define MICROPY_PY_MATH_FACTORIAL 1
#define MICROPY_PY_MATH_ISCLOSE 1
#define MICROPY_PY_MATH_SPECIAL_FUNCTIONS 1
#define MICROPY_PY_COLLECTIONS_NAMEDTUPLE__ASDICT 1
#define MICROPY_EMIT_X64 0
#define MICROPY_COMP_MODULE_CONST 1

/* ---- modules ---- */
#define MICROPY_ENABLE_EXTERNAL_IMPORT 0
#define MICROPY_VFS 0
#define MICROPY_READER_VFS 0
#define MICROPY_READER_POSIX 0
#define MICROPY_HELPER_REPL 0
#define MICROPY_ENABLE_SCHEDULER 0
#define MICROPY_KBD_EXCEPTION 0
#define MICROPY_PY_ASYNCIO 0
#define MICROPY_PY_CRYPTOLIB 0
#define MICROPY_PY_DEFLATE 0
#define MICROPY_PY_ERRNO 0
#define MICROPY_PY_FRAMEBUF 0
#define MICROPY_PY_GC 0
#define MICROPY_PY_HASHLIB 0 /* std.c has one by the host */
#define MICROPY_PY_JSON 1    /* how values print as JSON; the module is json.c */
#define MICROPY_PY_JSON_SEPARATORS 1
#define MICROPY_PY_MACHINE 0
#define MICROPY_PY_MICROPYTHON_MEM_INFO 0
#define MICROPY_PY_MICROPYTHON_STACK_USE 0
#define MICROPY_PY_MICROPYTHON_HEAP_LOCKED 0
#define MICROPY_PY_MICROPYTHON_RINGIO 0
#define MICROPY_PY_OS 0
#define MICROPY_PY_PLATFORM 0
#define MICROPY_PY_RANDOM 0 /* std.c has one by the host */
#define MICROPY_PY_SELECT 0
#define MICROPY_PY_SYS_EXIT 0
#define MICROPY_PY_SYS_STDFILES 0
#define MICROPY_PY_SYS_STDIO_BUFFER 0
#define MICROPY_PY_SYS_PATH_ARGV_DEFAULTS 0
#define MICROPY_PY_SYS_PATH 0
#define MICROPY_PY_SYS_ARGV 0
#define MICROPY_PY_SYS_PLATFORM "heliosdb"
#define MICROPY_BANNER_MACHINE "heliosdb"
#define MICROPY_PY_TIME 0 /* std.c has one by the host */
#define MICROPY_PY_UCTYPES 0
#define MICROPY_PY_WEBSOCKET 0

/* ---- memory: heap.c ---- */
#define MICROPY_ENABLE_GC 1
#define MICROPY_GC_SPLIT_HEAP 1
#define MICROPY_GC_SPLIT_HEAP_AUTO 1
#define MICROPY_GC_ALLOC_THRESHOLD 1
#define MICROPY_ENABLE_FINALISER 0
#define MICROPY_GC_CONSERVATIVE_CLEAR 0
#define MICROPY_ENABLE_PYSTACK 1
#define MICROPY_PYSTACK_ALIGN 8
#define MICROPY_STACKLESS 1
#define MICROPY_STACK_CHECK 1
#define MICROPY_NLR_SETJMP 1
#define MICROPY_OPT_COMPUTED_GOTO 0
#define MICROPY_OPT_LOAD_ATTR_FAST_PATH 1
#define MICROPY_OPT_MAP_LOOKUP_CACHE 0 /* dict.c */
#define MICROPY_ALLOC_PATH_MAX 64
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF 1
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE 256

extern int hp_collect_due;
void hp_collect(const void *code_state);
void *hp_heap_alloc(size_t *size, size_t needed);
void hp_heap_free(void *area);
/* Names of MicroPython's gc_try_add_heap: a smaller area will do where the wished one is refused.
 */
#define MP_PLAT_ALLOC_HEAP(size) hp_heap_alloc(&(size), needed)
#define MP_PLAT_FREE_HEAP(area) hp_heap_free(area)
/* In the interpreter's loop, at each jump back: all values are where the collector sees them. */
#define MICROPY_VM_HOOK_LOOP                                                                       \
  if (hp_collect_due) {                                                                            \
    code_state->sp = sp;                                                                           \
    hp_collect(code_state);                                                                        \
  }

#define MP_STATE_PORT MP_STATE_VM
#define MICROPY_MPHALPORT_H "mphalport.h"

#endif
