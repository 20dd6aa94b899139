/* callgraph.c - hcc_callgraph_spread: edges grouped by callee, then a queue. Must not recurse: the
 * graph is a guest's. Invariants: see callgraph.h. */
#include "callgraph.h"

#include <stdlib.h>

/* The callers of f are callers[first[f] .. first[f + 1]). first is zero. */
static void group_by_callee(uint32_t *first, uint32_t *callers, const hcc_edge *edges, size_t count,
                            uint32_t nodes) {
  for (size_t i = 0; i < count; i++) {
    first[edges[i].callee]++;
  }
  uint32_t sum = 0;
  for (uint32_t f = 0; f <= nodes; f++) { /* first[f]: end of its group, for now */
    sum += first[f];
    first[f] = sum;
  }
  for (size_t i = count; i > 0; i--) {
    callers[--first[edges[i - 1].callee]] = edges[i - 1].caller;
  }
}

/* Each node is queued at most once. */
static void spread(bool *marked, uint32_t *queue, const uint32_t *first, const uint32_t *callers,
                   uint32_t nodes) {
  uint32_t queued = 0;
  for (uint32_t f = 0; f < nodes; f++) {
    if (marked[f]) {
      queue[queued++] = f;
    }
  }
  for (uint32_t i = 0; i < queued; i++) {
    for (uint32_t at = first[queue[i]]; at < first[queue[i] + 1]; at++) {
      if (!marked[callers[at]]) {
        marked[callers[at]] = true;
        queue[queued++] = callers[at];
      }
    }
  }
}

int hcc_callgraph_spread(bool *marked, uint32_t nodes, const hcc_buf *edges, hcc_error *err) {
  size_t count = edges->size / sizeof(hcc_edge), n = nodes;
  uint32_t *first = calloc(n + 1, sizeof *first), *queue = calloc(n + 1, sizeof *queue);
  uint32_t *callers = calloc(count + 1, sizeof *callers);
  int status = 0;
  if (edges->failed || first == NULL || queue == NULL || callers == NULL) {
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the call graph");
    goto out;
  }
  group_by_callee(first, callers, (const hcc_edge *)(const void *)edges->data, count, nodes);
  spread(marked, queue, first, callers, nodes);
out:
  free(callers);
  free(queue);
  free(first);
  return status;
}
