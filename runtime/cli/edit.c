/* edit.c - lines of a terminal by libedit: editing keys, history in a file, completion by Tab.
 * Ctrl-C drops the line; what it means besides is input.c's. Must leave the terminal as it was.
 *
 * Invariant: the history file is readable by its owner only. A statement that begins with a blank
 * is not kept, for secrets. */
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "shell.h"

#define HISTORY_MOST 1000
#define PATH_BYTES 4096

struct sh_editor {
  shell *sh;
  EditLine *line;
  History *history;
  char path[PATH_BYTES]; /* of the history; "": none */
  const char *prompt;
  mbstate_t state;
};

static volatile sig_atomic_t resized;

static void on_resize(int number) {
  (void)number;
  resized = 1;
}

static char *prompt_of(EditLine *line) {
  sh_editor *e = NULL;
  el_get(line, EL_CLIENTDATA, &e);
  return (char *)(uintptr_t)(e == NULL ? "" : e->prompt);
}

/* A character of the terminal. libedit's own would try again after a signal, and so not hear of
 * Ctrl-C. */
static int next_char(EditLine *line, wchar_t *out) {
  sh_editor *e = NULL;
  char byte;
  size_t n = (size_t)-2;
  el_get(line, EL_CLIENTDATA, &e);
  while (n == (size_t)-2) { /* not a whole character yet */
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR && !sh_interrupted) {
      if (resized) {
        resized = 0;
        el_resize(line);
        el_set(line, EL_REFRESH);
      }
      continue;
    }
    if (got <= 0) {
      return (int)got;
    }
    n = mbrtowc(out, &byte, 1, &e->state);
  }
  if (n == (size_t)-1) { /* no UTF-8 */
    memset(&e->state, 0, sizeof e->state);
    *out = L'?';
  }
  return 1;
}

static bool begins_character(char byte) {
  return ((unsigned char)byte >> 6) != 2;
}

/* Bytes of whole characters that all candidates begin with. */
static size_t common_prefix(const sh_words *w) {
  size_t n = strlen(w->words[0]);
  for (size_t i = 1; i < w->count; i++) {
    size_t k = 0;
    while (k < n && w->words[0][k] == w->words[i][k]) {
      k++;
    }
    n = k;
  }
  while (n > 0 && !begins_character(w->words[0][n])) {
    n--;
  }
  return n;
}

/* libedit counts characters, not bytes. */
static int characters(const char *text, size_t length) {
  int count = 0;
  for (size_t i = 0; i < length; i++) {
    count += begins_character(text[i]);
  }
  return count;
}

/* The candidates in columns, under the line. */
static void show_words(const sh_words *w) {
  enum { WIDTH = 80, SHOWN = 200 };
  size_t widest = 1;
  for (size_t i = 0; i < w->count; i++) {
    size_t n = strlen(w->words[i]) + 2;
    widest = n > widest ? n : widest;
  }
  size_t columns = WIDTH / widest == 0 ? 1 : WIDTH / widest;
  putchar('\n');
  for (size_t i = 0; i < w->count && i < SHOWN; i++) {
    bool last = (i + 1) % columns == 0 || i + 1 == w->count;
    sh_print(stdout, w->words[i]);
    printf("%*s%s", last ? 0 : (int)(widest - strlen(w->words[i])), "", last ? "\n" : "");
  }
  if (w->count > SHOWN) {
    printf("\n... %zu more\n", w->count - SHOWN);
  }
}

static unsigned char complete(EditLine *line, int key) {
  sh_editor *e = NULL;
  sh_words words = {.words = NULL};
  unsigned char result = CC_ERROR;
  (void)key;
  el_get(line, EL_CLIENTDATA, &e);
  const LineInfo *info = el_line(line);
  bool first = e->prompt[0] != ' ';
  sh_complete(e->sh, &words, info->buffer, (size_t)(info->cursor - info->buffer), first);
  if (words.count > 0) {
    size_t n = common_prefix(&words);
    char *text = strndup(words.words[0], n);
    bool longer = n > words.typed || words.count == 1;
    if (text != NULL && longer) {
      el_deletestr(line, characters(info->cursor - words.typed, words.typed));
      el_insertstr(line, text);
      if (words.count == 1 && n > 0 && strchr("(/.", text[n - 1]) == NULL) {
        el_insertstr(line, " ");
      }
      result = CC_REFRESH;
    } else if (text != NULL) {
      show_words(&words);
      result = CC_REDISPLAY;
    }
    free(text);
  }
  sh_words_free(&words);
  return result;
}

/* Makes the folders of a path, for their owner only. */
static void make_folders(const char *path) {
  char folder[PATH_BYTES];
  snprintf(folder, sizeof folder, "%s", path);
  for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(folder, 0700);
    *slash = '/';
  }
}

static void history_path(char path[PATH_BYTES]) {
  const char *named = getenv("HELIOS_HISTORY"), *state = getenv("XDG_STATE_HOME");
  const char *home = getenv("HOME");
  int n = 0;
  path[0] = '\0';
  if (named != NULL) {
    n = snprintf(path, PATH_BYTES, "%s", named);
  } else if (state != NULL && state[0] == '/') {
    n = snprintf(path, PATH_BYTES, "%s/helios/history", state);
  } else if (home != NULL && home[0] == '/') {
    n = snprintf(path, PATH_BYTES, "%s/.local/state/helios/history", home);
  }
  if (n < 0 || n >= PATH_BYTES) {
    path[0] = '\0';
  }
  if (path[0] != '\0' && named == NULL) {
    make_folders(path);
  }
}

/* The history file to append to, its owner's alone; NULL: it can't be. */
static FILE *open_history(const char *path) {
  struct stat st;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0600) != 0)) {
    close(fd);
    fd = -1;
  }
  FILE *file = fd < 0 ? NULL : fdopen(fd, "a");
  if (file == NULL && fd >= 0) {
    close(fd);
  }
  if (file != NULL) {
    fseek(file, 0, SEEK_END); /* libedit writes its first line where nothing is yet */
  }
  return file;
}

/* A file that has grown far beyond what is kept is written anew. */
static void shorten_history(sh_editor *e) {
  char path[PATH_BYTES + 8];
  struct stat st;
  HistEvent event;
  if (stat(e->path, &st) != 0 || st.st_size < (1 << 20)) {
    return;
  }
  snprintf(path, sizeof path, "%s.new", e->path);
  unlink(path);
  FILE *file = open_history(path);
  if (file == NULL) {
    return;
  }
  bool good = history(e->history, &event, H_SAVE_FP, file) >= 0;
  good = fclose(file) == 0 && good;
  if (!good || rename(path, e->path) != 0) {
    unlink(path);
  }
}

static void load_history(sh_editor *e) {
  HistEvent event;
  history_path(e->path);
  e->history = history_init();
  if (e->history == NULL) {
    return;
  }
  history(e->history, &event, H_SETSIZE, HISTORY_MOST);
  history(e->history, &event, H_SETUNIQUE, 1);
  el_set(e->line, EL_HIST, history, e->history);
  if (e->path[0] != '\0') {
    history(e->history, &event, H_LOAD, e->path);
    shorten_history(e);
  }
}

sh_editor *sh_edit_begin(shell *sh) {
  const char *term = getenv("TERM");
  struct sigaction action = {.sa_handler = on_resize};
  if (!sh->interactive || term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0) {
    return NULL;
  }
  sh_editor *e = calloc(1, sizeof *e);
  if (e == NULL || (e->line = el_init("helios", stdin, stdout, stderr)) == NULL) {
    free(e);
    return NULL;
  }
  e->sh = sh;
  e->prompt = "";
  el_set(e->line, EL_CLIENTDATA, e);
  el_set(e->line, EL_PROMPT, prompt_of);
  el_set(e->line, EL_EDITOR, "emacs");
  el_set(e->line, EL_GETCFN, next_char);
  el_wset(e->line, EL_ADDFN, L"helios-complete", L"complete names and words", complete);
  el_set(e->line, EL_BIND, "^I", "helios-complete", NULL);
  el_set(e->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
  load_history(e);
  sigemptyset(&action.sa_mask);
  sigaction(SIGWINCH, &action, NULL);
  return e;
}

void sh_edit_end(sh_editor *e) {
  if (e == NULL) {
    return;
  }
  if (e->history != NULL) {
    history_end(e->history);
  }
  el_end(e->line);
  free(e);
}

const char *sh_edit_line(sh_editor *e, const char *prompt, size_t *length) {
  int n = 0;
  e->prompt = prompt;
  memset(&e->state, 0, sizeof e->state);
  const char *line = el_gets(e->line, &n);
  if (line == NULL || n <= 0 || sh_interrupted) {
    return NULL;
  }
  *length = (size_t)n;
  return line;
}

void sh_edit_remember(sh_editor *e, const char *statement, size_t length) {
  HistEvent event;
  while (length > 0 && strchr(" \t\r\n", statement[length - 1]) != NULL) {
    length--;
  }
  if (e->history == NULL || length == 0 || statement[0] == ' ') {
    return;
  }
  char *text = strndup(statement, length);
  if (text != NULL && history(e->history, &event, H_ENTER, text) >= 0 && e->path[0] != '\0') {
    FILE *file = open_history(e->path);
    if (file != NULL) {
      history(e->history, &event, H_NSAVE_FP, (size_t)1, file);
      fclose(file);
    }
  }
  free(text);
}
