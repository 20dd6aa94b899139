/* engine.c - the exports of the engine's module. _initialize evaluates the script, whose memory is
 * then what each call begins with; helios_call runs the procedure that the instance belongs to.
 * What a script raises and does not catch is the call's error.
 *
 * The section helios.script is a line of ours, then the source. The line: the file's name, a tab,
 * and for each function its name and a letter a parameter, n: may be NULL, r: may not
 * (compiler/languages/python_build.c). */
#include "engine.h"
#include "py/builtin.h"
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mphal.h"
#include "py/objexcept.h"
#include "py/stackctrl.h"

#define PARAMETERS_MAX 127
#define NAME_BYTES 128
#define STACK_LIMIT                                                                                \
  (40u << 10) /* of hp_call_stack, which C recursion takes: see docs/sdk-python.md */
#define MESSAGE_MAX 4096

static mp_obj_t procedure;
static enum hg_sqltype types[PARAMETERS_MAX], returns;
static unsigned parameters;
static char nullable[PARAMETERS_MAX + 1]; /* 'n' or 'r' each; empty: not said, all may be NULL */
static char name[NAME_BYTES + 1];

/* ---- errors ---- */

mp_obj_t hp_error_of(int status) {
  char text[512];
  int n = hg_error_message(text, sizeof text);
  mp_obj_t args[] = {mp_obj_new_int(status),
                     mp_obj_new_str(text, n < 0                  ? 0
                                          : n > (int)sizeof text ? sizeof text
                                                                 : (size_t)n)};
  return mp_obj_new_exception_args(&mp_type_HeliosError, 2, args);
}

int hp_check(int status) {
  if (status < 0) {
    nlr_raise(hp_error_of(status));
  }
  return status;
}

NORETURN void hp_raise(int code, const char *text) {
  mp_obj_t args[] = {mp_obj_new_int(code), mp_obj_new_str(text, strlen(text))};
  nlr_raise(mp_obj_new_exception_args(&mp_type_HeliosError, 2, args));
}

/* HeliosError(code, text), HeliosError(text). */
static mp_obj_t error_argument(mp_obj_t self, size_t *count, bool text) {
  mp_obj_t found[2] = {MP_OBJ_NULL, MP_OBJ_NULL}, *items;
  mp_obj_exception_attr(self, MP_QSTR_args, found);
  mp_obj_get_array(found[0], count, &items);
  return *count == 0 ? MP_OBJ_NEW_QSTR(MP_QSTR_) : items[text && *count > 1];
}

static int error_code(mp_obj_t self) {
  size_t count;
  mp_int_t code = 1;
  mp_obj_t first = error_argument(self, &count, false);
  return count > 1 && mp_obj_get_int_maybe(first, &code) ? (int)code : 1;
}

static mp_obj_t error_text(mp_obj_t self) {
  size_t count;
  return error_argument(self, &count, true);
}

static void error_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
  mp_print_kind_t k = kind & ~PRINT_EXC_SUBCLASS;
  if (k == PRINT_REPR || k == PRINT_EXC) {
    mp_printf(print, "%q%s", mp_obj_get_type(self)->name, k == PRINT_EXC ? ": " : "(");
  }
  if (k == PRINT_REPR) {
    mp_printf(print, "%d, ", error_code(self));
  }
  mp_obj_print_helper(print, error_text(self), k == PRINT_REPR ? PRINT_REPR : PRINT_STR);
  if (k == PRINT_REPR) {
    mp_print_str(print, ")");
  }
}

static void error_attr(mp_obj_t self, qstr attr, mp_obj_t *dest) {
  if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_code) {
    dest[0] = mp_obj_new_int(error_code(self));
  } else if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_message) {
    dest[0] = error_text(self);
  } else {
    mp_obj_exception_attr(self, attr, dest);
  }
}

MP_DEFINE_CONST_OBJ_TYPE(mp_type_HeliosError, MP_QSTR_HeliosError, MP_TYPE_FLAG_NONE, make_new,
                         mp_obj_exception_make_new, print, error_print, attr, error_attr, parent,
                         &mp_type_Exception);

static bool is_own(mp_obj_t exception) {
  return mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)),
                                 MP_OBJ_FROM_PTR(&mp_type_HeliosError));
}

/* Text of a fixed size, so that it can be made when memory is full; cut at a character's end. */
typedef struct message {
  char at[MESSAGE_MAX];
  unsigned length;
} message;
static message said;

static void message_add(void *arg, const char *p, size_t n) {
  message *m = arg;
  size_t room = sizeof m->at - m->length;
  n = n < room ? n : room;
  memcpy(m->at + m->length, p, n);
  m->length += (unsigned)n;
}

static unsigned whole_length(const message *m, unsigned most) {
  unsigned n = m->length < most ? m->length : most;
  while (n > 0 && n < m->length && ((unsigned char)m->at[n] & 0xc0) == 0x80) {
    n--;
  }
  return n;
}

/* A HeliosError says its own text, as in every language; another one "proc.py:12: ValueError:
 * text", with the innermost line. */
static void describe(mp_obj_t exception) {
  mp_print_t print = {&said, message_add};
  size_t count = 0, *lines = NULL;
  said.length = 0;
  if (is_own(exception)) {
    mp_obj_print_helper(&print, error_text(exception), PRINT_STR);
    return;
  }
  if (mp_obj_is_exception_instance(exception)) {
    mp_obj_exception_get_traceback(exception, &count, &lines);
  }
  if (count >= 3) {
    mp_printf(&print, "%q:%u: ", (qstr)lines[0], (unsigned)lines[1]);
  }
  mp_obj_print_helper(&print, exception, PRINT_EXC);
}

static void log_traceback(mp_obj_t exception) {
  mp_print_t print = {&said, message_add};
  said.length = 0;
  mp_obj_print_exception(&print, exception);
  hg_log(HG_ERROR, said.at, whole_length(&said, 8000));
}

static int code_of(mp_obj_t exception) {
  return is_own(exception) ? error_code(exception) : 1;
}

/* ---- the script ---- */

void nlr_jump_fail(void *value) {
  (void)value;
  __builtin_trap();
}

static char *read_script(unsigned *length) {
  int size = hg_script_read(0, 0, 0);
  if (size < 0) {
    static const char text[] = "the module has no script";
    heliosdb_error(1, text, sizeof text - 1);
  }
  char *script = m_malloc((size_t)size + 1);
  hg_script_read(0, script, (unsigned)size);
  *length = (unsigned)size;
  return script;
}

/* The letters of `name` in the line of ours: "file.py\tf:nr g: h:r". */
static void find_parameters(const char *line, unsigned length) {
  unsigned n = (unsigned)strlen(name);
  for (unsigned i = 0; i + n + 1 < length; i++) {
    if ((line[i] == '\t' || line[i] == ' ') && memcmp(line + i + 1, name, n) == 0 &&
        line[i + 1 + n] == ':') {
      unsigned k = 0;
      for (i += n + 2; i < length && k < PARAMETERS_MAX && (line[i] == 'n' || line[i] == 'r');
           i++) {
        nullable[k++] = line[i];
      }
      return;
    }
  }
}

static void evaluate(const char *script, unsigned length) {
  const char *end = memchr(script, '\n', length),
             *tab = end == NULL ? NULL : memchr(script, '\t', (size_t)(end - script));
  if (tab == NULL) {
    hp_raise(1, "not a script that heliosc has made");
  }
  find_parameters(script, (unsigned)(end - script));
  qstr file = qstr_from_strn(script, (size_t)(tab - script));
  unsigned begin = (unsigned)(end + 1 - script);
  mp_lexer_t *lexer = mp_lexer_new_from_str_len(file, script + begin, length - begin, 0);
  mp_parse_tree_t tree = mp_parse(lexer, MP_PARSE_FILE_INPUT);
  mp_obj_t module = mp_compile(&tree, file, false);
  hp_heap_mark_call();
  mp_call_function_0(module);
}

/* What the instance runs, and as what that was declared. */
static void prepare(void) {
  int n = hg_script_export(name, NAME_BYTES);
  name[n < 0 ? 0 : n < NAME_BYTES ? n : NAME_BYTES] = '\0';
  int result = hg_script_type(-1);
  returns = result < 0 ? HG_SQL_NOTHING : (enum hg_sqltype)result;
  for (parameters = 0; parameters < PARAMETERS_MAX; parameters++) {
    int type = hg_script_type((int)parameters);
    if (type < 0) {
      break;
    }
    types[parameters] = (enum hg_sqltype)type;
  }
}

static void find_procedure(void) {
  if (name[0] == '\0') { /* only looked at, never called */
    return;
  }
  mp_map_elem_t *found = mp_map_lookup(&MP_STATE_VM(dict_main).map,
                                       MP_OBJ_NEW_QSTR(qstr_from_str(name)), MP_MAP_LOOKUP);
  if (found == NULL || !mp_obj_is_callable(found->value)) {
    mp_raise_msg_varg(&mp_type_NameError, MP_ERROR_TEXT("no function %s"), name);
  }
  procedure = found->value;
}

/* By its mention the linker knows that exports are not programs, each with its own beginning and
 * end. */
void __wasm_call_ctors(void);

static int run_script(void *unused) {
  (void)unused;
  unsigned length;
  char *script = read_script(&length);
  prepare();
  evaluate(script, length);
  find_procedure();
  return 0;
}

void stackRestore(uintptr_t at); /* setjmp.c */

/* The exports have no frame: they choose where the stack is. */
static __attribute__((noinline)) void begin(void) {
  mp_obj_t exception;
  mp_cstack_init_with_top((void *)hp_stack_top(), STACK_LIMIT);
  hp_heap_begin(); /* before a function that calls setjmp: its table is there */
  hp_map_begin();
  mp_init();
  hp_say_where();
  if (!hp_try(&exception, run_script, NULL)) {
    describe(exception);
    heliosdb_error(code_of(exception), said.at, whole_length(&said, 511));
  }
}

__attribute__((export_name("_initialize"))) void engine_initialize(void) {
  stackRestore(hp_stack_top());
  __wasm_call_ctors();
  begin();
  hp_names_settle();
  hp_heap_settle();
}

/* ---- a call ---- */

/* Rows of RETURNS TABLE: tuples, lists, dicts by the names of columns, or values of one column. */
static void give_row(mp_obj_t row) {
  char column[NAME_BYTES + 1];
  size_t count = 1;
  mp_obj_t *items = &row;
  if (mp_obj_is_type(row, &mp_type_tuple) || mp_obj_is_type(row, &mp_type_list)) {
    mp_obj_get_array(row, &count, &items);
  }
  bool named = mp_obj_is_dict_or_ordereddict(row);
  for (unsigned i = 0; named || i < count; i++) {
    mp_obj_t value = MP_OBJ_NULL;
    if (named) {
      int n = hg_script_column(i, column, NAME_BYTES);
      if (n < 0) {
        break;
      }
      mp_map_elem_t *e = mp_map_lookup(
          mp_obj_dict_get_map(row), mp_obj_new_str(column, n < NAME_BYTES ? (size_t)n : NAME_BYTES),
          MP_MAP_LOOKUP);
      value = e == NULL ? mp_const_none : e->value;
    } else {
      value = items[i];
    }
    hp_check(hp_give(&hp_row_sink, HG_SQL_ANY, value));
  }
  hp_check(hg_row_end());
}

static void give_rows(mp_obj_t rows) {
  mp_obj_iter_buf_t buffer;
  mp_obj_t row, iterator = mp_getiter(rows, &buffer);
  while ((row = mp_iternext(iterator)) != MP_OBJ_STOP_ITERATION) {
    give_row(row);
  }
}

static void give_result(mp_obj_t result) {
  if (returns == HG_SQL_NOTHING) {
    return;
  }
  if (returns != HG_SQL_TABLE) {
    hp_check(hp_give(&hp_result_sink, returns, result));
  } else if (result != mp_const_none) {
    give_rows(result);
  }
}

/* False: one is NULL that can't be, so the result is NULL. */
static bool read_arguments(mp_obj_t *args) {
  for (unsigned i = 0; i < parameters; i++) {
    args[i] = hp_argument(i, types[i]);
    if (args[i] == MP_OBJ_NULL) {
      if (nullable[i] == 'r') {
        hg_return_null();
        return false;
      }
      args[i] = mp_const_none;
    }
  }
  return true;
}

static int run_procedure(void *unused) {
  (void)unused;
  mp_obj_t *args = mp_pystack_alloc(sizeof *args * (parameters + 1));
  if (read_arguments(args)) {
    hp_heap_mark_call();
    give_result(mp_call_function_n_kw(procedure, parameters, 0, args));
  }
  mp_pystack_free(args);
  return 0;
}

static __attribute__((noinline)) void call(void) {
  mp_obj_t exception;
  if (!hp_try(&exception, run_procedure, NULL)) {
    int code = code_of(exception);
    log_traceback(exception);
    describe(exception);
    hg_fail(code, said.at, whole_length(&said, 511));
  }
}

__attribute__((export_name("helios_call"))) void engine_call(void) {
  stackRestore(hp_stack_top());
  hp_heap_between_calls();
  call();
}

/* ---- what MicroPython wants of its port ---- */

/* print: lines of the log. What does not end with a newline waits for the next piece. */
void mp_hal_stdout_tx_strn_cooked(const char *p, size_t n) {
  static char line[1024];
  static unsigned length;
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '\n' || length == sizeof line) {
      hg_log(HG_INFO, line, length);
      length = 0;
    }
    if (p[i] != '\n') {
      line[length++] = p[i];
    }
  }
}

static mp_obj_t no_open(size_t count, const mp_obj_t *args, mp_map_t *named) {
  (void)count;
  (void)args;
  (void)named;
  mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("files are read by heliosdb.read_file"));
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 0, no_open);
