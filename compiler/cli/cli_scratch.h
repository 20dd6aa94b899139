/* cli_scratch.h - a procedure tried out: built from its source, created in a database, called. What
 * `heliosc test`, `run` and `watch` share.
 *
 * The compiler never links the engine, so the `helios` program beside heliosc is run, on a database
 * in a temporary folder (watch: on the user's). Invariant: values of the command line and of case
 * files reach SQL as literals or quoted, never as SQL. */
#ifndef HCC_CLI_SCRATCH_H
#define HCC_CLI_SCRATCH_H

#include "buf.h"
#include "cli.h"
#include "fs.h"

#define HCC_GRANTS_MAX 64u

typedef struct hcc_scratch {
  hcc_cli *cli;
  hcc_error err;
  hcc_temp temp;
  char plugin[HCC_PATH], database[HCC_PATH], helios[HCC_PATH];
  cJSON *manifest; /* NULL: the module has none */
} hcc_scratch;

typedef struct hcc_answer {
  char *value;   /* as SQLite's quote() gives it; NULL if the call failed */
  char type[16]; /* of typeof() */
  double fuel, time_ns;
  char error[512]; /* text of the failure */
  char hint[256];  /* what helios says might help, or "" */
  char *log;       /* the lines that it logged, each with its newline; or NULL */
} hcc_answer;

/* Finds helios and makes the folder. All of these: 0, or an exit code after a message. */
int hcc_scratch_begin(hcc_scratch *s, hcc_cli *cli);
void hcc_scratch_end(hcc_scratch *s);
/* Builds the file to s->plugin; reads its manifest. */
int hcc_scratch_build(hcc_scratch *s, const char *file);
/* --seed, then the procedures with the grants of --grant, or without any --grant those that the
 * module asks for. */
int hcc_scratch_fill(hcc_scratch *s);
/* Creates them, or a new version of each. *names: "add_tax, greet", cut. */
int hcc_scratch_create(hcc_scratch *s, char *names, size_t size);

/* The one that `name` names (NULL: --procedure, else the only one). NULL after a message. */
const cJSON *hcc_scratch_procedure(hcc_scratch *s, const char *name);

/* A text field of the manifest, or "". */
const char *hcc_scratch_field(const cJSON *o, const char *name);
/* By its manifest. */
bool hcc_scratch_is_table(const cJSON *procedure);
bool hcc_scratch_is_aggregate(const cJSON *procedure);

/* A value as SQL for a parameter of this type (may be ""): NULL, a number, X'..' or a quoted text.
 */
void hcc_scratch_literal(hcc_buf *sql, const char *type, const char *value);
void hcc_scratch_name(hcc_buf *sql, const char *name); /* "quoted" */
void hcc_scratch_text(hcc_buf *sql, const char *text); /* 'quoted' */

/* SELECT call, in a transaction that is rolled back. call NULL: there was no memory to write it. */
int hcc_scratch_call(hcc_answer *out, hcc_scratch *s, const char *procedure, const char *call);
void hcc_answer_free(hcc_answer *a);
/* A hint of helios for a person at heliosc, where grants are given by an option. Escaped. */
#define HCC_SCRATCH_HINT 320
const char *hcc_scratch_hint(char out[HCC_SCRATCH_HINT], const char *hint);
/* The value for a person: text without its quotes. malloc'ed, or NULL without memory. */
char *hcc_answer_plain(const hcc_answer *a);

#endif
