/* crypto.c - hash, hmac, sign and verify, by libcrypto; hsb_crypto.def has the algorithms. Keys are
 * the guest's own and are wiped from the host's copies. Must never leave anything in libcrypto's
 * error queue, which is the application's too. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

#define CHUNK 16384u /* bytes of a message between two looks at the budget */

/* Belongs to the env: a charge between two chunks may end the call. */
struct hrt_crypto {
  EVP_MD_CTX *digest;
  uint8_t chunk[CHUNK];
};

void hrt_crypto_free(hrt_host_env *env) {
  if (env->crypto != NULL) {
    EVP_MD_CTX_free(env->crypto->digest);
    explicit_bzero(env->crypto->chunk, sizeof env->crypto->chunk);
    hrt_free(env->crypto);
    env->crypto = NULL;
  }
}

static struct hrt_crypto *state(hrt_host_env *env) {
  if (env->crypto == NULL) {
    env->crypto = hrt_alloc(sizeof *env->crypto);
  }
  if (env->crypto != NULL && env->crypto->digest == NULL) {
    env->crypto->digest = EVP_MD_CTX_new();
  }
  return env->crypto != NULL && env->crypto->digest != NULL ? env->crypto : NULL;
}

static int failed(hrt_host_env *env) {
  return hrt_refuse(env, HSB_STATUS_NOMEM, "libcrypto failed");
}

static const struct hash {
  uint32_t code;
  const char *name;
  const EVP_MD *(*evp)(void);
} hashes[] = {
#define NONE NULL
#define HSB_HASH(NAME, code, name, bytes, evp) {code, name, evp},
#include "hsb_crypto.def"
#undef NONE
};

static int find_hash(const EVP_MD **out, hrt_host_env *env, hsb_slot algorithm) {
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    if (hashes[i].code != hrt_u32(algorithm)) {
      continue;
    }
    if (hashes[i].evp == NULL) {
      return hrt_refuse(env, HSB_STATUS_ALGORITHM, "this engine has no %s", hashes[i].name);
    }
    *out = hashes[i].evp();
    return 0;
  }
  return hrt_refuse(env, HSB_STATUS_ALGORITHM, "unknown hash algorithm %u", hrt_u32(algorithm));
}

static bool begin(EVP_MD_CTX *ctx, const EVP_MD *md) {
  ERR_set_mark();
  bool done = EVP_DigestInit_ex(ctx, md, NULL) == 1;
  ERR_pop_to_mark();
  return done;
}

/* The digest of guest bytes, a chunk at a time: none of them is kept. */
static int digest(uint8_t out[EVP_MAX_MD_SIZE], unsigned *length, hrt_host_env *env,
                  const hsb_slot *s) {
  const EVP_MD *md = NULL;
  uint32_t at = hrt_u32(s[1]), left = hrt_u32(s[2]);
  int status = find_hash(&md, env, s[0]);
  status = status != 0 ? status : hrt_bytes_check(env, s[1], s[2], HRT_RESULT_MAX);
  if (status != 0) {
    return status;
  }
  struct hrt_crypto *c = state(env);
  if (c == NULL || !begin(c->digest, md)) {
    return failed(env);
  }
  while (left > 0) {
    uint32_t n = left < CHUNK ? left : CHUNK;
    hrt_host_charge(env->ctx, n + n / 8);
    if (!hrt_guest_read(c->chunk, env->instance, (guest_u32){at}, n)) {
      return hrt_refuse(env, HSB_STATUS_RANGE, NULL);
    }
    if (EVP_DigestUpdate(c->digest, c->chunk, n) != 1) {
      return failed(env);
    }
    at += n;
    left -= n;
  }
  return EVP_DigestFinal_ex(c->digest, out, length) == 1 ? 0 : failed(env);
}

void hrt_hc_hash(hrt_host_env *env, hsb_slot *s) {
  uint8_t out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  int status = digest(out, &length, env, s);
  hrt_answer(s, status != 0 ? status : hrt_give(env, s[3], s[4], out, length));
}

/* (key, message) of s; the message's work is charged for before anything is held. */
static int key_and_message(struct hrt_bytes both[2], hrt_host_env *env, const hsb_slot s[4],
                           uint32_t key_max) {
  if (hrt_u32(s[3]) <= HRT_MESSAGE_MAX) {
    hrt_host_charge(env->ctx, hrt_u32(s[3]));
  }
  return hrt_bytes_two(both, env, s, key_max, HRT_MESSAGE_MAX);
}

static void forget(struct hrt_bytes both[2]) {
  explicit_bzero(both[0].at, both[0].length);
  hrt_bytes_free(&both[0]);
  hrt_bytes_free(&both[1]);
}

static int hmac(uint8_t out[EVP_MAX_MD_SIZE], unsigned *length, hrt_host_env *env,
                const hsb_slot *s) {
  const EVP_MD *md = NULL;
  struct hrt_bytes given[2];
  int status = find_hash(&md, env, s[0]);
  status = status != 0 ? status : key_and_message(given, env, s + 1, HRT_KEY_MAX);
  if (status != 0) {
    return status;
  }
  ERR_set_mark();
  if (HMAC(md, given[0].at, (int)given[0].length, given[1].at, given[1].length, out, length) ==
      NULL) {
    status = failed(env);
  }
  ERR_pop_to_mark();
  forget(given);
  return status;
}

void hrt_hc_hmac(hrt_host_env *env, hsb_slot *s) {
  uint8_t out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  int status = hmac(out, &length, env, s);
  hrt_answer(s, status != 0 ? status : hrt_give(env, s[5], s[6], out, length));
}

/* ---- Ed25519 ---- */

enum {
#define HSB_SIGNATURE(NAME, code, name, key, bytes)                                                \
  NAME = code, NAME##_KEY = key, NAME##_BYTES = bytes,
#include "hsb_crypto.def"
};

/* Key and message of s[1..4], the key of the right length. */
static int signed_message(struct hrt_bytes both[2], hrt_host_env *env, const hsb_slot *s) {
  if (hrt_u32(s[0]) != ED25519) {
    return hrt_refuse(env, HSB_STATUS_ALGORITHM, "unknown signature algorithm %u", hrt_u32(s[0]));
  }
  if (hrt_u32(s[2]) != ED25519_KEY) {
    return hrt_refuse(env, HSB_STATUS_KEY, "a key of Ed25519 has %d bytes", ED25519_KEY);
  }
  return key_and_message(both, env, s + 1, ED25519_KEY);
}

static int sign(uint8_t out[ED25519_BYTES], hrt_host_env *env, const hsb_slot *s) {
  struct hrt_bytes given[2];
  size_t length = ED25519_BYTES;
  int status = signed_message(given, env, s);
  if (status != 0) {
    return status;
  }
  ERR_set_mark();
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY *key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, given[0].at, given[0].length);
  if (ctx == NULL || key == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
      EVP_DigestSign(ctx, out, &length, given[1].at, given[1].length) != 1) {
    status = failed(env);
  }
  EVP_PKEY_free(key);
  EVP_MD_CTX_free(ctx);
  ERR_pop_to_mark();
  forget(given);
  return status;
}

void hrt_hc_sign(hrt_host_env *env, hsb_slot *s) {
  uint8_t out[ED25519_BYTES];
  int status = sign(out, env, s);
  hrt_answer(s, status != 0 ? status : hrt_give(env, s[5], s[6], out, sizeof out));
}

/* 1: right, 0: not, or a status. A key that is no point of the curve has no right signature. */
static int verify(hrt_host_env *env, struct hrt_bytes given[2],
                  const uint8_t signature[ED25519_BYTES]) {
  ERR_set_mark();
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, given[0].at, given[0].length);
  int status = 0;
  if (ctx == NULL || key == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1) {
    status = failed(env);
  } else {
    status = EVP_DigestVerify(ctx, signature, ED25519_BYTES, given[1].at, given[1].length) == 1;
  }
  EVP_PKEY_free(key);
  EVP_MD_CTX_free(ctx);
  ERR_pop_to_mark();
  return status;
}

void hrt_hc_verify(hrt_host_env *env, hsb_slot *s) {
  uint8_t signature[ED25519_BYTES];
  struct hrt_bytes given[2];
  bool whole = hrt_u32(s[6]) == sizeof signature;
  int status = hrt_bytes_check(env, s[5], s[6], HRT_MESSAGE_MAX);
  status = status != 0 ? status : signed_message(given, env, s);
  if (status != 0) {
    hrt_answer(s, status);
    return;
  }
  if (whole &&
      !hrt_guest_read(signature, env->instance, (guest_u32){hrt_u32(s[5])}, sizeof signature)) {
    status = hrt_refuse(env, HSB_STATUS_RANGE, NULL);
  } else {
    status = whole ? verify(env, given, signature) : 0;
  }
  forget(given);
  hrt_answer(s, status);
}
