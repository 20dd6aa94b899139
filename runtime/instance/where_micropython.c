/* where_micropython.c - MicroPython's frames: that of the innermost loop of bytecode, which its
 * list of handlers of exceptions has. Must take nothing for true that memory says: where.h. */
#include "hsb_where.h"
#include "instance/where.h"

typedef struct hsb_where_micropython record;

static void name_of(char out[HRT_ESCAPED], struct hrt_look *l, const record *w, uint32_t name) {
  uint32_t pool = hrt_look_word(l, w->pools_at, 0), before = 0;
  while (!l->failed) {
    before = hrt_look_word(l, pool, w->pool_before) & INT32_MAX; /* the highest bit: it is sorted */
    if (name >= before) {
      break;
    }
    pool = hrt_look_word(l, pool, w->pool_outer);
  }
  uint32_t index = name - before;
  l->failed |= index >= hrt_look_word(l, pool, w->pool_count) || index > UINT32_MAX / 8;
  uint32_t length = hrt_look_byte(l, hrt_look_word(l, pool, w->pool_lengths), index);
  hrt_look_text(out, l, l->failed ? 0 : hrt_look_word(l, pool, w->pool_texts + 4 * index), length);
}

/* A function's bytes, from its head on. */
struct code {
  struct hrt_look *look;
  uint32_t at;
};

static uint32_t next_byte(struct code *c) {
  return hrt_look_byte(c->look, c->at++, 0);
}

static uint32_t next_number(struct code *c) {
  uint32_t v = 0, byte = 128;
  while (byte >= 128 && !c->look->failed) {
    byte = next_byte(c);
    v = v << 7 | (byte & 127);
  }
  return v;
}

/* MP_BC_PRELUDE_SIG_DECODE: how many parameters have a name in the head. */
static uint32_t parameters(struct code *c) {
  uint32_t z = next_byte(c), positional = z & 3, named = 0;
  for (unsigned n = 0; z >= 128 && n < 24 && !c->look->failed; n++) {
    z = next_byte(c);
    positional |= (z & 4) << n;
    named |= (z >> 3 & 1) << n;
  }
  return positional + named;
}

/* MP_BC_PRELUDE_SIZE_DECODE: bytes of names and lines, and of what is behind them. */
static void sizes(uint32_t *info, uint32_t *cells, struct code *c) {
  uint32_t z = 128;
  *info = *cells = 0;
  for (unsigned n = 0; z >= 128 && n < 4 && !c->look->failed; n++) {
    z = next_byte(c);
    *cells |= (z & 1) << n;
    *info |= (z >> 1 & 63) << 6 * n;
  }
}

/* mp_bytecode_get_source_line. */
static uint32_t line_at(struct code *c, uint32_t end, uint32_t wanted) {
  uint32_t line = 1;
  while (c->at < end && !c->look->failed) {
    uint32_t byte = next_byte(c);
    bool wide = byte >= 128;
    uint32_t bytes = wide ? byte & 15 : byte & 31;
    uint32_t lines = wide ? (byte << 4 & 0x700) | next_byte(c) : byte >> 5;
    if (wanted < bytes) {
      break;
    }
    wanted -= bytes;
    line += lines;
  }
  return line;
}

static void place_of(hrt_place *out, struct hrt_look *l, const record *w, uint32_t state) {
  uint32_t function = hrt_look_word(l, state, w->state_function), info, cells;
  struct code c = {l, hrt_look_word(l, function, w->function_code)};
  uint32_t left = parameters(&c);
  sizes(&info, &cells, &c);
  uint32_t end = c.at + info, pc = hrt_look_word(l, state, w->state_pc);
  name_of(out->function, l, w, next_number(&c));
  for (; left > 0 && !l->failed; left--) {
    (void)next_number(&c);
  }
  out->line = line_at(&c, end, pc - (end + cells));
  name_of(out->file, l, w,
          hrt_look_word(l, hrt_look_word(l, function, w->function_module), w->module_file));
}

bool hrt_where_micropython(hrt_place *out, struct hrt_look *l) {
  record w;
  if (!hrt_guest_read(&w, l->instance, (guest_u32){l->instance->where}, sizeof w)) {
    return false;
  }
  uint32_t handler = hrt_look_word(l, w.handler_at, 0);
  while (handler != 0 && !l->failed && hrt_look_word(l, handler, w.handler_id) != 0) {
    handler = hrt_look_word(l, handler, w.handler_outer);
  }
  if (handler == 0 || l->failed) {
    return false;
  }
  place_of(out, l, &w, hrt_look_word(l, handler, w.handler_state));
  return !l->failed && out->file[0] != 0;
}
