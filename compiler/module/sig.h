/* sig.h - the signature of a function type as a string, "ij:d": the form in which plugins,
 * manifests and messages have it (rt-sandbox/hsb_abi.h). */
#ifndef HCC_SIG_H
#define HCC_SIG_H

#include "limits.h"
#include "module.h"

/* Into a NUL-terminated buffer. False if the type has more values than the limits allow. */
#define HCC_SIG (HCC_MAX_PARAMS + HCC_MAX_RESULTS + 2u)
bool hcc_sig(char out[HCC_SIG], const hcc_functype *type);

#endif
