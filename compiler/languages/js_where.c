/* js_where.c - finds the import by the scanner of js_scan.h. Must not believe a length of the
 * script. Invariants: js_where.h. */
#include "js_where.h"

#include <stdio.h>
#include <string.h>

#include "js_scan.h"

#define BEFORE "Could not find export '"
#define BETWEEN "' in module '"

struct words {
  const char *at;
  size_t size;
};

static bool same(struct words a, struct words b) {
  return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* Behind the last slash: how the file that imports it writes the rest is its own affair. */
static struct words last_part(struct words w) {
  for (size_t i = w.size; i > 0; i--) {
    if (w.at[i - 1] == '/') {
      return (struct words){w.at + i, w.size - i};
    }
  }
  return w;
}

static bool read_message(struct words *name, struct words *module, const char *message) {
  const char *begin = strstr(message, BEFORE);
  const char *middle = begin == NULL ? NULL : strstr(begin, BETWEEN);
  const char *end = middle == NULL ? NULL : strchr(middle + strlen(BETWEEN), '\'');
  if (end == NULL) {
    return false;
  }
  *name = (struct words){begin + strlen(BEFORE), (size_t)(middle - begin) - strlen(BEFORE)};
  *module = (struct words){middle + strlen(BETWEEN), (size_t)(end - middle) - strlen(BETWEEN)};
  return true;
}

/* At import or export; takes the tokens up to the specifier, or to what tells that it is another
 * thing. The line of the name in there; 0: it does not import it. */
static unsigned import_line(hcc_js_scan *s, hcc_js_token t, struct words name,
                            struct words module) {
  unsigned line = name.size == 7 && memcmp(name.at, "default", 7) == 0 ? t.line : 0;
  bool renamed = false, at_name = false; /* a name stands behind '{' or ',' */
  for (t = hcc_js_next(s); t.kind == HCC_JS_WORD || t.kind == HCC_JS_SIGN; t = hcc_js_next(s)) {
    struct words word = {t.at, t.size};
    if (t.kind == HCC_JS_SIGN && strchr("{},*", *t.at) == NULL) {
      return 0;
    }
    if (t.kind == HCC_JS_WORD && at_name && !renamed && same(word, name)) {
      line = t.line;
    }
    renamed = hcc_js_is(&t, "as");
    at_name = hcc_js_is(&t, "{") || hcc_js_is(&t, ",");
  }
  if (t.kind != HCC_JS_STRING || t.size < 2) {
    return 0;
  }
  return same(last_part((struct words){t.at + 1, t.size - 2}), last_part(module)) ? line : 0;
}

static unsigned line_in(const char *text, size_t size, struct words name, struct words module) {
  hcc_js_scan s;
  unsigned line = 0;
  hcc_js_begin(&s, text, size);
  for (hcc_js_token t = hcc_js_next(&s); t.kind != HCC_JS_END && line == 0; t = hcc_js_next(&s)) {
    if (hcc_js_is(&t, "import") || hcc_js_is(&t, "export")) {
      line = import_line(&s, t, name, module);
    }
  }
  return line;
}

static uint32_t u32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool hcc_js_where(char *out, size_t out_size, const uint8_t *script, size_t script_size,
                  const char *message) {
  struct words name, module;
  if (script_size < 8 || !read_message(&name, &module, message)) {
    return false;
  }
  size_t at = 8; /* sdk/engine/script.h has the layout */
  for (uint32_t left = u32(script + 4); left > 0 && script_size - at >= 8; left--) {
    uint32_t named = u32(script + at), length = u32(script + at + 4);
    at += 8;
    if (named > script_size - at || length >= script_size - at - named) {
      return false;
    }
    const char *file = (const char *)script + at, *text = file + named;
    unsigned line = line_in(text, length, name, module);
    if (line > 0) {
      snprintf(out, out_size, "%.*s:%u: ", (int)(named < 256 ? named : 256), file, line);
      return true;
    }
    at += (size_t)named + length + 1;
  }
  return false;
}
