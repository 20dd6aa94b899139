/* meter_web.c - which writes of a local may reach which reads: a web. A compiler uses one local for
 * several variables, one after the other; a web is one of these. It never writes code.
 *
 * One walk over the body gives a number, a value, to each write of the locals that are looked at,
 * and to each place where ways with different ones meet. Of a place where ways meet something must
 * read the local, else those who meet there have nothing to do with each other. A second walk over
 * the same body finds the same numbers and may ask for their webs.
 *
 * Invariant: every read of a value that a write may have left is in that write's web. Code that
 * can't run has no values. */
#include <string.h>

#include "rewrite_parts.h"

#define VALUES (1u << 17) /* of a body; of a larger one nothing is known */
#define MEETINGS (1u << 19)
#define ROUNDS 64u /* over the places where ways meet; the same */

typedef hcc__rw_webs webs;

typedef struct meeting { /* what is `from` before a place is `to` there */
  uint32_t to, from;
} meeting;

typedef struct frame {
  uint32_t opener;
  bool arrived;                     /* some way leads to the label */
  uint32_t own;                     /* bits: at[] is a value of this place */
  uint32_t at[HCC_RW_WEB_LOCALS];   /* where the label is */
  uint32_t open[HCC_RW_WEB_LOCALS]; /* where an if begins */
} frame;

hcc__rw_value *hcc__rw_value_at(const webs *w, uint32_t value) {
  return (hcc__rw_value *)(void *)w->values.data + value;
}

static frame *top(const webs *w, uint32_t branch) {
  size_t count = w->frames.size / sizeof(frame);
  return branch < count ? (frame *)(void *)w->frames.data + (count - 1 - branch) : NULL;
}

static bool failed(const webs *w) {
  return w->values.failed || w->meetings.failed || w->frames.failed;
}

static uint32_t new_value(webs *w) {
  hcc__rw_value value = {.parent = w->next};
  w->lost |= w->next >= VALUES;
  if (w->lost) {
    return 0;
  }
  if (!w->again) {
    hcc_buf_add(&w->values, &value, sizeof value);
  }
  return w->next++;
}

static void meet(webs *w, uint32_t to, uint32_t from) {
  meeting found = {to, from};
  w->lost |= w->meetings.size / sizeof found >= MEETINGS;
  if (!w->again && !w->lost && to != from) {
    hcc_buf_add(&w->meetings, &found, sizeof found);
  }
}

/* The code at hand leads to the label. */
static void arrive(webs *w, frame *f) {
  for (uint32_t l = 0; f != NULL && w->live && l < w->locals; l++) {
    if (f->opener != HCC_OP_LOOP && !f->arrived) {
      f->at[l] = w->now[l];
    } else if (f->opener != HCC_OP_LOOP && f->at[l] != w->now[l] && (f->own >> l & 1) == 0) {
      uint32_t value = new_value(w);
      meet(w, value, f->at[l]);
      f->at[l] = value;
      f->own |= UINT32_C(1) << l;
    }
    if (f->opener == HCC_OP_LOOP || (f->own >> l & 1) != 0) {
      meet(w, f->at[l], w->now[l]);
    }
  }
  if (f != NULL && w->live) {
    f->arrived = true;
  }
}

static void open_frame(webs *w, uint32_t opener) {
  frame f = {.opener = opener};
  memcpy(f.open, w->now, sizeof f.open);
  for (uint32_t l = 0; opener == HCC_OP_LOOP && l < w->locals; l++) {
    f.at[l] = new_value(w);
    meet(w, f.at[l], w->now[l]);
    w->now[l] = f.at[l];
  }
  hcc_buf_add(&w->frames, &f, sizeof f);
}

static void begin_else(webs *w, frame *f) {
  arrive(w, f);
  memcpy(w->now, f->open, sizeof f->open);
  w->live = true;
  f->opener = HCC_OP_ELSE;
}

static void close_frame(webs *w, frame *f) {
  if (f->opener != HCC_OP_LOOP) {
    arrive(w, f);
  }
  if (f->opener == HCC_OP_IF) {
    memcpy(w->now, f->open, sizeof f->open);
    w->live = true;
    arrive(w, f);
  }
  if (f->opener != HCC_OP_LOOP && f->arrived) {
    memcpy(w->now, f->at, sizeof f->at);
    w->live = true;
  }
  w->frames.size -= sizeof *f;
}

static int arrive_at_all(webs *w, const hcc_instr *i) {
  hcc_reader r = {w->rw->m->bytes, i->targets, i->end};
  uint32_t branch;
  int status = 0;
  for (uint32_t n = 0; n <= i->target_count; n++) {
    HCC_TRY(hcc_read_u32(&branch, &r, w->rw->err));
    arrive(w, top(w, branch));
  }
out:
  return status;
}

/* In code that can't run: is this the end or the else of what it stands in? */
static bool revives(webs *w, const hcc_instr *i) {
  if (i->info->imm == HCC_IMM_BLOCK) {
    w->dead++;
  } else if (i->code == HCC_OP_END && w->dead != 0) {
    w->dead--;
    return false;
  }
  return w->dead == 0 && (i->code == HCC_OP_END || i->code == HCC_OP_ELSE);
}

uint32_t hcc__rw_web_slot(const webs *w, uint32_t local) {
  uint32_t slot = 0;
  while (slot < w->locals && w->local[slot] != local) {
    slot++;
  }
  return slot;
}

static void set_local(webs *w, uint32_t local) {
  uint32_t slot = hcc__rw_web_slot(w, local);
  if (slot < w->locals) {
    w->now[slot] = new_value(w);
  }
}

int hcc__rw_web_step(webs *w, const hcc_instr *i) {
  frame *f = top(w, 0);
  int status = 0;
  if (failed(w) || w->lost || f == NULL || (!w->live && !revives(w, i))) {
    return 0;
  }
  switch (i->code) {
  case HCC_OP_BLOCK:
  case HCC_OP_LOOP:
  case HCC_OP_IF:
    open_frame(w, i->code);
    break;
  case HCC_OP_ELSE:
    begin_else(w, f);
    break;
  case HCC_OP_END:
    close_frame(w, f);
    break;
  case HCC_OP_BR:
  case HCC_OP_BR_IF:
    arrive(w, top(w, i->a));
    w->live = i->code == HCC_OP_BR_IF;
    break;
  case HCC_OP_BR_TABLE:
    status = arrive_at_all(w, i);
    w->live = false;
    break;
  case HCC_OP_RETURN:
  case HCC_OP_UNREACHABLE:
    w->live = false;
    break;
  case HCC_OP_LOCAL_SET:
  case HCC_OP_LOCAL_TEE:
    set_local(w, i->a);
    break;
  default:
    break;
  }
  return status;
}

uint32_t hcc__rw_web(const webs *w, uint32_t value) {
  while (hcc__rw_value_at(w, value)->parent != value) {
    hcc__rw_value *v = hcc__rw_value_at(w, value);
    v->parent = hcc__rw_value_at(w, v->parent)->parent;
    value = v->parent;
  }
  return value;
}

void hcc__rw_web_join(const webs *w, uint32_t x, uint32_t y) {
  hcc__rw_value_at(w, hcc__rw_web(w, x))->parent = hcc__rw_web(w, y);
}

/* Who reads a place where ways meet reads what came there. Returns whether that was news. */
static bool pass_reads(const webs *w) {
  const meeting *all = (const meeting *)(const void *)w->meetings.data;
  bool news = false;
  for (size_t i = w->meetings.size / sizeof *all; i-- != 0;) {
    hcc__rw_value *from = hcc__rw_value_at(w, all[i].from);
    bool read = hcc__rw_value_at(w, all[i].to)->read && !from->read;
    from->read |= read;
    news |= read;
  }
  return news;
}

static void start(webs *w, bool again) {
  w->next = 0;
  w->again = again;
  w->live = true;
  w->dead = 0;
  w->frames.size = 0;
  for (uint32_t l = 0; l < w->locals; l++) {
    w->now[l] = new_value(w);
  }
  open_frame(w, HCC_OP_BLOCK);
}

void hcc__rw_web_again(webs *w) {
  const meeting *all = (const meeting *)(const void *)w->meetings.data;
  uint32_t rounds = 0;
  if (failed(w) || w->lost) {
    return;
  }
  while (pass_reads(w) && rounds < ROUNDS) {
    rounds++;
  }
  w->lost = rounds == ROUNDS;
  for (size_t i = 0; i < w->meetings.size / sizeof *all; i++) {
    if (hcc__rw_value_at(w, all[i].to)->read) {
      hcc__rw_web_join(w, all[i].to, all[i].from);
    }
  }
  start(w, true);
}

void hcc__rw_web_begin(webs *w) {
  hcc_buf_init(&w->values, SIZE_MAX);
  hcc_buf_init(&w->meetings, SIZE_MAX);
  hcc_buf_init(&w->frames, SIZE_MAX);
  start(w, false);
}

bool hcc__rw_web_failed(const webs *w) {
  return failed(w);
}

void hcc__rw_web_free(webs *w) {
  hcc_buf_free(&w->values);
  hcc_buf_free(&w->meetings);
  hcc_buf_free(&w->frames);
}
