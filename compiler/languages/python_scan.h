/* python_scan.h - the top-level functions of a Python source, as far as SQL must know them: names,
 * parameters, annotations, comments. No parser of Python: tokens, brackets and indentation are
 * enough, and MicroPython's own compiler says whether the rest is right.
 *
 * Invariant: every range lies in the source; places count from 1, columns in bytes. */
#ifndef HCC_PYTHON_SCAN_H
#define HCC_PYTHON_SCAN_H

#include "buf.h"
#include "error.h"
#include "message.h"

typedef struct hcc_py_range {
  size_t begin, end; /* bytes of the source; equal: not there */
} hcc_py_range;

enum hcc_py_kind { HCC_PY_PLAIN, HCC_PY_STAR /* *args, **kwargs, or behind a lone '*' */ };

typedef struct hcc_py_param {
  hcc_py_range name, annotation, fallback;
  hcc_place place;
  enum hcc_py_kind kind;
} hcc_py_param;

typedef struct hcc_py_function {
  hcc_py_range name, result; /* result: the annotation behind -> */
  hcc_py_range comment;      /* lines of comments right before it (and its decorators) */
  hcc_py_range docstring;    /* between its quotes, as it is written */
  hcc_place place;
  uint32_t first_param, param_count;
} hcc_py_function;

typedef struct hcc_py_scan {
  const char *text;
  size_t size;
  hcc_buf functions, params; /* of the types above */
  hcc_place place;           /* of the error */
} hcc_py_scan;

/* Errors: SOURCE, at out->place; NO_MEMORY. hcc_python_scan_free takes one that failed. */
int hcc_python_scan(hcc_py_scan *out, const char *text, size_t size, hcc_error *err);
void hcc_python_scan_free(hcc_py_scan *s);

#endif
