/* engine.c - QuickJS as a module of the host's: evaluates the script when the instance is made,
 * then calls one of its functions. The state after the first is what every call begins with, so all
 * that a call can do without is done there. docs/script-engines.md is the contract. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "heliosdb_js.h" /* of heliosdb.js, by build.sh */
#include "script.h"

/* Bytes of the shadow stack that JavaScript may use: the machine's stack, of 1 MiB, is not full
 * then, so endless recursion is an InternalError that the script can catch. */
#define STACK (192u << 10)
#define GC_ROOM (2u << 20) /* allocated before the first garbage collection of a call */

JSContext *je;
struct je_classes je_classes;

static JSRuntime *runtime;
static hs_script script;
static JSValue function;
static je_param params[JE_PARAMS];
static unsigned param_count;
static int result_type;

/* Arguments and result of the last call. They are freed by the next, which is for those that keep
 * their state: all others have nothing to free. */
static struct last {
  unsigned count;
  JSValue values[]; /* one more than parameters */
} * last;

/* QuickJS would ask these for Date.now() and the seed of Math.random(): both are heliosdb.js's,
 * which asks the host. */
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  *now = (struct timeval){.tv_sec = 0};
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  (void)clock;
  *now = (struct timespec){.tv_sec = 0};
  return 0;
}

/* ---- errors ---- */

/* "proc.js:12" of the first frame of the script's own in "    at f (proc.js:12:5)\n ...". */
static unsigned place_of(char *out, unsigned room, const char *stack) {
  for (const char *line = stack; *line != 0; line += strcspn(line, "\n"), line += *line == '\n') {
    unsigned n = (unsigned)strcspn(line, "\n");
    const char *open = memchr(line, '(', n);
    const char *begin = open != NULL ? open + 1 : n > 7 ? line + 7 : line; /* "    at " */
    const char *end = open != NULL ? memchr(open, ')', n - (unsigned)(open - line)) : line + n;
    while (end != NULL && end > begin && end[-1] != ':') {
      end--;
    }
    if (end == NULL || end == begin || memcmp(begin, "heliosdb:", 9) == 0) {
      continue; /* native, or ours */
    }
    unsigned length = (unsigned)(end - 1 - begin);
    if (memchr(begin, ':', length) != NULL && length < room) {
      memcpy(out, begin, length);
      out[length] = 0;
      return length;
    }
  }
  return 0;
}

static const char *property(JSValueConst object, const char *name) {
  JSValue v = JS_GetPropertyStr(je, object, name);
  const char *text = JS_IsUndefined(v) || JS_IsException(v) ? NULL : JS_ToCString(je, v);
  JS_FreeValue(je, v);
  return text;
}

static int code_of(JSValueConst error) {
  int32_t code = 0;
  JSValue v = JS_GetPropertyStr(je, error, "code");
  if (JS_IsNumber(v)) {
    JS_ToInt32(je, &code, v);
  }
  JS_FreeValue(je, v);
  return code == 0 ? 1 : code;
}

/* Text without its "NAME: " or NAME alone. */
static const char *after(const char *text, const char *name) {
  size_t n = strlen(name);
  if (text == NULL || strncmp(text, name, n) != 0 || (text[n] != ':' && text[n] != 0)) {
    return text;
  }
  return text + n + (text[n] == ':') + (text[n] == ':' && text[n + 1] == ' ');
}

/* The pending exception as text; returns its code. */
static int describe(char *out, unsigned room) {
  char place[256] = "";
  JSValue error = JS_GetException(je);
  const char *text = JS_ToCString(je, error), *stack = NULL, *own = NULL, *shown = text;
  int code = 1;
  if (JS_IsError(je, error)) {
    code = code_of(error);
    own = property(error, "status");
    bool meant = own != NULL && strcmp(own, "ERROR") == 0; /* fail(code, text): the text as it is */
    stack = meant ? NULL : property(error, "stack");
    shown = after(text, own != NULL ? "HeliosError" : "Error");
  }
  if (stack != NULL) {
    place_of(place, sizeof place, stack);
  }
  snprintf(out, room, "%s%s%s", place, place[0] != 0 ? ": " : "",
           shown != NULL ? shown : "an error without text");
  JS_FreeCString(je, text);
  JS_FreeCString(je, stack);
  JS_FreeCString(je, own);
  JS_FreeValue(je, error);
  return code;
}

/* While the instance is made there is no call to fail yet. */
static void stop(int code, const char *text) {
  heliosdb_error(code, text, (unsigned)strlen(text));
}

static void stop_exception(void) {
  char text[600];
  int code = describe(text, sizeof text);
  stop(code, text);
}

/* ---- the script ---- */

int je_read(je_given *out, je_reader *read, void *arg) {
  int n = read(arg, out->small, sizeof out->small - 1);
  if (n < 0) {
    return n;
  }
  out->at = out->small;
  if (n >= (int)sizeof out->small) {
    out->at = js_malloc(je, (size_t)n + 1);
    if (out->at == NULL) {
      return -1000;
    }
    if (read(arg, out->at, (unsigned)n) != n) {
      js_free(je, out->at);
      return HG_E_STATE;
    }
  }
  out->at[n] = 0;
  return n;
}

void je_read_end(je_given *given) {
  if (given->at != given->small) {
    js_free(je, given->at);
  }
}

static int read_script(void *arg, void *dst, unsigned cap) {
  (void)arg;
  return hg_script_read(0, dst, cap);
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  hs_file file;
  bool ours = strcmp(name, "heliosdb") == 0;
  if (strcmp(name, "heliosdb-wasm-sdk") == 0) { /* its name in the HeliosDB design */
    static const char text[] = "export * from 'heliosdb'";
    file = (hs_file){.text = text, .length = sizeof text - 1};
  } else if (!ours && !hs_find(&file, &script, name, (unsigned)strlen(name))) {
    JS_ThrowReferenceError(ctx, "no module '%s'", name);
    return NULL;
  }
  JSValue compiled = ours ? JS_Eval(ctx, heliosdb_js, sizeof heliosdb_js - 1, "heliosdb",
                                    JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY)
                          : JS_Eval(ctx, file.text, file.length, name,
                                    JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(compiled)) {
    return NULL;
  }
  JSModuleDef *m = JS_VALUE_GET_PTR(compiled);
  JS_FreeValue(ctx, compiled); /* the context keeps it */
  return m;
}

/* Evaluates a module; its namespace. */
static JSValue evaluate(const char *text, unsigned length, const char *name) {
  JSValue compiled =
      JS_Eval(je, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(compiled)) {
    return compiled;
  }
  JSModuleDef *m = JS_VALUE_GET_PTR(compiled);
  JSValue promise = JS_EvalFunction(je, compiled);
  if (JS_IsException(promise)) {
    return promise;
  }
  JSPromiseStateEnum state = JS_PromiseState(je, promise);
  JSValue result = JS_UNDEFINED;
  if (state == JS_PROMISE_REJECTED) {
    result = JS_Throw(je, JS_PromiseResult(je, promise));
  } else if (state == JS_PROMISE_PENDING) {
    result =
        JS_ThrowTypeError(je, "await at the top level of %s: there is nothing to wait for", name);
  } else {
    result = JS_GetModuleNamespace(je, m);
  }
  JS_FreeValue(je, promise);
  return result;
}

/* heliosdb.js, evaluated before any script: it finds the host's functions in a global of its own.
 */
static void start_library(void) {
  JSValue global = JS_GetGlobalObject(je);
  JS_SetPropertyStr(je, global, "__heliosHost", je_host_object());
  JSValue library = evaluate("import 'heliosdb'", 17, "heliosdb:start");
  JSAtom name = JS_NewAtom(je, "__heliosHost");
  JS_DeleteProperty(je, global, name, 0);
  JS_FreeAtom(je, name);
  JS_FreeValue(je, global);
  if (JS_IsException(library)) {
    stop_exception();
  }
  JS_FreeValue(je, library);
}

static JSClassID class_of(const char *expression) {
  JSValue v = JS_Eval(je, expression, strlen(expression), "heliosdb:class", JS_EVAL_TYPE_GLOBAL);
  JSClassID class = JS_GetClassID(v);
  JS_FreeValue(je, v);
  return class;
}

static void find_classes(void) {
  je_classes = (struct je_classes){class_of("new Uint8ClampedArray"), class_of("new Float64Array"),
                                   class_of("new ArrayBuffer(1)"), class_of("new Date(0)"),
                                   class_of("Promise.resolve()")};
}

/* What QuickJS makes when it is first used would be made anew in each call. */
static void warm_up(void) {
  static const char text[] =
      "JSON.stringify(JSON.parse('{\"a\":[1,2.5,\"b\",null,true],\"n\":{}}')) + `${1}` + "
      "[1].map(String) "
      "+ new Uint8Array(1) + /a/.test('a') + new Map().size + 1n + Math.floor(1.5)";
  JS_FreeValue(je, JS_Eval(je, text, sizeof text - 1, "heliosdb:warm", JS_EVAL_TYPE_GLOBAL));
}

static void start_quickjs(void) {
  static const JSMallocFunctions none; /* heap.h is in their place */
  runtime = JS_NewRuntime2(&none, NULL);
  je = runtime == NULL ? NULL : JS_NewContext(runtime);
  if (je == NULL) {
    stop(1, "no memory for QuickJS");
  }
  JS_SetMaxStackSize(runtime, STACK);
  JS_SetGCThreshold(runtime, (size_t)-1);
  JS_SetModuleLoaderFunc(runtime, NULL, load, NULL);
  find_classes();
  je_start(je);
}

/* ---- which function, which types ---- */

static void take_params(const char *name) {
  hs_param said[JE_PARAMS];
  int known = hs_types(said, JE_PARAMS, &script, name, (unsigned)strlen(name));
  for (param_count = 0; param_count < JE_PARAMS; param_count++) {
    je_param *p = &params[param_count];
    int type = hg_script_type((int)param_count);
    if (type < 0) {
      break;
    }
    bool has = (int)param_count < known;
    p->sql = type;
    p->kind = has ? said[param_count].kind : '-';
    p->null = !has || said[param_count].nullable;
    int length = has && said[param_count].name_length < 50 ? (int)said[param_count].name_length : 0;
    if (length > 0) {
      snprintf(p->name, sizeof p->name, "parameter %.*s", length, said[param_count].name);
    } else {
      snprintf(p->name, sizeof p->name, "parameter %u", param_count + 1);
    }
  }
  result_type = hg_script_type(-1);
  last = je_place(sizeof *last + (param_count + 1) * sizeof *last->values);
  if (last == NULL) {
    stop(1, "no memory for arguments");
  }
}

static void take_function(JSValueConst module) {
  char name[129];
  int n = hg_script_export(name, sizeof name - 1);
  if (n < 0 || n >= (int)sizeof name) {
    stop(1, "no name of a function to run");
  }
  name[n] = 0;
  function = JS_GetPropertyStr(je, module, name);
  if (!JS_IsFunction(je, function)) {
    char text[256];
    snprintf(text, sizeof text, "the script exports no function %s", name);
    stop(1, text);
  }
  take_params(name);
}

/* What the start left on the stack would be copied back after each call; zeros are not. */
__attribute__((noinline)) static void clear_stack(void) {
  volatile char stack[STACK / 2];
  for (unsigned i = 0; i < sizeof stack; i++) {
    stack[i] = 0;
  }
}

__attribute__((constructor)) static void start(void) {
  char name[256];
  hs_file main;
  start_quickjs();
  start_library();
  static je_given bytes; /* for ever */
  int n = je_read(&bytes, read_script, NULL);
  script = (hs_script){bytes.at, n < 0 ? 0 : (unsigned)n};
  if (!hs_file_at(&main, &script, 0) || main.name_length >= sizeof name) {
    stop(1, "the module has no script, or a damaged one");
  }
  memcpy(name, main.name, main.name_length);
  name[main.name_length] = 0;
  JSValue module = evaluate(main.text, main.length, name);
  if (JS_IsException(module)) {
    stop_exception();
  }
  take_function(module);
  JS_FreeValue(je, module);
  warm_up();
  je_freeze(je, GC_ROOM);
  clear_stack();
}

/* ---- a call ---- */

static void fail_exception(void) {
  char text[600];
  int code = describe(text, sizeof text);
  hg_fail(code, text, (unsigned)strlen(text));
}

static void free_last(void) {
  while (last->count > 0) {
    JS_FreeValue(je, last->values[--last->count]);
  }
}

/* The arguments into last->values; false: the result is given already. */
static bool take_arguments(void) {
  for (unsigned i = 0; i < param_count; i++) {
    bool null = false;
    JSValue v = je_argument(i, &params[i], &null);
    if (JS_IsException(v)) {
      fail_exception();
      return false;
    }
    if (null && !params[i].null) {
      hg_return_null();
      return false;
    }
    last->values[last->count++] = v;
  }
  return true;
}

__attribute__((export_name("helios_call"))) void helios_call(void) {
  free_last();
  if (!take_arguments()) {
    return;
  }
  JSValue result = JS_Call(je, function, JS_UNDEFINED, (int)param_count, last->values);
  last->values[last->count++] = result;
  int status = JS_IsException(result)          ? -1
               : result_type == HG_SQL_TABLE   ? je_give_table(result)
               : result_type == HG_SQL_NOTHING ? 0
                                               : je_give(result, result_type, false);
  if (status != 0) {
    fail_exception();
  }
}
