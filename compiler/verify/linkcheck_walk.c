/* linkcheck_walk.c - follows a function along every way, from its entry and from each label whose
 * state has changed, the first label first, until none changes. Each state can only forget, so that
 * this ends; hcc_lc_flow.steps_max bounds it for code that is made to be slow. */
#include <stdlib.h>
#include <string.h>

#include "linkcheck_flow.h"

#define WIDEN_AFTER 1u                   /* visits to a label before ranges stop to grow */
#define STATES_MAX (UINT64_C(768) << 20) /* bytes of states in one function */

/* Makes room for one more element of `size` bytes. */
static bool grow(void **array, uint32_t count, uint32_t *room, size_t size) {
  if (count < *room) {
    return true;
  }
  uint32_t more = *room == 0 ? 16 : *room * 2;
  void *larger = realloc(*array, more * size);
  if (larger == NULL) {
    return false;
  }
  *array = larger;
  *room = more;
  return true;
}

static int no_memory(const hcc_lc_walk *w) {
  return hcc_lc_no_memory(w->flow->lc);
}

/* The heap holds indices of labels; the least place is on top. */
static bool before(const hcc_lc_walk *w, uint32_t a, uint32_t b) {
  return w->labels[w->heap[a]].at < w->labels[w->heap[b]].at;
}

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t t = *a;
  *a = *b;
  *b = t;
}

static int push(hcc_lc_walk *w, uint32_t label) {
  if (w->labels[label].dirty) {
    return 0;
  }
  if (!grow((void **)&w->heap, w->heap_count, &w->heap_room, sizeof *w->heap)) {
    return no_memory(w);
  }
  w->labels[label].dirty = true;
  uint32_t i = w->heap_count++;
  w->heap[i] = label;
  for (; i > 0 && before(w, i, (i - 1) / 2); i = (i - 1) / 2) {
    swap(&w->heap[i], &w->heap[(i - 1) / 2]);
  }
  return 0;
}

static uint32_t pop(hcc_lc_walk *w) {
  uint32_t top = w->heap[0], i = 0;
  w->heap[0] = w->heap[--w->heap_count];
  for (;;) {
    uint32_t least = i, left = 2 * i + 1;
    if (left < w->heap_count && before(w, left, least)) {
      least = left;
    }
    if (left + 1 < w->heap_count && before(w, left + 1, least)) {
      least = left + 1;
    }
    if (least == i) {
      break;
    }
    swap(&w->heap[i], &w->heap[least]);
    i = least;
  }
  w->labels[top].dirty = false;
  return top;
}

static int new_label(hcc_lc_walk *w, uint32_t at, const hcc_lc_state *s) {
  size_t size = hcc_lc_state_size(s);
  hcc_lc_state *kept = malloc(size);
  w->bytes += size;
  if (kept == NULL || w->bytes > STATES_MAX ||
      !grow((void **)&w->labels, w->label_count, &w->label_room, sizeof *w->labels)) {
    free(kept);
    return no_memory(w);
  }
  memcpy(kept, s, size);
  w->labels[w->label_count] = (hcc_lc_label){.at = at, .state = kept};
  w->flow->label_of[at - w->function->start] = ++w->label_count;
  hcc_lc_mark(w->flow->lc->labels, at); /* of a jump table, it may be */
  return push(w, w->label_count - 1);
}

int hcc_lc_walk_to(hcc_lc_walk *w, int64_t to, const hcc_lc_state *s) {
  const hcc_lc_function *f = w->function;
  bool changed;
  if (to < f->start || to >= f->end) {
    return hcc_lc_walk_refuse(w, "jump out of its function");
  }
  if (!hcc_lc_marked(w->flow->lc->starts, (uint64_t)to)) {
    return hcc_lc_walk_refuse(w, "jump into the middle of an instruction or padding");
  }
  uint32_t index = w->flow->label_of[(uint32_t)to - f->start];
  if (index == 0) {
    return new_label(w, (uint32_t)to, s);
  }
  hcc_lc_label *label = &w->labels[index - 1];
  if (!hcc_lc_join(label->state, s, label->visits > WIDEN_AFTER, &changed)) {
    return hcc_lc_walk_refuse(w, "stack pointer that depends on the way here");
  }
  return changed ? push(w, index - 1) : 0;
}

int hcc_lc_walk_site(hcc_lc_walk *w, const hcc_lc_function *callee, uint16_t instance) {
  if (!grow((void **)&w->sites, w->site_count, &w->site_room, sizeof *w->sites)) {
    return no_memory(w);
  }
  w->sites[w->site_count++] =
      (hcc_lc_site){.callee = (uint32_t)(callee - w->flow->functions), .instance = instance};
  return 0;
}

int hcc_lc_walk_store(hcc_lc_walk *w, uint32_t word) {
  if (!grow((void **)&w->stores, w->store_count, &w->store_room, sizeof *w->stores)) {
    return no_memory(w);
  }
  w->stores[w->store_count++] = (hcc_lc_store){.word = word, .at = w->at};
  return 0;
}

/* From w->at, with w->now, to where nothing goes on or to another label. */
static int straight(hcc_lc_walk *w) {
  const hcc_lc_flow *flow = w->flow;
  const hcc_lc_function *f = w->function;
  w->stopped = false;
  for (bool first = true;; first = false) {
    if (!hcc_lc_marked(flow->lc->starts, w->at)) {
      return hcc_lc_walk_refuse(w, "execution runs into padding");
    }
    if (!first && hcc_lc_marked(flow->lc->labels, w->at)) {
      return hcc_lc_walk_to(w, w->at, &w->now);
    }
    if (hcc_x86_decode(&w->insn, flow->text + w->at, flow->size - w->at) != 0) {
      return hcc_lc_walk_refuse(w, "unknown instruction");
    }
    if (++w->flow->steps > flow->steps_max) {
      return hcc_lc_walk_refuse(w, "too tangled to be followed: a loop");
    }
    if (hcc_lc_step(w)) {
      return 1;
    }
    if (w->stopped) {
      return 0;
    }
    w->at += w->insn.length;
    if (w->at >= f->end) {
      w->at -= w->insn.length;
      return hcc_lc_walk_refuse(w, "execution runs out of its function");
    }
  }
}

int hcc_lc_walk_function(hcc_lc_walk *w, hcc_lc_flow *flow, hcc_lc_function *f, uint16_t instance) {
  *w = (hcc_lc_walk){.flow = flow, .function = f, .instance = instance, .at = f->start};
  hcc_lc_enter(&w->now, instance, f->keeps);
  int status = hcc_lc_walk_to(w, f->start, &w->now);
  while (status == 0 && w->heap_count > 0) {
    hcc_lc_label *label = &w->labels[pop(w)];
    label->visits++;
    memcpy(&w->now, label->state, hcc_lc_state_size(label->state));
    w->at = label->at;
    status = straight(w);
  }
  return status;
}

void hcc_lc_walk_end(hcc_lc_walk *w) {
  for (uint32_t i = 0; i < w->label_count; i++) {
    w->flow->label_of[w->labels[i].at - w->function->start] = 0;
    free(w->labels[i].state);
  }
  free(w->labels);
  free(w->heap);
  free(w->sites);
  free(w->stores);
}
