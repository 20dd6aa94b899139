/* sql_text_kit.h - for tests of long SQL: one statement that is written piece by piece, and a
 * puppet whose memory has room for it. */
#ifndef SQL_TEXT_KIT_H
#define SQL_TEXT_KIT_H

#include "puppet.h"

enum { TEXT_BYTES = 1 << 20 };

static char text[TEXT_BYTES]; /* of one statement */
static size_t text_length;

FX void add(const char *piece) {
  size_t length = strlen(piece);
  assert_true(text_length + length < TEXT_BYTES);
  memcpy(text + text_length, piece, length + 1);
  text_length += length;
}

FX void begin(const char *piece) {
  text_length = 0;
  add(piece);
}

/* Each %u is the number of the turn, from 1, then that less one. */
FX void repeat(const char *format, unsigned times) {
  char piece[512];
  for (unsigned i = 1; i <= times; i++) {
    snprintf(piece, sizeof piece, format, i, i - 1, i - 1, i - 1);
    add(piece);
  }
}

/* With these grants, over a database with this schema, within a call. */
FX puppet *open_text(const char *const *grants, const char *schema) {
  puppet *p = puppet_open(grants, puppet_shared());
  puppet_exec(p, schema);
  assert_true(hrt_guest_grow(p->instance, 20) != UINT32_MAX);
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

FX void close_text(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
}

FX int prepare(puppet *p) {
  return CALL(p, "prepare", TEXT(p, 0, text));
}

FX int run(puppet *p) {
  return (int)CALL64(p, "exec", TEXT(p, 0, text), 0, 0);
}

#endif
