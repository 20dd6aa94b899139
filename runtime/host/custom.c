/* custom.c - host functions of the application: found by module and name like the engine's own,
 * gated by a capability like them, called with checked access to the guest's memory only.
 *
 * Must never leave the application's function early: what it did and read is charged for when it
 * has returned. Invariant: a function is never taken away while the connection has a session, so
 * an instance that is bound to it can always call it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helios/helios.h"
#include "host/compile_bounds.h"
#include "host/internal.h"
#include "plugin/alloc.h"

#define CALL_FUEL 200 /* units of a call, besides what it reads, writes and charges */
#define NAME_BYTES 64 /* of a module's, of a function's name */
#define PARAMS 16

struct hrt_custom {
  hrt_custom *next;
  char module[NAME_BYTES], name[NAME_BYTES], sig[PARAMS + 3];
  hrt_caps *need; /* one grant; NULL: none is needed */
  helios_host_fn *fn;
  void *arg;
  void (*destroy)(void *arg);
};

/* What the application's function holds of the guest that calls it. */
struct helios_guest {
  hrt_host_env *env;
  hrt_instance *instance;
  uint64_t units; /* to be charged */
  bool failed;
  helios_error err;
};

/* ---- for the application's function ---- */

static void spend(helios_guest *guest, uint64_t units) {
  guest->units = guest->units + units < units ? UINT64_MAX : guest->units + units;
}

bool helios_guest_read(helios_guest *guest, void *dst, uint64_t at, uint64_t length) {
  bool done =
      at <= UINT32_MAX && hrt_guest_read(dst, guest->instance, (guest_u32){(uint32_t)at}, length);
  spend(guest, done ? length / 8 : 0);
  return done;
}

bool helios_guest_write(helios_guest *guest, uint64_t at, const void *src, uint64_t length) {
  bool done =
      at <= UINT32_MAX && hrt_guest_write(guest->instance, (guest_u32){(uint32_t)at}, src, length);
  spend(guest, done ? length / 8 : 0);
  return done;
}

void helios_guest_charge(helios_guest *guest, uint64_t units) {
  spend(guest, units);
}

const char *helios_guest_procedure(const helios_guest *guest) {
  return guest->env->procedure;
}

int helios_guest_fail(helios_guest *guest, int code, const char *text) {
  char clean[sizeof guest->err.text];
  text = text != NULL ? text : "";
  hrt_clean(clean, sizeof clean, text, strlen(text));
  guest->failed = true;
  guest->err = (helios_error){.code = HELIOS_E_GUEST, .guest_code = code};
  guest->err.offset = HELIOS_NO_OFFSET;
  snprintf(guest->err.text, sizeof guest->err.text, "%s",
           clean[0] != 0 ? clean : "a host function of the application failed");
  return HELIOS_E_GUEST;
}

/* ---- calling it ---- */

/* What a slot has above the value's own bits is nobody's. */
static void clear_high(hsb_slot *s, const char *sig) {
  for (; *sig != ':'; sig++, s++) {
    *s = *sig == 'i' || *sig == 'f' ? (uint32_t)*s : *s;
  }
}

/* The function itself; a procedure that is profiled has it timed. */
static int run(const hrt_custom *c, helios_guest *guest, hsb_slot *s) {
  hrt_host_env *env = guest->env;
  if (!env->profiling) {
    return c->fn(c->arg, guest, s);
  }
  hrt_series_use(env->series, c->module, c->name);
  uint64_t began = hrt_now_ns();
  int status = c->fn(c->arg, guest, s);
  hrt_series_used(env->series, c->module, c->name, hrt_now_ns() - began);
  return status;
}

void hrt_custom_call(struct hsb_ctx *ctx, hsb_slot *s, void *custom) {
  const hrt_custom *c = custom;
  hrt_instance *instance = hrt_instance_of(ctx);
  helios_guest guest = {.env = hrt_instance_user(instance), .instance = instance};
  guest.env->ctx = ctx;
  guest.env->asked++;
  hrt_charge(ctx, CALL_FUEL);
  clear_high(s, c->sig);
  hrt_compile_drop(guest.env->conn);
  int status = run(c, &guest, s);
  if (guest.units > 0) {
    hrt_host_charge(ctx, guest.units);
  }
  if (status != 0 || guest.failed) {
    if (!guest.failed) {
      (void)helios_guest_fail(&guest, status, NULL);
    }
    hrt_host_fail(ctx, &guest.err);
  }
}

/* ---- registering ---- */

const hrt_custom *hrt_custom_find(const hrt_host_conn *conn, const char *module, size_t module_len,
                                  const char *name, size_t name_len) {
  const hrt_custom *c = conn != NULL ? conn->customs : NULL;
  for (; c != NULL; c = c->next) {
    if (strlen(c->module) == module_len && memcmp(c->module, module, module_len) == 0 &&
        strlen(c->name) == name_len && memcmp(c->name, name, name_len) == 0) {
      break;
    }
  }
  return c;
}

const hrt_custom *hrt_custom_next(const hrt_host_conn *conn, const hrt_custom *c) {
  return c != NULL ? c->next : conn != NULL ? conn->customs : NULL;
}

const char *hrt_custom_name(const hrt_custom *c) {
  return c->name;
}

const char *hrt_custom_module(const hrt_custom *c) {
  return c->module;
}

const char *hrt_custom_sig(const hrt_custom *c) {
  return c->sig;
}

const char *hrt_custom_missing(const hrt_custom *c, const hrt_caps *caps) {
  return c->need == NULL || hrt_caps_cover(caps, c->need) ? NULL : hrt_caps_text(c->need, 0);
}

static bool begins(const char *text, const char *prefix) {
  return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Names that are or may become the engine's, or another standard's. */
static bool reserved(const char *module, const char *name) {
  return begins(module, "helios_") || begins(module, "wasi_") ||
         ((strcmp(module, "env") == 0 || strcmp(module, "heliosdb") == 0) &&
          begins(name, "heliosdb_"));
}

/* Letters of plain numbers, one result at most. */
static bool signature_ok(const char *sig) {
  size_t params = strspn(sig, "ijfd");
  const char *results = sig + params + 1;
  return params <= PARAMS && sig[params] == ':' &&
         (results[0] == 0 || (strchr("ijfd", results[0]) != NULL && results[1] == 0));
}

/* Printable ASCII without spaces: names are shown. */
static bool name_ok(const char *name) {
  size_t n = 0;
  while (name[n] > ' ' && name[n] < 0x7f) {
    n++;
  }
  return n > 0 && n < NAME_BYTES && name[n] == 0;
}

static int check_names(const char *module, const char *name, const char *sig, helios_error *err) {
  char shown[HRT_ESCAPED], also[HRT_ESCAPED];
  if (!name_ok(module) || !name_ok(name)) {
    return hrt_fail(err, HELIOS_E_MISUSE, "module and name are 1 to %d printable ASCII characters",
                    NAME_BYTES - 1);
  }
  if (reserved(module, name)) {
    return hrt_fail(err, HELIOS_E_EXISTS, "%s.%s is a name of the engine's",
                    hrt_escape(shown, module, strlen(module)),
                    hrt_escape(also, name, strlen(name)));
  }
  if (!signature_ok(sig)) {
    int status = hrt_fail(err, HELIOS_E_SIGNATURE, "\"%s\" is no signature",
                          hrt_escape(shown, sig, strlen(sig)));
    hrt_hint(err,
             "parameters, ':', at most one result: \"iij:i\" takes (i32, i32, i64), gives i32");
    return status;
  }
  return 0;
}

static void custom_free(hrt_custom *c) {
  if (c != NULL) {
    hrt_caps_free(c->need);
    hrt_free(c);
  }
}

static int make(hrt_custom **out, const char *module, const char *name, const char *sig,
                const char *capability, helios_error *err) {
  int status = 0;
  hrt_custom *c = hrt_alloc(sizeof *c);
  if (c == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  memcpy(c->module, module, strlen(module) + 1);
  memcpy(c->name, name, strlen(name) + 1);
  memcpy(c->sig, sig, strlen(sig) + 1);
  if (capability != NULL) {
    HRT_TRY(hrt_caps_new(&c->need, err));
    HRT_TRY(hrt_caps_add(c->need, capability, strlen(capability), err));
  }
  *out = c;
  c = NULL;
out:
  custom_free(c);
  return status;
}

int hrt_custom_add(hrt_host_conn *conn, const hrt_custom_def *d, helios_error *err) {
  hrt_custom *c = NULL;
  int status = 0;
  HRT_TRY(check_names(d->module, d->name, d->sig, err));
  if (hrt_custom_find(conn, d->module, strlen(d->module), d->name, strlen(d->name)) != NULL) {
    status = hrt_fail(err, HELIOS_E_EXISTS, "the connection has a host function of this name");
    goto out;
  }
  HRT_TRY(make(&c, d->module, d->name, d->sig, d->capability, err));
  c->fn = d->fn;
  c->arg = d->arg;
  c->destroy = d->destroy;
  c->next = conn->customs;
  conn->customs = c;
out:
  if (status != 0 && d->destroy != NULL) {
    d->destroy(d->arg);
  }
  return status;
}

void hrt_customs_clear(hrt_host_conn *conn) {
  while (conn->customs != NULL) {
    hrt_custom *c = conn->customs;
    conn->customs = c->next;
    if (c->destroy != NULL) {
      c->destroy(c->arg);
    }
    custom_free(c);
  }
}
