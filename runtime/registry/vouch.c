/* vouch.c - see vouch.h. */
#include "registry/vouch.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "plugin/alloc.h"
#include "plugin/plugin.h"
#include "registry/catalog_private.h"
#include "registry/grants.h"

enum { MAC = 32 };

/* Apart from what else the key is used for: a plugin begins with \x7f. */
static const char domain[] = "helios vouch 1";

/* Does d grant anything, or is it SQL, which has its caller's rights? Errors: those of
 * hrt_grants_make. */
static int is_needed(bool *out, const hrt_definition *d, helios_error *err) {
  hrt_caps *caps = NULL;
  int status = hrt_grants_make(&caps, d, err);
  *out = status != 0 || d->sql || hrt_caps_count(caps) > 0;
  hrt_caps_free(caps);
  return status;
}

/* One field, so that no two lists of fields give the same bytes. */
static bool add(EVP_MD_CTX *ctx, const void *bytes, uint64_t size) {
  return EVP_DigestUpdate(ctx, &size, sizeof size) == 1 &&
         EVP_DigestUpdate(ctx, bytes, (size_t)size) == 1;
}

static bool add_text(EVP_MD_CTX *ctx, const char *text) {
  return add(ctx, text, strlen(text));
}

/* The catalog's own JSON; NULL: no memory for it. */
static bool add_owned(EVP_MD_CTX *ctx, char *json) {
  bool ok = json != NULL && add_text(ctx, json);
  hrt_free(json);
  return ok;
}

/* All that d declares. Which compiled form it is run from is no part of it. */
static bool digest(uint8_t out[MAC], const hrt_definition *d) {
  uint64_t numbers[] = {
      (uint64_t)d->procedure_id, d->version,       d->function, d->aggregate, d->sql,
      d->deterministic,          d->called_on_null};
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
            add(ctx, numbers, sizeof numbers) && add_text(ctx, d->name) &&
            add_text(ctx, d->export_name) && add_text(ctx, d->profile) &&
            add_owned(ctx, hrt_params_json(d)) && add_owned(ctx, hrt_returns_json(d)) &&
            add_owned(ctx, hrt_capabilities_json(d)) && add_owned(ctx, hrt_options_json(d)) &&
            add(ctx, d->module_hash, sizeof d->module_hash) &&
            EVP_DigestFinal_ex(ctx, out, NULL) == 1;
  EVP_MD_CTX_free(ctx);
  return ok;
}

static int make_mac(uint8_t mac[MAC], const hrt_definition *d, const uint8_t key[HRT_KEY_BYTES],
                    helios_error *err) {
  uint8_t message[sizeof domain + MAC], full[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  memcpy(message, domain, sizeof domain);
  if (!digest(message + sizeof domain, d) ||
      HMAC(EVP_sha256(), key, HRT_KEY_BYTES, message, sizeof message, full, &length) == NULL ||
      length != MAC) {
    return hrt_fail(err, HELIOS_E_MEMORY, "no memory to vouch for a version");
  }
  memcpy(mac, full, MAC);
  return 0;
}

static int ask_mac(uint8_t mac[MAC], bool *found, hrt_catalog *c, const hrt_definition *d,
                   helios_error *err) {
  sqlite3_stmt *s;
  int status = hrt_sql_begin(&s, c, HRT_SQL_VOUCH, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, d->procedure_id);
    sqlite3_bind_int64(s, 2, d->version);
    int row = hrt_sql_step(c, s, err);
    status = row < 0 ? c->status : 0;
    const void *bytes = row > 0 ? sqlite3_column_blob(s, 0) : NULL;
    if (bytes != NULL && sqlite3_column_bytes(s, 0) == MAC) {
      *found = true;
      memcpy(mac, bytes, MAC);
    }
  }
  hrt_sql_end(c, HRT_SQL_VOUCH);
  return status;
}

/* The word of the catalog for d; *found says whether there is one of the right size. */
static int read_mac(uint8_t mac[MAC], bool *found, hrt_catalog *c, const hrt_definition *d,
                    helios_error *err) {
  helios_error failure = {0};
  bool lacks = false;
  *found = false;
  if (c->schema < 2) {
    return 0; /* a catalog of schema 1 has no such table */
  }
  int status = ask_mac(mac, found, c, d, &failure);
  if (status == HELIOS_E_SQL && hrt_catalog_lacks(&lacks, c, NULL) == 0 && lacks) {
    return 0; /* one of schema 2 may have none */
  }
  return status ? hrt_fail(err, status, "%s", failure.text) : 0;
}

static int unvouched(const hrt_definition *d, const char *why, helios_error *err) {
  int status = hrt_fail(err, HELIOS_E_BROKEN, "its %s were not given on this machine%s",
                        d->sql ? "statements" : "grants", why);
  hrt_hint(err, "look at it in helios_versions, then SELECT helios_adopt('name')");
  return status;
}

int hrt_vouch_check(hrt_catalog *c, const hrt_definition *d, helios_error *err) {
  uint8_t key[HRT_KEY_BYTES] = {0}, mac[MAC], recorded[MAC];
  helios_error no_key = {0};
  bool needed, found;
  int status = 0;
  HRT_TRY(is_needed(&needed, d, err));
  if (!needed) {
    goto out;
  }
  HRT_TRY(read_mac(recorded, &found, c, d, err));
  if (!found) {
    HRT_TRY(unvouched(d, "", err));
  }
  status = hrt_key_load(key, &no_key);
  if (status == HELIOS_E_UNTRUSTED) {
    HRT_TRY(unvouched(d, ", which has no key", err));
  } else if (status != 0) {
    HRT_TRY(hrt_fail(err, no_key.code, "%s", no_key.text));
  }
  HRT_TRY(make_mac(mac, d, key, err));
  if (CRYPTO_memcmp(mac, recorded, MAC) != 0) {
    HRT_TRY(unvouched(d, ", or were changed since", err));
  }
out:
  explicit_bzero(key, sizeof key);
  return status;
}

int hrt_vouch_find(hrt_definition *out, hrt_catalog *c, const char *name, uint32_t version,
                   helios_error *err) {
  int64_t stamp;
  int status = hrt_catalog_hold(&stamp, c, err);
  if (status == 0) {
    status = hrt_catalog_find(out, c, name, version, err);
    status = status ? status : hrt_vouch_check(c, out, err);
    hrt_catalog_release(c);
  }
  return status;
}

int hrt_vouch_write(hrt_catalog *c, const hrt_definition *d, helios_error *err) {
  uint8_t key[HRT_KEY_BYTES] = {0}, mac[MAC];
  sqlite3_stmt *s;
  bool needed;
  int status = 0;
  HRT_TRY(is_needed(&needed, d, err));
  if (!needed) {
    HRT_TRY(hrt_sql_run(c, HRT_SQL_DROP_VOUCH, d->procedure_id, d->version, err));
    goto out;
  }
  HRT_TRY(hrt_key_make(key, err));
  HRT_TRY(make_mac(mac, d, key, err));
  status = hrt_sql_begin(&s, c, HRT_SQL_PUT_VOUCH, err);
  if (status == 0) {
    sqlite3_bind_int64(s, 1, d->procedure_id);
    sqlite3_bind_int64(s, 2, d->version);
    sqlite3_bind_blob(s, 3, mac, MAC, SQLITE_STATIC);
    status = hrt_sql_step(c, s, err) < 0 ? c->status : 0;
  }
  hrt_sql_end(c, HRT_SQL_PUT_VOUCH);
out:
  explicit_bzero(key, sizeof key);
  return status;
}
