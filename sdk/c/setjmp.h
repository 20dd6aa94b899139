/* setjmp.h - non-local jumps for procedures in C. heliosc lowers them to plain WebAssembly; what
 * they cost stands in docs/sdk-c.md. Needs nothing of a C library. For other machines, where
 * procedures run against the mock host, it is their own setjmp.h. */
#ifndef __wasm__
#pragma GCC system_header
#include_next <setjmp.h>
#elif !defined HELIOS_SETJMP_H
#define HELIOS_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  unsigned long id; /* of the call of setjmp that set it */
} jmp_buf[1];

__attribute__((returns_twice)) int setjmp(jmp_buf env);
__attribute__((noreturn)) void longjmp(jmp_buf env, int value);

#ifdef __cplusplus
}
#endif

#endif
