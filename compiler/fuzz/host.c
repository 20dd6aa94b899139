/* host.c - one instance of the module in a program of its own, put back to its first state before
 * each call; libFuzzer's entry; what counts as found, and its report in the file "found".
 *
 * Every line of that file is a finding: kind, procedure, wasm offset, input in hex, arguments as
 * SQL; or "stats". The reader is heliosc, which believes none of it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_host.h"
#include "small_host.h"

#define PAGES_MORE 256u /* memory that a module may grow into */
#define ROOM_PAGES 5u   /* for arguments, where the module offers no arena */
#define TABLES (32u << 20)
#define STACK (512u << 10)
#define NULL_PAGE 1024u /* wasm-ld puts nothing below */
#define FOUND_MAX 32u
#define SHRINK_TRIES 400u

enum { FOUND_TRAP, FOUND_RESULT_RANGE = 100, FOUND_RESULT_UTF8, FOUND_NULL_WRITE, FOUND_DIFFERS };

struct found {
  uint32_t kind, procedure, offset; /* kind: enum hsb_trap, or one of the above */
};

static struct {
  uint8_t *reservation, *instance, *tables;
  uint64_t tables_used;
  uint32_t pages, limit_pages; /* at the checkpoint; at most */
  uint8_t *instance_image, *low_image, *tables_image;
  uint32_t arena, arena_size;
  jmp_buf landing;
  uint32_t trap, offset;
  bool reported;
  bool
      tired[1 << 16]; /* procedures that ran out of fuel: less from then on, or nothing else runs */
  int64_t fuel;       /* of the next call */
  struct found found[FOUND_MAX];
  uint32_t found_count;
  uint64_t runs;
  uint8_t *edges_seen;
  int out;
} h;

struct hfz_call hfz_call;
static struct hsb_host host_calls;
static uint8_t room[HFZ_BYTES];

/* Counters of the module's edges, which clang keeps for libFuzzer. */
extern uint8_t counters_begin[] __asm__("__start___sancov_cntrs")
    __attribute__((weak, visibility("hidden")));
extern uint8_t counters_end[] __asm__("__stop___sancov_cntrs")
    __attribute__((weak, visibility("hidden")));

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void *hfz_guest(uint32_t at, uint64_t length) {
  return small_guest(hfz_call.memory, at, length);
}

static _Noreturn void trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset) {
  (void)ctx;
  h.trap = code;
  h.offset = offset;
  longjmp(h.landing, 1);
}

_Noreturn void hfz_end(bool reported) {
  h.reported = reported;
  trap(hfz_call.ctx, HSB_TRAP_HOST, 0);
}

static int64_t refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset) {
  if (fuel < 0) {
    trap(ctx, HSB_TRAP_FUEL, offset);
  }
  return fuel;
}

static uint32_t grow(struct hsb_ctx *ctx, uint32_t delta) {
  (void)ctx;
  return small_grow(hfz_call.memory, delta, h.limit_pages);
}

static void *table(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                   uint32_t elem) {
  (void)ctx, (void)index;
  return small_table(h.tables, &h.tables_used, TABLES, min, max, elem);
}

static void give_up(const char *why) {
  dprintf(h.out, "error\t%s\n", why);
  _exit(0);
}

/* False if it trapped. */
static bool run(void (*fn)(void *, hsb_slot *), hsb_slot *slots) {
  h.trap = h.offset = 0;
  h.reported = false;
  hfz_call.ctx->fuel = h.fuel;
  hfz_call.ctx->stack_limit = (uintptr_t)__builtin_frame_address(0) - STACK;
  if (setjmp(h.landing) != 0) {
    return false;
  }
  fn(h.instance, slots);
  return true;
}

static void init(void *instance, hsb_slot *slots) {
  (void)slots;
  helios_plugin.init(instance);
}

static void *map(uint64_t size) {
  void *at =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    give_up("no memory for an instance");
  }
  return at;
}

static void bind_imports(void) {
  struct hsb_binding *bindings = calloc(helios_plugin.import_count + 1u, sizeof *bindings);
  if (bindings == NULL) {
    give_up("no memory for imports");
  }
  for (uint32_t i = 0; i < helios_plugin.import_count; i++) {
    hfz_stub(&bindings[i], &helios_plugin.imports[i]);
  }
  hfz_call.ctx->imports = bindings;
}

static const struct hsb_export *export_named(const char *name, const char *sig) {
  for (uint32_t i = 0; i < helios_plugin.export_count; i++) {
    const struct hsb_export *e = &helios_plugin.exports[i];
    if (e->name_len == strlen(name) && memcmp(e->name, name, e->name_len) == 0 &&
        strcmp(e->sig, sig) == 0) {
      return e;
    }
  }
  return NULL;
}

/* Where arguments go: the arena that the module offers, else pages of our own. */
static void find_arena(void) {
  hsb_slot s[1] = {0};
  const struct hsb_export *e = export_named("helios_arena", ":j");
  if (e != NULL && run(e->call, s) && hfz_guest((uint32_t)(s[0] >> 32), (uint32_t)s[0]) != NULL) {
    h.arena = (uint32_t)(s[0] >> 32);
    h.arena_size = (uint32_t)s[0];
  }
  if (hfz_call.memory != NULL && h.arena_size < HFZ_BYTES) {
    uint32_t before = grow(hfz_call.ctx, ROOM_PAGES);
    if (before != UINT32_MAX) {
      h.arena = before * HSB_PAGE;
      h.arena_size = ROOM_PAGES * HSB_PAGE;
    }
  }
}

static void *image(const void *from, size_t size) {
  void *copy = malloc(size + 1);
  if (copy == NULL) {
    give_up("no memory for an image");
  }
  return memcpy(copy, from, size);
}

/* From here on memory is a private copy of this state: giving its pages back is the reset. */
static void map_image(void) {
  struct hsb_memory *m = hfz_call.memory;
  if (m == NULL || m->size == 0) {
    return;
  }
  h.low_image = image(m->data, NULL_PAGE);
  int fd = memfd_create("image", MFD_CLOEXEC);
  for (uint64_t at = 0; fd >= 0 && at < m->size; at += HSB_PAGE) {
    if (pwrite(fd, m->data + at, HSB_PAGE, (off_t)at) != (ssize_t)HSB_PAGE) {
      give_up("no memory for an image");
    }
  }
  if (fd < 0 || mmap(m->data, m->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
                    MAP_FAILED) {
    give_up("no memory for an image");
  }
  close(fd);
}

/* Fuel ends a run, no clock does. */
static void poll_clock(struct hsb_ctx *ctx, uint32_t offset) {
  (void)ctx, (void)offset;
}

static void make_instance(void) {
  h.limit_pages = helios_plugin.memory_min + PAGES_MORE + ROOM_PAGES;
  h.reservation = map(HSB_FRONT_GUARD + HSB_CTX_BYTES + HSB_SPAN +
                      (uint64_t)h.limit_pages * HSB_PAGE + HSB_PAGE);
  h.tables = map(TABLES);
  hfz_call.ctx = (void *)(h.reservation + HSB_FRONT_GUARD);
  h.instance = (uint8_t *)hfz_call.ctx + HSB_CTX_BYTES;
  host_calls = (struct hsb_host){.size = sizeof host_calls,
                                 .trap = trap,
                                 .refuel = refuel,
                                 .memory_grow = grow,
                                 .table_reserve = table,
                                 .poll = poll_clock};
  *hfz_call.ctx = (struct hsb_ctx){.size = sizeof *hfz_call.ctx, .host = &host_calls};
  hfz_call.memory = small_memory(&helios_plugin, h.instance);
  bind_imports();
  static struct hfz_input nothing;
  hfz_call.input = &nothing;
  hsb_slot s[1] = {0};
  const struct hsb_export *initialize = export_named("_initialize", ":");
  if (!run(init, s) || !small_segments(&helios_plugin, hfz_call.memory) ||
      (helios_plugin.start != NULL && !run(helios_plugin.start, s)) ||
      (initialize != NULL && !run(initialize->call, s))) {
    give_up("the module traps while it is instantiated");
  }
  find_arena();
  h.pages = hfz_call.memory != NULL ? hfz_call.memory->pages : 0;
  h.instance_image = image(h.instance, helios_plugin.instance_size);
  h.tables_image = image(h.tables, h.tables_used);
  map_image();
}

static void reset(void) {
  struct hsb_memory *m = hfz_call.memory;
  if (m != NULL && m->size != 0) {
    madvise(m->data, m->size, MADV_DONTNEED);
  }
  memcpy(h.instance, h.instance_image, helios_plugin.instance_size);
  memcpy(h.tables, h.tables_image, h.tables_used);
}

/* A call as the engine would make it. */
struct job {
  const struct hfz_procedure *procedure;
  struct hfz_value args[HFZ_ARGS];
  uint32_t arg_count;
  hsb_slot slots[2 * HFZ_ARGS + 8];
};

/* Where the bytes are now. None of them if they don't fit. */
static uint32_t put_bytes(uint32_t *used, const void *bytes, uint32_t *length) {
  uint32_t at = h.arena + *used;
  if (*length > h.arena_size - *used || hfz_guest(at, *length) == NULL) {
    *length = 0;
    return h.arena;
  }
  memcpy(hfz_guest(at, *length), bytes, *length);
  uint32_t whole = (*length + 7) & ~7u, left = h.arena_size - *used;
  *used += whole < left ? whole : left;
  return at;
}

static bool has_bytes(const struct hfz_value *v) {
  return v->type == HFZ_TEXT || v->type == HFZ_BLOB || v->type == HFZ_JSON ||
         v->type == HFZ_DECIMAL;
}

static uint32_t put_cell(uint32_t *used, struct hfz_value *v) {
  struct {
    uint32_t type, length;
    uint64_t bits;
  } cell = {v->type, 0, (uint64_t)v->i};
  if (v->type == HFZ_F64) {
    memcpy(&cell.bits, &v->d, sizeof v->d);
  } else if (has_bytes(v)) {
    cell.bits = put_bytes(used, v->bytes, &v->length);
    cell.length = v->length;
  }
  uint32_t size = sizeof cell;
  return put_bytes(used, &cell, &size);
}

static void place_arguments(struct job *j) {
  uint32_t used = 0, at = 0;
  for (uint32_t i = 0; i < j->arg_count && !j->procedure->pulls; i++) {
    struct hfz_value *v = &j->args[i];
    float narrow = (float)v->d;
    if (j->procedure->cells || v->letter == 'a' || j->procedure->params[i] == 'a') {
      j->slots[at++] = put_cell(&used, v);
    } else if (has_bytes(v)) {
      j->slots[at++] = put_bytes(&used, v->bytes, &v->length);
      j->slots[at++] = v->length;
    } else if (v->letter == 'f') {
      j->slots[at] = 0;
      memcpy(&j->slots[at++], &narrow, sizeof narrow);
    } else if (v->type == HFZ_F64) {
      memcpy(&j->slots[at++], &v->d, sizeof v->d);
    } else {
      j->slots[at++] = v->letter == 'i' || v->letter == 'b' ? (uint32_t)v->i : (uint64_t)v->i;
    }
  }
}

/* What is wrong with a result: 0 or a kind of finding. */
static uint32_t judge_result(const struct job *j) {
  char t = j->procedure->returns;
  uint32_t at = (uint32_t)(j->slots[0] >> 32), length = (uint32_t)j->slots[0];
  if (hfz_call.returned || t == '-') {
    return 0;
  }
  if (t == 'a') {
    at = length;
    length = 16;
  } else if (strchr("tosn", t) == NULL) {
    return 0;
  }
  const uint8_t *bytes = hfz_guest(at, length);
  if (bytes == NULL) {
    return FOUND_RESULT_RANGE;
  }
  return t != 'o' && t != 'a' && !hfz_utf8(bytes, length) ? FOUND_RESULT_UTF8 : 0;
}

static bool wrote_low(void) {
  return hfz_null_guard && hfz_call.memory != NULL && h.pages != 0 &&
         memcmp(hfz_call.memory->data, h.low_image, NULL_PAGE) != 0;
}

/* One call from its input. */
static uint32_t call_once(struct job *j, const uint8_t *data, size_t size) {
  struct hfz_input in = {data, 0, size};
  uint8_t *next = room;
  reset();
  j->procedure = &hfz_procedures[hfz_choice(&in) % hfz_procedure_count];
  j->arg_count = (uint32_t)strlen(j->procedure->params);
  uint32_t index = (uint32_t)(j->procedure - hfz_procedures);
  h.fuel = (int64_t)hfz_fuel / (index < sizeof h.tired && h.tired[index] ? 20 : 1);
  memset(j->slots, 0, sizeof j->slots);
  for (uint32_t i = 0; i < j->arg_count; i++) {
    hfz_value(&j->args[i], &in, j->procedure->params[i], j->procedure->nulls, &next,
              room + sizeof room - 64);
  }
  hfz_call = (struct hfz_call){.ctx = hfz_call.ctx,
                               .memory = hfz_call.memory,
                               .input = &in,
                               .args = j->args,
                               .arg_count = j->arg_count};
  place_arguments(j);
  if (!run(helios_plugin.exports[j->procedure->export].call, j->slots)) {
    return h.reported ? 0 : h.trap;
  }
  uint32_t kind = judge_result(j);
  return kind == 0 && wrote_low() ? FOUND_NULL_WRITE : kind;
}

/* A procedure that says it is deterministic is asked twice. */
static uint32_t judge_twice(struct job *j, const uint8_t *data, size_t size) {
  uint32_t kind = call_once(j, data, size);
  if (kind == 0 && j->procedure->deterministic &&
      strchr("bijfdDS", j->procedure->returns) != NULL) {
    hsb_slot first = j->slots[0];
    kind = call_once(j, data, size) == 0 && j->slots[0] != first ? FOUND_DIFFERS : 0;
  }
  return kind;
}

static bool is_new(const struct found *f) {
  for (uint32_t i = 0; i < h.found_count; i++) {
    if (memcmp(&h.found[i], f, sizeof *f) == 0) {
      return false;
    }
  }
  return h.found_count < FOUND_MAX;
}

static struct found what(uint32_t kind, const struct job *j) {
  return (struct found){kind, (uint32_t)(j->procedure - hfz_procedures),
                        h.trap != 0 ? h.offset : UINT32_MAX};
}

static bool still(struct job *j, const uint8_t *data, size_t size, const struct found *f) {
  struct found now = what(call_once(j, data, size), j);
  return memcmp(&now, f, sizeof now) == 0;
}

/* Leaves bytes out of the input as long as the same is found. */
static size_t leave_out(struct job *j, uint8_t *data, size_t size, const struct found *f) {
  static uint8_t copy[1 << 16];
  uint32_t tries = SHRINK_TRIES;
  for (size_t n = size / 2; n > 0; n /= 2) {
    for (size_t at = 0; at + n <= size && tries > 0; tries--) {
      memcpy(copy, data, at);
      memcpy(copy + at, data + at + n, size - at - n);
      if (still(j, copy, size - n, f)) {
        size -= n;
        memcpy(data, copy, size);
      } else {
        at += n;
      }
    }
  }
  return size;
}

/* And makes those that stay smaller: lengths are among them. */
static void lessen(struct job *j, uint8_t *data, size_t size, const struct found *f) {
  uint32_t tries = SHRINK_TRIES;
  for (size_t at = size; at-- > 0 && tries > 0;) {
    for (uint8_t step = data[at]; step > 0 && tries > 0; tries--) {
      data[at] -= step;
      if (!still(j, data, size, f)) {
        data[at] += step;
        step /= 2;
      } else {
        step = step < data[at] ? step : data[at];
      }
    }
  }
}

static void report(struct job *j, uint32_t kind, const uint8_t *data, size_t size) {
  static uint8_t least[1 << 16];
  static char line[1 << 18];
  struct found f = what(kind, j);
  size = size < sizeof least ? size : sizeof least;
  memcpy(least, data, size);
  if (kind != FOUND_DIFFERS) {
    size = leave_out(j, least, size, &f);
    lessen(j, least, size, &f);
  }
  call_once(j, least, size);
  size_t n =
      (size_t)snprintf(line, sizeof line, "found\t%u\t%u\t%u\t", f.kind, f.procedure, f.offset);
  for (size_t i = 0; i < size && n + 3 < sizeof line; i++) {
    n += (size_t)snprintf(line + n, sizeof line - n, "%02x", least[i]);
  }
  n += (size_t)snprintf(line + n, sizeof line - n, "\t");
  for (uint32_t i = 0; i < j->arg_count && n < sizeof line; i++) {
    n += (size_t)snprintf(line + n, sizeof line - n, i == 0 ? "" : ", ");
    n += n < sizeof line ? hfz_sql(line + n, sizeof line - n, &j->args[i]) : 0;
  }
  n = n < sizeof line - 1 ? n : sizeof line - 2;
  line[n++] = '\n';
  if (write(h.out, line, n) != (ssize_t)n) {
    _exit(1);
  }
}

static void note_edges(void) {
  for (uint8_t *c = counters_begin; c < counters_end; c++) {
    h.edges_seen[c - counters_begin] |= *c;
  }
}

static void stats(void) {
  unsigned reached = 0;
  size_t edges = (size_t)(counters_end - counters_begin);
  for (size_t i = 0; i < edges; i++) {
    reached += h.edges_seen[i] != 0;
  }
  dprintf(h.out, "stats\t%llu\t%u\t%zu\n", (unsigned long long)h.runs, reached, edges);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  h.out = open("found", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  h.edges_seen = calloc((size_t)(counters_end - counters_begin) + 1, 1);
  if (h.out < 0 || h.edges_seen == NULL) {
    _exit(1);
  }
  h.fuel = INT64_MAX;
  make_instance();
  atexit(stats);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct job j;
  uint32_t kind = judge_twice(&j, data, size);
  h.runs++;
  note_edges();
  if (kind != 0) {
    struct found f = what(kind, &j);
    if (is_new(&f)) {
      h.found[h.found_count++] = f;
      report(&j, kind, data, size);
      if (kind == HSB_TRAP_FUEL && f.procedure < sizeof h.tired) {
        h.tired[f.procedure] = true;
      }
    }
  }
  return 0;
}
