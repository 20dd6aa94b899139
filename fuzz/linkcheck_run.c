/* linkcheck_run.c - machine code of plugins, changed: what the link check refuses, and what becomes
 * of what it accepts. Each accepted one is sealed and run by the engine in a forked child among
 * canaries (tests/escape/canary.h). Prints the counts.
 *
 * What the link check does not follow (docs/link-check.md) may escape: that is measured here, not
 * judged. What fails the run: an unchanged
 * plugin that is refused, traps in its first call or breaks a canary.
 *
 * usage: linkcheck_run COUNT SEED PLUGIN... */
#include <elf.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary.h"
#include "fs.h"
#include "hsb_file.h"
#include "linkcheck.h"
#include "mutate.h"

static const uint8_t key[HRT_KEY_BYTES] = {'r', 'u', 'n'};

enum outcome { FINE, TRAPPED, UNLOADABLE, ESCAPED, CRASHED, HUNG, REFUSED, OUTCOMES };
static const char *const names[] = {"same",    "trapped", "not loaded", "ESCAPED",
                                    "crashed", "hung",    "refused"};

typedef struct target {
  uint8_t *bytes;
  size_t size, elf_size, text, text_size;
} target;

static bool read_target(target *t, const char *path) {
  struct hsb_file_footer footer;
  hcc_error err = {0};
  *t = (target){.bytes = NULL};
  if (hcc_file_read(&t->bytes, &t->size, path, 1u << 30, &err) != 0 || t->size < sizeof footer) {
    fprintf(stderr, "can't read %s\n", path);
    return false;
  }
  memcpy(&footer, t->bytes + t->size - sizeof footer, sizeof footer);
  t->elf_size = footer.elf_size;
  const Elf64_Ehdr *header = (const void *)t->bytes;
  const Elf64_Phdr *segments = (const void *)(t->bytes + header->e_phoff);
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD && segments[i].p_flags & PF_X) {
      t->text = segments[i].p_offset;
      t->text_size = segments[i].p_filesz;
    }
  }
  return t->text_size != 0;
}

static void seal(uint8_t *file, size_t size) {
  unsigned length;
  size_t covered = size - sizeof(struct hsb_file_footer) + offsetof(struct hsb_file_footer, mac);
  HMAC(EVP_sha256(), key, sizeof key, file, covered, file + covered, &length);
}

/* Bytes, words and pieces of code in the place of others. */
static void mutate(uint8_t *text, size_t size, uint64_t *random) {
  for (uint64_t turns = 1 + fz_random(random) % 3; turns > 0; turns--) {
    size_t at = fz_random(random) % size, from = fz_random(random) % size;
    size_t n = 1 + fz_random(random) % 12;
    switch (fz_random(random) % 4) {
    case 0:
      text[at] ^= (uint8_t)(1u << fz_random(random) % 8);
      break;
    case 1:
      text[at] = (uint8_t)fz_random(random);
      break;
    case 2:
      fz_mutate_in(text, size, at, size, random);
      break;
    default:
      if (at + n <= size && from + n <= size) {
        memmove(text + at, text + from, n);
      }
    }
  }
}

/* In the child: every export with a few arguments; a code for the parent. */
static int call_all(const uint8_t *file, size_t size) {
  static const uint64_t values[] = {3, 70000, UINT64_MAX, 0};
  helios_error err = {0};
  hrt_plugin *p = NULL;
  canary_begin();
  if (hrt_plugin_load(&p, file, size, key, &err) != 0) {
    return UNLOADABLE;
  }
  int result = FINE;
  const struct helios_plugin *abi = hrt_plugin_abi(p);
  struct hsb_binding imports[64];
  memset(imports, 0, sizeof imports);
  if (abi->import_count != 0) {
    return UNLOADABLE;
  }
  for (uint32_t i = 0; i < 4 * abi->export_count; i++) {
    hrt_instance *instance = NULL;
    hrt_budget budget = {.fuel_limit = 100000};
    hrt_instance_options options = {.imports = imports};
    hsb_slot slots[2100] = {values[i % 4], values[(i + 1) % 4], 1};
    if (hrt_instance_new(&instance, p, &options, &budget, &err) != 0) {
      result = TRAPPED;
      continue;
    }
    canary_watch_target(instance);
    result = hrt_call(instance, i / 4, slots, &budget, &err) != 0 ? TRAPPED : result;
    if (canary_broken() != NULL) {
      return ESCAPED;
    }
    canary_watch_target(NULL);
    hrt_instance_free(instance);
  }
  return result;
}

static enum outcome run(const uint8_t *file, size_t size) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    struct rlimit seconds = {1, 1}, no_core = {0, 0};
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(5);
    _exit(call_all(file, size));
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) {
    return CRASHED;
  }
  int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return sig == SIGXCPU || sig == SIGALRM || sig == SIGKILL ? HUNG
         : sig != 0 || WEXITSTATUS(status) >= CRASHED       ? CRASHED
                                                            : (enum outcome)WEXITSTATUS(status);
}

static enum outcome try(uint8_t *file, const target *t) {
  hcc_linkcheck_report report;
  if (hcc_linkcheck(&report, file, t->elf_size) != 0) {
    return REFUSED;
  }
  seal(file, t->size);
  return run(file, t->size);
}

int main(int argc, char **argv) {
  uint64_t counts[OUTCOMES] = {0}, random = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
  if (argc < 4) {
    fputs("usage: linkcheck_run COUNT SEED PLUGIN...\n", stderr);
    return 2;
  }
  for (int i = 3; i < argc; i++) {
    target t;
    uint8_t *file = read_target(&t, argv[i]) ? malloc(t.size) : NULL;
    if (file == NULL) {
      return 1;
    }
    memcpy(file, t.bytes, t.size);
    enum outcome unchanged = try(file, &t);
    if (unchanged != FINE && unchanged != TRAPPED) {
      printf("%s, unchanged: %s\n", argv[i], names[unchanged]);
      return 1;
    }
    for (uint64_t n = strtoull(argv[1], NULL, 10); n > 0; n--) {
      memcpy(file, t.bytes, t.size);
      mutate(file + t.text, t.text_size, &random);
      counts[try(file, &t)]++;
    }
    free(file);
    free(t.bytes);
  }
  for (int i = 0; i < OUTCOMES; i++) {
    printf("%s%llu %s", i == 0 ? "" : ", ", (unsigned long long)counts[i], names[i]);
  }
  printf("\n");
  return 0;
}
