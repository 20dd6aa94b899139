/* js_scan.h - finds in a JavaScript module what heliosc needs of it: exported functions with their
 * parameters and doc comments, and the modules that it imports. Not a parser: QuickJS itself judges
 * the syntax, when the module is tried (tryout.h). `export` and `import` are reserved words, so
 * they mean what they say wherever they stand outside of strings, comments and property names.
 *
 * Invariant: every token lies inside the text, whatever bytes it has. */
#ifndef HCC_JS_SCAN_H
#define HCC_JS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum hcc_js_kind {
  HCC_JS_END,
  HCC_JS_WORD,   /* identifier or reserved word */
  HCC_JS_STRING, /* with its quotes */
  HCC_JS_OTHER,  /* number, template, regular expression: a value */
  HCC_JS_SIGN,   /* one character of punctuation, or "=>" */
};

typedef struct hcc_js_token {
  enum hcc_js_kind kind;
  const char *at;
  size_t size;
  unsigned line, column; /* from 1 */
  const char *doc; /* the last doc comment before it, behind its slash and stars; NULL: none */
  size_t doc_size;
  unsigned doc_line;
} hcc_js_token;

#define HCC_JS_NESTED 64 /* templates with expressions in templates */

typedef struct hcc_js_scan {
  const char *at, *end, *line_begin;
  unsigned line;
  bool value;                    /* the last token ended a value: a slash divides */
  unsigned braces;               /* open ones */
  unsigned marks[HCC_JS_NESTED]; /* braces open where a template's expression began */
  unsigned nested;
} hcc_js_scan;

void hcc_js_begin(hcc_js_scan *s, const char *text, size_t size);
hcc_js_token hcc_js_next(hcc_js_scan *s);
bool hcc_js_is(const hcc_js_token *t, const char *text);

#endif
