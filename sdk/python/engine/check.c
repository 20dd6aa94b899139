/* check.c - a program for the machine that builds, not part of the engine: compiles a script with
 * the engine's own compiler, so that an error of syntax is found by `heliosc build`. heliosc runs
 * it in its jail.
 *
 * usage: python_check FILE. Prints LINE TAB MESSAGE for an error, and then fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "py/builtin.h"
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mphal.h"
#include "py/objexcept.h"
#include "py/runtime.h"

#define HEAP_BYTES (256u << 20) /* nothing is collected; pages that are not used cost nothing */
#define STACK_BYTES (4u << 20)
#define SCRIPT_MAX (8u << 20)

static char heap[HEAP_BYTES], pystack[65536], script[SCRIPT_MAX];

/* What the engine has and a compiler does not use. */
int hp_collect_due;
void hp_collect(const void *code_state) {
  (void)code_state;
}
void *hp_heap_alloc(size_t *size, size_t needed) {
  (void)size;
  (void)needed;
  return NULL;
}
void hp_heap_free(void *area) {
  (void)area;
}
size_t gc_get_max_new_split(void) {
  return 0;
}
void gc_collect(void) {}
void mp_hal_stdout_tx_strn_cooked(const char *p, size_t n) {
  fwrite(p, 1, n, stdout);
}
void nlr_jump_fail(void *value) {
  (void)value;
  exit(3);
}
#define ABSENT(name) const mp_obj_module_t name = {.base = {&mp_type_module}}
ABSENT(hp_module_decimal);
ABSENT(hp_module_future);
ABSENT(hp_module_hashlib);
ABSENT(hp_module_heliosdb);
ABSENT(hp_module_json);
ABSENT(hp_module_random);
ABSENT(hp_module_time);
ABSENT(hp_module_typing);
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 0, NULL);

static int compile_script(size_t length) {
  nlr_buf_t nlr;
  if (nlr_push(&nlr) == 0) {
    mp_lexer_t *lexer = mp_lexer_new_from_str_len(MP_QSTR_, script, length, 0);
    mp_parse_tree_t tree = mp_parse(lexer, MP_PARSE_FILE_INPUT);
    mp_compile(&tree, MP_QSTR_, false);
    nlr_pop();
    return 0;
  }
  size_t count, *lines;
  mp_obj_t exception = MP_OBJ_FROM_PTR(nlr.ret_val);
  mp_obj_exception_get_traceback(exception, &count, &lines);
  printf("%zu\t", count >= 3 ? lines[1] : 0);
  fflush(stdout);
  mp_obj_print_helper(&mp_plat_print, exception, PRINT_EXC);
  printf("\n");
  return 1;
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  size_t length = file == NULL ? 0 : fread(script, 1, sizeof script, file);
  if (file == NULL || length == sizeof script) {
    return 2;
  }
  mp_cstack_init_with_sp_here(STACK_BYTES);
  gc_init(heap, heap + sizeof heap);
  mp_pystack_init(pystack, pystack + sizeof pystack);
  mp_init();
  return compile_script(length);
}
