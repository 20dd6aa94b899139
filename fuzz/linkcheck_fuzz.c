/* linkcheck_fuzz.c - any bytes to the link check: it must not crash, read outside the image, or
 * refuse without a reason. Mutations are of headers, tables and of code, where most images stay
 * acceptable for a while. What accepted code does is for linkcheck_run.c. */
#include <elf.h>

#include "linkcheck.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hcc_linkcheck_report report;
  int refused = hcc_linkcheck(&report, data, size);
  FZ_MUST(refused == (report.text[0] != '\0'));
  FZ_MUST(refused == 0 || refused == 1);
  return 0;
}

/* The bytes of segment n; false if it has none here. */
static bool segment(size_t *from, size_t *to, const uint8_t *data, size_t size, uint64_t n) {
  Elf64_Phdr p;
  size_t at = sizeof(Elf64_Ehdr) + n % 8 * sizeof p;
  if (at + sizeof p > size) {
    return false;
  }
  memcpy(&p, data + at, sizeof p);
  *from = p.p_offset < size ? p.p_offset : size;
  *to = p.p_filesz < size - *from ? *from + p.p_filesz : size;
  return *from + 16 < *to;
}

static void change_segment(uint8_t *data, size_t size, size_t from, size_t to, uint64_t *random) {
  size_t at = from + fz_random(random) % (to - from),
         other = from + fz_random(random) % (to - from);
  size_t n = 1 + fz_random(random) % 12;
  if (fz_random(random) % 2 == 0) {
    data[at] = (uint8_t)fz_random(random);
  } else if (fz_random(random) % 2 == 0 && at + n <= to && other + n <= to) {
    memmove(data + at, data + other, n);
  } else {
    fz_mutate_in(data, size, at, to, random);
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
  uint64_t random = seed;
  size_t from, to;
  uint64_t kind = fz_random(&random) % 8;
  if (kind == 0 && LLVMFuzzerMutate != NULL) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (uint64_t turns = 1 + fz_random(&random) % 3; turns > 0; turns--) {
    if (kind < 3) {
      fz_mutate_in(data, size, 0, sizeof(Elf64_Ehdr) + 8 * sizeof(Elf64_Phdr), &random);
    } else if (segment(&from, &to, data, size, fz_random(&random))) {
      change_segment(data, size, from, to, &random);
    }
  }
  return size;
}
