/* scan.h - a look at SQL text for words that the authorizer is not told of. */
#ifndef HRT_SCAN_H
#define HRT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text being cut, and what next comes of it: blanks and comments are skipped. */
typedef struct hrt_scan {
  const char *sql;
  size_t at, length;
} hrt_scan;
typedef enum hrt_scan_kind {
  HRT_SCAN_END,
  HRT_SCAN_WORD,
  HRT_SCAN_QUOTED, /* with its quotes; a doubled quote only begins the next one */
  HRT_SCAN_OTHER,  /* one byte, or a parameter's name with its sign */
} hrt_scan_kind;
typedef struct hrt_scan_token {
  hrt_scan_kind kind;
  const char *at;
  size_t length;
} hrt_scan_token;
hrt_scan_token hrt_scan_next(hrt_scan *s);
bool hrt_scan_is(const hrt_scan_token *t, const char *word);          /* any case */
bool hrt_scan_any(const hrt_scan_token *t, const char *const *words); /* one of them, then NULL */
bool hrt_scan_char(const hrt_scan_token *t, char c);
bool hrt_scan_name(const hrt_scan_token *t);                          /* a word, or quoted */
bool hrt_scan_same(const hrt_scan_token *a, const hrt_scan_token *b); /* two names: any case */
uint32_t hrt_scan_hash(const hrt_scan_token *t); /* of a name; the same for names that are */
bool hrt_scan_operator(const hrt_scan_token *t); /* may it be one? A name may. */

/* Does `word` (lower case) stand in sql outside of strings, quoted names and comments? */
bool hrt_scan_word(const char *sql, size_t length, const char *word);

/* Bytes of stack an operator takes. Measured of SQLite 3.40: 0.6 KiB for IN, 0.4 for +, 0.5 for a
 * column that is computed. */
#define HRT_SCAN_OPERATOR_STACK 640u

/* Bytes of stack that SQLite may need to compile sql, at the most. It follows operators, terms of
 * UNION and the links of WITH by recursion; of WITH it counts none. depth: its own limit for
 * expressions; 0: none. */
uint64_t hrt_scan_stack(const char *sql, size_t length, int depth);

/* What the first words of sql make it: CREATE TABLE or [UNIQUE] INDEX, ALTER TABLE (RENAME: of the
 * table's name), DROP TABLE or INDEX; NONE: anything else. */
typedef enum hrt_ddl_text {
  HRT_DDL_TEXT_NONE,
  HRT_DDL_TEXT_CREATE,
  HRT_DDL_TEXT_ALTER,
  HRT_DDL_TEXT_RENAME,
  HRT_DDL_TEXT_DROP,
} hrt_ddl_text;
hrt_ddl_text hrt_scan_ddl(const char *sql, size_t length);

#endif
