/* fuzz_host.h - the program that `heliosc fuzz` builds around a module, run in the jail: host.c
 * makes an instance, calls and judges; values.c turns the fuzzer's bytes into arguments; stubs.c
 * answers host calls. Compiled by clang at that time, with a libc, with libFuzzer, beside the
 * module's own C (explicit bounds, counters of its edges). Never part of heliosc or of a plugin.
 *
 * An input is read from both ends: bytes of values from its beginning, so that what libFuzzer
 * learns from comparisons lands in them as it is; decisions from its end. */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsb_abi.h"

#define HFZ_ARGS 64
#define HFZ_BYTES (256u << 10) /* of all arguments of a call */

/* Letters of types, in table.c: b BOOLEAN as i32; i, j integers; f, d floats; D DATE; S TIMESTAMP;
 * t TEXT; o BLOB; s JSON; n DECIMAL as text; a ANY, a cell; - nothing. */
struct hfz_procedure {
  uint32_t export;    /* index in helios_plugin.exports */
  const char *params; /* letters */
  char returns;
  bool pulls;         /* the export has no parameters: it asks for its arguments */
  bool cells;         /* every parameter is a cell, which holds a value of its letter */
  bool nulls;         /* may be called with NULL */
  bool deterministic; /* says so */
};

/* Written by heliosc for the module. */
extern const struct hfz_procedure hfz_procedures[];
extern const uint32_t hfz_procedure_count;
extern const bool hfz_null_guard; /* nothing of the module's own lies below 1024 */
extern const uint64_t hfz_fuel;   /* of a call */
extern const struct helios_plugin helios_plugin;

enum hfz_type {
#define HSB_VALUE(name, code, text) HFZ_##name = code,
#include "hsb_value.def"
#undef HSB_VALUE
};

struct hfz_value {
  uint32_t type; /* enum hfz_type */
  char letter;   /* as the parameter was declared */
  int64_t i;
  double d;
  uint8_t *bytes;
  uint32_t length;
};

struct hfz_input {
  const uint8_t *data;
  size_t begin, end;
};

/* values.c */
uint8_t hfz_choice(struct hfz_input *in); /* 0 when there is nothing left */
void hfz_take(void *out, struct hfz_input *in, size_t size);
/* A value for a parameter; its bytes go to *room, which moves on. */
void hfz_value(struct hfz_value *out, struct hfz_input *in, char letter, bool nulls, uint8_t **room,
               const uint8_t *room_end);
/* As SQL, printable ASCII only. Returns the length that it has, cut at size. */
size_t hfz_sql(char *out, size_t size, const struct hfz_value *value);
bool hfz_utf8(const uint8_t *bytes, size_t size);

/* The running call. */
struct hfz_call {
  struct hsb_ctx *ctx;
  struct hsb_memory *memory; /* NULL: the module has none */
  struct hfz_input *input;   /* what is left of it: stubs answer from here */
  const struct hfz_value *args;
  uint32_t arg_count;
  bool returned; /* by return_* */
  uint32_t host_calls;
  int64_t clock;
  uint32_t statements, rows; /* open statements are 1..statements; rows left of the last query */
};
extern struct hfz_call hfz_call;

/* The range of guest memory, or NULL if it is outside. */
void *hfz_guest(uint32_t at, uint64_t length);
/* Ends the call as a host function that fails does. reported: the guest's own doing, no finding. */
_Noreturn void hfz_end(bool reported);

/* stubs.c: what to bind an import to. */
void hfz_stub(struct hsb_binding *out, const struct hsb_import *import);

#endif
