/* caps.c - sets of grants: add, count, ask. parse.c turns text into grants.
 *
 * Must never allow what no grant names. A set only grows while it is built and is read-only
 * afterwards, so checks need no lock. */
#include "capability/grant.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "plugin/alloc.h"

#define GRANTS_MAX 256 /* of one procedure */

struct hrt_caps {
  struct hrt_grant *items;
  size_t count, room;
};

int hrt_caps_new(hrt_caps **out, helios_error *err) {
  *out = hrt_alloc(sizeof **out);
  return *out != NULL ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

void hrt_caps_free(hrt_caps *c) {
  if (c == NULL) {
    return;
  }
  for (size_t i = 0; i < c->count; i++) {
    hrt_grant_clear(&c->items[i]);
  }
  hrt_free(c->items);
  hrt_free(c);
}

static int grow(hrt_caps *c, helios_error *err) {
  if (c->count < c->room) {
    return 0;
  }
  if (c->count >= GRANTS_MAX) {
    return hrt_fail(err, HELIOS_E_LIMIT, "more than %d capabilities", GRANTS_MAX);
  }
  size_t room = c->room == 0 ? 8 : c->room * 2;
  struct hrt_grant *items = hrt_realloc(c->items, room * sizeof *items);
  if (items == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  c->items = items;
  c->room = room;
  return 0;
}

int hrt_caps_add(hrt_caps *c, const char *text, size_t length, helios_error *err) {
  struct hrt_grant grant = {0};
  int status = 0;
  HRT_TRY(hrt_grant_parse(&grant, text, length, err));
  for (size_t i = 0; i < c->count; i++) {
    if (strcmp(c->items[i].text, grant.text) == 0) {
      goto out; /* granted already */
    }
  }
  HRT_TRY(grow(c, err));
  c->items[c->count++] = grant;
  grant = (struct hrt_grant){0};
out:
  hrt_grant_clear(&grant);
  return status;
}

size_t hrt_caps_count(const hrt_caps *c) {
  return c != NULL ? c->count : 0;
}

const char *hrt_caps_text(const hrt_caps *c, size_t n) {
  return c->items[n].text;
}

const char *hrt_caps_object(hrt_cap_type *type, const hrt_caps *c, size_t n) {
  *type = c->items[n].type;
  return c->items[n].object;
}

static bool same(const char *a, const char *b) {
  return strcasecmp(a, b) == 0;
}

/* A column grant also answers for the table as a whole (count(*)), which tells no value. */
static bool allows_column(const struct hrt_grant *g, const char *table, const char *column) {
  if (g->object == NULL) {
    return true;
  }
  if (table == NULL || !same(g->object, table)) {
    return false;
  }
  return g->column == NULL || column == NULL || *column == 0 || same(g->column, column);
}

/* object was normalised by the host function: absolute, no "." or ".." components. */
static bool allows_path(const struct hrt_grant *g, const char *path) {
  size_t n = strlen(g->object);
  if (path == NULL || path[0] != '/' || strstr(path, "/../") != NULL ||
      strncmp(path, g->object, n) != 0) {
    return false;
  }
  size_t m = strlen(path);
  if (m >= 3 && strcmp(path + m - 3, "/..") == 0) {
    return false;
  }
  return n == 1 || path[n] == 0 || path[n] == '/';
}

/* An address of a private network needs ":private", or to be granted as that very address. */
static bool allows_domain(const struct hrt_grant *g, const char *domain, const char *address) {
  struct in_addr literal;
  if (domain == NULL ||
      (address != NULL && g->column == NULL && inet_pton(AF_INET, g->object, &literal) != 1)) {
    return false;
  }
  if (strncmp(g->object, "*.", 2) != 0) {
    return same(g->object, domain);
  }
  size_t n = strlen(g->object) - 1, m = strlen(domain);
  return m > n && same(domain + m - n, g->object + 1);
}

static bool allows(const struct hrt_grant *g, const char *object, const char *column) {
  switch (hrt_cap_rows[g->type].scope) {
  case HRT_SCOPE_NONE:
    return true;
  case HRT_SCOPE_TABLE:
  case HRT_SCOPE_COLUMN:
    return allows_column(g, object, column);
  case HRT_SCOPE_PATH:
    return allows_path(g, object);
  case HRT_SCOPE_DOMAIN:
    return allows_domain(g, object, column);
  case HRT_SCOPE_NAME:
    return object != NULL && strcmp(g->object, object) == 0;
  }
  return false;
}

/* Reading below a path is part of writing there. */
static bool covers(hrt_cap_type granted, hrt_cap_type asked) {
  return granted == asked || (granted == HRT_CAP_FS_WRITE && asked == HRT_CAP_FS_READ);
}

bool hrt_caps_allow(const hrt_caps *c, hrt_cap_type type, const char *object, const char *column) {
  for (size_t i = 0; i < hrt_caps_count(c); i++) {
    if (covers(c->items[i].type, type) && allows(&c->items[i], object, column)) {
      return true;
    }
  }
  return false;
}

bool hrt_caps_named(const hrt_caps *c, hrt_cap_type type, const char *object) {
  for (size_t i = 0; i < hrt_caps_count(c); i++) {
    const struct hrt_grant *g = &c->items[i];
    if (g->type == type && g->object != NULL && object != NULL && same(g->object, object)) {
      return true;
    }
  }
  return false;
}

bool hrt_caps_any(const hrt_caps *c, hrt_cap_type type) {
  for (size_t i = 0; i < hrt_caps_count(c); i++) {
    if (covers(c->items[i].type, type)) {
      return true;
    }
  }
  return false;
}

/* Any table, any column: only a grant of the same width covers it. */
static bool covers_grant(const hrt_caps *c, const struct hrt_grant *need) {
  enum hrt_scope scope = hrt_cap_rows[need->type].scope;
  if (scope == HRT_SCOPE_NONE) {
    return hrt_caps_any(c, need->type);
  }
  for (size_t i = 0; i < hrt_caps_count(c); i++) {
    const struct hrt_grant *g = &c->items[i];
    bool narrower =
        (g->object != NULL && need->object == NULL) || (g->column != NULL && need->column == NULL);
    if (covers(g->type, need->type) && !narrower && allows(g, need->object, need->column)) {
      return true;
    }
  }
  return false;
}

bool hrt_caps_cover(const hrt_caps *c, const hrt_caps *need) {
  for (size_t i = 0; i < hrt_caps_count(need); i++) {
    if (!covers_grant(c, &need->items[i])) {
      return false;
    }
  }
  return true;
}
