/* call.c - guest calls: entering, leaving early, and what the user reads about it.
 *
 * Invariant: hrt_thread.current is the innermost running guest call of this thread or NULL, and is
 * right again whichever way a call ends. A call that ended early leaves its instance dead. */
#include <stdarg.h>
#include <stdio.h>

#include "instance/outermost.h"
#include "instance/where.h"

__thread struct hrt_thread hrt_thread __attribute__((tls_model("initial-exec")));

static const char *const trap_texts[] = {
#define HSB_TRAP(name, code, text) [code] = text,
#include "hsb_traps.def"
#undef HSB_TRAP
};

/* Traps that are limits have codes of their own. */
static helios_code code_of(uint32_t trap) {
  switch (trap) {
  case HSB_TRAP_FUEL:
    return HELIOS_E_FUEL;
  case HSB_TRAP_DEADLINE:
    return HELIOS_E_DEADLINE;
  case HSB_TRAP_CANCELLED:
    return HELIOS_E_CANCELLED;
  default:
    return HELIOS_E_TRAP;
  }
}

int hrt_trap_error(helios_error *err, uint32_t trap, uint32_t offset, const char *format, ...) {
  helios_code code = code_of(trap);
  if (err == NULL || err->code != HELIOS_OK) {
    return code;
  }
  char text[sizeof err->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  hrt_fail(err, code, "%s", text);
  err->trap = trap;
  err->offset = offset;
  return code;
}

static void limit_hint(const struct hrt_activation *a, uint32_t trap) {
  if (trap == HSB_TRAP_FUEL) {
    hrt_hint(a->err, "the limit was %llu; raise fuel_limit",
             (unsigned long long)a->budget->fuel_limit);
  } else if (trap == HSB_TRAP_DEADLINE) {
    hrt_hint(a->err, "raise timeout");
  }
}

/* A function of the interpreter says nothing to who wrote the script: where that was, if memory
 * says so. */
static int explain_script(const struct hrt_activation *a, uint32_t trap, uint32_t offset,
                          const char *text) {
  char name[HRT_ESCAPED];
  hrt_place place;
  if (hrt_where(&place, a->instance)) {
    const char *quote = place.function[0] ? "\"" : "";
    return hrt_trap_error(a->err, trap, offset, "%s:%u: %s%s%s%s%s", place.file, place.line, text,
                          quote[0] ? " in " : "", quote, place.function, quote);
  }
  if (offset == HELIOS_NO_OFFSET) {
    return hrt_trap_error(a->err, trap, offset, "%s", text);
  }
  return hrt_trap_error(a->err, trap, offset,
                        "%s in the script; its engine was in \"%s\" at wasm offset 0x%x", text,
                        hrt_plugin_func_name(a->instance->plugin, offset, name), offset);
}

/* The early end of a call in words. Not a hot path. */
static int explain(const struct hrt_activation *a, uint32_t trap) {
  char name[HRT_ESCAPED], file[HRT_ESCAPED];
  uint32_t line;
  if (trap == HSB_TRAP_HOST && a->host_status != 0) {
    return a->host_status; /* *err is set */
  }
  uint32_t offset = a->pc != 0 ? hrt_plugin_line(a->instance->plugin, a->pc) : a->offset;
  const char *text = trap < sizeof trap_texts / sizeof *trap_texts && trap_texts[trap]
                         ? trap_texts[trap]
                         : "unknown trap";
  bool own = a->err == NULL || a->err->code == HELIOS_OK;
  int status;
  if (own && hrt_plugin_abi(a->instance->plugin)->flags & HSB_PLUGIN_SCRIPT) {
    status = explain_script(a, trap, offset, text);
  } else if (offset == HELIOS_NO_OFFSET) {
    status = hrt_trap_error(a->err, trap, offset, "%s", text);
  } else if (hrt_plugin_place(file, &line, a->instance->plugin, offset)) {
    hrt_plugin_func_name(a->instance->plugin, offset, name);
    status = hrt_trap_error(a->err, trap, offset, "%s in \"%s\" at %s:%u (wasm offset 0x%x)", text,
                            name, file, line, offset);
  } else {
    hrt_plugin_func_name(a->instance->plugin, offset, name);
    status = hrt_trap_error(a->err, trap, offset, "%s in \"%s\" at wasm offset 0x%x", text, name,
                            offset);
  }
  if (own) {
    limit_hint(a, trap);
  }
  return status;
}

/* A guest frame is made before it is checked, so nothing may run where there is no telling whether
 * a frame fits. */
__attribute__((noinline)) static uint32_t foreign_stack(struct hrt_activation *a) {
  a->host_status = hrt_fail(a->err, HELIOS_E_LIMIT, "called on a stack of unknown size");
  hrt_hint(a->err, "call procedures on a thread's own stack, not on a coroutine's");
  return HSB_TRAP_HOST;
}

int hrt_die(hrt_instance *i, uint32_t trap) {
  i->life = HRT_DEAD;
  return explain(&i->activation, trap);
}

__attribute__((no_stack_protector, noinline)) int hrt_enter(hrt_instance *i,
                                                            void (*fn)(void *, hsb_slot *),
                                                            hsb_slot *slots, hrt_budget *budget,
                                                            helios_error *err) {
  struct hrt_activation *a = &i->activation, *outer = hrt_thread.current;
  a->budget = budget;
  a->outer = outer;
  a->err = err;
  int status = hrt_budget_begin(a);
  if (status != 0) {
    return status;
  }
  uintptr_t limit = hrt_stack_limit(i, outer);
  uint32_t trap =
      limit == HRT_STACK_UNKNOWN ? foreign_stack(a) : hrt_guarded(i, limit, fn, slots, outer);
  hrt_budget_end(a);
  return trap != 0 ? hrt_die(i, trap) : 0;
}

static int misuse(const hrt_instance *i, helios_error *err) {
  return hrt_fail(err, HELIOS_E_MISUSE, "%s",
                  i->life == HRT_DEAD ? "the instance is dead" : "the instance is running");
}

hrt_export hrt_export_at(const struct helios_plugin *abi, uint32_t index) {
  const struct hsb_export *e = &abi->exports[index];
  return (hrt_export){e->call, e->flags & HSB_EXPORT_STATELESS};
}

int hrt_call_any(hrt_instance *i, const hrt_export *e, hsb_slot *slots, hrt_budget *budget,
                 helios_error *err) {
  if (i->life != HRT_IDLE) {
    return misuse(i, err);
  }
  i->dirty = i->dirty || !e->stateless;
  return hrt_enter(i, e->fn, slots, budget, err);
}

__attribute__((no_stack_protector)) int hrt_call_export(hrt_instance *i, const hrt_export *e,
                                                        hsb_slot *slots, hrt_budget *budget,
                                                        helios_error *err) {
  return hrt_call_outermost(i, e, slots, budget, (uintptr_t)__builtin_frame_address(0), err);
}

void hrt_short_ready(hrt_short *s) {
  hrt_instance *i = s->instance;
  s->activation = &i->activation;
  s->ctx = i->ctx;
  s->guest = i->instance;
  s->stack_bytes = i->stack_bytes;
  if (i->life != HRT_IDLE) {
    s->most = 0;
    return;
  }
  hrt_activate(i, &s->export, s->budget, s->err);
  i->activation.refueled = false;
  i->activation.looked = 0;
}

/* Nothing of the budget is used any more. */
static uint64_t take_used(hrt_budget *b) {
  uint64_t used = b->fuel_used;
  b->fuel_used = b->deadline_ns = 0;
  return used;
}

hrt_short_result hrt_short_any(hrt_short *s, hsb_slot *slots) {
  int status = hrt_call_any(s->instance, &s->export, slots, s->budget, s->err);
  hrt_short_ready(s);
  return (hrt_short_result){take_used(s->budget), status};
}

__attribute__((no_stack_protector)) hrt_short_result hrt_call_asking(hrt_short *s,
                                                                     hsb_slot *slots) {
  int status = hrt_call_outermost(s->instance, &s->export, slots, s->budget,
                                  (uintptr_t)__builtin_frame_address(0), s->err);
  return (hrt_short_result){take_used(s->budget), status};
}

/* Where the limits were looked at, mark has moved and the budget has what was used until then. */
hrt_short_result hrt_short_end(hrt_short *s, uint64_t used) {
  const struct hrt_activation *a = s->activation;
  hrt_budget *b = s->budget;
  uint32_t trap = a->landing.code;
  int status = trap != 0 ? hrt_die(s->instance, trap) : 0;
  uint64_t before = take_used(b);
  b->slice = a->refueled ? hrt_slice_after(a, s->ctx->fuel) : b->slice - (int64_t)before;
  hrt_short_ready(s);
  return (hrt_short_result){used + before, status};
}

__attribute__((no_stack_protector)) int hrt_call(hrt_instance *i, uint32_t index, hsb_slot *slots,
                                                 hrt_budget *budget, helios_error *err) {
  if (index >= i->abi->export_count) {
    return hrt_fail(err, HELIOS_E_MISUSE, "no such export");
  }
  hrt_export e = hrt_export_at(i->abi, index);
  return hrt_call_outermost(i, &e, slots, budget, (uintptr_t)__builtin_frame_address(0), err);
}

_Noreturn void hrt_trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  a->pc = 0;
  a->offset = offset ? offset : HELIOS_NO_OFFSET; /* no instruction has offset 0 */
  a->host_status = 0;
  hrt_guard_leave(&a->landing, code ? code : HSB_TRAP_UNREACHABLE);
}

_Noreturn void hrt_host_fail(struct hsb_ctx *ctx, const helios_error *err) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  a->pc = 0;
  a->offset = HELIOS_NO_OFFSET;
  a->host_status = err->code != HELIOS_OK ? err->code : HELIOS_E_INTERNAL;
  if (a->err && a->err->code == HELIOS_OK) {
    if (err->code != HELIOS_OK) {
      *a->err = *err;
    } else {
      hrt_fail(a->err, HELIOS_E_INTERNAL, "a host function failed without a reason");
    }
  }
  hrt_guard_leave(&a->landing, HSB_TRAP_HOST);
}
