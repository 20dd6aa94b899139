/* sign.h - Ed25519: key pairs, signatures of plugins (in the file) and of modules (in a file beside
 * it), and the trust root. rt-sandbox/hsb_file.h has the format, docs/trust.md the reasons; the
 * engine's reader is runtime/plugin/trust.c.
 *
 * Invariants: a private key is written for its owner only and never over a file; it is taken only
 * from a file that nobody else can read; the same plugin and key give the same bytes. */
#ifndef HCC_SIGN_H
#define HCC_SIGN_H

#include "buf.h"
#include "error.h"
#include "fs.h"
#include "hsb_file.h"

#define HCC_SIGN_KEY 32 /* bytes, of either half */
#define HCC_SIGNATURE 64
#define HCC_SIGN_TEXT 92 /* base64 of a signature, with a newline and a NUL */

/* A new pair: private_path and public_path, base64 on one line. Neither may exist. Errors: KEY. */
int hcc_sign_keygen(const char *private_path, const char *public_path, hcc_error *err);
/* A private key. Errors: KEY. */
int hcc_sign_key_load(uint8_t key[HCC_SIGN_KEY], const char *path, hcc_error *err);

/* Where the signatures behind a plugin begin, and how many there are; *plugin_size is size if none.
 * Errors: NOT_PLUGIN. */
int hcc_signed_split(size_t *plugin_size, uint32_t *count, const uint8_t *bytes, size_t size,
                     hcc_error *err);
/* The plugin with one more signature behind it, or with this key's made anew. Errors: LIMIT,
 * NO_MEMORY, NOT_PLUGIN. */
int hcc_sign_plugin(hcc_buf *out, const uint8_t *bytes, size_t size,
                    const uint8_t key[HCC_SIGN_KEY], hcc_error *err);
/* Where a module's signature is: its name with .sig for .wasm, or behind it. Errors: IO. */
int hcc_sign_path(char out[HCC_PATH], const char *module, hcc_error *err);
/* The text of a module's .sig file. Errors: NO_MEMORY. */
int hcc_sign_module(char text[HCC_SIGN_TEXT], const uint8_t *bytes, size_t size,
                    const uint8_t key[HCC_SIGN_KEY], hcc_error *err);

/* What a signature is about: a plugin's message or a module's bytes. */
typedef struct hcc_signed {
  const uint8_t *message;
  size_t size;
  struct hsb_file_signature signatures[HSB_FILE_SIGNATURES_MAX];
  uint32_t count;
  bool any_key;                       /* signatures[].key is unknown: a module's */
  uint8_t buffer[HSB_SIGNED_MESSAGE]; /* of a plugin's message */
} hcc_signed;

/* The signatures behind a plugin; count 0 if none. Errors: NOT_PLUGIN, NO_MEMORY. */
int hcc_signed_plugin(hcc_signed *out, const uint8_t *bytes, size_t size, hcc_error *err);
/* A module's, of the text of its .sig file. Errors: BAD_SIGNATURE. */
int hcc_signed_module(hcc_signed *out, const uint8_t *bytes, size_t size, const char *text,
                      size_t length, hcc_error *err);

/* The default trust root. Errors: KEY. */
int hcc_trust_path(char out[HCC_PATH], hcc_error *err);
/* The label of a key of the folder that signed it, escaped. Errors: BAD_SIGNATURE (none, with the
 * first reason), KEY (the folder itself). */
int hcc_trust_find(char label[HCC_ESCAPED], const char *folder, const hcc_signed *what,
                   hcc_error *err);
/* Does this machine's seal or a signature of the default trust root vouch for a plugin? *footer and
 * *plugin_size: without its signatures. Errors: NOT_PLUGIN, BAD_MAC, BAD_SIGNATURE, KEY. */
int hcc_vouched(struct hsb_file_footer *footer, size_t *plugin_size, const uint8_t *bytes,
                size_t size, hcc_error *err);

#endif
