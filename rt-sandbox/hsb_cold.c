/* hsb_cold.c - the out-of-line half of the code linked into every plugin: traps, refuelling, memory
 * growth, table creation, and the traps of call_indirect.
 *
 * Freestanding: reaches the host through struct hsb_ctx only. Invariant: hsb_trap never returns,
 * whatever the host does; a table has data for max_size elements before its size is set. */
#include "hsb_cold.h"

_Noreturn void hsb_trap(void *instance, uint32_t code, uint32_t offset) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  ctx->host->trap(ctx, code, offset);
  for (;;)
    __builtin_trap();
}

HSB_KEEP_REGISTERS void hsb_refuel_slow(void *instance, uint64_t fuel, uint32_t offset) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  ctx->fuel = ctx->host->refuel(ctx, (int64_t)fuel, offset);
}

HSB_KEEP_REGISTERS void hsb_refuel_ahead(void *instance, uint64_t fuel, uint64_t wanted,
                                         uint32_t offset) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  ctx->wanted =
      (wanted & ~(UINT64_C(1) << HSB_FUEL_IF_SMALL)) > HSB_FUEL_AHEAD ? 0 : (uint32_t)wanted;
  ctx->fuel = ctx->host->refuel(ctx, (int64_t)fuel, offset);
}

_Noreturn void hsb_call_trap(void *instance, const wasm_rt_funcref_table_t *table, uint32_t x,
                             uint32_t offset) {
  uint32_t code = HSB_TRAP_CALL_SIGNATURE;
  if (x >= table->size)
    code = HSB_TRAP_CALL_UNDEFINED;
  else if (!table->data[x].func)
    code = HSB_TRAP_CALL_NULL;
  hsb_trap(instance, code, offset);
}

static void poll(void *instance, uint32_t offset) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  ctx->host->poll(ctx, offset);
}

void hsb_bulk_fill(void *instance, uint8_t *to, uint32_t value, uint32_t n, uint32_t offset) {
  while (n > 0) {
    uint32_t piece = n < HSB_BULK_PIECE ? n : HSB_BULK_PIECE;
    __builtin_memset(to, (int)value, piece);
    to += piece;
    n -= piece;
    poll(instance, offset);
  }
}

/* From the end that is safe for ranges that overlap, as memmove. */
void hsb_bulk_copy(void *instance, uint8_t *to, const uint8_t *from, uint32_t n, uint32_t offset) {
  bool up = to <= from;
  while (n > 0) {
    uint32_t piece = n < HSB_BULK_PIECE ? n : HSB_BULK_PIECE;
    n -= piece;
    __builtin_memmove(up ? to : to + n, up ? from : from + n, piece);
    to += up ? piece : 0;
    from += up ? piece : 0;
    poll(instance, offset);
  }
}

uint32_t hsb_memory_grow(void *instance, uint32_t delta) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  return ctx->host->memory_grow(ctx, delta);
}

void hsb_table_new(void *instance, uint32_t index, void **data, uint32_t *max_size, uint32_t *size,
                   uint32_t min, uint32_t max, uint32_t elem) {
  struct hsb_ctx *ctx = hsb_ctx_of(instance);
  uint32_t granted = max;
  void *room = ctx->host->table_reserve(ctx, index, min, &granted, elem);
  if (!room || granted < min || granted > max)
    hsb_trap(instance, HSB_TRAP_OUT_OF_MEMORY, 0);
  *data = room;
  *max_size = granted;
  *size = min;
}
