/* imports.c - checks imports against the table of host functions. Must not accept a signature that
 * the engine would read differently. Invariants: see imports.h. */
#include "imports.h"

#include <stdio.h>
#include <string.h>

#include "sig.h"

static const struct host_call {
  const char *module, *name, *sig;
} host_calls[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, text) {#module, #name, sig},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};
/* Arguments, result, error of the call. */
static const struct pure {
  const char *name;
  bool writes; /* to the guest's memory */
} pure[] = {{"arg_count", false},     {"arg_type", false},   {"arg_i64", false},
            {"arg_f64", false},       {"arg_len", false},    {"arg_read", true},
            {"return_null", false},   {"return_i64", false}, {"return_f64", false},
            {"return_bytes", false},  {"fail", false},       {"error_message", true},
            {"heliosdb_error", false}};

#define HOST_CALLS (sizeof host_calls / sizeof *host_calls)

#define TYPING_MISTAKE 2u /* edits */
#define NEAR_MAX 64u      /* longer names are compared by this many bytes */

static bool is(const hcc_module *m, hcc_range r, const char *text) {
  return r.end - r.begin == strlen(text) && memcmp(m->bytes + r.begin, text, strlen(text)) == 0;
}

/* Edit distance (Levenshtein), of names cut at NEAR_MAX. */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn) {
  unsigned row[NEAR_MAX + 1];
  an = an > NEAR_MAX ? NEAR_MAX : an;
  bn = bn > NEAR_MAX ? NEAR_MAX : bn;
  for (unsigned j = 0; j <= bn; j++) {
    row[j] = j;
  }
  for (unsigned i = 1; i <= an; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= bn; j++) {
      unsigned above = row[j], least = diagonal + (a[i - 1] != b[j - 1]);
      least = above + 1 < least ? above + 1 : least;
      least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
      diagonal = above;
      row[j] = least;
    }
  }
  return row[bn];
}

/* The nearest name of the import's module, and how far it is; UINT32_MAX: the module has none. */
static unsigned nearest(const struct host_call **out, const hcc_module *m,
                        const hcc_import *import) {
  unsigned best = UINT32_MAX;
  const char *wanted = (const char *)m->bytes + import->name.begin;
  size_t length = import->name.end - import->name.begin;
  for (size_t i = 0; i < HOST_CALLS; i++) {
    unsigned d = distance(wanted, length, host_calls[i].name, strlen(host_calls[i].name));
    if (d < best && is(m, import->module, host_calls[i].module)) {
      best = d;
      *out = &host_calls[i];
    }
  }
  return best;
}

static int fail_unknown(const hcc_module *m, const hcc_import *import, hcc_error *err) {
  char module[HCC_ESCAPED], name[HCC_ESCAPED];
  const struct host_call *near = NULL;
  (void)nearest(&near, m, import);
  hcc_escape(module, m->bytes + import->module.begin, import->module.end - import->module.begin);
  hcc_escape(name, m->bytes + import->name.begin, import->name.end - import->name.begin);
  return near == NULL
             ? hcc_fail(err, HCC_E_IMPORT_UNKNOWN, import->name.begin,
                        "no host function %.90s.%.90s", module, name)
             : hcc_fail(err, HCC_E_IMPORT_UNKNOWN, import->name.begin,
                        "no host function %.60s.%.90s; did you mean %s?", module, name, near->name);
}

static bool begins(const hcc_module *m, hcc_range r, const char *prefix) {
  size_t n = strlen(prefix);
  return r.end - r.begin >= n && memcmp(m->bytes + r.begin, prefix, n) == 0;
}

/* Is a name that no row has the engine's own all the same? In env and heliosdb, which are shared
 * with applications, also one that is a typing mistake away from ours. */
static bool reserved(const hcc_module *m, const hcc_import *import) {
  const struct host_call *near = NULL;
  bool shared = is(m, import->module, "env") || is(m, import->module, "heliosdb");
  return begins(m, import->module, "helios_") || begins(m, import->module, "wasi_") ||
         (shared &&
          (begins(m, import->name, "heliosdb_") || nearest(&near, m, import) <= TYPING_MISTAKE));
}

/* 0: not a host function, 1: it is and has this signature, -1: another one, left in *row. */
static int look_up(const struct host_call **row, const hcc_module *m, const hcc_import *import,
                   const char *sig) {
  int found = 0;
  for (size_t i = 0; i < HOST_CALLS; i++) {
    if (is(m, import->module, host_calls[i].module) && is(m, import->name, host_calls[i].name)) {
      *row = &host_calls[i];
      if (strcmp(sig, host_calls[i].sig) == 0) {
        return 1;
      }
      found = -1;
    }
  }
  return found;
}

static int check(const hcc_module *m, const hcc_import *import, hcc_error *err) {
  static const char *const kinds[] = {"function", "table", "memory", "global"};
  char sig[HCC_SIG], name[HCC_ESCAPED];
  const struct host_call *row = NULL;
  hcc_escape(name, m->bytes + import->name.begin, import->name.end - import->name.begin);
  if (import->kind != HCC_FUNC) {
    return hcc_fail(err, HCC_E_IMPORT_KIND, import->name.begin, "%s %.100s is imported",
                    kinds[import->kind], name);
  }
  if (!hcc_sig(sig, &m->types[import->type])) {
    return hcc_fail(err, HCC_E_LIMIT, import->name.begin, "import %.100s has too many values",
                    name);
  }
  int found = look_up(&row, m, import, sig);
  if (found < 0) {
    return hcc_fail(err, HCC_E_IMPORT_TYPE, import->name.begin,
                    "import %s.%s is (%.40s), the host function is (%s)", row->module, row->name,
                    sig, row->sig);
  }
  return found == 0 && reserved(m, import) ? fail_unknown(m, import, err) : 0;
}

int hcc_imports_check(const hcc_module *m, hcc_error *err) {
  for (uint32_t i = 0; i < m->import_count; i++) {
    int status = check(m, &m->imports[i], err);
    if (status != 0) {
      return status;
    }
  }
  return 0;
}

uint32_t hcc_imports_custom(char first[HCC_CUSTOM_NAME], const hcc_module *m) {
  char module[HCC_ESCAPED], name[HCC_ESCAPED], sig[HCC_SIG];
  uint32_t count = 0;
  for (uint32_t i = m->import_count; i-- > 0;) {
    const hcc_import *import = &m->imports[i];
    const struct host_call *row = NULL;
    if (import->kind == HCC_FUNC && hcc_sig(sig, &m->types[import->type]) &&
        look_up(&row, m, import, sig) == 0) {
      hcc_escape(module, m->bytes + import->module.begin,
                 import->module.end - import->module.begin);
      hcc_escape(name, m->bytes + import->name.begin, import->name.end - import->name.begin);
      snprintf(first, HCC_CUSTOM_NAME, "%.90s.%.90s", module, name);
      count++;
    }
  }
  return count;
}

/* NULL: it is none of them. */
static const struct pure *find_pure(const hcc_module *m, const hcc_import *import) {
  bool ours = is(m, import->module, "helios_v1") || is(m, import->module, "heliosdb");
  for (size_t i = 0; ours && i < sizeof pure / sizeof *pure; i++) {
    if (is(m, import->name, pure[i].name)) {
      return &pure[i];
    }
  }
  return NULL;
}

const hcc_import *hcc_imports_impure(const hcc_module *m) {
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (find_pure(m, &m->imports[i]) == NULL) {
      return &m->imports[i];
    }
  }
  return NULL;
}

/* Nothing but functions is imported. In heliosdb there may be functions of the application, but
 * none named heliosdb_*. */
bool hcc_imports_writes(const hcc_module *m, uint32_t func) {
  const hcc_import *import = &m->imports[func];
  const struct pure *found = find_pure(m, import);
  bool ours = is(m, import->module, "helios_v1") || is(m, import->name, "heliosdb_error");
  return found == NULL || !ours || found->writes;
}
