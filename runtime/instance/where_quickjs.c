/* where_quickjs.c - QuickJS's frames: the innermost one of a function of the script's own, as in
 * the stack of its exceptions. Must take nothing for true that memory says: where.h. */
#include <string.h>

#include "hsb_where.h"
#include "instance/where.h"

typedef struct hsb_where_quickjs record;

/* The code of a frame's function; 0: it is a native one. */
static uint32_t code_of(struct hrt_look *l, const record *w, uint32_t object) {
  uint32_t class = hrt_look_word(l, object, w->object_class) & UINT16_MAX;
  for (size_t n = 0; n < sizeof w->classes / sizeof *w->classes; n++) {
    if (w->classes[n] == class) {
      return hrt_look_word(l, object, w->object_code);
    }
  }
  return 0;
}

/* Texts of wider characters are shown as nothing. */
static void text_of(char out[HRT_ESCAPED], struct hrt_look *l, const record *w, uint32_t text) {
  uint32_t size = hrt_look_word(l, text, w->text_size); /* the highest bit: it is wide */
  hrt_look_text(out, l, (uint64_t)text + w->text_bytes, size > INT32_MAX ? 0 : size);
}

static void name_of(char out[HRT_ESCAPED], struct hrt_look *l, const record *w, uint32_t object) {
  uint32_t shape = hrt_look_word(l, object, w->object_shape);
  uint32_t properties = hrt_look_word(l, object, w->object_properties);
  bool named = hrt_look_word(l, shape, w->shape_name) == w->name &&
               hrt_look_word(l, properties, w->property_name + 4) == w->text;
  if (named) {
    text_of(out, l, w, hrt_look_word(l, properties, w->property_name));
  }
  if (!named || out[0] == '<') { /* QuickJS's own word for what has no name */
    out[0] = 0;
  }
}

/* The table of lines: what is left of it, and where. */
struct lines {
  struct hrt_look *look;
  uint32_t at, end;
};

static uint32_t byte_of(struct lines *t) {
  t->look->failed |= t->at == t->end;
  return hrt_look_byte(t->look, t->at++, 0);
}

static uint32_t number_of(struct lines *t) {
  uint32_t v = 0, byte = 128;
  for (unsigned shift = 0; shift < 35 && byte >= 128; shift += 7) {
    byte = byte_of(t);
    v |= shift < 32 ? (byte & 127) << shift : 0;
  }
  return v;
}

static uint32_t signed_of(struct lines *t) {
  uint32_t v = number_of(t);
  return v >> 1 ^ (0 - (v & 1));
}

/* As find_line_num of quickjs.c. wanted: an offset in the code; UINT32_MAX: where the function is.
 */
static uint32_t line_at(struct hrt_look *l, const record *w, uint32_t code, uint32_t wanted) {
  uint32_t begin = hrt_look_word(l, code, w->code_lines), pc = 0;
  struct lines t = {l, begin, begin + hrt_look_word(l, code, w->code_lines_size)};
  uint32_t line = number_of(&t) + 1, next = line;
  (void)number_of(&t); /* the column */
  while (wanted != UINT32_MAX && t.at != t.end && !l->failed) {
    uint32_t op = byte_of(&t);
    pc += op == 0 ? number_of(&t) : (op - 1) / 5;
    next += op == 0 ? signed_of(&t) : (op - 1) % 5 - 1;
    (void)signed_of(&t);
    if (wanted < pc) {
      break;
    }
    line = next;
  }
  return line;
}

/* The instruction of a frame is the one behind what runs; at the code's begin nothing has run. */
static uint32_t line_of(struct hrt_look *l, const record *w, uint32_t frame, uint32_t code) {
  uint32_t offset = hrt_look_word(l, frame, w->frame_pc) - hrt_look_word(l, code, w->code_begin);
  bool inside = offset > 0 && offset <= hrt_look_word(l, code, w->code_size);
  return line_at(l, w, code, inside ? offset - 1 : UINT32_MAX);
}

static void file_of(char out[HRT_ESCAPED], struct hrt_look *l, const record *w, uint32_t code) {
  uint32_t atoms = hrt_look_word(l, w->atoms_at, 0), atom = hrt_look_word(l, code, w->code_file);
  l->failed |= atom > UINT32_MAX / 4;
  text_of(out, l, w, hrt_look_word(l, atoms, atom * 4));
}

/* heliosdb.js, and what the engine evaluates itself */
static bool is_ours(const char *file) {
  return strcmp(file, "heliosdb") == 0 || strncmp(file, "heliosdb:", 9) == 0;
}

bool hrt_where_quickjs(hrt_place *out, struct hrt_look *l) {
  record w;
  if (!hrt_guest_read(&w, l->instance, (guest_u32){l->instance->where}, sizeof w)) {
    return false;
  }
  uint32_t frame = hrt_look_word(l, w.frame_at, 0);
  for (; frame != 0 && !l->failed; frame = hrt_look_word(l, frame, w.frame_outer)) {
    uint32_t object = hrt_look_word(l, frame, w.frame_function), code = code_of(l, &w, object);
    if (code == 0) {
      continue;
    }
    file_of(out->file, l, &w, code);
    if (out->file[0] != 0 && !is_ours(out->file)) {
      name_of(out->function, l, &w, object);
      out->line = line_of(l, &w, frame, code);
      return !l->failed;
    }
  }
  return false;
}
