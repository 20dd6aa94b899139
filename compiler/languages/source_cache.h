/* source_cache.h - modules by the sources that they were built from: the front half of the cache
 * (cache.h has the files). For every language of languages.def:
 *
 *   hcc_source(...) begins one and puts it into the job; the language's build then
 *     says what it builds with:  hcc_source_cache_word (flags, options), _file (tools, libraries)
 *     asks:                      if (hcc_source_cache_get(out, job->cache)) return 0;
 *     builds, and says what was read: hcc_source_cache_reads, _absent
 *   hcc_source(...) puts the module there if all went well.
 *
 * A build that never asks is never kept. The source itself, its path, heliosc (and so the SDK in
 * it) and the folders of --include are in the name already; children of run.h have no environment
 * of the caller's.
 *
 * Invariant: a wrong module is worse than none. What may have changed while it was built, or says
 * the time of day or what files are there (__TIME__, __has_include, .incbin), is not kept. */
#ifndef HCC_SOURCE_CACHE_H
#define HCC_SOURCE_CACHE_H

#include "source.h"

typedef struct hcc_source_cache hcc_source_cache;

/* Of one build; NULL if there is no place for a cache, which all functions here take. */
hcc_source_cache *hcc_source_cache_begin(const hcc_source_job *job, const char *language);
void hcc_source_cache_free(hcc_source_cache *c);

/* What the module depends on and is known before it is built: a text, in order. */
void hcc_source_cache_word(hcc_source_cache *c, const char *word);
/* A file or folder that is installed: path, size and times of change. One that is not there
 * counts as well. */
void hcc_source_cache_file(hcc_source_cache *c, const char *path);

/* The module, if it is there and all that was read is as it was; the listener hears what was said
 * when it was built. */
bool hcc_source_cache_get(hcc_module_bytes *out, hcc_source_cache *c);

/* After the build: a file that was read, by its content; an installed one by path, size and times
 * of change; one that would have been read had it been there. */
void hcc_source_cache_reads(hcc_source_cache *c, const char *path);
void hcc_source_cache_installed(hcc_source_cache *c, const char *path);
void hcc_source_cache_absent(hcc_source_cache *c, const char *path);

/* The build read more than it can say: nothing is kept. */
void hcc_source_cache_unfit(hcc_source_cache *c);

/* A file that builds share and that depends on no source, such as a compiled SDK: by what it was
 * made from (words; heliosc itself is among them). Fetch writes it to path; store keeps it from
 * there. */
bool hcc_source_cache_fetch(const hcc_source_cache *c, const char *const *words, uint32_t count,
                            const char *path);
void hcc_source_cache_store(const hcc_source_cache *c, const char *const *words, uint32_t count,
                            const char *path);
/* size and times of an installed file as a word; empty if it is not there */
#define HCC_SOURCE_STATE 96
void hcc_source_cache_state(char out[HCC_SOURCE_STATE], const char *path);

/* A message of the build. */
void hcc_source_cache_hear(hcc_source_cache *c, const hcc_message *m);

void hcc_source_cache_put(hcc_source_cache *c, const hcc_module_bytes *module);

#endif
