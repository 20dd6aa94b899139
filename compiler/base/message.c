/* message.c - hcc_say_error: what every reader of a source says that it finds wrong. Must never
 * print. Invariants: see message.h. */
#include "message.h"

#include <stdio.h>

void hcc_say_error(const hcc_listener *listener, hcc_message m, const char *format, va_list args) {
  char text[512];
  if (listener->hear != NULL) {
    vsnprintf(text, sizeof text, format, args);
    m.level = "error";
    m.text = text;
    listener->hear(listener->arg, &m);
  }
}
