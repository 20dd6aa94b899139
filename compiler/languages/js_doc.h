/* js_doc.h - the doc comment of an exported function: types of parameters and result, and what
 * @helios says. */
#ifndef HCC_JS_DOC_H
#define HCC_JS_DOC_H

#include "unit.h"

/* text: between the stars, first at this line. What is wrong goes to the unit's listener. */
void hcc_js_doc(hcc_unit *u, hcc_procedure *p, const char *text, size_t size, unsigned line);

#endif
