/* cc.h - C to a shared object: the command lines of clang and ld.lld, and what they are made of.
 *
 * Everything runs in the build's temporary folder, with relative names only. Invariant: the flags
 * are those of cc_flags.def and of the target, nothing of the user's environment; the same input
 * gives the same bytes. */
#ifndef HCC_CC_H
#define HCC_CC_H

#include "buf.h"
#include "build.h"
#include "run.h"
#include "tools.h"

typedef struct hcc_target {
  const char *name;      /* as given to --target */
  const char *triple;    /* NULL: clang's own */
  const char *march;     /* flag, or NULL */
  const char *emulation; /* of ld.lld */
  uint32_t arch;         /* HCC_WHEN_X86 or _ARM; with AVX-512 _WIDE too, _HOST: if it is here */
} hcc_target;

/* NULL or "" is the baseline of this machine. A '-' is as good as a '_'. Errors: USAGE, with the
 * names there are. */
int hcc_target_find(const hcc_target **out, const char *name, hcc_error *err);

/* When a flag is used; bits. */
enum hcc_when {
  HCC_WHEN_ALL = 1,
  HCC_WHEN_OPTIMIZING = 2,
  HCC_WHEN_BASELINE = 4,
  HCC_WHEN_EXPLICIT = 8,
  HCC_WHEN_X86 = 16,
  HCC_WHEN_ARM = 32,
  HCC_WHEN_WIDE = 64,
  HCC_WHEN_LIBRARY = 128,
  HCC_WHEN_STRIPPED = 256,
  HCC_WHEN_HOST = 512,
  HCC_WHEN_COVERED = 1024,
  HCC_WHEN_NO_TABLES = 2048,
  HCC_WHEN_ROUNDS = 4096, /* baseline, by a clang that simplifies in rounds */
  HCC_WHEN_PROFILED = 8192,
  HCC_WHEN_OPERANDS = 16384, /* guard pages, and no engine of scripts */
};
enum hcc_stage { HCC_STAGE_CC, HCC_STAGE_LD };

typedef struct hcc_flag {
  enum hcc_stage stage;
  uint32_t when;
  const char *text, *why;
} hcc_flag;

extern const hcc_flag hcc_flags[]; /* cc_flags.def; text NULL ends it */

typedef struct hcc_cc {
  const char *folder;
  const hcc_tool *clang, *lld;
  const hcc_jail *jail;
  const hcc_target *target;
  enum hcc_tier tier;
  enum hcc_bounds bounds;
  uint32_t jobs, seconds;
  bool covered;        /* counts edges for libFuzzer: not for a plugin */
  bool profiled;       /* the folder has a file "profile" */
  bool engine;         /* of scripts */
  bool no_jump_tables; /* the link check could not follow one */
} hcc_cc;

/* The tier that a module is compiled with whose metered form has so many bytes: a large one as
 * baseline, whatever was asked for. */
enum hcc_tier hcc_cc_tier(enum hcc_tier asked, size_t size, bool engine);

/* The flags as one line, for INFO and the cache. */
void hcc_cc_recipe(hcc_buf *out, const hcc_cc *cc);

/* sources[i] ("p0.c") becomes its object ("p0.o", "rt/hsb_lib.o"). Raises *peak_kib. */
int hcc_cc_compile(uint64_t *peak_kib, const hcc_cc *cc, const char *const *sources, uint32_t count,
                   hcc_error *err);

/* Links the objects of the sources twice: debug.so with line tables, plugin.so without. */
int hcc_cc_link(uint64_t *peak_kib, const hcc_cc *cc, const char *const *sources, uint32_t count,
                hcc_error *err);

#endif
