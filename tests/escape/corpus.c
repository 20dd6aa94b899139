/* corpus.c - reads the directives of a corpus file. Invariants: corpus.h. */
#include "corpus.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helios/error.h"
#include "hsb_abi.h"

struct named {
  const char *name;
  uint32_t code;
};

static const struct named traps[] = {
#define HSB_TRAP(name, code, text) {#name, code},
#include "hsb_traps.def"
#undef HSB_TRAP
    {NULL, 0}};

static const struct named errors[] = {
    {"MISUSE", HELIOS_E_MISUSE},     {"MEMORY", HELIOS_E_MEMORY},
    {"INTERNAL", HELIOS_E_INTERNAL}, {"LIMIT", HELIOS_E_LIMIT},
    {"FUEL", HELIOS_E_FUEL},         {"DEADLINE", HELIOS_E_DEADLINE},
    {"TRAP", HELIOS_E_TRAP},         {NULL, 0}};

static const struct named signals[] = {{"SEGV", SIGSEGV}, {"BUS", SIGBUS}, {NULL, 0}};

static bool look_up(uint32_t *code, const struct named *rows, const char *name) {
  for (; name != NULL && rows->name != NULL; rows++) {
    if (strcmp(rows->name, name) == 0) {
      *code = rows->code;
      return true;
    }
  }
  return false;
}

static char *word(char **rest) {
  return strtok_r(NULL, " \t\r", rest);
}

static bool number(uint64_t *out, const char *text) {
  char *end;
  *out = text != NULL && text[0] == '-' ? (uint64_t)strtoll(text, &end, 0)
                                        : strtoull(text == NULL ? "" : text, &end, 0);
  return text != NULL && text[0] != '\0' && *end == '\0';
}

/* Numbers up to "->" or the end. False if one is none. *more: did it end at "->"? */
static bool numbers(uint64_t *out, unsigned *count, bool *more, char **rest) {
  *more = false;
  for (char *w; (w = word(rest)) != NULL;) {
    if (strcmp(w, "->") == 0) {
      *more = true;
      return true;
    }
    if (*count == CORPUS_VALUES || !number(&out[(*count)++], w)) {
      return false;
    }
  }
  return true;
}

static bool want(struct corpus_step *s, char **rest) {
  char *first = *rest + strspn(*rest, " \t");
  bool more;
  if (strncmp(first, "trap ", 5) == 0) {
    s->want = WANT_TRAP;
    return word(rest) && look_up(&s->code, traps, word(rest)) && word(rest) == NULL;
  }
  if (strncmp(first, "error ", 6) == 0) {
    s->want = WANT_ERROR;
    return word(rest) && look_up(&s->code, errors, word(rest)) && word(rest) == NULL;
  }
  if (strncmp(first, "crash ", 6) == 0) {
    s->want = WANT_CRASH;
    return word(rest) && look_up(&s->code, signals, word(rest)) && word(rest) == NULL;
  }
  s->want = WANT_VALUES;
  return numbers(s->values, &s->value_count, &more, rest) && !more;
}

/* Room for one more; it is a copy of *from. */
static bool add(struct corpus_file *f, const struct corpus_step *from) {
  struct corpus_step copy = *from;                  /* which may move */
  if ((f->step_count & (f->step_count - 1)) == 0) { /* room for the next power of two */
    size_t room = f->step_count == 0 ? 1 : 2 * (size_t)f->step_count;
    struct corpus_step *grown = realloc(f->steps, room * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    f->steps = grown;
  }
  f->steps[f->step_count++] = copy;
  return true;
}

static bool repeat(struct corpus_file *f, char **rest) {
  uint64_t times, last;
  if (!number(&times, word(rest)) || !number(&last, word(rest)) || word(rest) != NULL ||
      last > f->step_count || times > 10000) {
    return false;
  }
  for (uint64_t n = 0; n < times * last; n++) {
    if (!add(f, &f->steps[f->step_count - last])) {
      return false;
    }
  }
  return true;
}

static bool step(struct corpus_file *f, enum corpus_action action, char **rest, unsigned line) {
  struct corpus_step first = {.line = line, .action = action};
  if (!add(f, &first)) {
    return false;
  }
  struct corpus_step *s = &f->steps[f->step_count - 1];
  bool more = false;
  uint64_t interval;
  switch (action) {
  case DO_TIMER:
    if (!number(&interval, word(rest)) || interval > 1000000) {
      return false;
    }
    s->code = (uint32_t)interval;
    return word(rest) == NULL;
  case DO_INVOKE:
    s->name = word(rest);
    return s->name != NULL && numbers(s->arguments, &s->argument_count, &more, rest) && more &&
           want(s, rest);
  case DO_NEW:
    return numbers(s->arguments, &s->argument_count, &more, rest) && s->argument_count == 0 &&
           more && want(s, rest);
  default:
    return word(rest) == NULL;
  }
}

static bool limit(struct corpus_file *f, char **rest) {
  const char *what = word(rest);
  uint64_t n;
  if (what == NULL || !number(&n, word(rest)) || word(rest) != NULL) {
    return false;
  }
  uint64_t *field = strcmp(what, "memory") == 0    ? &f->memory
                    : strcmp(what, "stack") == 0   ? &f->stack
                    : strcmp(what, "fuel") == 0    ? &f->fuel
                    : strcmp(what, "time") == 0    ? &f->time
                    : strcmp(what, "ticks") == 0   ? &f->ticks
                    : strcmp(what, "address") == 0 ? &f->address
                                                   : NULL;
  if (field != NULL) {
    *field = n;
  }
  return field != NULL;
}

static bool modes(struct corpus_file *f, char **rest) {
  for (char *w; (w = word(rest)) != NULL;) {
    bool known = strstr(" guard explicit O1 O3 ", w) != NULL;
    if (!known || f->mode_count == sizeof f->modes / sizeof *f->modes) {
      return false;
    }
    f->modes[f->mode_count++] = w;
  }
  return f->mode_count > 0;
}

/* One line, without the ";;". True also for prose. */
static bool directive(struct corpus_file *f, char *text, unsigned line) {
  static const struct {
    const char *name;
    enum corpus_action action;
  } actions[] = {{"new", DO_NEW},
                 {"invoke", DO_INVOKE},
                 {"reset", DO_RESET},
                 {"checkpoint", DO_CHECKPOINT},
                 {"timer", DO_TIMER}};
  char *rest, *first = strtok_r(text, " \t\r", &rest);
  if (first == NULL) {
    return true;
  }
  for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(first, actions[i].name) == 0) {
      return step(f, actions[i].action, &rest, line);
    }
  }
  if (strcmp(first, "limit") == 0) {
    return limit(f, &rest);
  }
  if (strcmp(first, "repeat") == 0) {
    return repeat(f, &rest);
  }
  if (strcmp(first, "modes") == 0) {
    return modes(f, &rest);
  }
  if (strcmp(first, "reject") == 0) {
    f->reject = word(&rest);
    f->reject_text = rest + strspn(rest, " \t");
    return f->reject != NULL;
  }
  return true;
}

static char *slurp(const char *path) {
  FILE *f = fopen(path, "rb");
  char *text = NULL;
  size_t size = 0, room = 0;
  while (f != NULL) {
    if (size == room) {
      room = room == 0 ? 65536 : room * 2;
      char *grown = realloc(text, room + 1);
      if (grown == NULL) {
        break;
      }
      text = grown;
    }
    size_t got = fread(text + size, 1, room - size, f);
    size += got;
    text[size] = '\0';
    if (got == 0) {
      fclose(f);
      return text;
    }
  }
  if (f != NULL) {
    fclose(f);
  }
  free(text);
  return NULL;
}

bool corpus_read(struct corpus_file *file, const char *path) {
  *file = (struct corpus_file){.text = slurp(path)};
  if (file->text == NULL) {
    printf("FAILED %s: can't be read\n", path);
    return false;
  }
  unsigned line = 0;
  bool fine = true;
  for (char *save, *at = file->text; at != NULL && fine; at = save) {
    save = strchr(at, '\n');
    if (save != NULL) {
      *save++ = '\0';
    }
    line++;
    fine = strncmp(at, ";;", 2) != 0 || directive(file, at + 2, line);
  }
  fine = fine && (file->reject == NULL) == (file->step_count > 0);
  if (!fine) {
    printf("FAILED %s:%u: directive not understood, or nothing expected\n", path, line);
  }
  return fine;
}

void corpus_free(struct corpus_file *file) {
  free(file->text);
  free(file->steps);
}

bool corpus_has_mode(const struct corpus_file *file, const char *mode) {
  for (unsigned i = 0; i < file->mode_count; i++) {
    if (strstr(mode, file->modes[i]) == NULL) {
      return false;
    }
  }
  return true;
}
