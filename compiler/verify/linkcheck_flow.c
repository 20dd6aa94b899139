/* linkcheck_flow.c - the control flow check as a whole: finds the functions, follows those that can
 * be reached, tells each what its callers give it, until all agree. See docs/link-check.md. */
#include <stdlib.h>

#include "linkcheck_flow.h"

#define STEPS_EACH 64u /* instructions followed for each one there is: 2 are usual */

enum { DI = 1u << HCC_X86_DI, SI = 1u << HCC_X86_SI };

int hcc_lc_refuse_code(hcc_lc *lc, uint32_t at, const char *text) {
  return hcc_lc_refuse(lc, lc->text.p_offset + at, "%s in the code", text);
}

static void enqueue(hcc_lc_flow *flow, uint32_t f) {
  if (!flow->functions[f].queued) {
    flow->functions[f].queued = true;
    flow->queue[(flow->queue_head + flow->queue_count++) % (flow->count + 1)] = f;
  }
}

/* Callees may count on no more than each of their callers gives. */
static void tell(hcc_lc_flow *flow, const hcc_lc_walk *w) {
  for (uint32_t i = 0; i < w->site_count; i++) {
    hcc_lc_function *f = &flow->functions[w->sites[i].callee];
    uint16_t instance = f->instance & w->sites[i].instance;
    if (!f->called || instance != f->instance) {
      f->called = true;
      f->instance = instance;
      enqueue(flow, w->sites[i].callee);
    }
  }
}

static uint16_t given(const hcc_lc_function *f) {
  uint16_t all = f->root ? DI : f->taken ? (f->second ? SI : DI) : UINT16_MAX;
  return all & f->instance;
}

static void note_stores(hcc_lc_flow *flow, const hcc_lc_walk *w) {
  for (uint32_t i = 0; i < w->store_count; i++) {
    flow->stored[w->stores[i].word] = w->stores[i].at + 1;
  }
}

/* Walks. What was learnt is kept, unless there is a choice and the function did not look at its
 * context. */
static int follow(hcc_lc_flow *flow, hcc_lc_function *f, bool choice, bool *kept) {
  hcc_lc_walk *w = malloc(sizeof *w);
  *kept = false;
  if (w == NULL) {
    return hcc_lc_no_memory(flow->lc);
  }
  int status = hcc_lc_walk_function(w, flow, f, given(f));
  *kept = status == 0 && (w->context || !choice);
  if (*kept) {
    tell(flow, w);
    note_stores(flow, w);
  }
  hcc_lc_walk_end(w);
  free(w);
  return status;
}

/* A function that tables may hold has the instance in rdi, or in rsi if its results take memory. It
 * shows which by looking at its context, where the limit of the stack is; if it looks neither way
 * it does not matter. */
static int follow_taken(hcc_lc_flow *flow, hcc_lc_function *f) {
  bool kept = false;
  int status = 0;
  for (unsigned i = 0; i < 2 && !kept; i++) {
    status = follow(flow, f, true, &kept);
    if (flow->lc->report->no_memory) {
      return status;
    }
    f->second ^= !kept;
  }
  hcc_lc_take_back(flow->lc);
  return kept ? 0 : follow(flow, f, false, &kept);
}

static int follow_all(hcc_lc_flow *flow) {
  bool kept;
  while (flow->queue_count > 0) {
    hcc_lc_function *f = &flow->functions[flow->queue[flow->queue_head]];
    flow->queue_head = (flow->queue_head + 1) % (flow->count + 1);
    flow->queue_count--;
    f->queued = false;
    int status = f->taken && !f->root ? follow_taken(flow, f) : follow(flow, f, false, &kept);
    if (status != 0) {
      return status;
    }
  }
  return 0;
}

/* Tables are made by the host: code that writes to their pointers could call anything. A table has
 * two words, the pointer and its sizes, and code chooses those: they are no other table's pointer.
 */
static int tables_kept(const hcc_lc_flow *flow) {
  for (uint32_t word = 0; word < flow->instance_size / 8; word++) {
    if (flow->tables[word] != 0 && flow->stored[word] != 0) {
      return hcc_lc_refuse_code(flow->lc, flow->stored[word] - 1,
                                "store to the pointer of a table");
    }
    if (flow->tables[word] != 0 && flow->tables[word + 1] != 0) {
      return hcc_lc_refuse_code(flow->lc, flow->tables[word + 1] - 1,
                                "call through one of two tables that overlap");
    }
  }
  return 0;
}

int hcc_lc_control_flow(hcc_lc *lc) {
  hcc_lc_flow flow = {.lc = lc,
                      .text = lc->bytes + lc->text.p_offset,
                      .size = (uint32_t)lc->text.p_filesz,
                      .steps_max = lc->report->instructions * STEPS_EACH};
  if (lc->header.e_machine != EM_X86_64) {
    return 0;
  }
  int status = hcc_lc_functions(&flow);
  if (status != 0) {
    goto out;
  }
  flow.stored = calloc(flow.instance_size / 8 + 1, sizeof *flow.stored);
  flow.tables = calloc(flow.instance_size / 8 + 1, sizeof *flow.tables);
  flow.label_of = calloc(hcc_lc_longest(&flow) + 1, sizeof *flow.label_of);
  if (flow.stored == NULL || flow.tables == NULL || flow.label_of == NULL) {
    status = hcc_lc_no_memory(lc);
    goto out;
  }
  for (uint32_t f = 0; f < flow.count; f++) {
    if (flow.functions[f].root || flow.functions[f].taken) {
      enqueue(&flow, f);
    }
  }
  status = follow_all(&flow);
  if (status == 0) {
    status = tables_kept(&flow);
  }
out:
  free(flow.label_of);
  free(flow.tables);
  free(flow.stored);
  free(flow.queue);
  free(flow.functions);
  return status;
}
