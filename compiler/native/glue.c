/* glue.c - writes the C around the translated module. Must never write a guest byte but as an
 * escape. Invariants: see glue.h. */
#include "glue.h"

#include <string.h>

#include "hsb_abi.h"
#include "imports.h"
#include "limits.h"
#include "sig.h"

/* By value type: letter in wasm2c's struct names, slots taken, C type, how it
 * is got from slots ("s + at") and put there. A function reference cannot leave the guest: the
 * host sees whether there is one, and gives none. */
static const struct type_row {
  uint8_t type;
  char letter;
  uint8_t slots;
  const char *c, *get, *put;
} type_rows[] = {
    {HCC_I32, 'i', 1, "u32", "(u32)s[%u]", "s[%u] = %s"},
    {HCC_I64, 'j', 1, "u64", "s[%u]", "s[%u] = %s"},
    {HCC_F32, 'f', 1, "f32", "hsb_f32_of(s[%u])", "s[%u] = hsb_slot_f32(%s)"},
    {HCC_F64, 'd', 1, "f64", "hsb_f64_of(s[%u])", "s[%u] = hsb_slot_f64(%s)"},
    {HCC_V128, 'o', 2, "v128", "hsb_v128_of(s + %u)", "hsb_slots_v128(s + %u, %s)"},
    {HCC_FUNCREF, 'r', 1, "wasm_rt_funcref_t", "(s[%u], wasm_rt_funcref_null_value)",
     "s[%u] = (%s).func != 0"},
    {HCC_EXTERNREF, 'e', 1, "wasm_rt_externref_t", "(wasm_rt_externref_t)s[%u]",
     "s[%u] = (hsb_slot)(%s)"},
};

static const char helpers[] =
    "#include \"hsb_abi.h\"\n"
    "static inline f32 hsb_f32_of(hsb_slot v) {\n"
    "  u32 bits = (u32)v; f32 x; __builtin_memcpy(&x, &bits, sizeof x); return x;\n"
    "}\n"
    "static inline f64 hsb_f64_of(hsb_slot v) {\n"
    "  f64 x; __builtin_memcpy(&x, &v, sizeof x); return x;\n"
    "}\n"
    "static inline hsb_slot hsb_slot_f32(f32 x) {\n"
    "  u32 bits; __builtin_memcpy(&bits, &x, sizeof bits); return bits;\n"
    "}\n"
    "static inline hsb_slot hsb_slot_f64(f64 x) {\n"
    "  hsb_slot v; __builtin_memcpy(&v, &x, sizeof v); return v;\n"
    "}\n";

static const char vector_helpers[] = "static inline v128 hsb_v128_of(const hsb_slot *s) {\n"
                                     "  v128 x; __builtin_memcpy(&x, s, sizeof x); return x;\n"
                                     "}\n"
                                     "static inline void hsb_slots_v128(hsb_slot *s, v128 x) {\n"
                                     "  __builtin_memcpy(s, &x, sizeof x);\n"
                                     "}\n";

static const struct type_row *row_of(uint8_t type) {
  for (size_t i = 0; i + 1 < sizeof type_rows / sizeof *type_rows; i++) {
    if (type_rows[i].type == type) {
      return &type_rows[i];
    }
  }
  return &type_rows[sizeof type_rows / sizeof *type_rows - 1];
}

static uint32_t slots_of(const uint8_t *types, uint32_t count) {
  uint32_t slots = 0;
  for (uint32_t i = 0; i < count; i++) {
    slots += row_of(types[i])->slots;
  }
  return slots;
}

static bool has_vector(const uint8_t *types, uint32_t count) {
  bool any = false;
  for (uint32_t i = 0; i < count; i++) {
    any |= types[i] == HCC_V128;
  }
  return any;
}

/* The C type that wasm2c gives what a function of this type returns, fuel included. */
static void write_result_type(FILE *f, const hcc_functype *t, bool metered) {
  uint32_t count = t->result_count + metered;
  if (count == 0) {
    fputs("void", f);
  } else if (count == 1) {
    fputs(t->result_count == 1 ? row_of(t->results[0])->c : "u64", f);
  } else {
    fputs("struct wasm_multi_", f);
    for (uint32_t i = 0; i < t->result_count; i++) {
      fputc(row_of(t->results[i])->letter, f);
    }
    if (metered) {
      fputc('j', f);
    }
  }
}

/* "r" or its member for result i of count. */
static void result_name(char out[32], const hcc_functype *t, uint32_t i, bool metered) {
  if (t->result_count + metered == 1) {
    snprintf(out, 32, "r");
  } else {
    char letter = i < t->result_count ? row_of(t->results[i])->letter : 'j';
    snprintf(out, 32, "r.%c%u", letter, i);
  }
}

/* void x<n>(instance, s): reads arguments, calls w2c_m_<name>, writes results and fuel. */
static void write_entry(FILE *f, const char *entry, const char *name, const hcc_functype *t,
                        bool metered) {
  char result[32];
  uint32_t at = 0;
  fprintf(f, "static void %s(void *instance, hsb_slot *s) {\n", entry);
  fputs("  struct hsb_ctx *ctx = hsb_ctx_of(instance);\n  (void)ctx; (void)s;\n  ", f);
  if (t->result_count + metered > 0) {
    write_result_type(f, t, metered);
    fputs(" r = ", f);
  }
  fprintf(f, "w2c_m_%s(instance", name);
  for (uint32_t i = 0; i < t->param_count; i++) {
    const struct type_row *row = row_of(t->params[i]);
    fputs(", ", f);
    fprintf(f, row->get, at);
    at += row->slots;
  }
  fputs(metered ? ", (u64)ctx->fuel);\n" : ");\n", f);
  at = 0;
  for (uint32_t i = 0; i < t->result_count; i++) {
    const struct type_row *row = row_of(t->results[i]);
    result_name(result, t, i, metered);
    fputs("  ", f);
    fprintf(f, row->put, at, result);
    fputs(";\n", f);
    at += row->slots;
  }
  if (metered) {
    result_name(result, t, t->result_count, metered);
    fprintf(f, "  ctx->fuel = (int64_t)%s;\n", result);
  }
  fputs("}\n", f);
}

/* w2c_h_i<n>: puts its arguments in slots and calls what the host bound. Slots that hold no
 * argument are zero, so that a host that forgets a result leaks nothing. */
static void write_stub(FILE *f, uint32_t n, const hcc_functype *t, bool metered) {
  char name[32];
  uint32_t at = 0, params = slots_of(t->params, t->param_count);
  uint32_t results = slots_of(t->results, t->result_count);
  fputs("__attribute__((noinline)) ", f); /* there may be thousands of calls */
  write_result_type(f, t, metered);
  fprintf(f, " w2c_h_i%u(struct w2c_h *self", n);
  for (uint32_t i = 0; i < t->param_count; i++) {
    fprintf(f, ", %s p%u", row_of(t->params[i])->c, i);
  }
  fputs(metered ? ", u64 fuel) {\n" : ") {\n", f);
  fprintf(f, "  struct hsb_ctx *ctx = hsb_ctx_of(self);\n  hsb_slot s[%u] = {0};\n",
          params > results ? params
          : results > 0    ? results
                           : 1);
  for (uint32_t i = 0; i < t->param_count; i++) {
    const struct type_row *row = row_of(t->params[i]);
    snprintf(name, sizeof name, "p%u", i);
    fputs("  ", f);
    fprintf(f, row->put, at, name);
    fputs(";\n", f);
    at += row->slots;
  }
  fputs(metered ? "  ctx->fuel = (int64_t)fuel;\n" : "", f);
  fprintf(f, "  ctx->imports[%u].fn(ctx, s, ctx->imports[%u].env);\n", n, n);
  if (t->result_count + metered > 0) {
    fputs("  ", f);
    write_result_type(f, t, metered);
    fputs(" r;\n", f);
  }
  at = 0;
  for (uint32_t i = 0; i < t->result_count; i++) {
    const struct type_row *row = row_of(t->results[i]);
    result_name(name, t, i, metered);
    fprintf(f, "  %s = ", name);
    fprintf(f, row->get, at);
    fputs(";\n", f);
    at += row->slots;
  }
  if (metered) {
    result_name(name, t, t->result_count, metered);
    fprintf(f, "  %s = (u64)ctx->fuel;\n", name);
  }
  fputs(t->result_count + metered > 0 ? "  return r;\n}\n" : "}\n", f);
}

/* A string literal of octal escapes, always three digits, so that none runs into the next byte. */
static void write_bytes(FILE *f, const uint8_t *bytes, uint32_t count) {
  fputc('"', f);
  for (uint32_t i = 0; i < count; i++) {
    fprintf(f, "\\%03o", bytes[i]);
    if (i % 24 == 23) {
      fputs("\"\n\"", f);
    }
  }
  fputc('"', f);
}

static void write_name(FILE *f, const hcc_module *m, hcc_range name) {
  write_bytes(f, m->bytes + name.begin, name.end - name.begin);
}

static int write_imports(FILE *f, const hcc_module *m, const hcc_plan *plan, hcc_error *err) {
  char sig[HCC_SIG];
  for (uint32_t i = 0; i < m->import_count; i++) {
    write_stub(f, i, &m->types[m->imports[i].type], plan->metered);
  }
  if (m->import_count == 0) {
    return 0;
  }
  fputs("static const struct hsb_import hsb_imports[] = {\n", f);
  for (uint32_t i = 0; i < m->import_count; i++) {
    const hcc_import *import = &m->imports[i];
    if (!hcc_sig(sig, &m->types[import->type])) {
      return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "import %u has too many values", i);
    }
    fputs("  {", f);
    write_name(f, m, import->module);
    fputs(",\n   ", f);
    write_name(f, m, import->name);
    fprintf(f, ",\n   \"%s\", %u, %u},\n", sig, import->module.end - import->module.begin,
            import->name.end - import->name.begin);
  }
  fputs("};\n", f);
  return 0;
}

/* The N of "e<N>" for a function; plan->exports ascends. */
static uint32_t entry_of(const hcc_plan *plan, uint32_t func) {
  uint32_t low = 0, high = plan->export_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (plan->exports[middle].func < func) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Returns how many names of functions there are. */
static int write_exports(uint32_t *count, FILE *f, const hcc_module *m, const hcc_plan *plan,
                         hcc_error *err) {
  char sig[HCC_SIG], name[32], entry[32];
  *count = 0;
  for (uint32_t n = 0; n < plan->export_count; n++) {
    snprintf(name, sizeof name, "e%u", n);
    snprintf(entry, sizeof entry, "hsb_e%u", n);
    write_entry(f, entry, name, &m->types[m->funcs[plan->exports[n].func].type], plan->metered);
  }
  fputs(plan->export_count > 0 ? "static const struct hsb_export hsb_exports[] = {\n" : "", f);
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *export = &m->exports[i];
    if (export->kind != HCC_FUNC) {
      continue;
    }
    uint32_t n = entry_of(plan, export->index);
    if (n >= plan->export_count || plan->exports[n].func != export->index ||
        !hcc_sig(sig, &m->types[m->funcs[export->index].type])) {
      return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "export %u has no entry", i);
    }
    fputs("  {", f);
    write_name(f, m, export->name);
    fprintf(f, ",\n   \"%s\", %u, %u, %s, 0, hsb_e%u},\n", sig,
            export->name.end - export->name.begin, export->index,
            plan->exports[n].stateless ? "HSB_EXPORT_STATELESS" : "0", n);
    ++*count;
  }
  fputs(plan->export_count > 0 ? "};\n" : "", f);
  return 0;
}

void hcc_glue_blob(FILE *file, const hcc_module *m, const hcc_plan *plan) {
  for (uint32_t i = 0; i < plan->segment_count; i++) {
    hcc_range bytes = plan->segments[i].bytes;
    fwrite(m->bytes + bytes.begin, 1, bytes.end - bytes.begin, file);
  }
}

/* The image is read by the assembler: a C array of it would take clang a minute for 10 MiB. */
static uint64_t write_segments(FILE *f, const hcc_plan *plan) {
  uint64_t size = 0;
  if (plan->segment_count == 0) {
    return 0;
  }
  fputs("static const struct hsb_segment hsb_segments[] = {\n", f);
  for (uint32_t i = 0; i < plan->segment_count; i++) {
    const hcc_plan_segment *s = &plan->segments[i];
    uint64_t length = s->bytes.end - s->bytes.begin;
    fprintf(f, "  {%lluu, %lluu, %lluu},\n", (unsigned long long)s->mem_off,
            (unsigned long long)size, (unsigned long long)length);
    size += length;
  }
  fputs("};\n", f);
  fputs("extern const uint8_t hsb_blob[] __attribute__((visibility(\"hidden\")));\n"
        "__asm__(\".pushsection .rodata.hsb_blob,\\\"a\\\",@progbits\\n\"\n"
        "        \".hidden hsb_blob\\n.globl hsb_blob\\n.balign 16\\n\"\n"
        "        \"hsb_blob:\\n.incbin \\\"blob\\\"\\n.byte 0\\n.popsection\\n\");\n",
        f);
  return size;
}

/* Of the module's functions; more than the nearest caches hold may have to be waited for at each
 * branch. */
#define SMALL_CODE (128u << 10)

/* helios_plugin.slice: of code whose units take less than usual, that calls no host function but
 * what deals with the call alone. As a loop that is charged at once has 8 ms (meter_ahead.c), less
 * what the system takes for the pages. */
static uint32_t slice_of(const hcc_module *m, const hcc_plan *plan) {
  uint64_t code = 0, slice = 0;
  for (uint32_t i = m->imported_funcs; i < m->func_count; i++) {
    code += m->funcs[i].code.end - m->funcs[i].code.begin;
  }
  if (plan->unit_time != 0 && code <= SMALL_CODE && hcc_imports_impure(m) == NULL) {
    slice = (uint64_t)(HSB_FUEL_AHEAD - HCC_RW_SMALL_PAGES) / plan->unit_time;
  }
  slice = slice < HSB_FUEL_SLICE_MOST ? slice : HSB_FUEL_SLICE_MOST;
  return slice > HSB_FUEL_SLICE ? (uint32_t)slice : 0;
}

static void write_plugin(FILE *f, const hcc_module *m, const hcc_plan *plan,
                         const hcc_glue_options *options, uint32_t exports, uint64_t blob) {
  bool memory = m->memory_count > 0;
  fputs("__attribute__((visibility(\"default\"), used))\n"
        "const struct helios_plugin helios_plugin = {\n"
        "  .size = sizeof(struct helios_plugin),\n"
        "  .abi_major = HSB_ABI_MAJOR, .abi_minor = HSB_ABI_MINOR,\n"
        "  .flags = 0",
        f);
  fputs(plan->metered && !plan->polls ? " | HSB_PLUGIN_METERED" : "", f);
  fputs(options->explicit_bounds ? " | HSB_PLUGIN_EXPLICIT_BOUNDS" : "", f);
  fputs(memory ? " | HSB_PLUGIN_HAS_MEMORY" : "", f);
  fputs(hcc_imports_impure(m) == NULL ? "" : " | HSB_PLUGIN_IMPURE", f);
  fputs(",\n  .instance_size = sizeof(w2c_m),\n", f);
  if (memory) {
    const hcc_limits *limits = &m->memories[0];
    fprintf(f,
            "  .memory_offset = offsetof(w2c_m, w2c_M0),\n"
            "  .memory_min = %u, .memory_max = %u,\n",
            limits->min, limits->has_max ? limits->max : 65536u);
  }
  fprintf(f, "  .export_count = %u, .import_count = %u, .segment_count = %u,\n", exports,
          m->import_count, plan->segment_count);
  fprintf(f, "  .slice = %u,\n", slice_of(m, plan));
  fprintf(f, "  .exports = %s, .imports = %s, .segments = %s,\n", exports > 0 ? "hsb_exports" : "0",
          m->import_count > 0 ? "hsb_imports" : "0",
          plan->segment_count > 0 ? "hsb_segments" : "0");
  fprintf(f, "  .blob = %s, .blob_size = %llu,\n  .module_hash = {",
          plan->segment_count > 0 ? "hsb_blob" : "0", (unsigned long long)blob);
  for (int i = 0; i < 32; i++) {
    fprintf(f, "%u,", options->module_hash[i]);
  }
  fprintf(f, "},\n  .init = hsb_init, .start = %s,\n};\n",
          m->start == HCC_NO_START ? "0" : "hsb_start");
}

static bool any_vector(const hcc_module *m) {
  bool any = false;
  for (uint32_t i = 0; i < m->type_count; i++) {
    any |= has_vector(m->types[i].params, m->types[i].param_count) ||
           has_vector(m->types[i].results, m->types[i].result_count);
  }
  return any;
}

int hcc_glue(FILE *file, const hcc_module *m, const hcc_plan *plan, const hcc_glue_options *options,
             hcc_error *err) {
  static const hcc_functype nothing = {.param_count = 0};
  uint32_t exports;
  fputs("#line 1 \"g\"\n", file); /* from here on lines are of no module */
  fputs(helpers, file);
  fputs(any_vector(m) ? vector_helpers : "", file);
  fputs("_Static_assert(sizeof(w2c_m) <= HSB_INSTANCE_MAX, \"the instance is too large\");\n",
        file);
  int status = write_imports(file, m, plan, err);
  if (status != 0) {
    return status;
  }
  status = write_exports(&exports, file, m, plan, err);
  if (status != 0) {
    return status;
  }
  uint64_t blob = write_segments(file, plan);
  fputs("static void hsb_init(void *instance) {\n"
        "  wasm2c_m_instantiate(instance, instance);\n}\n",
        file);
  if (m->start != HCC_NO_START) {
    write_entry(file, "hsb_start", "start", &nothing, plan->metered);
  }
  write_plugin(file, m, plan, options, exports, blob);
  return 0;
}
