/* imports.c - checks imports against the table of host functions. Must not accept a signature that
 * the engine would read differently. Invariants: see imports.h. */
#include "imports.h"

#include <stdio.h>
#include <string.h>

#include "glue.h"

static const struct host_call {
  const char *module, *name, *sig;
} host_calls[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, text) {#module, #name, sig},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};
#define HOST_CALLS (sizeof host_calls / sizeof *host_calls)

#define NEAR_MAX 64u /* longer names are compared by this many bytes */

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

static int fail_unknown(const hcc_module *m, const hcc_import *import, hcc_error *err) {
  char module[HCC_ESCAPED], name[HCC_ESCAPED];
  const char *wanted = (const char *)m->bytes + import->name.begin;
  size_t length = import->name.end - import->name.begin;
  const struct host_call *nearest = &host_calls[0];
  unsigned best = UINT32_MAX;
  for (size_t i = 0; i < HOST_CALLS; i++) {
    unsigned d = distance(wanted, length, host_calls[i].name, strlen(host_calls[i].name));
    if (d < best && is(m, import->module, host_calls[i].module)) {
      best = d;
      nearest = &host_calls[i];
    }
  }
  hcc_escape(module, m->bytes + import->module.begin, import->module.end - import->module.begin);
  hcc_escape(name, wanted, length);
  return best == UINT32_MAX ? hcc_fail(err, HCC_E_IMPORT_UNKNOWN, import->name.begin,
                                       "no host function %.90s.%.90s", module, name)
                            : hcc_fail(err, HCC_E_IMPORT_UNKNOWN, import->name.begin,
                                       "no host function %.60s.%.90s; did you mean %s?", module,
                                       name, nearest->name);
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
  bool reserved = is(m, import->module, "helios_v1") || is(m, import->module, "heliosdb") ||
                  is(m, import->module, "wasi_snapshot_preview1");
  return found == 0 && reserved ? fail_unknown(m, import, err) : 0;
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
