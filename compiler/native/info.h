/* info.h - the INFO section of a plugin: JSON about how it was made and what it wants. docs:
 * plugin-abi.md. Invariant: valid JSON whatever bytes the guest's names hold; the same build gives
 * the same text. */
#ifndef HCC_INFO_H
#define HCC_INFO_H

#include "stage.h"

/* {"v":1,"heliosc":...,"target":...,"tier":...,"bounds":...,"fuel":...,"clang":...,"lld"...} */
int hcc_info(hcc_buf *out, const hcc_build_result *result, const hcc_stage_input *in,
             const hcc_cc *cc, hcc_error *err);

/* The counts of a result, from the INFO of a cached plugin. False if it is not of this form. */
bool hcc_info_counts(hcc_build_result *out, const char *info, size_t size);

#endif
