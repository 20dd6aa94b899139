/* trust.h - who may vouch for a plugin: the local key by its seal, a key of the trust root by its
 * signature. docs/trust.md has the format and the reasons.
 *
 * Invariants: an empty or missing trust root vouches for nothing, and so does a file in it that
 * someone else could have written; it is read at each question, so a key that was removed is
 * revoked. */
#ifndef HRT_TRUST_H
#define HRT_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "hsb_file.h"
#include "plugin/error.h"

#define HRT_KEY_BYTES 32
#define HRT_LABEL_BYTES 64

typedef struct hrt_trust {
  const uint8_t *key;         /* local, or NULL */
  const helios_error *no_key; /* why there is none; may be NULL */
  const char *root;           /* folder; NULL: the default one, "": none */
} hrt_trust;

/* Who did. */
typedef struct hrt_voucher {
  bool sealed;                 /* by the local key; else by: */
  uint8_t key[HRT_KEY_BYTES];  /* public */
  char label[HRT_LABEL_BYTES]; /* of the key, printable; "this machine" for the seal */
} hrt_voucher;

/* The plugin's own bytes in a file with or without signatures; *count 0 without. The signatures
 * are unaligned and follow the plugin. Errors: E_PLUGIN (damaged). */
int hrt_trust_split(size_t *plugin_size, uint32_t *count, const uint8_t *bytes, size_t size,
                    helios_error *err);
/* Does a signature of a trusted key fit? bytes: what hrt_trust_split looked at. Errors: E_UNTRUSTED
 * with a hint, E_MEMORY, E_IO. */
int hrt_trust_signed(hrt_voucher *out, const char *root, const uint8_t *bytes, size_t plugin_size,
                     uint32_t count, helios_error *err);
/* Is the key still in the trust root? */
bool hrt_trust_has(const char *root, const uint8_t key[HRT_KEY_BYTES]);

#endif
