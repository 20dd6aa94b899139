/* setjmp.c - what LLVM's lowering of setjmp (-enable-emscripten-sjlj, LLVM 14 to 18) calls. heliosc
 * links it to sources that include setjmp.h, and then turns env.invoke_* and
 * env._emscripten_throw_longjmp into functions of the module: compiler/rewrite/sjlj.h.
 *
 * A function that calls setjmp keeps a table of (id, label): which of its calls of setjmp has which
 * number. It allocates the table when it begins and frees it when it returns, by malloc and free.
 * Without a C library (HELIOS_NO_LIBC) they are ours, a stack: functions end in the order in which
 * they began, and what a longjmp has passed over goes with the next table below it. */
#include <stdint.h>

typedef struct entry {
  uintptr_t id;
  uint32_t label;
} entry;

uintptr_t __THREW__; /* LLVM's names: what was thrown, 0 for nothing */
int __threwValue;
static uint32_t second_result;
static uintptr_t last_id;

__asm__(".globaltype __stack_pointer, i32\n");

__attribute__((export_name("stackSave"))) uintptr_t stackSave(void) {
  uintptr_t at;
  __asm__ volatile("global.get __stack_pointer\n local.set %0" : "=r"(at));
  return at;
}

__attribute__((export_name("stackRestore"))) void stackRestore(uintptr_t at) {
  __asm__ volatile("local.get %0\n global.set __stack_pointer" : : "r"(at));
}

__attribute__((export_name("setThrew"))) void setThrew(uintptr_t threw, int value) {
  if (__THREW__ == 0) {
    __THREW__ = threw;
    __threwValue = value;
  }
}

void setTempRet0(uint32_t value) {
  second_result = value;
}
uint32_t getTempRet0(void) {
  return second_result;
}

#ifdef HELIOS_NO_LIBC
static uint64_t heap[8192]; /* 64 KiB: some 1,600 functions with setjmp within each other */
static uint32_t heap_used;

void *malloc(unsigned long size) {
  uint32_t words = (uint32_t)(size + 7) / 8;
  if (words > sizeof heap / sizeof *heap - heap_used) {
    __builtin_trap();
  }
  heap_used += words;
  return &heap[heap_used - words];
}

void free(void *p) {
  if (p != 0) {
    heap_used = (uint32_t)((uintptr_t)p - (uintptr_t)heap) / sizeof *heap;
  }
}

static entry *grow(entry *table, uint32_t size) {
  entry *grown = malloc((2 * size + 1) * sizeof *grown);
  for (uint32_t i = 0; i <= size; i++) {
    grown[i] = table[i];
  }
  return grown;
}
#else
#include <stdlib.h>

static entry *grow(entry *table, uint32_t size) {
  entry *grown = realloc(table, (2 * size + 1) * sizeof *grown);
  if (grown == 0) {
    __builtin_trap();
  }
  return grown;
}
#endif

/* Gives env a number and writes it down; the table's size is the second result. A place that sets
 * the same env again takes its old line, so a loop needs no more of them. */
entry *saveSetjmp(uintptr_t *env, uint32_t label, entry *table, uint32_t size) {
  uint32_t i = 0;
  while (i < size && table[i].id != 0 && (table[i].id != *env || table[i].label != label)) {
    i++;
  }
  if (i == size) {
    table = grow(table, size);
    table[i].id = 0;
    size *= 2;
  }
  if (table[i].id == 0) {
    table[i + 1].id = 0;
  }
  *env = ++last_id;
  table[i].id = *env;
  table[i].label = label;
  setTempRet0(size);
  return table;
}

/* The label of the call of setjmp with this number; 0: it is another function's. */
uint32_t testSetjmp(uintptr_t id, const entry *table, uint32_t size) {
  for (uint32_t i = 0; i < size && table[i].id != 0; i++) {
    if (table[i].id == id) {
      return table[i].label;
    }
  }
  return 0;
}

__attribute__((import_module("env"), import_name("_emscripten_throw_longjmp"), noreturn)) void
throw_longjmp(void);

void emscripten_longjmp(uintptr_t env, int value) {
  setThrew(env, value == 0 ? 1 : value);
  throw_longjmp();
}
