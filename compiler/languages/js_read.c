/* js_read.c - see js_read.h. What is exported but is no function is left alone; an exported
 * function that can be no procedure is an error with its place, never a procedure less in silence.
 */
#include "js_read.h"

#include <stdio.h>
#include <string.h>

#include "js_doc.h"

#define HOW "write: export function NAME(parameters) { ... }"

/* A function at the top level that is not exported where it stands. */
typedef struct local {
  hcc_js_token name, head; /* head: the word `function`, which has the comment */
  hcc_js_scan params;      /* behind its ( */
  bool async;
} local;

typedef struct reader {
  hcc_script_unit *u;
  hcc_js_scan scan;
  hcc_js_token token;
  hcc_js_import_fn *import;
  void *arg;
  bool main;
  local locals[256];
  uint32_t local_count;
} reader;

static void advance(reader *r) {
  r->token = hcc_js_next(&r->scan);
}

static bool at_word(const reader *r, const char *text) {
  return r->token.kind != HCC_JS_END && hcc_js_is(&r->token, text);
}

static bool take_word(reader *r, const char *text) {
  bool there = at_word(r, text);
  if (there) {
    advance(r);
  }
  return there;
}

static hcc_place place_of(const hcc_js_token *t) {
  return (hcc_place){t->line, t->column};
}

static void wrong_at(reader *r, const hcc_js_token *t, const char *hint, const char *text) {
  hcc_unit_wrong(&r->u->said, place_of(t), hint, "%s", text);
}

/* ---- parameters ---- */

/* 5, -0.5, 'text', true: the same in SQL. NULL: it is none of these, or longer. */
static const char *literal_of(reader *r, const char *begin, const char *end) {
  char text[128];
  size_t n = (size_t)(end - begin), to = 0;
  bool quoted = n >= 2 && (*begin == '"' || *begin == '\'') && end[-1] == *begin;
  bool number = n > 0 && *begin != '.';
  bool word = (n == 4 && memcmp(begin, "true", 4) == 0) ||
              (n == 5 && memcmp(begin, "false", 5) == 0) ||
              (n == 4 && memcmp(begin, "null", 4) == 0);
  for (size_t i = 0; i < n && number; i++) {
    number = begin[i] != '\0' && strchr("0123456789.-", begin[i]) != NULL;
  }
  if (n > 60 || (!quoted && !number && !word) || (quoted && memchr(begin, '\\', n) != NULL)) {
    return NULL;
  }
  if (!quoted) {
    return hcc_unit_keep(&r->u->said, begin, n);
  }
  text[to++] = '\'';
  for (size_t i = 1; i + 1 < n; i++) {
    text[to++] = begin[i];
    if (begin[i] == '\'') {
      text[to++] = '\'';
    }
  }
  text[to++] = '\'';
  return hcc_unit_keep(&r->u->said, text, to);
}

/* To the comma or parenthesis that ends what begins here; *end: behind its last token. */
static void skip_value(reader *r, const char **end) {
  unsigned open = 0;
  *end = r->token.at;
  while (r->token.kind != HCC_JS_END) {
    bool sign = r->token.kind == HCC_JS_SIGN;
    char c = *r->token.at;
    if (open == 0 && sign && (c == ',' || c == ')')) {
      return;
    }
    open += sign && (c == '(' || c == '[' || c == '{');
    open -= open > 0 && sign && (c == ')' || c == ']' || c == '}');
    *end = r->token.at + r->token.size;
    advance(r);
  }
}

static void read_param(reader *r, hcc_procedure *p) {
  char made[16];
  const char *end;
  hcc_param *param = NULL;
  if (r->token.kind == HCC_JS_WORD) {
    param = hcc_script_add_param(r->u, p, r->token.at, r->token.size, place_of(&r->token));
    advance(r);
  } else if (at_word(r, ".")) {
    wrong_at(r, &r->token, HOW, "a procedure has a fixed number of parameters, not ...");
  } else if (at_word(r, "{") || at_word(r, "[")) {
    snprintf(made, sizeof made, "arg%u", p->param_count + 1);
    param = hcc_script_add_param(r->u, p, made, strlen(made), place_of(&r->token));
    if (param != NULL) {
      param->sql = "JSON"; /* it is taken apart */
    }
  }
  while (r->token.kind != HCC_JS_END && !at_word(r, "=") && !at_word(r, ",") && !at_word(r, ")")) {
    skip_value(r, &end);
    if (at_word(r, ",") || at_word(r, ")")) {
      break;
    }
  }
  if (take_word(r, "=")) {
    const char *begin = r->token.at;
    skip_value(r, &end);
    if (param != NULL) {
      param->fallback = literal_of(r, begin, end);
    }
  }
}

/* From behind ( to behind ). */
static void read_params(reader *r, hcc_procedure *p) {
  while (r->token.kind != HCC_JS_END && !at_word(r, ")")) {
    read_param(r, p);
    if (!take_word(r, ",") && !at_word(r, ")")) {
      advance(r);
    }
  }
  take_word(r, ")");
}

/* ---- exports ---- */

static hcc_procedure *add(reader *r, const hcc_js_token *name) {
  return hcc_script_add(r->u, name->at, name->size, place_of(name));
}

static void add_doc(reader *r, hcc_procedure *p, const hcc_js_token *head) {
  if (head->doc != NULL) {
    hcc_js_doc(&r->u->said, p, head->doc, head->doc_size, head->doc_line);
  }
}

static bool refuse_async(reader *r, const hcc_js_token *t) {
  wrong_at(r, t, "leave async and await out: the host's functions are not asynchronous",
           "an async function can't be a procedure");
  return false;
}

/* At `function` or behind it: [*] NAME ( ... ). */
static void export_function(reader *r, const hcc_js_token *head) {
  take_word(r, "*");
  hcc_js_token name = r->token;
  if (name.kind != HCC_JS_WORD) {
    wrong_at(r, &name, HOW, "a procedure needs a name");
    return;
  }
  hcc_procedure *p = add(r, &name);
  advance(r);
  if (p != NULL && take_word(r, "(")) {
    read_params(r, p);
    add_doc(r, p, head);
  }
}

/* Behind `export const NAME =`: a function of either kind, or something else. */
static void export_value(reader *r, const hcc_js_token *head, const hcc_js_token *name) {
  bool async = at_word(r, "async");
  hcc_js_token first = r->token;
  if (async) {
    advance(r);
  }
  bool function = take_word(r, "function");
  if (function) {
    take_word(r, "*");
    if (r->token.kind == HCC_JS_WORD) {
      advance(r);
    }
  }
  hcc_js_scan back = r->scan;
  hcc_js_token at = r->token;
  bool one = !function && at.kind == HCC_JS_WORD;
  if (!one && !at_word(r, "(")) {
    return;
  }
  const char *end;
  advance(r);
  while (!one && r->token.kind != HCC_JS_END && !at_word(r, ")")) {
    skip_value(r, &end);
    take_word(r, ",");
  }
  if (!one) {
    advance(r);
  }
  if (!function && !at_word(r, "=>")) {
    return;
  }
  hcc_procedure *p = async && !refuse_async(r, &first) ? NULL : add(r, name);
  if (p == NULL) {
    return;
  }
  if (one) {
    (void)hcc_script_add_param(r->u, p, at.at, at.size, place_of(&at));
  } else {
    r->scan = back;
    advance(r);
    read_params(r, p);
  }
  add_doc(r, p, head);
}

static void note_local(reader *r, const hcc_js_token *head, bool async) {
  take_word(r, "*");
  if (r->token.kind == HCC_JS_WORD && r->local_count < 256) {
    local *l = &r->locals[r->local_count];
    *l = (local){.name = r->token, .head = *head, .async = async};
    advance(r);
    if (at_word(r, "(")) {
      l->params = r->scan;
      r->local_count++;
    }
  }
}

static const local *find_local(const reader *r, const hcc_js_token *name) {
  for (uint32_t i = 0; i < r->local_count; i++) {
    const hcc_js_token *t = &r->locals[i].name;
    if (t->size == name->size && memcmp(t->at, name->at, t->size) == 0) {
      return &r->locals[i];
    }
  }
  return NULL;
}

/* { a, b as c }: those that are functions of this file, which may stand further down; the others
 * are left alone. */
typedef struct listed {
  hcc_js_token local, name;
} listed;

static void export_listed(reader *r, const listed *e) {
  const local *l = find_local(r, &e->local);
  if (l == NULL) {
    return;
  }
  if (l->async) {
    refuse_async(r, &e->name);
    return;
  }
  hcc_procedure *p = add(r, &e->name);
  if (p != NULL) {
    r->scan = l->params;
    advance(r);
    read_params(r, p);
    add_doc(r, p, &l->head);
  }
}

static void tell_import(reader *r) {
  const hcc_js_token *t = &r->token;
  if (t->kind == HCC_JS_STRING && t->size >= 2) {
    r->import(r->arg, t->at + 1, t->size - 2, t->line, t->column);
  }
}

/* Behind a list or a star: does it come from another file? */
static bool comes_from(reader *r, const hcc_js_token *head) {
  if (!take_word(r, "from")) {
    return false;
  }
  tell_import(r);
  if (r->main) {
    wrong_at(r, head, "import it and export a function of this file that calls it",
             "a procedure must be a function of this file");
  }
  return true;
}

static uint32_t export_list(reader *r, const hcc_js_token *head, listed *out, uint32_t room) {
  uint32_t count = 0;
  while (r->token.kind != HCC_JS_END && !at_word(r, "}")) {
    listed e = {r->token, r->token};
    advance(r);
    if (take_word(r, "as")) {
      e.name = r->token;
      advance(r);
    }
    if (e.local.kind == HCC_JS_WORD && e.name.kind == HCC_JS_WORD && count < room) {
      out[count++] = e;
    }
    take_word(r, ",");
  }
  take_word(r, "}");
  return comes_from(r, head) ? 0 : count;
}

static void export_named(reader *r, const hcc_js_token *head) {
  advance(r);
  while (r->token.kind == HCC_JS_WORD) {
    hcc_js_token name = r->token;
    advance(r);
    if (!take_word(r, "=")) {
      return;
    }
    export_value(r, head, &name);
    return; /* one a statement: `export const a = ..., b = ...` is for values */
  }
}

static void export_default(reader *r) {
  hcc_js_token t = r->token;
  if (at_word(r, "function") || at_word(r, "async") || at_word(r, "(")) {
    wrong_at(r, &t, HOW, "a procedure needs a name, so a function can't be export default");
  }
}

/* Behind `export`. Lists are done when all of the file is known. */
static uint32_t read_export(reader *r, const hcc_js_token *head, listed *out, uint32_t room) {
  hcc_js_token t = r->token;
  if (take_word(r, "{")) {
    return export_list(r, head, out, room);
  }
  if (take_word(r, "*")) {
    if (take_word(r, "as")) {
      advance(r);
    }
    (void)comes_from(r, head);
  } else if (!r->main) {
    return 0;
  } else if (take_word(r, "async")) {
    refuse_async(r, &t);
  } else if (take_word(r, "function")) {
    export_function(r, head);
  } else if (at_word(r, "const") || at_word(r, "let") || at_word(r, "var")) {
    export_named(r, head);
  } else if (take_word(r, "default")) {
    export_default(r);
  }
  return 0;
}

/* Behind `import`: not import(...) and import.meta. */
static void read_import(reader *r) {
  if (at_word(r, "(") || at_word(r, ".")) {
    return;
  }
  while (r->token.kind != HCC_JS_END && r->token.kind != HCC_JS_STRING && !at_word(r, ";")) {
    advance(r);
  }
  tell_import(r);
}

void hcc_js_read(hcc_script_unit *u, const char *text, size_t size, bool main,
                 hcc_js_import_fn *import, void *arg) {
  listed lists[256];
  uint32_t count = 0;
  reader r = {.u = u, .import = import, .arg = arg, .main = main};
  hcc_js_token before = {.kind = HCC_JS_END}, head;
  hcc_js_begin(&r.scan, text, size);
  advance(&r);
  while (r.token.kind != HCC_JS_END) {
    bool word = r.token.kind == HCC_JS_WORD && !hcc_js_is(&before, ".");
    bool async = hcc_js_is(&before, "async");
    unsigned braces = r.scan.braces;
    before = head = r.token;
    advance(&r);
    bool property = at_word(&r, ":") || (at_word(&r, "(") && !hcc_js_is(&head, "import"));
    if (!word || property) {
      continue;
    }
    if (hcc_js_is(&head, "export")) {
      count += read_export(&r, &head, lists + count, 256 - count);
    } else if (hcc_js_is(&head, "import")) {
      read_import(&r);
    } else if (hcc_js_is(&head, "function") && braces == 0) {
      note_local(&r, &head, async);
    }
  }
  for (uint32_t i = 0; main && i < count; i++) {
    export_listed(&r, &lists[i]);
  }
}
