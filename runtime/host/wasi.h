/* wasi.h - what wasi.c (the program, time, log lines) and wasi_fs.c (descriptors and paths) share.
 * docs/wasi.md is the contract, rt-sandbox/hsb_wasi.def the table. Numbers are WASI preview 1's. */
#ifndef HRT_HOST_WASI_H
#define HRT_HOST_WASI_H

#include "host/fs.h"

enum {
  WASI_OK = 0,
  WASI_ACCES = 2,
  WASI_BADF = 8,
  WASI_EXIST = 20,
  WASI_FAULT = 21,
  WASI_FBIG = 22,
  WASI_ILSEQ = 25,
  WASI_INVAL = 28,
  WASI_IO = 29,
  WASI_ISDIR = 31,
  WASI_LOOP = 32,
  WASI_MFILE = 33,
  WASI_NAMETOOLONG = 37,
  WASI_NOENT = 44,
  WASI_NOMEM = 48,
  WASI_NOSPC = 51,
  WASI_NOSYS = 52,
  WASI_NOTDIR = 54,
  WASI_NOTEMPTY = 55,
  WASI_NOTSUP = 58,
  WASI_PERM = 63,
  WASI_SPIPE = 70,
  WASI_NOTCAPABLE = 76,
};

#define HRT_WASI_VECS 128 /* of one call; the rest is left to the next: a short read or write */
#define HRT_WASI_WAITS 64 /* subscriptions of one poll_oneoff */
#define HRT_WASI_ENV_BYTES 32768 /* of one variable */

struct hrt_wasi {
  char *line[2]; /* what was written to 1 and 2 since the last newline; room for HRT_LOG_BYTES */
  size_t used[2];
  char said[192];         /* why the program gives up, as it told fd 2; empty: it did not */
  bool says_more;         /* and the next line belongs to it */
  uint64_t clock, random; /* without the grants: a counter in ns, a generator's state */
  uint64_t ready_clock, ready_random; /* as a fresh call finds them */
};

int hrt_wasi_number(int host_errno); /* WASI's number for it */
bool hrt_wasi_put32(hrt_host_env *env, hsb_slot at, uint32_t v);
bool hrt_wasi_put64(hrt_host_env *env, hsb_slot at, uint64_t v);
/* Bytes for the log, at most as one vec has; stream: 0 for fd 1, 1 for fd 2. A WASI number. */
int hrt_wasi_print(hrt_host_env *env, unsigned stream, uint32_t p, uint32_t n);

#endif
