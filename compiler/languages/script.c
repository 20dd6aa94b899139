/* script.c - see script.h. Must never change a byte of the engine's image but the 32 of the
 * module's hash, which is data that nothing in the image reads. */
#include "script.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "pack.h"
#include "reader.h"
#include "sig.h"

static const char script_section[] = "helios.script", manifest_section[] = "helios.manifest";

static bool named(const hcc_module *m, hcc_range name, const char *text) {
  return name.end - name.begin == strlen(text) &&
         memcmp(m->bytes + name.begin, text, strlen(text)) == 0;
}

static const hcc_custom *find_custom(const hcc_module *m, const char *name) {
  for (uint32_t i = 0; i < m->custom_count; i++) {
    if (named(m, m->customs[i].name, name)) {
      return &m->customs[i];
    }
  }
  return NULL;
}

/* Is the section whose contents r covers one of ours? */
static bool is_ours(const hcc_module *m, uint8_t id, const hcc_reader *r) {
  hcc_reader name = *r;
  hcc_range range;
  uint32_t length;
  return id == 0 && hcc_read_u32(&length, &name, NULL) == 0 &&
         hcc_read_range(&range, length, &name, NULL) == 0 &&
         (named(m, range, script_section) || named(m, range, manifest_section));
}

/* Where the first of our sections begins; MALFORMED if another stands behind it. */
static int engine_size(uint32_t *out, const hcc_module *m, hcc_error *err) {
  hcc_reader r = {m->bytes, 8, m->size};
  int status = 0;
  *out = 0;
  while (r.pos < r.end) {
    uint32_t begin = r.pos, size;
    uint8_t id;
    hcc_range contents;
    HCC_TRY(hcc_read_byte(&id, &r, err));
    HCC_TRY(hcc_read_u32(&size, &r, err));
    HCC_TRY(hcc_read_range(&contents, size, &r, err));
    hcc_reader inside = {m->bytes, contents.begin, contents.end};
    if (is_ours(m, id, &inside)) {
      *out = *out == 0 ? begin : *out;
    } else if (*out != 0) {
      HCC_TRY(hcc_fail(err, HCC_E_MALFORMED, begin,
                       "a section behind helios.script, which ends the module"));
    }
  }
out:
  return status;
}

const hcc_export *hcc_script_entry(const hcc_module *m) {
  char sig[HCC_SIG];
  for (uint32_t i = 0; find_custom(m, script_section) != NULL && i < m->export_count; i++) {
    const hcc_export *e = &m->exports[i];
    if (e->kind == HCC_FUNC && named(m, e->name, HSB_SCRIPT_ENTRY) &&
        hcc_sig(sig, &m->types[m->funcs[e->index].type]) && strcmp(sig, ":") == 0) {
      return e;
    }
  }
  return NULL;
}

hcc_range hcc_script_name(const hcc_module *m, const hcc_script *script) {
  static const char magic[] = "HLS1";
  uint32_t begin = script->bytes.begin, size = script->bytes.end - begin;
  const uint8_t *at = m->bytes + begin, *tab = memchr(at, '\t', size);
  hcc_range none = {begin, begin};
  if (size >= 16 && memcmp(at, magic, sizeof magic - 1) == 0) {
    uint32_t n =
        (uint32_t)at[8] | (uint32_t)at[9] << 8 | (uint32_t)at[10] << 16 | (uint32_t)at[11] << 24;
    return n <= size - 16 ? (hcc_range){begin + 16, begin + 16 + n} : none;
  }
  return tab == NULL ? none : (hcc_range){begin, begin + (uint32_t)(tab - at)};
}

int hcc_script_find(hcc_script *out, const hcc_module *m, hcc_error *err) {
  const hcc_custom *found = find_custom(m, script_section);
  uint32_t count = 0;
  *out = (hcc_script){.present = found != NULL};
  if (found == NULL) {
    return 0;
  }
  for (uint32_t i = 0; i < m->custom_count; i++) {
    count += named(m, m->customs[i].name, script_section);
  }
  if (count > 1) {
    return hcc_fail(err, HCC_E_MALFORMED, found->name.begin, "%u sections helios.script", count);
  }
  if (found->bytes.end - found->bytes.begin > HSB_SCRIPT_MAX) {
    return hcc_fail(err, HCC_E_LIMIT, found->bytes.begin, "the script is larger than %u bytes",
                    HSB_SCRIPT_MAX);
  }
  if (find_custom(m, manifest_section) == NULL || hcc_script_entry(m) == NULL) {
    return hcc_fail(err, HCC_E_MANIFEST, found->name.begin,
                    "a script needs helios.manifest and an export " HSB_SCRIPT_ENTRY
                    " without parameters and results");
  }
  out->bytes = found->bytes;
  return engine_size(&out->engine_size, m, err);
}

static void add_section(hcc_buf *out, const char *name, const void *bytes, size_t size) {
  hcc_buf body;
  hcc_buf_init(&body, size + 64);
  hcc_buf_u32(&body, (uint32_t)strlen(name));
  hcc_buf_text(&body, name);
  hcc_buf_add(&body, bytes, size);
  hcc_buf_byte(out, 0);
  hcc_buf_u32(out, (uint32_t)body.size);
  hcc_buf_add(out, body.data, body.size);
  out->failed |= body.failed;
  out->no_memory |= body.no_memory;
  hcc_buf_free(&body);
}

int hcc_script_module(hcc_buf *out, const uint8_t *engine, size_t engine_size, const void *script,
                      size_t script_size, const char *manifest, hcc_error *err) {
  if (script_size > HSB_SCRIPT_MAX) {
    return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the script is larger than %u bytes",
                    HSB_SCRIPT_MAX);
  }
  hcc_buf_add(out, engine, engine_size);
  add_section(out, script_section, script, script_size);
  add_section(out, manifest_section, manifest, strlen(manifest));
  return out->failed
             ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the script's module")
             : 0;
}

/* ---- the plugin ---- */

static bool is_export(const hcc_module *m, const char *name) {
  for (uint32_t i = 0; i < m->export_count; i++) {
    if (m->exports[i].kind == HCC_FUNC && named(m, m->exports[i].name, name)) {
      return true;
    }
  }
  return false;
}

static bool has_name(const hcc_buf *names, const char *name) {
  for (size_t at = 0; at < names->size; at += strlen((const char *)names->data + at) + 1) {
    if (strcmp((const char *)names->data + at, name) == 0) {
      return true;
    }
  }
  return false;
}

/* The exports that the manifest names and the engine does not have, a NUL behind each. */
static int script_names(hcc_buf *out, uint32_t *count, const hcc_module *m, const cJSON *manifest,
                        hcc_error *err) {
  const cJSON *p;
  *count = 0;
  cJSON_ArrayForEach(p, cJSON_GetObjectItemCaseSensitive(manifest, "procedures")) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p, "export"));
    if (name == NULL || is_export(m, name) || has_name(out, name)) {
      continue;
    }
    if (name[0] == '\0' || strlen(name) > HSB_SCRIPT_NAME_MAX || *count == HSB_SCRIPT_NAMES_MAX) {
      return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "too many procedures, or too long a name");
    }
    hcc_buf_add(out, name, strlen(name) + 1);
    ++*count;
  }
  return *count > 0 ? 0
                    : hcc_fail(err, HCC_E_MANIFEST, HCC_NO_OFFSET, "the script has no procedure");
}

/* The engine's INFO with what is the script's own. */
static int script_info(hcc_buf *out, hcc_buf *names, const uint8_t *text, size_t size,
                       const hcc_script_job *job, const char *engine_hash, hcc_error *err) {
  char hash[HCC_HASH_HEX];
  uint32_t count = 0;
  int status = 0;
  char *printed = NULL;
  cJSON *info = cJSON_ParseWithLength((const char *)text, size);
  cJSON *manifest = cJSON_Parse(job->manifest);
  hcc_hex(hash, job->hash);
  if (info == NULL || manifest == NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "can't read the engine's description"));
  }
  HCC_TRY(script_names(names, &count, job->module, manifest, err));
  double exports = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(info, "exports"));
  bool made = cJSON_ReplaceItemInObjectCaseSensitive(info, "sha256", cJSON_CreateString(hash)) &&
              cJSON_ReplaceItemInObjectCaseSensitive(info, "exports",
                                                     cJSON_CreateNumber(exports + count)) &&
              cJSON_ReplaceItemInObjectCaseSensitive(info, "manifest", manifest);
  manifest = made ? NULL : manifest;
  made = made && cJSON_AddStringToObject(info, "engine", engine_hash) != NULL;
  printed = made ? cJSON_PrintUnformatted(info) : NULL;
  if (printed == NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the description"));
  }
  hcc_buf_text(out, printed);
out:
  cJSON_free(printed);
  cJSON_Delete(manifest);
  cJSON_Delete(info);
  return status;
}

/* The image with the module's hash in place of the engine's, which must be in it once. */
static int patch_hash(uint8_t *image, size_t size, const uint8_t engine[HCC_HASH],
                      const uint8_t module[HCC_HASH], hcc_error *err) {
  uint8_t *at = memmem(image, size, engine, HCC_HASH);
  size_t left = at == NULL ? 0 : size - (size_t)(at - image) - HCC_HASH;
  if (at == NULL || memmem(at + HCC_HASH, left, engine, HCC_HASH) != NULL) {
    return hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "the engine's image has not its hash once");
  }
  memcpy(at, module, HCC_HASH);
  return 0;
}

int hcc_script_pack(hcc_buf *out, const uint8_t *plugin, size_t size, const hcc_script_job *job,
                    hcc_error *err) {
  static const uint32_t kept[] = {HSB_SECTION_FUNCS, HSB_SECTION_LINES};
  const hcc_module *m = job->module;
  struct hsb_file_footer footer;
  hcc_pack_section sections[6];
  uint8_t engine[HCC_HASH], *image = NULL;
  char engine_hash[HCC_HASH_HEX];
  size_t length;
  hcc_buf info, names;
  hcc_buf_init(&info, HSB_SCRIPT_MAX + size);
  hcc_buf_init(&names, HSB_SCRIPT_NAMES_MAX * (HSB_SCRIPT_NAME_MAX + 1));
  int status = hcc_unseal(&footer, plugin, size, job->key, err);
  if (status != 0) {
    goto out;
  }
  HCC_TRY(hcc_hash(engine, m->bytes, job->script->engine_size, err));
  hcc_hex(engine_hash, engine);
  const uint8_t *text = hcc_pack_find(&length, plugin, size, &footer, HSB_SECTION_INFO);
  HCC_TRY(script_info(&info, &names, text, length, job, engine_hash, err));
  sections[0] = (hcc_pack_section){HSB_SECTION_INFO, info.data, info.size};
  for (int i = 0; i < 2; i++) {
    sections[1 + i].kind = kept[i];
    sections[1 + i].bytes = hcc_pack_find(&sections[1 + i].size, plugin, size, &footer, kept[i]);
  }
  sections[3] = (hcc_pack_section){HSB_SECTION_SCRIPT, m->bytes + job->script->bytes.begin,
                                   job->script->bytes.end - job->script->bytes.begin};
  sections[4] = (hcc_pack_section){HSB_SECTION_NAMES, names.data, names.size};
  sections[5] = (hcc_pack_section){HSB_SECTION_WASM, m->bytes, m->size};
  image = malloc(footer.elf_size + 1);
  if (image == NULL || info.failed || names.failed) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the plugin"));
  }
  memcpy(image, plugin, footer.elf_size);
  HCC_TRY(patch_hash(image, footer.elf_size, engine, job->hash, err));
  HCC_TRY(hcc_pack(out, image, footer.elf_size, sections, job->no_embed ? 5 : 6, job->key, err));
out:
  free(image);
  hcc_buf_free(&names);
  hcc_buf_free(&info);
  return status;
}
