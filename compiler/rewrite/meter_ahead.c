/* meter_ahead.c - writes what stands before a loop whose number of turns is known: how many they
 * are, whether its accesses are in bounds and there is fuel for all, and the charge. It never
 * writes the loop. It stands in two blocks, of which it leaves the inner one if the loop has to be
 * charged turn by turn, and both if what the loop does is done (meter_copy.c).
 *
 * Invariant: whatever is left to do, nothing of it has been done or charged. */
#include "emit.h"
#include "hsb_abi.h"
#include "rewrite_parts.h"

#define TURNS_MIN 8
#define TURNS_MIN_EACH 3 /* where the second copy looks at each turn */

typedef hcc__rw_ahead ahead;

uint32_t hcc__rw_local(const hcc__rw *rw, uint32_t params, uint32_t local) {
  return local + (rw->options.meter && local >= params ? 1 : 0);
}

void hcc__rw_mark(hcc_buf *out, const hcc__rw *rw, uint32_t offset) {
  if (rw->options.marks) {
    emit_i32(out, offset);
    emit_index(out, HCC_OP_CALL, rw->mark_func);
  }
}

void hcc__rw_ask(hcc_buf *out, const hcc__rw *rw, uint32_t params) {
  emit_open(out, HCC_OP_IF);
  emit_index(out, HCC_OP_LOCAL_GET, params);
  emit_index(out, HCC_OP_CALL, rw->fuel_func);
  emit_index(out, HCC_OP_LOCAL_SET, params);
  emit(out, HCC_OP_END);
}

static void guest_local(const ahead *a, uint32_t code, uint32_t local) {
  emit_index(a->out, code, hcc__rw_local(a->rw, a->params, local));
}

/* What the guest has in the local, as the instruction there has it (meter_shift.c). */
static void get_value(const ahead *a, uint32_t local, uint32_t at) {
  uint32_t by = hcc__rw_shift_at(a->rw, &(hcc_instr){.begin = at});
  guest_local(a, HCC_OP_LOCAL_GET, local);
  if (by != 0) {
    emit_i32(a->out, by);
    emit(a->out, HCC_OP_I32_SUB);
  }
}

/* Where the loop begins to count, onto the stack. */
static void get_begin(const ahead *a, const hcc__rw_turns *t) {
  get_value(a, t->local, t->set_at);
}

/* Where the loop ends, onto the stack. */
static void get_until(const ahead *a, const hcc__rw_turns *t) {
  if (t->until_local) {
    get_value(a, t->until, t->until_at);
  } else {
    emit_i32(a->out, t->until);
  }
}

/* The local, or a number, as 64 bits, onto the stack. */
static void get_step(const ahead *a, const hcc__rw_turns *t) {
  if (t->by_local) {
    guest_local(a, HCC_OP_LOCAL_GET, t->step);
    emit(a->out, HCC_OP_I64_EXTEND_I32_U);
  } else {
    emit_i64(a->out, t->step);
  }
}

static bool is_signed(const hcc__rw_turns *t) {
  return t->compare == HCC_OP_I32_LT_S || t->compare == HCC_OP_I32_LE_S ||
         t->compare == HCC_OP_I32_GT_S || t->compare == HCC_OP_I32_GE_S;
}

/* Does the loop end where the local is equal? */
static bool is_strict(const hcc__rw_turns *t) {
  return t->compare == HCC_OP_I32_LT_S || t->compare == HCC_OP_I32_LT_U ||
         t->compare == HCC_OP_I32_GT_S || t->compare == HCC_OP_I32_GT_U;
}

/* What stands on the stack, as the loop compares it. */
static void extend(const ahead *a, const hcc__rw_turns *t) {
  emit(a->out, is_signed(t) ? HCC_OP_I64_EXTEND_I32_S : HCC_OP_I64_EXTEND_I32_U);
}

/* Leaves the innermost block if the local might pass the last number there is, from which it would
 * go on at the other end: where the loop ends it is no further than a step from the last place at
 * which it goes on. */
static void check_wrap(const ahead *a, const hcc__rw_turns *t) {
  int64_t low = is_signed(t) ? INT32_MIN : 0, high = is_signed(t) ? INT32_MAX : UINT32_MAX;
  get_until(a, t);
  extend(a, t);
  get_step(a, t);
  emit(a->out, t->down ? HCC_OP_I64_SUB : HCC_OP_I64_ADD);
  if (t->down) {
    emit_by(a->out, HCC_OP_I64_LT_S, low - is_strict(t));
  } else {
    emit_by(a->out, HCC_OP_I64_GT_S, high + is_strict(t));
  }
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

/* The loop's turns to their local, if it goes on while the local is less, or greater, than its end:
 * what lies between, divided by the step. Leaves the innermost block if the first turn is the last;
 * with a step that has to be divided by, if few turns would be. */
static void put_turns_between(const ahead *a, const hcc__rw_turns *t) {
  if (t->down) {
    get_begin(a, t);
    extend(a, t);
    get_until(a, t);
    extend(a, t);
  } else {
    get_until(a, t);
    extend(a, t);
    get_begin(a, t);
    extend(a, t);
  }
  emit(a->out, HCC_OP_I64_SUB);
  emit_by(a->out, HCC_OP_I64_SUB, is_strict(t));
  emit_index(a->out, HCC_OP_LOCAL_TEE, a->turns);
  if (t->by_local) {
    get_step(a, t);
    emit_by(a->out, HCC_OP_I64_MUL, TURNS_MIN - 1);
  } else {
    emit_i64(a->out, 0);
  }
  emit(a->out, HCC_OP_I64_LT_S);
  emit_index(a->out, HCC_OP_BR_IF, 0);
  check_wrap(a, t);
  if (t->by_local) {
    guest_local(a, HCC_OP_LOCAL_GET, t->step);
    emit(a->out, HCC_OP_I32_EQZ);
    emit_index(a->out, HCC_OP_BR_IF, 0);
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
    emit(a->out, HCC_OP_I32_WRAP_I64);
    guest_local(a, HCC_OP_LOCAL_GET, t->step);
    emit(a->out, HCC_OP_I32_DIV_U);
    emit(a->out, HCC_OP_I64_EXTEND_I32_U);
  } else {
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
    emit_by(a->out, HCC_OP_I64_DIV_U, t->step);
  }
  emit_by(a->out, HCC_OP_I64_ADD, 1);
  emit_index(a->out, HCC_OP_LOCAL_SET, a->turns);
}

void hcc__rw_count_steps(const ahead *a, uint32_t step) {
  emit(a->out, HCC_OP_I64_EXTEND_I32_U);
  if (step != 1) {
    emit_index(a->out, HCC_OP_LOCAL_TEE, a->turns);
    emit_by(a->out, HCC_OP_I64_REM_U, step);
    emit_by(a->out, HCC_OP_I64_NE, 0);
    emit_index(a->out, HCC_OP_BR_IF, 0);
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
    emit_by(a->out, HCC_OP_I64_DIV_U, step);
  }
  emit_by(a->out, HCC_OP_I64_ADD, 1);
}

/* The loop's turns to their local: (end - above - begin) / step + 1, modulo 2^32 up to the
 * division. Leaves the innermost block if the division has a rest; else in fewer turns the local
 * moves by less than that, and so is elsewhere. */
static void put_turns(const ahead *a, const hcc__rw_turns *t) {
  if (t->compare != HCC_OP_I32_NE) {
    put_turns_between(a, t);
    return;
  }
  if (t->down) {
    get_begin(a, t);
    get_until(a, t);
  } else {
    get_until(a, t);
    get_begin(a, t);
  }
  emit(a->out, HCC_OP_I32_SUB);
  emit_i32(a->out, t->down ? 0 - t->above : t->above);
  emit(a->out, HCC_OP_I32_SUB);
  hcc__rw_count_steps(a, t->step);
  emit_index(a->out, HCC_OP_LOCAL_SET, a->turns);
}

/* Turns times what each costs or copies, onto the stack. */
static void get_turns_cost(const ahead *a, uint64_t cost) {
  emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  emit_by(a->out, HCC_OP_I64_MUL, (int64_t)cost);
}

void hcc__rw_get_series(hcc_buf *out, const hcc__rw *rw, uint32_t params, const hcc__rw_series *s) {
  emit_i32(out, s->add);
  for (uint32_t i = 0; i < s->terms; i++) {
    emit_index(out, HCC_OP_LOCAL_GET, hcc__rw_local(rw, params, s->term[i]));
    emit_i32(out, s->factor[i]);
    emit(out, HCC_OP_I32_MUL);
    emit(out, HCC_OP_I32_ADD);
  }
}

/* The same, and that much more. */
static void get_series(const ahead *a, const hcc__rw_series *s, uint32_t more) {
  hcc__rw_series sum = *s;
  sum.add += more;
  hcc__rw_get_series(a->out, a->rw, a->params, &sum);
}

static void get_series_begin(const ahead *a, const hcc__rw_series *s) {
  get_series(a, s, 0);
  emit(a->out, HCC_OP_I64_EXTEND_I32_U);
}

/* How far the last address is from the first, onto the stack. A local's step times the turns before
 * the last is below 2^32: so far does the loop's own local move without passing the last number. */
static void get_distance(const ahead *a, const hcc__rw_series *s) {
  bool down = (int32_t)s->stride < 0;
  emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  emit_by(a->out, HCC_OP_I64_SUB, 1);
  if (s->times != 0) {
    get_step(a, &a->cost->turns);
    emit(a->out, HCC_OP_I64_MUL);
    emit_by(a->out, HCC_OP_I64_MUL, s->times);
  } else {
    emit_by(a->out, HCC_OP_I64_MUL, down ? 0 - s->stride : s->stride);
  }
}

/* Leaves the innermost block if an access is not in bounds in some turn. */
static void check_reach(const ahead *a, const hcc__rw_series *s, uint64_t end) {
  bool down = (int32_t)s->stride < 0;
  if (down) {
    get_series_begin(a, s);
    get_distance(a, s);
    emit(a->out, HCC_OP_I64_LT_U);
    emit_index(a->out, HCC_OP_BR_IF, 0);
  }
  get_series_begin(a, s);
  if (!down) {
    get_distance(a, s);
    emit(a->out, HCC_OP_I64_ADD);
  }
  emit_by(a->out, HCC_OP_I64_ADD, (int64_t)end);
  emit(a->out, HCC_OP_MEMORY_SIZE);
  hcc_buf_byte(a->out, 0);
  emit(a->out, HCC_OP_I64_EXTEND_I32_U);
  emit_by(a->out, HCC_OP_I64_SHL, 16);
  emit(a->out, HCC_OP_I64_GT_U);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

/* The same by "h"."look", which keeps what it has seen: of all turns, or of one. */
static void look_at_reach(const ahead *a, uint32_t reach, bool all) {
  const hcc__rw_series *s = &a->sure.reach[reach].series;
  emit_i32(a->out, a->sure.first + reach);
  get_series(a, s, 0);
  if (all) {
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  } else {
    emit_i64(a->out, 1);
  }
  emit_i32(a->out, s->stride);
  emit_i64(a->out, (int64_t)a->sure.reach[reach].end);
  emit_index(a->out, HCC_OP_CALL, a->rw->look_func);
  emit(a->out, HCC_OP_I32_EQZ);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

void hcc__rw_look_at_reaches(const ahead *a, bool all) {
  for (uint32_t i = 0; i < a->sure.reaches; i++) {
    look_at_reach(a, i, all);
  }
}

/* Leaves the innermost block unless all accesses that are sure are in bounds in all turns. */
static void check_reaches(const ahead *a) {
  if (a->rw->options.looks && a->sure.reaches != 0) {
    hcc__rw_look_at_reaches(a, true);
    emit_i64(a->out, 0);
    emit_index(a->out, HCC_OP_LOCAL_SET, a->turns + 1);
    return;
  }
  for (uint32_t i = 0; i < a->sure.reaches; i++) {
    check_reach(a, &a->sure.reach[i].series, a->sure.reach[i].end);
  }
}

bool hcc__rw_fixes(const hcc__rw_turns *t) {
  return !t->branches || t->by_local;
}

bool hcc__rw_looks_at_turns(const ahead *a) {
  return a->rw->options.looks && a->sure.reaches != 0 && !a->cost->turns.branches;
}

/* More than a slice is only had in a small memory (meter_slow.c), and in a large one loops need
 * more: that they are not charged at once would cost them their looks. */
bool hcc__rw_prepays(const ahead *a) {
  const hcc_module *m = a->rw->m;
  bool large = m->memory_count != 0 && m->memories[0].min > HSB_FUEL_SMALL / HSB_PAGE;
  return !a->rw->options.looks || !a->cost->turns.branches || !large;
}

/* Few turns are not worth the looks before them, unless each would be looked at. */
static void check_turns(const ahead *a, const hcc__rw_turns *t) {
  emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  emit_by(a->out, t->few != 0 ? HCC_OP_I64_GT_U : HCC_OP_I64_LT_U,
          t->few != 0                 ? t->few
          : hcc__rw_looks_at_turns(a) ? TURNS_MIN_EACH
                                      : TURNS_MIN);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

/* Is there less fuel than so many of the dearest turns need, or, if they are few, as many as there
 * may be? Onto the stack. Before a copy that is what the fuel will be, less than 0: it is at hand
 * there, and a comparison less counts where copies are short (measured). Both fit in 62 bits. */
static void is_short(const ahead *a, uint32_t few, bool copies) {
  emit_index(a->out, HCC_OP_LOCAL_GET, a->params);
  if (few != 0) {
    emit_i64(a->out, (int64_t)(few * a->cost->most));
  } else {
    get_turns_cost(a, a->cost->most);
  }
  if (copies) {
    emit(a->out, HCC_OP_I64_SUB);
    emit_i64(a->out, 0);
  }
  emit(a->out, HCC_OP_I64_LT_S);
}

/* Turns that take no more time than a loop may, however much fuel they need: in any memory, and in
 * a small one. 0 if the loop's time is not known. */
typedef struct most_turns {
  int64_t any, small;
} most_turns;

static most_turns most_of(const ahead *a) {
  bool known = a->sure.time >= a->cost->most && a->sure.small >= a->cost->most;
  if (!known || !a->rw->options.helpers) {
    return (most_turns){0};
  }
  return (most_turns){HSB_FUEL_AHEAD / (int64_t)a->sure.time,
                      (HSB_FUEL_AHEAD - HCC_RW_SMALL_PAGES) / (int64_t)a->sure.small};
}

/* What all turns need, onto the stack: if they are more than may be in any memory, for the host to
 * look how large it is. Memory that is read here would make clang order the loop's loads in another
 * way (measured). */
static void get_wanted(const ahead *a, const most_turns *most) {
  get_turns_cost(a, a->cost->most);
  if (most->small > most->any) {
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
    emit_by(a->out, HCC_OP_I64_GT_U, most->any);
    emit(a->out, HCC_OP_I64_EXTEND_I32_U);
    emit_by(a->out, HCC_OP_I64_SHL, HSB_FUEL_IF_SMALL);
    emit(a->out, HCC_OP_I64_OR);
  }
}

/* Asks for the next slice if what is on the stack is true, or for as much as all turns need if they
 * are no more than may be, and no further from each other than caches have and the system finds in
 * 2 ms. */
static void ask_ahead(const ahead *a) {
  const most_turns most = most_of(a);
  int64_t turns = most.small > most.any ? most.small : most.any;
  if (turns * (int64_t)a->cost->most <= HSB_FUEL_SLICE) {
    hcc__rw_ask(a->out, a->rw, a->params);
    return;
  }
  emit_open(a->out, HCC_OP_IF);
  emit_index(a->out, HCC_OP_LOCAL_GET, a->params);
  get_wanted(a, &most);
  emit_i64(a->out, 0);
  emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  emit_by(a->out, HCC_OP_I64_LE_U, turns);
  for (uint32_t i = 0; i < a->sure.reaches; i++) {
    if (a->sure.reach[i].series.times != 0) {
      get_distance(a, &a->sure.reach[i].series);
      emit_by(a->out, HCC_OP_I64_LE_U, HSB_FUEL_SMALL);
      emit(a->out, HCC_OP_I32_AND);
    }
  }
  emit(a->out, HCC_OP_SELECT);
  emit_index(a->out, HCC_OP_CALL, a->rw->more_func);
  emit_index(a->out, HCC_OP_LOCAL_SET, a->params);
  emit(a->out, HCC_OP_END);
}

/* Leaves the innermost block if there is no fuel for all turns, in the next slice neither: slices
 * are small, and most loops need less than one. */
static void check_fuel(const ahead *a, uint32_t few, bool copies) {
  if (a->rw->options.marks && a->cost->turns.few == 0) {
    hcc__rw_mark(a->out, a->rw, a->begin);
    is_short(a, few, copies);
    ask_ahead(a);
  }
  is_short(a, few, copies);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

/* Between the looks and a loop that is charged turn by turn: clang leaves a place's comparison out
 * only if the loop does not begin right where the look has said yes. Fuel that is spent, below
 * zero, is the loop's own checkpoint's to find. */
void hcc__rw_ask_if_low(const ahead *a) {
  hcc__rw_mark(a->out, a->rw, a->begin);
  emit_index(a->out, HCC_OP_LOCAL_GET, a->params);
  emit_by(a->out, HCC_OP_I64_LT_U, HSB_FUEL_LOW);
  hcc__rw_ask(a->out, a->rw, a->params);
}

int64_t hcc__rw_each(const hcc__rw_cost *cost, int64_t owed) {
  int64_t all = cost->fuel + owed;
  bool usual = all >= cost->fuel && all <= (int64_t)cost->most;
  return usual ? all : cost->fuel;
}

/* Charges all turns. */
static void charge_turns(const ahead *a) {
  emit_index(a->out, HCC_OP_LOCAL_GET, a->params);
  get_turns_cost(a, (uint64_t)a->each);
  emit(a->out, HCC_OP_I64_SUB);
  emit_index(a->out, HCC_OP_LOCAL_SET, a->params);
}

/* --- instead of the loop --- */

static void get_place(const ahead *a, const hcc__rw_place *p) {
  get_series_begin(a, &p->series);
  emit_by(a->out, HCC_OP_I64_ADD, (int64_t)p->offset);
}

/* Another local as it is, of any type; all other values are i32. */
static bool is_local(const hcc__rw_series *s) {
  return s->terms == 1 && s->factor[0] == 1 && s->add == 0 && s->stride == 0;
}

/* Sets the locals to what the last turn leaves. */
static void set_locals(const ahead *a, const hcc__rw_copy *copy) {
  for (uint32_t i = 0; i < copy->locals; i++) {
    const hcc__rw_series *s = &copy->left[i].value;
    if (is_local(s)) {
      guest_local(a, HCC_OP_LOCAL_GET, s->term[0]);
      continue;
    }
    get_series(a, s, 0 - s->stride);
    emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
    emit(a->out, HCC_OP_I32_WRAP_I64);
    emit_i32(a->out, s->stride);
    emit(a->out, HCC_OP_I32_MUL);
    emit(a->out, HCC_OP_I32_ADD);
  }
  for (uint32_t i = copy->locals; i-- != 0;) {
    guest_local(a, HCC_OP_LOCAL_SET, copy->left[i].local);
  }
}

/* Has the bytes copied and leaves both blocks, if that can be done at once. */
static void try_copy(const ahead *a, const hcc__rw_copy *copy) {
  bool meter = a->rw->options.meter;
  if (meter) {
    check_fuel(a, 0, true);
  }
  hcc__rw_mark(a->out, a->rw, a->begin);
  get_place(a, &copy->to);
  get_place(a, &copy->from);
  get_turns_cost(a, copy->bytes);
  emit_index(a->out, HCC_OP_CALL, a->rw->copy_func);
  emit_open(a->out, HCC_OP_IF);
  if (meter) {
    charge_turns(a);
  }
  set_locals(a, copy);
  emit_index(a->out, HCC_OP_BR, 2);
  emit(a->out, HCC_OP_END);
}

void hcc__rw_look_ahead(const ahead *a) {
  const hcc__rw_turns *t = &a->cost->turns;
  put_turns(a, t);
  if (a->sure.copy.found) {
    try_copy(a, &a->sure.copy);
  }
  check_turns(a, t);
  check_reaches(a);
  if (a->rw->options.meter && hcc__rw_prepays(a)) {
    check_fuel(a, t->few, false);
    charge_turns(a);
  } else if (a->rw->options.meter) {
    hcc__rw_ask_if_low(a);
  }
}
