/* fs.h - files for the compiler: read whole, written whole or not at all, and the temporary folder
 * of one build.
 *
 * Invariant: hcc_file_replace leaves the old file, or the new one complete, never a part; a
 * temporary folder is readable by its owner only. Errors of all: IO, LIMIT, NO_MEMORY. */
#ifndef HCC_FS_H
#define HCC_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define HCC_PATH 4096u

/* printf into a path of HCC_PATH bytes; IO if it does not fit. */
int hcc_path(char out[HCC_PATH], hcc_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The part of a path behind its last slash. */
const char *hcc_base(const char *path);

/* The whole file, or standard input for "-". *bytes is malloc'ed and has a NUL behind it. LIMIT if
 * there are more than max bytes. */
int hcc_file_read(uint8_t **bytes, size_t *size, const char *path, size_t max, hcc_error *err);

/* Creates or truncates; for files nobody else sees yet. */
int hcc_file_write(const char *path, const void *bytes, size_t size, hcc_error *err);

/* Temporary file beside path, fsync if durable, rename. mode is cut by the umask. Whatever was
 * there before is gone, if it was a link, too. */
int hcc_file_replace(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                     hcc_error *err);

/* The same for a file that a user has: a link stays, and what it leads to is replaced, by a file
 * with no more permissions. mode: if there was none. IO if the link leads nowhere, or to no file
 * but a device or pipe. */
int hcc_file_update(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                    hcc_error *err);

/* The same, where a user says where to. "-": standard output. A device or pipe is written to. */
int hcc_file_output(const char *path, const void *bytes, size_t size, mode_t mode, bool durable,
                    hcc_error *err);

/* Makes path and the folders above it that are missing. */
int hcc_dir_make(const char *path, mode_t mode, hcc_error *err);

/* The folder of one build. Others see by the lock that its owner lives. */
typedef struct hcc_temp {
  char path[HCC_PATH]; /* empty: none */
  int lock;
} hcc_temp;

/* A new folder, mode 0700, below TMPDIR or /tmp. Removes what builds that were killed left there.
 * hcc_temp_free removes it unless keep. */
int hcc_temp_make(hcc_temp *out, hcc_error *err);
void hcc_temp_free(hcc_temp *t, bool keep); /* takes one without a path */

/* The folder and all in it; links are removed, not followed. Best effort. */
void hcc_dir_remove(const char *path);

#endif
