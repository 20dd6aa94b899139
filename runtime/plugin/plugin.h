/* plugin.h - a loaded plugin: read, verified, mapped. read.c checks the file's structure and MAC,
 * elf.c the ELF image (nothing but what heliosc emits), map.c maps it without the dynamic
 * linker: no constructor runs, no symbol is resolved, the very bytes that were verified are run
 * and unmapping is certain. docs/plugin-abi.md says why not dlopen.
 *
 * Invariant: no instruction of a plugin runs before its seal or a signature was checked under a
 * trusted key. */
#ifndef HRT_PLUGIN_H
#define HRT_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsb_abi.h"
#include "plugin/error.h"
#include "plugin/trust.h"

typedef struct hrt_plugin hrt_plugin; /* shared between threads, reference-counted */

/* The key that seals plugins on this machine: HELIOS_KEY (a file), else
 * $XDG_CONFIG_HOME/helios/local.key, else $HOME/.config/helios/local.key. 32 bytes, mode 0600,
 * a regular file of this user or root. Errors: E_UNTRUSTED with a hint (missing, unsafe mode),
 * E_IO. */
int hrt_key_load(uint8_t key[HRT_KEY_BYTES], helios_error *err);
/* The same; makes it first if it is not there. Two that make it at once end with the same one. */
int hrt_key_make(uint8_t key[HRT_KEY_BYTES], helios_error *err);

/* Verifies and maps. bytes need not outlive the call. Errors: E_PLUGIN, E_UNTRUSTED, E_MEMORY,
 * E_IO. The caller owns one reference. */
int hrt_plugin_load_trusted(hrt_plugin **out, const void *bytes, size_t size,
                            const hrt_trust *trust, helios_error *err);
/* The same where nothing but the local key's seal counts. */
int hrt_plugin_load(hrt_plugin **out, const void *bytes, size_t size,
                    const uint8_t key[HRT_KEY_BYTES], helios_error *err);
const hrt_voucher *hrt_plugin_voucher(const hrt_plugin *p);
hrt_plugin *hrt_plugin_ref(hrt_plugin *p);
void hrt_plugin_unref(hrt_plugin *p); /* takes NULL; unmaps with the last reference */

const struct helios_plugin *hrt_plugin_abi(const hrt_plugin *p);
/* Number of plugins mapped in this process, for tests and metrics. */
size_t hrt_plugin_count(void);
/* Index in abi->exports, or -1. */
int hrt_plugin_export(const hrt_plugin *p, const char *name, size_t length);

/* Sections of the file that are not mapped code; owned by the plugin. NULL and 0 if absent. */
const void *hrt_plugin_section(const hrt_plugin *p, uint32_t kind, size_t *size);

/* Is pc in the plugin's executable pages? Async-signal-safe. */
int hrt_plugin_has_pc(const hrt_plugin *p, uintptr_t pc);
/* Offset in the .wasm of the instruction at pc, or HELIOS_NO_OFFSET. */
uint32_t hrt_plugin_line(const hrt_plugin *p, uintptr_t pc);
/* File (escaped) and line of the source that the instruction at a wasm offset comes from, if the
 * module had a line table. */
bool hrt_plugin_place(char file[HRT_ESCAPED], uint32_t *line, const hrt_plugin *p, uint32_t offset);
/* Function around a wasm offset: name (escaped, "func 12" if it has none) into out. */
const char *hrt_plugin_func_name(const hrt_plugin *p, uint32_t offset, char out[HRT_ESCAPED]);

#endif
