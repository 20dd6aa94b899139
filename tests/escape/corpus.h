/* corpus.h - one file of the corpus: a module in text and, in its comments, what must happen.
 *
 * A line `;; WORD ...` whose WORD is one of these is a directive; other comments are prose.
 *
 * - modes WORD...: only builds with all of these words: guard explicit O1 O3
 * - limit WHAT N: memory (pages), stack (bytes), fuel, time (milliseconds of a call), ticks (of the
 *   timer until a call is cancelled), address (bytes of address space)
 * - timer MICROSECONDS: a signal that often during the steps that follow; 0: none
 * - reject CODE [TEXT]: the build fails with this code (H0103) and its message has the text
 * - new -> WANT: a new instance
 * - invoke NAME VALUE... -> WANT
 * - reset, checkpoint: of the instance
 * - repeat N M: the last M steps, N times more
 *
 * WANT is nothing, values (as integers; two for a v128), `trap NAME`, `error CODE` with the names
 * of hsb_traps.def and helios/error.h, or `crash SIGNAL`: the process dies. After a trap the next
 * step meets a new instance. Must not guess: a directive that it does not understand is a failure.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <stdbool.h>
#include <stdint.h>

#define CORPUS_VALUES 24

enum corpus_action { DO_NEW, DO_INVOKE, DO_RESET, DO_CHECKPOINT, DO_TIMER };
enum corpus_want { WANT_VALUES, WANT_TRAP, WANT_ERROR, WANT_CRASH };

struct corpus_step {
  unsigned line;
  enum corpus_action action;
  enum corpus_want want;
  uint32_t code; /* trap, helios_code, signal, or microseconds */
  const char *name;
  unsigned argument_count, value_count;
  uint64_t arguments[CORPUS_VALUES], values[CORPUS_VALUES];
};

struct corpus_file {
  char *text; /* owned; names point into it */
  struct corpus_step *steps;
  unsigned step_count;
  const char *modes[4];
  unsigned mode_count;
  const char *reject, *reject_text; /* NULL: it builds */
  uint64_t memory, stack, fuel, time, ticks, address;
};

/* False after a message on standard output. */
bool corpus_read(struct corpus_file *file, const char *path);
void corpus_free(struct corpus_file *file);
bool corpus_has_mode(const struct corpus_file *file, const char *mode);

#endif
