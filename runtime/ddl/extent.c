/* extent.c - looking at a script without parsing it: is the next statement ours, where does it end,
 * is there anything but blanks.
 *
 * Invariant: knows the tokens of a statement and nothing of its grammar. */
#include "ddl/ddl.h"
#include "ddl/lexer.h"
#include "ddl/set.h"

bool hrt_ddl_is(const char *text, size_t length) {
  static const char *const objects[] = {"PROCEDURE", "FUNCTION", "AGGREGATE", "EXTENSION", NULL};
  hrt_lexer lexer;
  hrt_lexer_init(&lexer, text, length);
  hrt_token t = hrt_lexer_next(&lexer);
  if (hrt_token_is(&t, "CALL") || hrt_set_is(text, length)) {
    return true;
  }
  bool create = hrt_token_is(&t, "CREATE");
  if (!create && !hrt_token_is(&t, "ALTER") && !hrt_token_is(&t, "DROP")) {
    return false;
  }
  t = hrt_lexer_next(&lexer);
  if (create && hrt_token_is(&t, "OR")) {
    (void)hrt_lexer_next(&lexer);
    t = hrt_lexer_next(&lexer);
  }
  for (const char *const *object = objects; *object; object++) {
    if (hrt_token_is(&t, *object)) {
      return true;
    }
  }
  return false;
}

bool hrt_ddl_extent(size_t *end, const char *text, size_t length) {
  hrt_lexer lexer;
  hrt_token t;
  hrt_lexer_init(&lexer, text, length);
  do {
    t = hrt_lexer_next(&lexer);
  } while (t.kind != HRT_TOKEN_END && t.kind != HRT_TOKEN_UNTERMINATED &&
           !hrt_token_punct(&t, ';'));
  bool ended = hrt_token_punct(&t, ';');
  *end = ended ? lexer.position : length;
  return ended;
}

bool hrt_ddl_blank(const char *text, size_t length) {
  hrt_lexer lexer;
  hrt_token t;
  hrt_lexer_init(&lexer, text, length);
  do {
    t = hrt_lexer_next(&lexer);
  } while (hrt_token_punct(&t, ';'));
  return t.kind == HRT_TOKEN_END;
}
