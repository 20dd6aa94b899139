/* meter_body.h - the writing of a body, as far as it has come: what meter.c and meter_twice.c
 * share. */
#ifndef HCC_METER_BODY_H
#define HCC_METER_BODY_H

#include "rewrite_parts.h"

/* What all branches to a frame's label know. The lower part is kept from run to run. */
typedef struct hcc__rw_label {
  uint32_t opener; /* the opcode */
  int64_t open;    /* owed where an if begins */
  int64_t agreed;  /* owed where the label is */
  int64_t least;   /* in this run, of all that leads there, the entry of a loop aside */
  bool zero;       /* nothing may be owed */
  bool inner;      /* it is in a loop that no other loop is in, or it is one */
  bool aside;      /* it is a block there, without values */
  bool has_else;
} hcc__rw_label;

typedef struct hcc__rw_writing {
  hcc_buf *out;
  hcc__rw *rw;
  const hcc_func *func;
  uint32_t params; /* the fuel's local, if metered: it follows the parameters */
  hcc__rw_places at;
  size_t next_cost; /* index in rw->costs */
  uint32_t next_label;
  uint32_t run;               /* the last one's output stays */
  int64_t owed;               /* by what was written last */
  hcc__rw_label no_room;      /* stands for those that there is no memory for */
  const hcc__rw_sure *sure;   /* of the copy of a counted loop at hand; else NULL */
  bool each;                  /* it is the second copy: each turn is charged and looked at */
  uint32_t next_sure;         /* index in sure->access */
  uint32_t outside;           /* frames around the bounded or ranged loop at hand; 0: it is none */
  uint32_t frames;            /* of ours, between those and it */
  bool unchecked;             /* it is the copy without checkpoints */
  bool later;                 /* the loop that begins has its checkpoint further on */
  int64_t prepaid;            /* there, of each turn */
  const hcc__rw_range *range; /* of the copy of a ranged loop that looks, at hand; else NULL */
  const hcc__rw_run *seen;    /* whose places have been looked at, at hand; else NULL */
} hcc__rw_writing;

/* meter.c: all but that much of what is owed. */
void hcc__rw_pay_to(hcc__rw_writing *b, int64_t rest);
/* Of the block that begins next; NULL behind the last. */
const hcc__rw_cost *hcc__rw_cost_ahead(const hcc__rw_writing *b);
hcc__rw_cost hcc__rw_next_cost(hcc__rw_writing *b);
/* What the loop that has just begun owes where it goes on to its next turn. */
int64_t hcc__rw_owed_back(hcc__rw_writing *b);
/* An instruction, without a charge and with it. */
void hcc__rw_put_plain(hcc__rw_writing *b, const hcc_instr *i);
void hcc__rw_put_instr(hcc__rw_writing *b, const hcc_instr *i, enum hcc__flow_point point);
/* One instruction, or the loop that begins with it. */
int hcc__rw_put_next(hcc__rw_writing *b, hcc_reader *r);
/* Up to the end of the frame at that depth. Errors: as hcc__rw_costs. */
int hcc__rw_put_until(hcc__rw_writing *b, hcc_reader *r, uint32_t depth);

/* meter_twice.c: a loop has begun, of that kind; its body is at the reader. */
int hcc__rw_put_counted(hcc__rw_writing *b, hcc_reader *r, const hcc_instr *loop);
int hcc__rw_put_bounded(hcc__rw_writing *b, hcc_reader *r, const hcc_instr *loop);
int hcc__rw_put_ranged(hcc__rw_writing *b, hcc_reader *r, const hcc_instr *loop);

/* meter_skip.c: a loop has begun whose turns may be short. */
int hcc__rw_put_skips(hcc__rw_writing *b, hcc_reader *r, const hcc_instr *loop);

#endif
