/* trustroot.c - the folder of public keys that may vouch. Must take no key that someone else could
 * have put there. The engine has a reader of its own; see sign.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"
#include "pack.h"
#include "sign.h"

#define KEY_TEXT 44

int hcc_trust_path(char out[HCC_PATH], hcc_error *err) {
  return hcc_config_path(out, "HELIOS_TRUST_ROOT", "trust.d", err);
}

static const char *unsafe(const struct stat *info) {
  if (info->st_uid != geteuid() && info->st_uid != 0) {
    return "belongs to another user";
  }
  return (info->st_mode & 022) != 0 ? "can be written by others" : NULL;
}

/* Why it is no key, or NULL. */
static const char *read_public(uint8_t key[HCC_SIGN_KEY], int folder, const char *name) {
  struct stat info;
  char text[128];
  uint8_t room[KEY_TEXT / 4 * 3];
  ssize_t n = -1;
  int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return "can't be opened";
  }
  const char *why = fstat(fd, &info) != 0    ? "can't be looked at"
                    : !S_ISREG(info.st_mode) ? "is not a regular file"
                                             : unsafe(&info);
  if (why == NULL) {
    n = read(fd, text, sizeof text);
  }
  close(fd);
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
    n--;
  }
  if (why == NULL && (n != KEY_TEXT || text[KEY_TEXT - 1] != '=' ||
                      EVP_DecodeBlock(room, (const uint8_t *)text, KEY_TEXT) != sizeof room)) {
    why = "is not base64 of 32 bytes";
  }
  if (why == NULL) {
    memcpy(key, room, HCC_SIGN_KEY);
  }
  return why;
}

static bool fits(const hcc_signed *what, const struct hsb_file_signature *s,
                 const uint8_t key[HCC_SIGN_KEY]) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, HCC_SIGN_KEY);
  bool good = ctx != NULL && public != NULL &&
              EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
              EVP_DigestVerify(ctx, s->signature, HCC_SIGNATURE, what->message, what->size) == 1;
  EVP_PKEY_free(public);
  EVP_MD_CTX_free(ctx);
  return good;
}

static bool has_signed(const hcc_signed *what, const uint8_t key[HCC_SIGN_KEY]) {
  for (uint32_t i = 0; i < what->count; i++) {
    const struct hsb_file_signature *s = &what->signatures[i];
    if ((what->any_key || memcmp(s->key, key, HCC_SIGN_KEY) == 0) && fits(what, s, key)) {
      return true;
    }
  }
  return false;
}

static bool is_public(const char *name) {
  size_t n = strlen(name);
  return n > 4 && strcmp(name + n - 4, ".pub") == 0;
}

int hcc_trust_find(char label[HCC_ESCAPED], const char *folder, const hcc_signed *what,
                   hcc_error *err) {
  char shown[HCC_ESCAPED];
  hcc_error first = {.code = HCC_OK};
  uint8_t key[HCC_SIGN_KEY];
  struct stat info;
  bool found = false;
  int status = 0;
  DIR *dir = opendir(folder);
  hcc_escape(shown, folder, strlen(folder));
  if (dir == NULL && errno != ENOENT) {
    HCC_TRY(hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "trust root %s: %s", shown, strerror(errno)));
  }
  const char *why = dir == NULL || fstat(dirfd(dir), &info) != 0 ? NULL : unsafe(&info);
  if (why != NULL) {
    HCC_TRY(hcc_fail(err, HCC_E_KEY, HCC_NO_OFFSET, "trust root %s %s", shown, why));
  }
  for (struct dirent *e; dir != NULL && !found && (e = readdir(dir)) != NULL;) {
    if (!is_public(e->d_name)) {
      continue;
    }
    if ((why = read_public(key, dirfd(dir), e->d_name)) != NULL) {
      (void)hcc_fail(&first, HCC_E_BAD_SIGNATURE, HCC_NO_OFFSET, "in the trust root %s %s",
                     hcc_escape(shown, e->d_name, strlen(e->d_name)), why);
    } else if (has_signed(what, key)) {
      hcc_escape(label, e->d_name, strlen(e->d_name) - 4);
      found = true;
    }
  }
  if (!found) {
    status = hcc_fail(err, HCC_E_BAD_SIGNATURE, HCC_NO_OFFSET, "%s",
                      first.code != HCC_OK ? first.text
                      : what->count == 0   ? "it has no signature"
                                           : "no key of the trust root signed it");
  }
out:
  if (dir != NULL) {
    closedir(dir);
  }
  return status;
}

int hcc_vouched(struct hsb_file_footer *footer, size_t *plugin_size, const uint8_t *bytes,
                size_t size, hcc_error *err) {
  uint8_t key[HCC_KEY_BYTES];
  char root[HCC_PATH], label[HCC_ESCAPED];
  hcc_error unsealed = {.code = HCC_OK};
  hcc_signed what;
  int status;
  HCC_TRY(hcc_signed_plugin(&what, bytes, size, err));
  *plugin_size = size - (what.count == 0 ? 0
                                         : sizeof(struct hsb_file_trailer) +
                                               what.count * sizeof *what.signatures);
  HCC_TRY(hcc_unseal_footer(footer, bytes, *plugin_size, err));
  status = hcc_key_load(key, false, &unsealed);
  if (status == 0) {
    status = hcc_unseal(footer, bytes, *plugin_size, key, &unsealed);
  }
  if (status != 0 && what.count == 0) {
    HCC_TRY(hcc_fail(err, unsealed.code, HCC_NO_OFFSET, "%s", unsealed.text));
  } else if (status != 0) {
    HCC_TRY(hcc_trust_path(root, err));
    HCC_TRY(hcc_trust_find(label, root, &what, err));
  }
out:
  explicit_bzero(key, sizeof key);
  return status;
}
