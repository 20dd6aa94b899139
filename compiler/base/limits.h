/* limits.h - every limit of the compiler, each with its reason. docs/limits.md lists them. */
#ifndef HCC_LIMITS_H
#define HCC_LIMITS_H

#include <stdint.h>

#define HCC_MAX_MODULE (64u << 20)      /* bytes; offsets then fit 32 bits with room for growth */
#define HCC_MAX_TYPES 100000u           /* as browsers: WebAssembly JS API, limits */
#define HCC_MAX_FUNCS 200000u           /* Go with its standard library has 20,000 */
#define HCC_MAX_IMPORTS 1000u           /* far more than all host modules offer */
#define HCC_MAX_EXPORTS 10000u          /* each may become a procedure */
#define HCC_MAX_GLOBALS 10000u          /* they live in the instance: 16 bytes each */
#define HCC_MAX_TABLES 100u             /* toolchains emit one or two */
#define HCC_MAX_TABLE_ELEMENTS 1000000u /* 32 bytes each: 32 MiB of address space */
#define HCC_MAX_SEGMENTS 100000u        /* CPython has 42,695 */
#define HCC_MAX_LOCALS 50000u           /* of one function, parameters included */
#define HCC_MAX_PARAMS 1000u            /* as browsers */
#define HCC_MAX_RESULTS 1000u           /* as browsers */
#define HCC_MAX_BODY (8u << 20)         /* bytes of one function */
#define HCC_MAX_NESTING 10000u          /* blocks in blocks */
#define HCC_MAX_OPERANDS 1000000u       /* on the operand stack of a function while validating */
#define HCC_MAX_BR_TABLE 65520u         /* as browsers */
#define HCC_MAX_NAME 65536u             /* bytes of an import or export name */
#define HCC_MAX_CUSTOMS 1000u           /* DWARF takes ten */

#define HCC_JAIL_MEMORY (UINT64_C(8) << 30) /* bytes of address space of a tool */
#define HCC_JAIL_SECONDS 600u               /* of processor time of a tool */
#define HCC_JAIL_FILE (UINT64_C(2) << 30)   /* bytes of the largest file a tool may write */
#define HCC_MAX_CANONICAL (512u << 20)      /* bytes of the rewritten module: marks make it grow */
#define HCC_MAX_PLUGIN (1u << 30)           /* bytes of the plugin file */

#endif
