/* meter_run.c - with explicit bounds: finds runs of straight-line code in which several accesses
 * lie near one address, so that one comparison before the run can stand for theirs. It never writes
 * code.
 *
 * meter_near.c walks over the body and tells of each instruction. A run begins and ends where the
 * operand stack is as high as at the other end and never lower in between, so that it can stand in
 * an arm of an if. What it looks at is what a local holds where the run begins, plus a constant. A
 * run is written twice, with the accesses of "h"."seen" and with a comparison for each: if one of
 * the places is not in bounds, some access of the run traps, for there is no way out of it.
 *
 * What is found is no wall of the sandbox: hsb_look.h compares the places that it is told of. */
#include <string.h>

#include "emit.h"
#include "rewrite_parts.h"

#define RUN_BYTES 512 /* of code; it is written twice */

typedef hcc__rw_run_walk walk;

/* Behind this instruction, or in front of the value that it leaves, a run may begin. */
static void may_begin(walk *w, const hcc_instr *i) {
  if (w->height == 0 || (w->height == 1 && i->code == HCC_OP_LOCAL_TEE)) {
    w->split = w->height != 0;
    w->begin = w->split ? i->begin : i->end;
  }
}

/* Ends the run at hand where it was whole last. It is kept if that saves comparisons. */
static void close_run(walk *w) {
  bool saves = false;
  for (uint32_t l = 0; l < w->whole.looks; l++) {
    saves |= w->whole.look[l].ends > 1;
  }
  if (saves && w->out->size < HCC_RW_RUNS * sizeof w->whole) {
    hcc_buf_add(w->out, &w->whole, sizeof w->whole);
  }
  w->now.looks = w->whole.looks = 0;
}

static void open_run(walk *w) {
  close_run(w);
  w->now.begin = w->begin;
  w->now.split = w->split;
  w->now.places = 0;
}

/* Which of the run's looks the address is near; as many as there are if none. */
static uint32_t look_near(const hcc__rw_run *run, const hcc__rw_series *address) {
  uint32_t l = 0;
  while (l < run->looks && !hcc__rw_alike(&run->look[l].held, address)) {
    l++;
  }
  return l;
}

/* The local that holds the address less a constant where the run begins. */
static bool add_look(walk *w, const hcc__rw_series *address) {
  hcc__rw_run *run = &w->now;
  for (uint32_t i = 0; i < HCC_RW_HELD && run->looks < HCC_RW_RUN_LOOKS; i++) {
    const hcc__rw_held *h = &w->held[i];
    if (h->known && h->since <= run->begin && hcc__rw_alike(&h->value, address)) {
      uint32_t add = address->add - h->value.add;
      run->look[run->looks++] =
          (hcc__rw_run_look){.local = h->local, .held = h->value, .low = add, .high = add};
      return true;
    }
  }
  return false;
}

/* Takes the place into look l, unless it is too far off. */
static void add_place(hcc__rw_run *run, uint32_t l, const hcc_instr *i, uint32_t add) {
  hcc__rw_run_look *look = &run->look[l];
  uint32_t above = add - look->low, wide = look->high - look->low;
  uint64_t end = i->offset + (UINT64_C(1) << i->info->align);
  bool lower = above > HCC_RW_WIDE;
  uint32_t low = lower ? add : look->low, high = !lower && above > wide ? add : look->high;
  bool ended = false;
  if (high - low >= HCC_RW_WIDE || run->places == HCC_RW_RUN_PLACES ||
      i->offset > UINT32_MAX - HCC_RW_WIDE) {
    return;
  }
  for (uint32_t p = 0; p < run->places; p++) { /* clang knows equal ones */
    ended |= run->place[p].look == l && run->place[p].end == add + end;
  }
  look->ends += !ended;
  look->end += lower ? look->low - add : 0;
  look->end = add - low + end > look->end ? add - low + end : look->end;
  look->low = low;
  look->high = high;
  run->place[run->places++] =
      (hcc__rw_run_place){.begin = i->begin, .look = l, .add = add, .end = add + end};
}

static void access_at(walk *w, const hcc_instr *i, const hcc__rw_series *address) {
  bool fits = w->now.looks != 0 && i->end - w->now.begin <= RUN_BYTES;
  uint32_t l = fits ? look_near(&w->now, address) : 0;
  if (!fits || (l == w->now.looks && !add_look(w, address))) {
    open_run(w);
    l = 0;
    if (!add_look(w, address)) {
      return;
    }
  }
  add_place(&w->now, l, i, address->add - w->now.look[l].held.add);
}

/* Values that the instruction takes and leaves; false if it ends a run. */
static bool operands(uint32_t *takes, uint32_t *leaves, const hcc_instr *i) {
  const char *results = i->info->sig != NULL ? strchr(i->info->sig, ':') : NULL;
  *takes = *leaves = 0;
  switch (i->code) {
  case HCC_OP_LOCAL_GET:
  case HCC_OP_GLOBAL_GET:
    *leaves = 1;
    return true;
  case HCC_OP_LOCAL_TEE:
    *takes = *leaves = 1;
    return true;
  case HCC_OP_LOCAL_SET:
  case HCC_OP_GLOBAL_SET:
  case HCC_OP_DROP:
    *takes = 1;
    return true;
  case HCC_OP_SELECT:
  case HCC_OP_SELECT_T:
    *takes = 3;
    *leaves = 1;
    return true;
  default:
    if (results != NULL) {
      *takes = (uint32_t)(results - i->info->sig);
      *leaves = (uint32_t)strlen(results + 1);
    }
    return results != NULL && (i->info->flags & HCC_OPF_BULK) == 0;
  }
}

void hcc__rw_run_step(walk *w, const hcc_instr *i, const hcc__rw_series *address) {
  uint32_t takes, leaves;
  bool straight = operands(&takes, &leaves, i);
  if (address != NULL && address->terms != 0) {
    access_at(w, i, address);
  }
  if (!straight || takes > w->height) {
    close_run(w);
    w->height = 0;
  } else {
    w->height += leaves - takes;
  }
  if (w->height == 0 && w->now.looks != 0) {
    w->now.end = i->end;
    if (w->whole.looks == 0 || w->whole.places != w->now.places) {
      w->whole = w->now;
    }
  }
  may_begin(w, i);
}

const hcc__rw_run *hcc__rw_run_at(const hcc__rw *rw, const hcc_instr *i) {
  return hcc__rw_record_at(&rw->runs, sizeof(hcc__rw_run), i);
}

const hcc__rw_run_place *hcc__rw_run_place_at(const hcc__rw_run *run, uint32_t begin) {
  for (uint32_t p = 0; p < run->places; p++) {
    if (run->place[p].begin == begin) {
      return run->look[run->place[p].look].ends > 1 ? &run->place[p] : NULL;
    }
  }
  return NULL;
}

void hcc__rw_run_look_at(hcc_buf *out, const hcc__rw *rw, uint32_t params, const hcc__rw_run *run) {
  uint32_t written = 0;
  for (uint32_t l = 0; l < run->looks; l++) {
    const hcc__rw_run_look *look = &run->look[l];
    if (look->ends > 1) {
      emit_i32(out, l);
      emit_index(out, HCC_OP_LOCAL_GET, hcc__rw_local(rw, params, look->local));
      emit_i32(out, look->low);
      emit(out, HCC_OP_I32_ADD);
      emit_i64(out, 1);
      emit_i32(out, 0);
      emit_i64(out, (int64_t)look->end);
      emit_index(out, HCC_OP_CALL, rw->look_func);
      if (written++ != 0) {
        emit(out, HCC_OP_I32_AND);
      }
    }
  }
}
