/* input.c - reads statements and dot commands, from a terminal with prompts or from a script. A
 * statement may span lines; on a terminal Ctrl-C drops what was typed of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell.h"

#define READ_DEPTH 16 /* .read in files that .read reads */

struct input {
  shell *sh;
  FILE *stream;
  sh_editor *editor; /* NULL: lines are read as they are */
  char *line;        /* read from the stream */
  size_t room;
  sh_buf text;          /* not yet run */
  unsigned long number; /* of the line read last */
  unsigned long first;  /* of the text's beginning */
};

static unsigned long lines_in(const char *text, size_t n) {
  unsigned long lines = 0;
  for (size_t i = 0; i < n; i++) {
    lines += text[i] == '\n';
  }
  return lines;
}

/* Of the blanks and comments that a statement begins with. */
static size_t leading(const char *text, size_t length) {
  size_t n = 0;
  while (n < length && strchr(" \t\r\n", text[n]) != NULL) {
    n++;
  }
  return n;
}

/* Runs the statement in [text, text + n). */
static void run_part(struct input *in, const char *text, size_t n) {
  size_t skip = leading(text, n);
  char *sql = strndup(text + skip, n - skip);
  in->sh->line = in->first + lines_in(text, skip);
  if (sql == NULL) {
    sh_say_error(in->sh, NULL, "no memory for the statement");
    return;
  }
  if (in->editor != NULL) {
    sh_edit_remember(in->editor, skip == 0 ? text : text + skip - (text[skip - 1] == ' '),
                     n - skip);
  }
  sh_run(in->sh, sql);
  free(sql);
}

/* Runs every complete statement; at the end also what is left. */
static void run_complete(struct input *in, bool at_end) {
  size_t done = 0;
  while (done < in->text.size && !in->sh->quit && !sh_interrupted) {
    bool complete, blank;
    size_t n = sh_cut(in->text.data + done, in->text.size - done, &complete, &blank);
    if (!complete && !at_end) {
      break;
    }
    if (!blank) {
      run_part(in, in->text.data + done, n);
    }
    in->first += lines_in(in->text.data + done, n);
    done += n;
  }
  if (at_end || in->sh->quit || sh_interrupted || done >= in->text.size) {
    sh_buf_clear(&in->text);
  } else if (done > 0) {
    size_t left = in->text.size - done;
    memmove(in->text.data, in->text.data + done, left + 1);
    in->text.size = left;
  }
}

static bool is_blank(const sh_buf *text) {
  bool complete, blank = true;
  if (text->size > 0) {
    sh_cut(text->data, text->size, &complete, &blank);
  }
  return blank;
}

static void take_line(struct input *in, const char *line, size_t n) {
  in->number++;
  if (is_blank(&in->text)) {
    sh_buf_clear(&in->text);
    in->first = in->number;
    size_t blanks = leading(line, n);
    if (line[blanks] == '.') {
      in->sh->line = in->number;
      if (in->editor != NULL) {
        sh_edit_remember(in->editor, line, n);
      }
      sh_dot(in->sh, line + blanks);
      return;
    }
  }
  sh_buf_add(&in->text, line, n);
  if (in->text.failed) {
    sh_buf_clear(&in->text);
    sh_say_error(in->sh, NULL, "no memory for the statement");
  } else if (memchr(line, ';', n) != NULL) {
    run_complete(in, false);
  }
}

/* The prompt says whether a statement is open, and whether a transaction is. */
static const char *prompt_of(const struct input *in) {
  bool open = sqlite3_get_autocommit(helios_db(in->sh->h)) == 0;
  return !is_blank(&in->text) ? "   ...> " : open ? "helios*> " : "helios> ";
}

/* The next line, NULL at the end; then errno is EINTR if it was Ctrl-C. */
static const char *next_line(struct input *in, size_t *length) {
  bool prompts = in->sh->interactive && in->sh->depth == 0;
  errno = 0;
  if (in->editor != NULL) {
    const char *line = sh_edit_line(in->editor, prompt_of(in), length);
    errno = sh_interrupted ? EINTR : 0;
    return line;
  }
  if (prompts) {
    fputs(prompt_of(in), stdout);
    fflush(stdout);
  }
  ssize_t n = getline(&in->line, &in->room, in->stream);
  *length = n < 0 ? 0 : (size_t)n;
  return n <= 0 ? NULL : in->line;
}

/* Ctrl-C: on a terminal the next line is read, a script ends. True to go on. */
static bool after_interrupt(struct input *in) {
  if (!in->sh->interactive || in->sh->depth > 0) {
    return false;
  }
  sh_interrupted = 0;
  clearerr(in->stream);
  sh_buf_clear(&in->text);
  fputc('\n', stdout);
  return true;
}

void sh_input(shell *sh, FILE *stream) {
  struct input in = {.sh = sh, .stream = stream};
  size_t n;
  if (stream == stdin && sh->depth == 0) {
    in.editor = sh_edit_begin(sh);
  }
  while (!sh->quit) {
    const char *line = next_line(&in, &n);
    int error = errno;
    if (sh_interrupted && !after_interrupt(&in)) {
      break;
    }
    if (line != NULL) {
      take_line(&in, line, n);
      if (sh->interactive && sh->depth == 0) {
        sh_interrupted = 0; /* it ended the statement, not what is typed next */
      }
    } else if (error != EINTR) {
      break;
    }
    fflush(stdout);
  }
  if (!sh->quit && !sh_interrupted) {
    run_complete(&in, true);
    if (sh->interactive && sh->depth == 0) {
      fputc('\n', stdout);
    }
  }
  sh_edit_end(in.editor);
  free(in.line);
  sh_buf_free(&in.text);
}

int sh_file(shell *sh, const char *path) {
  const char *source = sh->source;
  unsigned long line = sh->line;
  if (sh->depth >= READ_DEPTH) {
    sh_say_error(sh, NULL, ".read in %d files", READ_DEPTH);
    return 1;
  }
  FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
  if (stream == NULL) {
    sh_say_error(sh, NULL, "can't open %.300s: %s", path, strerror(errno));
    return 1;
  }
  sh->source = path;
  sh->depth++;
  sh_input(sh, stream);
  if (ferror(stream)) {
    sh_say_error(sh, NULL, "can't read %.300s", path);
  }
  sh->depth--;
  sh->source = source;
  sh->line = line;
  if (stream != stdin) {
    fclose(stream);
  }
  return 0;
}
