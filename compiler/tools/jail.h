/* jail.h - what a child process may do that reads hostile input (wasm2c, clang, lld, wat2wasm):
 * read the system's files, write in one folder, and compute for a while. No sockets, no other
 * process, no new privileges.
 *
 * Three layers, each taken where the kernel has it: resource limits (always), a seccomp filter
 * (Linux 3.17; denies with EPERM what is in jail_calls.def), Landlock (Linux 5.13; file access).
 * Invariant: hcc_jail_enter is async-signal-safe, so it may run between fork and exec; a layer that
 * the kernel has and refuses is an error, never skipped. */
#ifndef HCC_JAIL_H
#define HCC_JAIL_H

#include <stdbool.h>
#include <stdint.h>

#define HCC_JAIL_READABLE 12

typedef struct hcc_jail {
  uint64_t memory;                         /* bytes of address space */
  uint64_t seconds;                        /* of CPU time */
  uint64_t file;                           /* bytes of the largest file written */
  const char *writable;                    /* the one folder to write in; also the working folder */
  const char *readable[HCC_JAIL_READABLE]; /* folders besides the system's; NULL: none */
} hcc_jail;

typedef struct hcc_jail_support {
  bool seccomp;
  int landlock; /* ABI version, 0: none */
} hcc_jail_support;

/* What this kernel offers, for `heliosc doctor` and for hcc_jail_enter. */
void hcc_jail_probe(hcc_jail_support *out);

/* Puts the calling process in the jail, for good. NULL, or what could not be done (errno says why).
 */
const char *hcc_jail_enter(const hcc_jail *jail, const hcc_jail_support *support);

#endif
