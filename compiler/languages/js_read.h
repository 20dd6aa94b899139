/* js_read.h - a JavaScript module's procedures and imports, by js_scan.h and js_doc.h. */
#ifndef HCC_JS_READ_H
#define HCC_JS_READ_H

#include "js_scan.h"
#include "script_unit.h"

/* An import that was found: specifier without quotes, at a place. */
typedef void hcc_js_import_fn(void *arg, const char *specifier, size_t size, unsigned line,
                              unsigned column);

/* Reads a file; main: its exported functions become procedures of u. */
void hcc_js_read(hcc_script_unit *u, const char *text, size_t size, bool main,
                 hcc_js_import_fn *import, void *arg);

#endif
