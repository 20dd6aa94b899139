/* message.h - what a tool says about a source: many in one build, each with a place, unlike the one
 * error that ends it (error.h). The library hands them out; the program prints. */
#ifndef HCC_MESSAGE_H
#define HCC_MESSAGE_H

#include <stdarg.h>

typedef struct hcc_place {
  unsigned line, column; /* from 1; 0: not known */
} hcc_place;

typedef struct hcc_message {
  const char *level;       /* "error", "warning", "note" */
  const char *file;        /* as the tool names it; NULL: none */
  unsigned line, column;   /* from 1; 0: not known */
  const char *text, *hint; /* not escaped; hint may be NULL */
} hcc_message;

typedef struct hcc_listener {
  void (*hear)(void *arg, const hcc_message *m); /* may be NULL */
  void *arg;
} hcc_listener;

/* The text, cut at 511 bytes, as an error with the file, place and hint of m. */
void hcc_say_error(const hcc_listener *listener, hcc_message m, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
