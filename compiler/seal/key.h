/* key.h - the key that seals the plugins of this machine: HELIOS_KEY (a file), else
 * $XDG_CONFIG_HOME/helios/local.key, else $HOME/.config/helios/local.key. 32 random bytes.
 *
 * Invariant: a key is taken only from a regular file of this user or root that nobody else can
 * read or write; two processes that make it at once end with the same one. */
#ifndef HCC_KEY_H
#define HCC_KEY_H

#include "error.h"
#include "fs.h"

#define HCC_KEY_BYTES 32

/* What the variable names, else the leaf in the user's folder for helios: as the engine's
 * hrt_config_path. Errors: KEY. */
int hcc_config_path(char out[HCC_PATH], const char *variable, const char *leaf, hcc_error *err);

/* Where the key is or would be. Errors: KEY. */
int hcc_key_path(char out[HCC_PATH], hcc_error *err);

/* Makes its folder if that is not there. Errors: KEY, with the folder and why. */
int hcc_key_can_be_made(hcc_error *err);

/* Reads it; makes it first if it is not there and create. Errors: KEY. */
int hcc_key_load(uint8_t key[HCC_KEY_BYTES], bool create, hcc_error *err);

#endif
