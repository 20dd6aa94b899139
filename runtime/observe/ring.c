/* ring.c - the newest records of a store: made by those who report, read by tables, marked when the
 * database has them.
 *
 * Invariant: a record never changes but for its row; it lives until the ring and every reader have
 * let go of it. One that is pushed out unwritten is counted. */
#include <string.h>
#include <time.h>

#include "observe/store.h"
#include "plugin/alloc.h"

static const uint32_t sizes[HRT_RING_COUNT] = {
    [HRT_RING_LOGS] = 512, [HRT_RING_AUDIT_LOG] = 256, [HRT_RING_TRAPS] = 128};

/* Columns of each record table, as places in its values. */
#define HRT_TABLE(TABLE, name, stored, doc) enum { HRT_IN_##TABLE = __COUNTER__ };
#define HRT_COLUMN(TABLE, name, type, doc)                                                         \
  enum { HRT_AT_##TABLE##_##name = __COUNTER__ - HRT_IN_##TABLE - 1 };
#include "observe/tables.def"
#undef HRT_TABLE
#undef HRT_COLUMN
#define AT(TABLE, name) HRT_AT_##TABLE##_##name

/* How many columns each has. */
static const uint32_t counts[HRT_RING_COUNT] = {
    [HRT_RING_LOGS] = AT(LOGS, text) + 1,
    [HRT_RING_AUDIT_LOG] = AT(AUDIT_LOG, detail) + 1,
    [HRT_RING_TRAPS] = AT(TRAPS, text) + 1,
};
enum { COLUMNS_MOST = 16 };

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static hrt_datum number(int64_t n) {
  return (hrt_datum){HRT_DATUM_INTEGER, {.number = n}};
}

/* NULL for zero, which stands for "none". */
static hrt_datum number_if(uint64_t n) {
  return n ? number((int64_t)n) : (hrt_datum){0};
}

static hrt_datum text(const char *t) {
  return t ? (hrt_datum){HRT_DATUM_TEXT, {.text = t}} : (hrt_datum){0};
}

/* A record with its own copies of the texts. */
static hrt_record *copy(const hrt_datum *values, uint32_t count) {
  size_t bytes = sizeof(hrt_record) + count * sizeof *values;
  for (uint32_t i = 0; i < count; i++) {
    bytes += values[i].type == HRT_DATUM_TEXT ? strlen(values[i].as.text) + 1 : 0;
  }
  hrt_record *r = hrt_alloc(bytes);
  if (r == NULL) {
    return NULL;
  }
  char *at = (char *)&r->values[count];
  r->refs = 1;
  r->count = count;
  for (uint32_t i = 0; i < count; i++) {
    r->values[i] = values[i];
    if (values[i].type == HRT_DATUM_TEXT) {
      size_t size = strlen(values[i].as.text) + 1;
      r->values[i].as.text = memcpy(at, values[i].as.text, size);
      at += size;
    }
  }
  return r;
}

/* With the mutex held. */
static void unref(hrt_record *r) {
  if (r && --r->refs == 0) {
    hrt_free(r);
  }
}

/* With the mutex held. */
static void push(struct hrt_ring *ring, hrt_record *r) {
  hrt_record **place = &ring->at[++ring->serial % ring->size];
  if (*place && (*place)->row == 0) {
    ring->dropped++;
    ring->unwritten--;
  }
  unref(*place);
  r->serial = ring->serial;
  *place = r;
  ring->unwritten++;
}

static void put(hrt_store *store, hrt_ring_kind kind, const hrt_datum *values) {
  hrt_record *r = copy(values, counts[kind]);
  pthread_mutex_lock(&store->mutex);
  if (r) {
    push(&store->rings[kind], r);
  } else {
    store->rings[kind].dropped++;
  }
  hrt_store_look(store);
  pthread_mutex_unlock(&store->mutex);
}

void hrt_observe_log(const hrt_observer *o, const hrt_origin *who, hrt_log_level level,
                     const char *line) {
  static const char *const levels[] = {"debug", "info", "warn", "error"};
  hrt_datum v[COLUMNS_MOST] = {
      [AT(LOGS, time_us)] = number(now_us()),
      [AT(LOGS, level)] = text(levels[level & 3]),
      [AT(LOGS, procedure)] = text(who->procedure),
      [AT(LOGS, version)] = number_if(who->version),
      [AT(LOGS, connection)] = number(o->connection),
      [AT(LOGS, statement)] = number_if(o->statement),
      [AT(LOGS, call)] = number_if(who->call),
      [AT(LOGS, text)] = text(line),
  };
  if (o->store) {
    put(o->store, HRT_RING_LOGS, v);
  }
}

static void audit_values(hrt_datum v[COLUMNS_MOST], const hrt_observer *o, const hrt_origin *who,
                         const hrt_audit *a) {
  const hrt_datum all[COLUMNS_MOST] = {
      [AT(AUDIT_LOG, time_us)] = number(now_us()),
      [AT(AUDIT_LOG, event)] = text(a->event),
      [AT(AUDIT_LOG, procedure)] = text(who->procedure),
      [AT(AUDIT_LOG, version)] = number_if(who->version),
      [AT(AUDIT_LOG, module_hash)] = text(a->module_hash),
      [AT(AUDIT_LOG, connection)] = number(o->connection),
      [AT(AUDIT_LOG, statement)] = number_if(o->statement),
      [AT(AUDIT_LOG, capability)] = text(a->capability),
      [AT(AUDIT_LOG, object)] = text(a->object),
      [AT(AUDIT_LOG, granted)] = number(a->granted),
      [AT(AUDIT_LOG, detail)] = text(a->detail),
  };
  memcpy(v, all, sizeof all);
}

void hrt_observe_audit(const hrt_observer *o, const hrt_origin *who, const hrt_audit *a) {
  hrt_datum v[COLUMNS_MOST];
  if (o->store) {
    audit_values(v, o, who, a);
    put(o->store, HRT_RING_AUDIT_LOG, v);
  }
}

hrt_record *hrt_audit_record(const hrt_observer *o, const hrt_origin *who, const hrt_audit *a) {
  hrt_datum v[COLUMNS_MOST];
  audit_values(v, o, who, a);
  return copy(v, counts[HRT_RING_AUDIT_LOG]);
}

void hrt_observe_undone(const hrt_observer *o, const hrt_record *record, const char *detail) {
  hrt_datum v[COLUMNS_MOST];
  memcpy(v, record->values, record->count * sizeof *v);
  v[AT(AUDIT_LOG, granted)] = number(0);
  v[AT(AUDIT_LOG, detail)] = text(detail);
  if (o->store) {
    put(o->store, HRT_RING_AUDIT_LOG, v);
  }
}

void hrt_observe_trap(const hrt_observer *o, const hrt_origin *who, const char *function,
                      const helios_error *err) {
  hrt_datum v[COLUMNS_MOST] = {
      [AT(TRAPS, time_us)] = number(now_us()),
      [AT(TRAPS, procedure)] = text(who->procedure),
      [AT(TRAPS, version)] = number_if(who->version),
      [AT(TRAPS, connection)] = number(o->connection),
      [AT(TRAPS, statement)] = number_if(o->statement),
      [AT(TRAPS, call)] = number_if(who->call),
      [AT(TRAPS, code)] = text(hrt_outcome_name(hrt_outcome_of(err->code))),
      [AT(TRAPS, trap)] = number(err->trap),
      [AT(TRAPS, function)] = text(function),
      [AT(TRAPS, wasm_offset)] =
          err->offset == HELIOS_NO_OFFSET ? (hrt_datum){0} : number(err->offset),
      [AT(TRAPS, text)] = text(err->text),
  };
  if (o->store) {
    put(o->store, HRT_RING_TRAPS, v);
  }
}

size_t hrt_records_take(hrt_record **out, hrt_store *store, hrt_ring_kind kind, int64_t above) {
  size_t n = 0;
  if (store == NULL) {
    return 0;
  }
  pthread_mutex_lock(&store->mutex);
  struct hrt_ring *ring = &store->rings[kind];
  uint64_t first = ring->serial > ring->size ? ring->serial - ring->size : 0;
  for (uint64_t i = first + 1; i <= ring->serial; i++) {
    hrt_record *r = ring->at[i % ring->size];
    if (r && (r->row == 0 || r->row > above)) {
      r->refs++;
      out[n++] = r;
    }
  }
  pthread_mutex_unlock(&store->mutex);
  return n;
}

void hrt_record_give(hrt_store *store, hrt_record *record) {
  pthread_mutex_lock(&store->mutex);
  unref(record);
  pthread_mutex_unlock(&store->mutex);
}

void hrt_record_written(hrt_store *store, hrt_ring_kind kind, hrt_record *record, int64_t row) {
  pthread_mutex_lock(&store->mutex);
  struct hrt_ring *ring = &store->rings[kind];
  bool there = ring->at[record->serial % ring->size] == record;
  if (there && (record->row == 0) != (row == 0)) {
    ring->unwritten += row == 0 ? 1 : -1u;
  }
  record->row = row;
  hrt_store_look(store);
  pthread_mutex_unlock(&store->mutex);
}

uint64_t hrt_records_dropped(hrt_store *store, hrt_ring_kind kind) {
  if (store == NULL) {
    return 0;
  }
  pthread_mutex_lock(&store->mutex);
  uint64_t n = store->rings[kind].dropped;
  pthread_mutex_unlock(&store->mutex);
  return n;
}

bool hrt_records_due(hrt_store *store) {
  bool due = false;
  if (store == NULL) {
    return false;
  }
  pthread_mutex_lock(&store->mutex);
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    due = due || store->rings[i].unwritten > 0;
  }
  pthread_mutex_unlock(&store->mutex);
  return due;
}

void hrt_rings_init(hrt_store *store) {
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    store->rings[i].size = sizes[i];
  }
}

void hrt_rings_free(hrt_store *store) {
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    for (uint32_t n = 0; n < store->rings[i].size; n++) {
      hrt_free(store->rings[i].at[n]);
    }
  }
}
