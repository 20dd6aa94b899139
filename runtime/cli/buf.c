/* buf.c - the shell's growing text. See shell.h. */
#include <stdlib.h>
#include <string.h>

#include "shell.h"

void sh_buf_add(sh_buf *b, const char *text, size_t n) {
  if (b->failed) {
    return;
  }
  if (n >= b->room - b->size) {
    size_t room = b->room == 0 ? 256 : b->room;
    while (room - b->size <= n && room < SIZE_MAX / 2) {
      room *= 2;
    }
    char *data = room - b->size <= n ? NULL : realloc(b->data, room);
    if (data == NULL) {
      sh_buf_free(b);
      b->failed = true;
      return;
    }
    b->data = data;
    b->room = room;
  }
  if (n > 0) {
    memcpy(b->data + b->size, text, n);
  }
  b->size += n;
  b->data[b->size] = '\0';
}

void sh_buf_text(sh_buf *b, const char *text) {
  sh_buf_add(b, text, strlen(text));
}

void sh_buf_clear(sh_buf *b) {
  b->size = 0;
  b->failed = false;
  if (b->data != NULL) {
    b->data[0] = '\0';
  }
}

void sh_buf_free(sh_buf *b) {
  free(b->data);
  *b = (sh_buf){.data = NULL};
}

const char *sh_buf_get(const sh_buf *b) {
  return b->data == NULL ? "" : b->data;
}

void sh_buf_quoted(sh_buf *b, const char *text, char quote) {
  const char both[2] = {quote, quote};
  sh_buf_add(b, both, 1);
  for (; *text != '\0'; text++) {
    sh_buf_add(b, *text == quote ? both : text, *text == quote ? 2 : 1);
  }
  sh_buf_add(b, both, 1);
}
