/* sdk_glue.c - the C between the ABI and plain functions: an exported function for each, which
 * makes C values of arguments and gives the result back. Must put no text of the source into the
 * glue but checked identifiers. Invariants: see sdk_unit.h. */
#include <string.h>

#include "sdk_unit.h"

/* What clang calls by itself where there is no C library. */
static const char builtins[] =
    "#define HG_WEAK __attribute__((weak))\n"
    "HG_WEAK void *memcpy(void *d, const void *s, __SIZE_TYPE__ n) { return __builtin_memcpy(d, s, "
    "n); }\n"
    "HG_WEAK void *memmove(void *d, const void *s, __SIZE_TYPE__ n) { return __builtin_memmove(d, "
    "s, n); }\n"
    "HG_WEAK void *memset(void *d, int c, __SIZE_TYPE__ n) { return __builtin_memset(d, c, n); }\n"
    "HG_WEAK int memcmp(const void *a, const void *b, __SIZE_TYPE__ n) {\n"
    "  const unsigned char *p = a, *q = b;\n"
    "  for (; n > 0; n--, p++, q++) { if (*p != *q) { return *p < *q ? -1 : 1; } }\n"
    "  return 0;\n"
    "}\n"
    "HG_WEAK __SIZE_TYPE__ strlen(const char *s) { return hg_length(s); }\n"
    "HG_WEAK int __cxa_atexit(void (*f)(void *), void *a, void *d) { (void)f; (void)a; (void)d; "
    "return 0; }\n";

static const char constructors[] =
    "extern void __wasm_call_ctors(void);\n"
    "__attribute__((export_name(\"_initialize\"))) void hg_initialize(void);\n"
    "void hg_initialize(void) { __wasm_call_ctors(); }\n";

/* By form: as a parameter of the export, and of the value that a cell holds. */
static const struct crossing {
  const char *param, *result, *cell;
} crossings[] = {
    [HCC_FORM_BOOL] = {"int a%u", "int", "a%u->i64 != 0"},
    [HCC_FORM_I32] = {"int a%u", "int", "hg_int32(a%u->i64)"},
    [HCC_FORM_I64] = {"long long a%u", "long long", "a%u->i64"},
    [HCC_FORM_F32] = {"float a%u", "float", "(float)a%u->f64"},
    [HCC_FORM_F64] = {"double a%u", "double", "a%u->f64"},
    [HCC_FORM_TEXT] = {"const char *a%u, unsigned n%u", "hg_bytes", NULL},
    [HCC_FORM_SPAN] = {"const char *a%u, unsigned n%u", "hg_bytes", "{a%u->at, a%u->length}"},
    [HCC_FORM_CELL] = {"const hg_cell *a%u", "const hg_cell *", "*a%u"},
};

/* The only places of a format above are numbers: of the parameter, once or twice. */
static void put_numbered(hcc_buf *out, const char *format, uint32_t i) {
  for (const char *at; (at = strstr(format, "%u")) != NULL; format = at + 2) {
    hcc_buf_add(out, format, (size_t)(at - format));
    hcc_buf_format(out, "%u", i);
  }
  hcc_buf_text(out, format);
}

static const char *c_name(const hcc_sdk_type *type) {
  return type == NULL ? "void" : strcmp(type->c, "bool") == 0 ? "_Bool" : type->c;
}

/* double hg_call_0(double, const long long *) __asm__("symbol"); */
static void put_prototype(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t n) {
  hcc_buf_format(out, "%s hg_call_%u(", c_name(p->result), n);
  for (uint32_t i = 0; i < p->said.param_count; i++) {
    bool nullable = p->said.params[i].nullable;
    hcc_buf_format(out, "%s%s%s%s", i > 0 ? ", " : "", nullable ? "const " : "",
                   c_name(p->types[i]), nullable ? " *" : "");
  }
  hcc_buf_format(out, "%s) __asm__(\"%s\");\n", p->said.param_count == 0 ? "void" : "", p->symbol);
}

static void put_head(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t n) {
  const char *result = p->result == NULL ? "void" : crossings[p->result->form].result;
  hcc_buf_format(out, "__attribute__((export_name(\"%s\"))) %s hg_export_%u(", p->said.function,
                 result, n);
  for (uint32_t i = 0; i < p->said.param_count; i++) {
    hcc_buf_text(out, i > 0 ? ", " : "");
    put_numbered(out, crossings[p->cells ? HCC_FORM_CELL : p->types[i]->form].param, i);
  }
  hcc_buf_text(out, p->said.param_count == 0 ? "void) {\n" : ") {\n");
}

static void put_terminated(hcc_buf *out, const char *name, const char *at, const char *length,
                           uint32_t i) {
  hcc_buf_format(
      out,
      "  const char *v%u = hg_terminated(a%u%s, %s%u%s, \"parameter %s: a NUL in the text; "
      "take a helios_text\");\n",
      i, i, at, *length == '\0' ? "n" : "a", i, length, name);
}

/* An argument that came as a cell, as v<i>. */
static void put_cell_value(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t i) {
  const hcc_sdk_type *type = p->types[i];
  if (!p->said.params[i].nullable && type->form != HCC_FORM_CELL) {
    hcc_buf_format(out,
                   "  if (a%u->type == HG_NULL) {\n    hg_return_null();\n    return%s;\n  }\n", i,
                   p->result == NULL ? "" : " 0");
  }
  if (type->form == HCC_FORM_TEXT) {
    put_terminated(out, p->said.params[i].name, "->at", "->length", i);
    return;
  }
  hcc_buf_format(out, "  %s v%u = ", c_name(type), i);
  put_numbered(out, crossings[type->form].cell, i);
  hcc_buf_text(out, ";\n");
}

static void put_value(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t i) {
  const hcc_sdk_type *type = p->types[i];
  if (p->cells) {
    put_cell_value(out, p, i);
  } else if (type->form == HCC_FORM_TEXT) {
    put_terminated(out, p->said.params[i].name, "", "", i);
  } else if (type->form == HCC_FORM_SPAN) {
    hcc_buf_format(out, "  %s v%u = {a%u, n%u};\n", type->c, i, i, i);
  } else {
    hcc_buf_format(out, "  %s v%u = %sa%u%s;\n", c_name(type), i,
                   type->form == HCC_FORM_CELL ? "*" : "", i,
                   type->form == HCC_FORM_BOOL ? " != 0" : "");
  }
}

static void put_call(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t n) {
  hcc_buf_format(out, "hg_call_%u(", n);
  for (uint32_t i = 0; i < p->said.param_count; i++) {
    hcc_buf_text(out, i > 0 ? ", " : "");
    if (p->said.params[i].nullable) {
      hcc_buf_format(out, "a%u->type == HG_NULL ? 0 : &v%u", i, i);
    } else {
      hcc_buf_format(out, "v%u", i);
    }
  }
  hcc_buf_text(out, ");\n");
}

static void put_result(hcc_buf *out, const hcc_sdk_procedure *p, uint32_t n) {
  if (p->result == NULL) {
    hcc_buf_text(out, "  ");
    put_call(out, p, n);
    return;
  }
  hcc_buf_format(out,
                 "  %s%s r = ", p->result->form == HCC_FORM_CELL ? "static hg_cell cell;\n  " : "",
                 c_name(p->result));
  put_call(out, p, n);
  hcc_buf_text(out, p->result->form == HCC_FORM_TEXT
                        ? "  return hg_result(r, r == 0 ? 0 : hg_length(r));\n"
                    : p->result->form == HCC_FORM_SPAN ? "  return hg_result(r.at, r.length);\n"
                    : p->result->form == HCC_FORM_CELL ? "  cell = r;\n  return &cell;\n"
                                                       : "  return r;\n");
}

static bool takes_bytes(const hcc_sdk_unit *u) {
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    const hcc_sdk_procedure *p = &u->procedures[n];
    for (uint32_t i = 0; i < p->said.param_count; i++) {
      if (p->cells || p->types[i]->form >= HCC_FORM_TEXT) {
        return true;
      }
    }
  }
  return false;
}

void hcc_sdk_glue(hcc_buf *out, const hcc_sdk_unit *u, bool libc) {
  hcc_buf_text(out, "#include <heliosdb.h>\n");
  hcc_buf_text(out, libc ? "" : builtins);
  hcc_buf_text(out, constructors);
  hcc_buf_text(out, takes_bytes(u) ? "HELIOS_ARENA(65536)\n" : "");
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    const hcc_sdk_procedure *p = &u->procedures[n];
    put_prototype(out, p, n);
    put_head(out, p, n);
    hcc_buf_text(out, strcmp(p->said.state, "call") == 0 ? "" : "  hg_heap_reset();\n");
    for (uint32_t i = 0; i < p->said.param_count; i++) {
      put_value(out, p, i);
    }
    put_result(out, p, n);
    hcc_buf_text(out, "}\n");
  }
}
