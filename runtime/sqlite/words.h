/* words.h - text of a hint, put together piece by piece: it ends where there is no more room. */
#ifndef HRT_WORDS_H
#define HRT_WORDS_H

#include <stdio.h>

typedef struct hrt_words {
  char at[200];
  size_t used; /* sizeof at or more: it is cut */
} hrt_words;

static inline void hrt_words_put(hrt_words *w, const char *before, const char *text) {
  if (w->used < sizeof w->at) {
    w->used += (size_t)snprintf(w->at + w->used, sizeof w->at - w->used, "%s%s", before, text);
  }
}

#endif
