/* cli_tryout.c - the child of tryout.h: maps a plugin that heliosc has just made, makes an instance
 * for each name that its script gives, and says "error TEXT" of the first that can't be made. It is
 * a process of its own in the jail: it leaves by _exit wherever it is, and a fault ends nothing
 * else. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs.h"
#include "js_where.h"
#include "limits.h"
#include "pack.h"
#include "small_host.h"
#include "tryout.h"

#define STATE (-10)
#define INDEX (-6)
#define ANY 11           /* hsb_sqltype.def */
#define PAGES_MORE 1024u /* 64 MiB: what the engine's larger profiles allow */
#define TABLES (8u << 20)
#define STACK (768u << 10)

static struct {
  uint8_t *file;
  size_t size;
  struct hsb_file_footer footer;
  uint8_t *base; /* of the image */
  const struct helios_plugin *plugin;
  const char *name; /* of the export that is tried */
  const uint8_t *script;
  size_t script_size;
  uint8_t *reservation, *instance, *tables;
  uint64_t tables_used;
  struct hsb_memory *memory;
  struct hsb_ctx *ctx;
  uint32_t limit;
} t;

static _Noreturn void say(const char *text, size_t n) {
  char line[1000], copy[600], place[300] = "";
  snprintf(copy, sizeof copy, "%.*s", (int)(n < sizeof copy ? n : sizeof copy - 1), text);
  (void)hcc_js_where(place, sizeof place, t.script, t.script_size, copy);
  size_t to = (size_t)snprintf(line, sizeof line, "error %s", place);
  for (size_t i = 0; i < n && to < sizeof line - 2; i++) {
    unsigned char c = (unsigned char)text[i];
    line[to++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
  }
  line[to++] = '\n';
  ssize_t written = write(1, line, to);
  _exit(written < 0);
}

static _Noreturn void say_text(const char *text) {
  say(text, strlen(text));
}

/* ---- the host ---- */

static void *guest(uint32_t at, uint64_t n) {
  return small_guest(t.memory, at, n);
}

static _Noreturn void trap(struct hsb_ctx *ctx, uint32_t code, uint32_t offset) {
  (void)ctx, (void)offset;
  static const char *const texts[] = {
#define HSB_TRAP(name, number, text) [number] = text,
#include "hsb_traps.def"
#undef HSB_TRAP
  };
  say_text(code < sizeof texts / sizeof *texts && texts[code] != NULL ? texts[code] : "a trap");
}

static int64_t refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset) {
  (void)ctx, (void)offset;
  if (fuel >= 0) {
    return fuel;
  }
  say_text("the script does not end: what stands outside of functions is evaluated when an "
           "instance is made");
}

static void poll_clock(struct hsb_ctx *ctx, uint32_t offset) {
  (void)ctx, (void)offset;
}

static void open_memory(void) {
  if (mprotect(t.memory->data, t.memory->size, PROT_READ | PROT_WRITE) != 0) {
    say_text("no memory to try the script");
  }
}

static uint32_t grow(struct hsb_ctx *ctx, uint32_t delta) {
  (void)ctx;
  uint32_t before = small_grow(t.memory, delta, t.limit);
  if (before != UINT32_MAX) {
    open_memory();
  }
  return before;
}

static void *table(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                   uint32_t elem) {
  (void)ctx, (void)index;
  return small_table(t.tables, &t.tables_used, TABLES, min, max, elem);
}

static int64_t give(const void *bytes, size_t size, hsb_slot dst, hsb_slot cap) {
  size_t n = (uint32_t)cap < size ? (uint32_t)cap : size;
  void *to = guest((uint32_t)dst, n);
  if (to == NULL) {
    return STATE;
  }
  memcpy(to, bytes, n);
  return (int64_t)size;
}

static void call_read(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)env;
  size_t from = (uint32_t)s[0] < t.script_size ? (uint32_t)s[0] : t.script_size;
  s[0] = (uint32_t)give(t.script + from, t.script_size - from, s[1], s[2]);
}

static void call_export(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)env;
  s[0] = (uint32_t)give(t.name, strlen(t.name), s[0], s[1]);
}

static void call_type(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)env;
  s[0] = (uint32_t)s[0] == UINT32_MAX ? ANY : (uint32_t)INDEX;
}

static void call_message(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  static const char text[] = "no call is running";
  (void)ctx, (void)env;
  s[0] = (uint32_t)give(text, sizeof text - 1, s[0], s[1]);
}

static void call_error(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)env;
  uint32_t n = (uint32_t)s[2] < 512 ? (uint32_t)s[2] : 512;
  const char *text = guest((uint32_t)s[1], n);
  say(text == NULL ? "" : text, text == NULL ? 0 : n);
}

/* env: the signature's result letter. */
static void call_other(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx;
  const char *result = env;
  s[0] = *result == 'i' ? (uint32_t)STATE : *result == 'j' ? (hsb_slot)STATE : 0;
}

static struct hsb_binding bind(const struct hsb_import *import) {
  static const struct {
    const char *name;
    hsb_import_fn *fn;
  } known[] = {{"script_read", call_read},
               {"script_export", call_export},
               {"script_type", call_type},
               {"error_message", call_message},
               {"heliosdb_error", call_error}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (import->name_len == strlen(known[i].name) &&
        memcmp(import->name, known[i].name, import->name_len) == 0) {
      return (struct hsb_binding){known[i].fn, NULL};
    }
  }
  return (struct hsb_binding){call_other, (void *)(strchr(import->sig, ':') + 1)};
}

/* ---- the image: what the link check has passed ---- */

static void *map(uint64_t size, int rights) {
  void *at = mmap(NULL, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    say_text("no memory to try the script");
  }
  return at;
}

static const Elf64_Phdr *segments(uint32_t *count) {
  const Elf64_Ehdr *header = (const void *)t.file;
  *count = header->e_phnum;
  return (const void *)(t.file + header->e_phoff);
}

static void load_segments(void) {
  uint32_t count;
  const Elf64_Phdr *p = segments(&count);
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (p[i].p_type == PT_LOAD && p[i].p_vaddr + p[i].p_memsz > end) {
      end = p[i].p_vaddr + p[i].p_memsz;
    }
  }
  t.base = map((end + 4095) & ~UINT64_C(4095), PROT_READ | PROT_WRITE);
  for (uint32_t i = 0; i < count; i++) {
    if (p[i].p_type == PT_LOAD) {
      memcpy(t.base + p[i].p_vaddr, t.file + p[i].p_offset, p[i].p_filesz);
    }
  }
}

static uint64_t dynamic(int64_t tag) {
  uint32_t count;
  const Elf64_Phdr *p = segments(&count);
  for (uint32_t i = 0; i < count; i++) {
    if (p[i].p_type == PT_DYNAMIC) {
      const Elf64_Dyn *d = (const void *)(t.base + p[i].p_vaddr);
      for (; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == tag) {
          return d->d_un.d_val;
        }
      }
    }
  }
  return 0;
}

/* Base plus constant is the only kind there is. */
static void relocate(void) {
  const Elf64_Rela *r = (const void *)(t.base + dynamic(DT_RELA));
  for (uint64_t n = dynamic(DT_RELASZ) / sizeof *r; n > 0; n--, r++) {
    uint64_t value = (uint64_t)(uintptr_t)t.base + (uint64_t)r->r_addend;
    memcpy(t.base + r->r_offset, &value, sizeof value);
  }
}

static void find_plugin(void) {
  const Elf64_Sym *s = (const void *)(t.base + dynamic(DT_SYMTAB));
  t.plugin = (const void *)(t.base + s[1].st_value); /* the one exported symbol */
}

static void protect_code(void) {
  uint32_t count;
  const Elf64_Phdr *p = segments(&count);
  for (uint32_t i = 0; i < count; i++) {
    if (p[i].p_type == PT_LOAD && (p[i].p_flags & PF_X) != 0) {
      uint64_t begin = p[i].p_vaddr & ~UINT64_C(4095);
      mprotect(t.base + begin, p[i].p_vaddr + p[i].p_memsz - begin, PROT_READ | PROT_EXEC);
    }
  }
}

/* ---- an instance ---- */

static void make_instance(const struct hsb_host *host, struct hsb_binding *imports) {
  t.reservation = map(HSB_RESERVE, PROT_NONE);
  uint8_t *ctx = t.reservation + HSB_FRONT_GUARD;
  t.instance = ctx + HSB_CTX_BYTES;
  mprotect(ctx, HSB_CTX_BYTES + HSB_INSTANCE_MAX, PROT_READ | PROT_WRITE);
  t.ctx = (void *)ctx;
  t.tables = map(TABLES, PROT_READ | PROT_WRITE);
  t.tables_used = 0;
  *t.ctx = (struct hsb_ctx){.size = sizeof *t.ctx,
                            .stack_limit = (uintptr_t)__builtin_frame_address(0) - STACK,
                            .fuel = HCC_TRYOUT_FUEL,
                            .host = host,
                            .imports = imports};
  t.memory = small_memory(t.plugin, t.instance);
  t.limit = t.plugin->memory_min + PAGES_MORE;
  if (t.memory != NULL) {
    open_memory();
  }
}

static void evaluate(void) {
  hsb_slot s[1] = {0};
  t.plugin->init(t.instance);
  if (!small_segments(t.plugin, t.memory)) {
    say_text("a data segment is out of the memory");
  }
  if (t.plugin->start != NULL) {
    t.plugin->start(t.instance, s);
  }
  for (uint32_t i = 0; i < t.plugin->export_count; i++) {
    const struct hsb_export *e = &t.plugin->exports[i];
    if (e->name_len == 11 && memcmp(e->name, "_initialize", 11) == 0) {
      e->call(t.instance, s);
    }
  }
}

static void try_all(const char *names, size_t size) {
  static const struct hsb_host host = {.size = sizeof host,
                                       .trap = trap,
                                       .refuel = refuel,
                                       .memory_grow = grow,
                                       .table_reserve = table,
                                       .poll = poll_clock};
  struct hsb_binding *imports = calloc(t.plugin->import_count + 1u, sizeof *imports);
  if (imports == NULL) {
    say_text("no memory to try the script");
  }
  for (uint32_t i = 0; i < t.plugin->import_count; i++) {
    imports[i] = bind(&t.plugin->imports[i]);
  }
  for (size_t at = 0; at < size; at += strlen(names + at) + 1) {
    t.name = names + at;
    make_instance(&host, imports);
    evaluate();
    munmap(t.reservation, HSB_RESERVE);
    munmap(t.tables, TABLES);
  }
  free(imports);
}

int hcc_tryout_main(int argc, char **argv) {
  hcc_error err = {.code = HCC_OK};
  size_t size;
  if (argc < 1 || hcc_file_read(&t.file, &t.size, argv[0], HCC_MAX_PLUGIN, &err) != 0 ||
      hcc_unseal_footer(&t.footer, t.file, t.size, &err) != 0) {
    say_text(err.text);
  }
  const uint8_t *names = hcc_pack_find(&size, t.file, t.size, &t.footer, HSB_SECTION_NAMES);
  t.script = hcc_pack_find(&t.script_size, t.file, t.size, &t.footer, HSB_SECTION_SCRIPT);
  load_segments();
  relocate();
  find_plugin();
  protect_code();
  try_all((const char *)names, names == NULL ? 0 : size);
  return 0;
}
