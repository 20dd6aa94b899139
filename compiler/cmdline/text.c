/* text.c - words of a command line: "did you mean", names that can't harm a terminal, colours. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmdline.h"

/* Optimal string alignment distance of a name and the first word of b, 3 if it is more than 2. */
static int distance(const char *a, const char *b) {
  enum { MAX = 32 };
  int rows[3][MAX + 1];
  size_t n = strlen(a), m = strcspn(b, " ");
  if (n > MAX || m > MAX) {
    return 3;
  }
  for (size_t j = 0; j <= m; j++) {
    rows[0][j] = (int)j;
  }
  for (size_t i = 1; i <= n; i++) {
    int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = (int)i;
    for (size_t j = 1; j <= m; j++) {
      int best = last[j - 1] + (a[i - 1] != b[j - 1]);
      best = last[j] + 1 < best ? last[j] + 1 : best;
      best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
      }
      now[j] = best;
    }
  }
  return rows[n % 3][m];
}

const char *hcl_nearest(const char *word, const char *(*name)(const void *arg, size_t i),
                        const void *arg) {
  const char *best = NULL, *candidate;
  int least = 3;
  for (size_t i = 0; (candidate = name(arg, i)) != NULL; i++) {
    bool begins = strlen(word) > 2 && strncmp(candidate, word, strlen(word)) == 0;
    int d = begins ? 1 : distance(word, candidate);
    if (d < least && 2 * d <= (int)strcspn(candidate, " ")) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

const char *hcl_clean(char *out, size_t size, const char *text) {
  static const char digits[] = "0123456789abcdef";
  size_t n = 0;
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    bool plain = c >= 0x20 && c < 0x7f;
    if (n + (plain ? 1 : 4) + 4 > size) {
      memcpy(out + n, "...", 3);
      n += 3;
      break;
    }
    if (plain) {
      out[n++] = (char)c;
    } else {
      out[n++] = '\\';
      out[n++] = 'x';
      out[n++] = digits[c >> 4];
      out[n++] = digits[c & 15];
    }
  }
  out[n] = '\0';
  return out;
}

static const char *const styles[] = {
#define X(name, code) "\033[" code "m",
    HCL_STYLES(X)
#undef X
};

const char *hcl_style(bool color, enum hcl_style style) {
  return color ? styles[style] : "";
}

bool hcl_color(int fd) {
  const char *force = getenv("CLICOLOR_FORCE"), *no = getenv("NO_COLOR"), *term = getenv("TERM");
  if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) {
    return true;
  }
  bool off = (no != NULL && no[0] != '\0') || (term != NULL && strcmp(term, "dumb") == 0);
  return !off && isatty(fd) == 1;
}
