/* trust.c - see trust.h. Reads the trust root and verifies Ed25519 signatures by libcrypto.
 *
 * Must take no label for printable and no file for a key before it has looked. */
#include "plugin/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hsb_check.h"
#include "plugin/config.h"

enum {
  TEXT = 44,         /* base64 of a key */
  FILE_MAX = 128,    /* with the end of the line */
  ENTRIES_MAX = 4096 /* of the folder that are looked at */
};

_Static_assert(sizeof(struct hsb_file_signature) == 96, "the format says so");
_Static_assert(sizeof(struct hsb_file_trailer) == 32, "the format says so");

int hrt_trust_split(size_t *plugin_size, uint32_t *count, const uint8_t *bytes, size_t size,
                    helios_error *err) {
  return hsb_signed_split(plugin_size, count, bytes, size)
             ? 0
             : hrt_fail(err, HELIOS_E_PLUGIN, "damaged plugin: signatures out of place");
}

/* ---- the trust root ---- */

/* A key of the folder. */
typedef struct entry {
  uint8_t key[HRT_KEY_BYTES];
  const char *name; /* of the file */
} entry;

/* What is looked for in it. */
typedef struct query {
  bool (*visit)(void *arg, const entry *e); /* true: found, no more */
  void *arg;
  bool found;
  char complaint[200]; /* about the first file that is no key */
} query;

static bool decode(uint8_t key[HRT_KEY_BYTES], const char *text, size_t length) {
  uint8_t out[TEXT / 4 * 3 + 1];
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
    length--;
  }
  if (length != TEXT || text[TEXT - 1] != '=' ||
      EVP_DecodeBlock(out, (const uint8_t *)text, TEXT) != HRT_KEY_BYTES + 1) {
    return false;
  }
  memcpy(key, out, HRT_KEY_BYTES);
  return true;
}

/* Why it is no key, or NULL. */
static const char *read_entry(entry *e, int folder, const char *name) {
  struct stat st;
  char text[FILE_MAX];
  const char *why = NULL;
  int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return "can't be opened";
  }
  if (fstat(fd, &st) != 0) {
    why = "can't be looked at";
  } else {
    why = hrt_config_unsafe(&st, S_IFREG, 022);
  }
  if (why == NULL) {
    ssize_t n = pread(fd, text, sizeof text, 0);
    why = n >= 0 && decode(e->key, text, (size_t)n) ? NULL : "is not base64 of 32 bytes";
  }
  e->name = name;
  close(fd);
  return why;
}

/* Is it NAME.pub? */
static bool is_public(const char *name) {
  size_t n = strlen(name);
  return n > 4 && memcmp(name + n - 4, ".pub", 5) == 0;
}

static void look_at(query *q, int folder, const char *name) {
  char shown[HRT_ESCAPED];
  entry e;
  const char *why = read_entry(&e, folder, name);
  if (why == NULL) {
    q->found = q->visit(q->arg, &e);
  } else if (q->complaint[0] == 0) {
    snprintf(q->complaint, sizeof q->complaint, "in the trust root %.100s %s",
             hrt_escape(shown, name, strlen(name)), why);
  }
}

static int walk(query *q, DIR *dir, helios_error *err) {
  struct dirent *d;
  errno = 0;
  for (int n = 0; !q->found && n < ENTRIES_MAX && (d = readdir(dir)) != NULL; n++) {
    if (is_public(d->d_name)) {
      look_at(q, dirfd(dir), d->d_name);
    }
    errno = 0;
  }
  if (!q->found && errno != 0) {
    return hrt_fail(err, HELIOS_E_IO, "can't read the trust root: %s", strerror(errno));
  }
  return 0;
}

/* The folder, or *out NULL if there is none. */
static int open_root(DIR **out, const char *path, helios_error *err) {
  char shown[HRT_ESCAPED];
  struct stat st;
  *out = opendir(path);
  if (*out == NULL) {
    return errno == ENOENT || errno == ENOTDIR
               ? 0
               : hrt_fail(err, HELIOS_E_IO, "can't read the trust root: %s", strerror(errno));
  }
  hrt_escape(shown, path, strlen(path));
  const char *why =
      fstat(dirfd(*out), &st) != 0 ? "can't be looked at" : hrt_config_unsafe(&st, S_IFDIR, 022);
  if (why != NULL) {
    closedir(*out);
    *out = NULL;
    return hrt_fail(err, HELIOS_E_UNTRUSTED, "the trust root %s %s", shown, why);
  }
  return 0;
}

static int search(query *q, const char *root, helios_error *err) {
  char path[PATH_MAX];
  bool named = true;
  DIR *dir = NULL;
  int status = 0;
  if (root == NULL) {
    HRT_TRY(hrt_config_path(path, &named, "HELIOS_TRUST_ROOT", "trust.d", err));
    root = path;
  }
  if (!named || *root == 0) {
    goto out;
  }
  HRT_TRY(open_root(&dir, root, err));
  if (dir) {
    HRT_TRY(walk(q, dir, err));
  }
out:
  if (dir) {
    closedir(dir);
  }
  return status;
}

static bool is_key(void *arg, const entry *e) {
  return memcmp(e->key, arg, HRT_KEY_BYTES) == 0;
}

bool hrt_trust_has(const char *root, const uint8_t key[HRT_KEY_BYTES]) {
  uint8_t wanted[HRT_KEY_BYTES];
  query q = {.visit = is_key, .arg = wanted};
  memcpy(wanted, key, sizeof wanted);
  return search(&q, root, NULL) == 0 && q.found;
}

/* ---- signatures ---- */

/* 1: it fits; 0: it does not; negative: libcrypto can't tell. */
static int fits(const struct hsb_file_signature *s, const uint8_t message[HSB_SIGNED_MESSAGE]) {
  int answer = -1;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, s->key, sizeof s->key);
  if (ctx != NULL && key != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1) {
    answer = EVP_DigestVerify(ctx, s->signature, sizeof s->signature, message, HSB_SIGNED_MESSAGE);
  }
  EVP_PKEY_free(key);
  EVP_MD_CTX_free(ctx);
  return answer;
}

struct question {
  const uint8_t *signatures;
  uint32_t count;
  uint8_t message[HSB_SIGNED_MESSAGE];
  hrt_voucher *out;
};

static bool has_signed(void *arg, const entry *e) {
  struct question *q = arg;
  struct hsb_file_signature s;
  for (uint32_t i = 0; i < q->count; i++) {
    memcpy(&s, q->signatures + i * sizeof s, sizeof s);
    if (memcmp(s.key, e->key, sizeof s.key) == 0 && fits(&s, q->message) == 1) {
      char shown[HRT_ESCAPED];
      q->out->sealed = false;
      memcpy(q->out->key, e->key, sizeof q->out->key);
      hrt_escape(shown, e->name, strlen(e->name) - 4);
      snprintf(q->out->label, sizeof q->out->label, "%.63s", shown);
      return true;
    }
  }
  return false;
}

int hrt_trust_signed(hrt_voucher *out, const char *root, const uint8_t *bytes, size_t plugin_size,
                     uint32_t count, helios_error *err) {
  struct question what = {.signatures = bytes + plugin_size, .count = count, .out = out};
  query q = {.visit = has_signed, .arg = &what};
  int status = 0;
  memcpy(what.message, HSB_SIGNED_PREFIX, sizeof HSB_SIGNED_PREFIX);
  if (SHA256(bytes, plugin_size, what.message + sizeof HSB_SIGNED_PREFIX) == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "libcrypto can't compute a hash");
  }
  HRT_TRY(search(&q, root, err));
  if (!q.found) {
    status =
        hrt_fail(err, HELIOS_E_UNTRUSTED,
                 "this machine did not seal the plugin, and no key of the trust root signed it");
    hrt_hint(err, "%s",
             q.complaint[0] ? q.complaint
                            : "put the vendor's .pub file into the trust root, or build it here "
                              "again from its .wasm");
  }
out:
  return status;
}
