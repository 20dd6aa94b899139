/* info.c - writes INFO, and reads its counts back. Invariants: see info.h. */
#include "info.h"

#include <cJSON.h>
#include <string.h>

#include "hash.h"
#include "sig.h"

/* UTF-8 (decode.c has checked it) to a JSON string. */
static void put_name(hcc_buf *out, const hcc_module *m, hcc_range r) {
  hcc_buf_byte(out, '"');
  for (uint32_t i = r.begin; i < r.end; i++) {
    uint8_t c = m->bytes[i];
    if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
      hcc_buf_format(out, "\\u%04x", c);
    } else {
      hcc_buf_byte(out, c);
    }
  }
  hcc_buf_byte(out, '"');
}

static bool put_imports(hcc_buf *out, const hcc_module *m) {
  char sig[HCC_SIG];
  bool whole = true;
  hcc_buf_text(out, "\"imports\":[");
  for (uint32_t i = 0; i < m->import_count && whole; i++) {
    whole = hcc_sig(sig, &m->types[m->imports[i].type]);
    hcc_buf_text(out, i == 0 ? "{\"module\":" : ",{\"module\":");
    put_name(out, m, m->imports[i].module);
    hcc_buf_text(out, ",\"name\":");
    put_name(out, m, m->imports[i].name);
    hcc_buf_format(out, ",\"sig\":\"%s\"}", sig);
  }
  hcc_buf_text(out, "]");
  return whole;
}

int hcc_info(hcc_buf *out, const hcc_build_result *result, const hcc_stage_input *in,
             const hcc_cc *cc, hcc_error *err) {
  const hcc_build_options *o = in->options;
  char hash[HCC_HASH_HEX];
  hcc_hex(hash, result->module_hash);
  hcc_buf_format(out, "{\"v\":1,\"heliosc\":\"%s\",\"target\":\"%s\",\"tier\":\"%s\",",
                 HELIOS_VERSION, in->target->name,
                 cc->tier == HCC_TIER_BASELINE ? "baseline" : "optimizing");
  hcc_buf_format(out, "\"bounds\":\"%s\",\"fuel\":%s,",
                 o->bounds == HCC_BOUNDS_EXPLICIT ? "explicit" : "guard",
                 o->no_fuel ? "false" : "true");
  hcc_buf_format(out, "\"clang\":\"%s\",\"lld\":\"%s\",\"wasm2c\":\"%s\",\"flags\":\"",
                 in->tools[HCC_TOOL_CLANG].version, in->tools[HCC_TOOL_LLD].version,
                 in->tools[HCC_TOOL_WASM2C].version);
  hcc_cc_recipe(out, cc);
  hcc_buf_format(
      out, "\",\"functions\":%u,\"exports\":%u,\"c_bytes\":%llu,\"sha256\":\"%s\",\"manifest\":",
      result->functions, result->exports, (unsigned long long)result->c_bytes, hash);
  hcc_buf_text(out, in->manifest);
  hcc_buf_text(out, ",");
  bool whole = put_imports(out, in->module);
  hcc_buf_text(out, "}");
  if (out->no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the plugin's description");
  }
  if (out->failed || !whole) {
    return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the plugin's description is too large");
  }
  return 0;
}

static double number(const cJSON *root, const char *name) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(root, name);
  return cJSON_IsNumber(v) && v->valuedouble >= 0 ? v->valuedouble : 0;
}

bool hcc_info_counts(hcc_build_result *out, const char *info, size_t size) {
  cJSON *root = cJSON_ParseWithLength(info, size);
  if (root == NULL) {
    return false;
  }
  const cJSON *hash = cJSON_GetObjectItemCaseSensitive(root, "sha256");
  bool whole = cJSON_IsString(hash) && hcc_unhex(out->module_hash, hash->valuestring);
  const cJSON *imports = cJSON_GetObjectItemCaseSensitive(root, "imports");
  out->functions = (uint32_t)number(root, "functions");
  out->exports = (uint32_t)number(root, "exports");
  out->c_bytes = (uint64_t)number(root, "c_bytes");
  out->imports = (uint32_t)cJSON_GetArraySize(imports);
  cJSON_Delete(root);
  return whole;
}
