/* message.h - what a tool says about a source: many in one build, each with a place, unlike the one
 * error that ends it (error.h). The library hands them out; the program prints. */
#ifndef HCC_MESSAGE_H
#define HCC_MESSAGE_H

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

#endif
