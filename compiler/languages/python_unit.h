/* python_unit.h - what a Python source means as procedures: each public function at the top level
 * is one, by its annotations (python_types.def) and by the `@helios` words of its docstring or the
 * comment before it.
 *
 * Invariant: what is wrong goes to the listener with its place; nothing is guessed. */
#ifndef HCC_PYTHON_UNIT_H
#define HCC_PYTHON_UNIT_H

#include "buf.h"
#include "message.h"
#include "python_scan.h"

/* manifest: docs/manifest.md, of a module of this name. line: what the engine reads before the
 * source: the file's name, a tab, and for each function NAME:LETTERS, a letter a parameter, n: may
 * be NULL, r: may not. Errors: SOURCE, NO_MEMORY, LIMIT. */
int hcc_python_unit(hcc_buf *manifest, hcc_buf *line, const hcc_py_scan *scan, const char *file,
                    const char *name, const hcc_listener *listener, hcc_error *err);

#endif
