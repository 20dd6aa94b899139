/* sign.c - key pairs and signing. Must never write over a key. Invariants: see sign.h. */
#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

#define KEY_TEXT 44 /* base64 of 32 bytes */
#define SIGNATURE_TEXT 88

static int fail(hcc_error *err, const char *path, const char *why) {
  char name[HCC_ESCAPED];
  return hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "key %s %s", hcc_escape(name, path, strlen(path)),
                  why);
}

static int crypto_fail(hcc_error *err) {
  return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "libcrypto can't sign");
}

/* ---- keys ---- */

/* One line of base64 in a file that was not there. */
static int write_new(const char *path, mode_t mode, const uint8_t key[HCC_SIGN_KEY],
                     hcc_error *err) {
  char text[KEY_TEXT + 2];
  int status = 0;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) {
    return fail(err, path, errno == EEXIST ? "is there already" : strerror(errno));
  }
  EVP_EncodeBlock((uint8_t *)text, key, HCC_SIGN_KEY);
  text[KEY_TEXT] = '\n';
  if (write(fd, text, KEY_TEXT + 1) != KEY_TEXT + 1 || fsync(fd) != 0) {
    status = fail(err, path, strerror(errno));
    unlink(path);
  }
  close(fd);
  explicit_bzero(text, sizeof text);
  return status;
}

static bool public_of(uint8_t out[HCC_SIGN_KEY], const uint8_t key[HCC_SIGN_KEY]) {
  size_t length = HCC_SIGN_KEY;
  EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, HCC_SIGN_KEY);
  bool made = pair != NULL && EVP_PKEY_get_raw_public_key(pair, out, &length) == 1;
  EVP_PKEY_free(pair);
  return made && length == HCC_SIGN_KEY;
}

int hcc_sign_keygen(const char *private_path, const char *public_path, hcc_error *err) {
  uint8_t key[HCC_SIGN_KEY], public[HCC_SIGN_KEY];
  int status = 0;
  if (RAND_bytes(key, sizeof key) != 1 || !public_of(public, key)) {
    HCC_TRY(fail(err, private_path, "can't be made by libcrypto"));
  }
  HCC_TRY(write_new(public_path, 0644, public, err)); /* first: a pair is there with its secret */
  status = write_new(private_path, 0600, key, err);
  if (status != 0) {
    unlink(public_path);
  }
out:
  explicit_bzero(key, sizeof key);
  return status;
}

static const char *unsafe(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) {
    return "is not a regular file";
  }
  if (info->st_uid != geteuid() && info->st_uid != 0) {
    return "belongs to another user";
  }
  return (info->st_mode & 077) != 0 ? "can be read or written by others" : NULL;
}

/* Strict: base64 of exactly this many bytes, with or without the end of the line. */
static bool decode(uint8_t *out, size_t bytes, const char *text, size_t length) {
  uint8_t room[SIGNATURE_TEXT / 4 * 3];
  size_t wanted = (bytes + 2) / 3 * 4, padding = wanted / 4 * 3 - bytes;
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
    length--;
  }
  if (length != wanted || strncmp(text + wanted - padding, "==", padding) != 0 ||
      EVP_DecodeBlock(room, (const uint8_t *)text, (int)wanted) != (int)(bytes + padding)) {
    return false;
  }
  memcpy(out, room, bytes);
  explicit_bzero(room, sizeof room);
  return true;
}

int hcc_sign_key_load(uint8_t key[HCC_SIGN_KEY], const char *path, hcc_error *err) {
  struct stat info;
  char text[128];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return fail(err, path, errno == ENOENT ? "is not there" : strerror(errno));
  }
  const char *why = fstat(fd, &info) != 0 ? "can't be looked at" : unsafe(&info);
  if (why == NULL) {
    ssize_t n = read(fd, text, sizeof text);
    why = n >= 0 && decode(key, HCC_SIGN_KEY, text, (size_t)n) ? NULL : "is not base64 of 32 bytes";
  }
  close(fd);
  explicit_bzero(text, sizeof text);
  return why == NULL ? 0 : fail(err, path, why);
}

/* ---- signing ---- */

static bool sign(uint8_t out[HCC_SIGNATURE], const uint8_t *message, size_t size,
                 const uint8_t key[HCC_SIGN_KEY]) {
  size_t length = HCC_SIGNATURE;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, HCC_SIGN_KEY);
  bool made = ctx != NULL && pair != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
              EVP_DigestSign(ctx, out, &length, message, size) == 1;
  EVP_PKEY_free(pair);
  EVP_MD_CTX_free(ctx);
  return made && length == HCC_SIGNATURE;
}

int hcc_signed_split(size_t *plugin_size, uint32_t *count, const uint8_t *bytes, size_t size,
                     hcc_error *err) {
  return hsb_signed_split(plugin_size, count, bytes, size)
             ? 0
             : hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET, "its signatures are out of place");
}

int hcc_signed_plugin(hcc_signed *out, const uint8_t *bytes, size_t size, hcc_error *err) {
  size_t plugin_size;
  *out = (hcc_signed){.size = sizeof out->buffer};
  out->message = out->buffer;
  int status = hcc_signed_split(&plugin_size, &out->count, bytes, size, err);
  if (status == 0) {
    memcpy(out->signatures, bytes + plugin_size, out->count * sizeof *out->signatures);
    memcpy(out->buffer, HSB_SIGNED_PREFIX, sizeof HSB_SIGNED_PREFIX);
    status = hcc_hash(out->buffer + sizeof HSB_SIGNED_PREFIX, bytes, plugin_size, err);
  }
  return status;
}

int hcc_sign_plugin(hcc_buf *out, const uint8_t *bytes, size_t size,
                    const uint8_t key[HCC_SIGN_KEY], hcc_error *err) {
  hcc_signed old;
  struct hsb_file_signature mine;
  uint32_t at = 0;
  int status = hcc_signed_plugin(&old, bytes, size, err);
  if (status != 0) {
    return status;
  }
  if (!public_of(mine.key, key) || !sign(mine.signature, old.message, old.size, key)) {
    return crypto_fail(err);
  }
  while (at < old.count && memcmp(old.signatures[at].key, mine.key, sizeof mine.key) != 0) {
    at++;
  }
  if (at == HSB_FILE_SIGNATURES_MAX) {
    return hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the plugin has %d signatures already",
                    HSB_FILE_SIGNATURES_MAX);
  }
  size_t behind = old.count == 0 ? 0 : sizeof(struct hsb_file_trailer);
  size_t plugin_size = size - behind - old.count * sizeof mine;
  old.signatures[at] = mine;
  old.count += at == old.count;
  struct hsb_file_trailer trailer = {.count = old.count,
                                     .plugin_size = plugin_size,
                                     .magic = HSB_SIGNED_MAGIC,
                                     .file_size =
                                         plugin_size + old.count * sizeof mine + sizeof trailer};
  hcc_buf_add(out, bytes, plugin_size);
  hcc_buf_add(out, old.signatures, old.count * sizeof mine);
  hcc_buf_add(out, &trailer, sizeof trailer);
  return out->failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the plugin")
                     : 0;
}

int hcc_sign_path(char out[HCC_PATH], const char *module, hcc_error *err) {
  size_t length = strlen(module);
  bool known = length > 5 && strcmp(module + length - 5, ".wasm") == 0;
  return hcc_path(out, err, "%.*s.sig", (int)(known ? length - 5 : length), module);
}

int hcc_sign_module(char text[HCC_SIGN_TEXT], const uint8_t *bytes, size_t size,
                    const uint8_t key[HCC_SIGN_KEY], hcc_error *err) {
  uint8_t signature[HCC_SIGNATURE];
  if (!sign(signature, bytes, size, key)) {
    return crypto_fail(err);
  }
  EVP_EncodeBlock((uint8_t *)text, signature, sizeof signature);
  text[SIGNATURE_TEXT] = '\n';
  text[SIGNATURE_TEXT + 1] = '\0';
  return 0;
}

int hcc_signed_module(hcc_signed *out, const uint8_t *bytes, size_t size, const char *text,
                      size_t length, hcc_error *err) {
  *out = (hcc_signed){.message = bytes, .size = size, .count = 1, .any_key = true};
  return decode(out->signatures[0].signature, HCC_SIGNATURE, text, length)
             ? 0
             : hcc_fail(err, HCC_E_BAD_SIGNATURE, HCC_NO_OFFSET,
                        "its .sig file is not base64 of 64 bytes");
}
