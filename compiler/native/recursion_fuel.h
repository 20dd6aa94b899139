/* recursion_fuel.h - where a recursive function that has copies of itself looks at its fuel.
 *
 * A checkpoint is a branch, much of what an activation does beside an addition and a comparison. If
 * nobody can see where in the function its fuel was spent, the copies subtract what they cost but
 * have no checkpoint at their entry. The function's own entry has, each way back in a loop, and the
 * function's end, before it returns to other code. All of them say that it was at the entry, as
 * each of those that are left out would.
 *
 * Invariants: every activation of the function itself and every turn of a loop goes through a
 * checkpoint; nothing that outlives the call, and no trap, lies between a checkpoint that is left
 * out and the next one; fuel is not below zero where the function returns. */
#ifndef HCC_RECURSION_FUEL_H
#define HCC_RECURSION_FUEL_H

#include "span.h"

#define HCC_LATE_BACK "goto var_L" /* a branch back, in wasm2c's text */
#define HCC_LATE_NAME 32           /* no name is as long */

/* Names and places in the text. */
typedef struct hcc_late {
  span fuel;         /* the parameter */
  span rest;         /* what is given back of it */
  const char *entry; /* the condition of the checkpoint at the entry */
  const char *end;   /* the function's, where the rest has been set */
  bool prompt;       /* what is charged is always looked at before the function ends or turns */
} hcc_late;

/* Of a function with these parameters, and that code within its braces, as hcc_ctext_write writes
 * them. name: its own, with the "(" of a call. False: its copies keep their checkpoints. */
bool hcc_late_find(hcc_late *out, span params, span code, const char *name);

#endif
