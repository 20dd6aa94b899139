/* allocator.h - a quicker malloc for clang. A tenth of clang's time goes by when its many small
 * allocations are glibc's (docs/sdk-go.md, "Measured"): where the system has jemalloc, it is
 * preloaded. Must never change what clang writes: speed is all that it may touch.
 * Invariant: only a file of the system's own library folders, which every jail lets its tool read.
 */
#ifndef HCC_ALLOCATOR_H
#define HCC_ALLOCATOR_H

#define HCC_ALLOCATOR_LIBRARY "libjemalloc.so.2"
#define HCC_ALLOCATOR_PACKAGE "libjemalloc2"

/* "LD_PRELOAD=/usr/lib/.../libjemalloc.so.2", for hcc_run's `variable`; NULL where there is none.
 * Static. */
const char *hcc_allocator_variable(void);

#endif
