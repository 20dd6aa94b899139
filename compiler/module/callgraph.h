/* callgraph.h - a property that spreads from callees to their callers: who calls a function that
 * writes (canon_scan.c), who calls one that may throw (sjlj_scan.c).
 *
 * Invariant: linear in nodes and edges, no recursion. */
#ifndef HCC_CALLGRAPH_H
#define HCC_CALLGRAPH_H

#include "buf.h"
#include "error.h"

typedef struct hcc_edge {
  uint32_t caller, callee; /* below the count of nodes */
} hcc_edge;

/* Marks whoever reaches a marked node; edges holds hcc_edge[]. Errors: NO_MEMORY. */
int hcc_callgraph_spread(bool *marked, uint32_t nodes, const hcc_buf *edges, hcc_error *err);

#endif
