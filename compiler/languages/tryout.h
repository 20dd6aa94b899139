/* tryout.h - evaluates a script as the engine will when it makes an instance, so that a syntax
 * error is found when it is built and not at the first call. The engine's own compiled code does
 * it, in a child of ours in the jail; every host function but script_* answers STATE there, as it
 * does while an instance is made. Only for code of this machine's kind.
 *
 * Invariant: the child was given a plugin that the link check has passed; what it says is text. */
#ifndef HCC_TRYOUT_H
#define HCC_TRYOUT_H

#include "message.h"
#include "run.h"

#define HCC_TRYOUT "--try-script"
#define HCC_TRYOUT_FUEL INT64_C(2000000000) /* for one evaluation; a procedure has 10^10 */

/* The child: argv[0] is the plugin. 0. Not for the parent. */
int hcc_tryout_main(int argc, char **argv);

/* plugin: a file in folder. Errors: SOURCE (the listener has heard why), those of run.h. */
int hcc_tryout(const char *plugin, const char *folder, const hcc_jail *jail, uint32_t seconds,
               const hcc_listener *listener, hcc_error *err);

#endif
