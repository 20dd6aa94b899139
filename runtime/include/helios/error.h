/* error.h - the one error type of the engine. Fixed storage: reporting an error can't fail.
 *
 * Invariant: a function that fails has set code and a non-empty text; one that succeeds has not
 * touched the error. Guest bytes in text are escaped. */
#ifndef HELIOS_ERROR_H
#define HELIOS_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HELIOS_API __attribute__((visibility("default")))
#define HELIOS_MUST_USE __attribute__((warn_unused_result))

/* Codes are stable: append, never renumber. */
typedef enum helios_code {
  HELIOS_OK = 0,
  HELIOS_E_MISUSE = 1,      /* wrong argument to a public function */
  HELIOS_E_MEMORY = 2,      /* the host is out of memory */
  HELIOS_E_INTERNAL = 3,    /* a bug in the engine */
  HELIOS_E_IO = 4,          /* file or operating system */
  HELIOS_E_SQL = 5,         /* sqlite refused; text has its message */
  HELIOS_E_SYNTAX = 6,      /* DDL does not parse; offset is the byte in the statement */
  HELIOS_E_NOT_FOUND = 7,   /* no such procedure, version, export, file */
  HELIOS_E_EXISTS = 8,      /* procedure or version exists */
  HELIOS_E_SIGNATURE = 9,   /* declared SQL signature does not fit the export */
  HELIOS_E_PLUGIN = 10,     /* not a plugin, damaged, or of another ABI */
  HELIOS_E_UNTRUSTED = 11,  /* a plugin that this machine did not make and no key vouches for */
  HELIOS_E_COMPILE = 12,    /* heliosc refused the module; text has its message */
  HELIOS_E_IMPORT = 13,     /* unknown import, or of the wrong type */
  HELIOS_E_CAPABILITY = 14, /* a missing grant; text spells it */
  HELIOS_E_LIMIT = 15,      /* memory, table, recursion or size limit of the engine */
  HELIOS_E_TRAP = 16,       /* the guest trapped; trap says how */
  HELIOS_E_FUEL = 17,       /* fuel exhausted */
  HELIOS_E_DEADLINE = 18,   /* time limit exceeded */
  HELIOS_E_CANCELLED = 19,  /* interrupted from outside */
  HELIOS_E_GUEST = 20,      /* the procedure reported an error; guest_code is its own */
  HELIOS_E_VALUE = 21,      /* an argument or result does not fit its declared type */
  HELIOS_E_DEPENDENCY = 22, /* something in the schema uses the procedure */
  HELIOS_E_BROKEN = 23,     /* the version is listed but can't run; text says why */
} helios_code;

#define HELIOS_NO_OFFSET UINT32_MAX

typedef struct helios_error {
  helios_code code;
  uint32_t trap;      /* enum hsb_trap */
  uint32_t offset;    /* of the trap in the .wasm, or in the statement; or HELIOS_NO_OFFSET */
  int32_t guest_code; /* HELIOS_E_GUEST */
  char text[512];     /* one line, lower case */
  char hint[256];     /* may be empty */
} helios_error;

#ifdef __cplusplus
}
#endif

#endif
