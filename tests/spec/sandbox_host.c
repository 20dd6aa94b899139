/* sandbox_host.c - see sandbox_host.h. */
#include "sandbox_host.h"

#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "hsb_check.h"

static sandbox *running;
static struct sigaction before_us;

static uintptr_t fault_pc(const void *context) {
#if defined(__x86_64__)
  return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#endif
}

static void on_fault(int sig, siginfo_t *info, void *context) {
  sandbox *box = running;
  uintptr_t pc = fault_pc(context), at = (uintptr_t)info->si_addr;
  if (box && pc >= box->text_low && pc < box->text_high &&
      at - (uintptr_t)(box->instance + HSB_SPAN) < HSB_MEMORY_RESERVE) {
    box->faulted = true;
    box->fault_pc = pc;
    siglongjmp(box->landing, HSB_TRAP_OOB);
  }
  sigaction(sig, &before_us, NULL); /* the instruction faults again, for the handler before ours */
}

/* At each open, since a test framework may have put its own in between. */
static void install_handler(void) {
  struct sigaction now, action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction != on_fault) {
    before_us = now;
    sigaction(SIGSEGV, &action, NULL);
  }
}

static void host_trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset) {
  sandbox *box = ctx->owner;
  box->trap_offset = offset;
  siglongjmp(box->landing, (int)code);
}

static int64_t host_refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset) {
  sandbox *box = ctx->owner;
  box->refuels += fuel < 0;
  /* Whatever a caller-saved register held must survive a refuel: overwrite them all. */
#if defined(__x86_64__)
  __asm__ volatile("mov $-1, %%eax\n mov %%eax, %%ecx\n mov %%eax, %%r8d\n mov %%eax, %%r9d\n"
                   "mov %%eax, %%r10d\n mov %%eax, %%r11d\n pcmpeqd %%xmm0, %%xmm0\n"
                   "movdqa %%xmm0, %%xmm1\n movdqa %%xmm0, %%xmm2\n movdqa %%xmm0, %%xmm7\n"
                   "movdqa %%xmm0, %%xmm15" ::
                       : "rax", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm7",
                         "xmm15");
#endif
  if (fuel >= 0)
    return fuel;
  if (fuel + box->slice < 0 || box->slice == 0)
    host_trap(ctx, HSB_TRAP_FUEL, offset);
  return fuel + box->slice;
}

static int commit(sandbox *box, uint64_t bytes) {
  uint8_t *base = box->instance + HSB_SPAN;
  if (bytes == 0)
    return 0;
  if (box->memory_file == 0)
    return mprotect(base, bytes, PROT_READ | PROT_WRITE);
  return ftruncate(box->memory_file, (off_t)bytes) ||
         mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, box->memory_file, 0) ==
             MAP_FAILED;
}

static int set_pages(sandbox *box, uint32_t pages) {
  struct hsb_memory *memory = sandbox_memory(box);
  memory->pages = pages;
  memory->size = (uint64_t)pages * HSB_PAGE;
  return commit(box, memory->size);
}

static uint32_t host_memory_grow(struct hsb_ctx *ctx, uint32_t delta) {
  sandbox *box = ctx->owner, *view = box->next_view;
  struct hsb_memory *memory = sandbox_memory(box);
  uint32_t old = memory->pages, limit = box->page_limit ? box->page_limit : 65536;
  if (limit > memory->max_pages)
    limit = memory->max_pages;
  if (old > limit || delta > limit - old || set_pages(box, old + delta))
    return UINT32_MAX;
  for (; view && view != box; view = view->next_view)
    if (set_pages(view, old + delta))
      return UINT32_MAX;
  return old;
}

static void *host_table_reserve(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                                uint32_t elem) {
  sandbox *box = ctx->owner;
  uint32_t limit = box->table_limit ? box->table_limit : 1000000;
  if (box->tables < SANDBOX_TABLES)
    box->table_index[box->tables] = index;
  box->tables++;
  if (min > limit && !box->lies)
    return NULL;
  if (*max > limit || box->lies)
    *max = limit;
  void *room = mmap(NULL, (size_t)*max * elem + 1, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room == MAP_FAILED ? NULL : room; /* lives as long as the test */
}

static void host_poll(struct hsb_ctx *ctx, uint32_t offset) {
  (void)offset;
  ((sandbox *)ctx->owner)->polls++; /* nobody stops a test */
}

const struct hsb_host sandbox_host_calls = {
    .size = sizeof(struct hsb_host),
    .trap = host_trap,
    .refuel = host_refuel,
    .memory_grow = host_memory_grow,
    .table_reserve = host_table_reserve,
    .poll = host_poll,
};

/* Finds the mapping that holds box->plugin. */
static int find_text(struct dl_phdr_info *info, size_t size, void *arg) {
  sandbox *box = arg;
  uintptr_t low = UINTPTR_MAX, high = 0, want = (uintptr_t)box->plugin;
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    if (p->p_type != PT_LOAD)
      continue;
    if (info->dlpi_addr + p->p_vaddr < low)
      low = info->dlpi_addr + p->p_vaddr;
    if (info->dlpi_addr + p->p_vaddr + p->p_memsz > high)
      high = info->dlpi_addr + p->p_vaddr + p->p_memsz;
  }
  if (want < low || want >= high)
    return 0;
  box->text_low = low;
  box->text_high = high;
  return 1;
}

/* As the plugin declares it, or as the memory is that it shares. */
static int reserve_memory(sandbox *box) {
  const struct helios_plugin *plugin = box->plugin;
  const struct hsb_memory *shared = box->next_view ? sandbox_memory(box->next_view) : NULL;
  *sandbox_memory(box) =
      (struct hsb_memory){.data = box->instance + HSB_SPAN,
                          .max_pages = shared ? shared->max_pages : plugin->memory_max};
  return set_pages(box, shared ? shared->pages : plugin->memory_min);
}

static int reserve(sandbox *box, const struct hsb_binding *imports) {
  const struct helios_plugin *plugin = box->plugin;
  box->reservation =
      mmap(NULL, HSB_RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (box->reservation == MAP_FAILED) {
    box->reservation = NULL;
    return -1;
  }
  uint8_t *ctx = box->reservation + HSB_FRONT_GUARD;
  box->ctx = (struct hsb_ctx *)ctx;
  box->instance = ctx + HSB_CTX_BYTES;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t bytes = (HSB_CTX_BYTES + plugin->instance_size + page - 1) / page * page;
  if (plugin->instance_size > HSB_INSTANCE_MAX || mprotect(ctx, bytes, PROT_READ | PROT_WRITE))
    return -1;
  *box->ctx = (struct hsb_ctx){.size = sizeof(struct hsb_ctx),
                               .fuel = INT64_MAX,
                               .host = box->links ? box->links->host : &sandbox_host_calls,
                               .imports = imports,
                               .owner = box};
  return plugin->flags & HSB_PLUGIN_HAS_MEMORY ? reserve_memory(box) : 0;
}

static int copy_segments(sandbox *box) {
  for (uint32_t i = 0; i < box->plugin->segment_count; i++) {
    const struct hsb_segment *s = &box->plugin->segments[i];
    if (!hsb_in_range(s->mem_off, s->len, sandbox_memory(box)->size))
      return HSB_TRAP_OOB;
    memcpy(box->instance + HSB_SPAN + s->mem_off, box->plugin->blob + s->blob_off, s->len);
  }
  return 0;
}

typedef void entry(void *instance, hsb_slot *slots);

static void leave(sandbox *box) {
  if (box && box->links)
    box->links->leave(box);
}

static void arrive(sandbox *box) {
  running = box;
  if (box && box->links)
    box->links->arrive(box);
}

void sandbox_cross(sandbox *from, sandbox *to) {
  leave(from);
  memcpy(to->landing, from->landing, sizeof to->landing);
  to->ctx->stack_limit = from->ctx->stack_limit;
  to->faulted = false;
  arrive(to);
}

/* Runs f with the trap landing set. Where it traps another instance may be running. */
static int enter(sandbox *box, entry *f, hsb_slot *slots) {
  sandbox *outer = running;
  sigjmp_buf before; /* of a call of this instance further out */
  memcpy(before, box->landing, sizeof before);
  leave(outer);
  int trap = sigsetjmp(box->landing, 0);
  if (trap == 0) {
    arrive(box);
    box->faulted = false;
    box->ctx->stack_limit =
        (uintptr_t)__builtin_frame_address(0) - (box->stack_bytes ? box->stack_bytes : 512u << 10);
    f(box->instance, slots);
  }
  box->faulted = running->faulted;
  leave(running);
  memcpy(box->landing, before, sizeof before);
  arrive(outer);
  return trap;
}

static void call_init(void *instance, hsb_slot *slots) {
  sandbox *box = hsb_ctx_of(instance)->owner;
  (void)slots;
  box->plugin->init(instance);
}

int sandbox_open(sandbox *box, const struct helios_plugin *plugin,
                 const struct hsb_binding *imports) {
  hsb_slot none[1] = {0};
  install_handler();
  box->plugin = plugin;
  dl_iterate_phdr(find_text, box);
  int trap = reserve(box, imports);
  if (trap == 0)
    trap = enter(box, call_init, none);
  if (trap == 0)
    trap = copy_segments(box);
  if (trap == 0 && plugin->start)
    trap = enter(box, plugin->start, none);
  return trap;
}

int sandbox_call(sandbox *box, uint32_t index, hsb_slot *slots) {
  return enter(box, box->plugin->exports[index].call, slots);
}

struct hsb_memory *sandbox_memory(sandbox *box) {
  return (struct hsb_memory *)(box->instance + box->plugin->memory_offset);
}

void sandbox_share_memory(sandbox *box, sandbox *other) {
  box->memory_file = other->memory_file;
  box->next_view = other->next_view ? other->next_view : other;
  other->next_view = box;
}

void sandbox_close(sandbox *box) {
  if (box->reservation)
    munmap(box->reservation, HSB_RESERVE);
  box->reservation = NULL;
}
