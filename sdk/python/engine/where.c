/* where.c - tells the host where the place of the running script is: the innermost loop of
 * bytecode's, which writes its frame and each instruction down for exceptions anyway. The host
 * looks there itself when it ends a call (docs/script-engines.md).
 *
 * Invariant: the words are as MicroPython has its structs; what they can't say is asserted. */
#include "engine.h"
#include "hsb_where.h"
#include "py/mpstate.h"
#include "py/objfun.h"
#include "quick.h"

_Static_assert(!MICROPY_EMIT_BYTECODE_USES_QSTR_TABLE, "names in code are numbers of qstrs");
_Static_assert(sizeof(qstr_len_t) == 1, "lengths of names are bytes");

/* A pool's second member is a bit field, which has no offset of its own. */
static const struct hsb_where_micropython record = {
    .magic = HSB_WHERE_MICROPYTHON,
    .handler_at = (uintptr_t)&MP_STATE_THREAD(nlr_top),
    .pools_at = (uintptr_t)&MP_STATE_VM(last_pool),
    .handler_outer = offsetof(nlr_buf_t, prev),
    .handler_id = offsetof(nlr_buf_t, jmpbuf),
    .handler_state = offsetof(hp_vm, code_state),
    .state_function = offsetof(mp_code_state_t, fun_bc),
    .state_pc = offsetof(mp_code_state_t, ip),
    .function_module = offsetof(mp_obj_fun_bc_t, context),
    .function_code = offsetof(mp_obj_fun_bc_t, bytecode),
    .module_file = offsetof(mp_module_context_t, constants.source_file),
    .pool_outer = offsetof(qstr_pool_t, prev),
    .pool_before = offsetof(qstr_pool_t, prev) + sizeof(void *),
    .pool_count = offsetof(qstr_pool_t, len),
    .pool_lengths = offsetof(qstr_pool_t, lengths),
    .pool_texts = offsetof(qstr_pool_t, qstrs),
};

void hp_say_where(void) {
  hg_script_where(&record);
}
