/* sjlj.h - setjmp and longjmp as plain WebAssembly. LLVM turns them (-enable-emscripten-sjlj) into
 * calls of functions that a JavaScript host would offer: env.invoke_<signature>, which calls a
 * function of the table and catches, and env._emscripten_throw_longjmp, which throws. Here both
 * become functions of the module: throwing sets a flag and returns, and whoever calls a function
 * that may throw looks at the flag and returns, too. So the engine has no code for it, and a module
 * that does wrong traps as any other. docs/architecture.md has what comes out.
 *   sjlj.c       sections
 *   sjlj_scan.c  which functions may throw, what the table holds
 *   sjlj_code.c  function bodies
 *
 * Invariant: the result is valid and means what the input means under Emscripten's JavaScript; a
 * throw that nobody catches traps. */
#ifndef HCC_SJLJ_H
#define HCC_SJLJ_H

#include "buf.h"
#include "module.h"

/* Does it import env._emscripten_throw_longjmp? */
bool hcc_sjlj_wanted(const hcc_module *m);
/* Writes the module without these imports to out, its debug sections left out, since offsets
 * change. m must be valid, and export stackSave, stackRestore and setThrew. Errors: IMPORT_TYPE,
 * LIMIT, NO_MEMORY, INTERNAL. */
int hcc_sjlj(hcc_buf *out, const hcc_module *m, hcc_error *err);

#endif
