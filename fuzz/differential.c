/* differential.c - the native half of differential.py: modules from seeds, a JSON object each.
 *
 * usage: differential FIRST COUNT PROGRAMS FOLDER
 * A module's mode (tier, bounds, processor) follows from its seed. */
#include <stdlib.h>

#include "native.h"

#define CHOICES (1u << 18)

int main(int argc, char **argv) {
  if (argc != 5) {
    fputs("usage: differential FIRST COUNT PROGRAMS FOLDER\n", stderr);
    return 2;
  }
  uint64_t first = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
  uint32_t programs = (uint32_t)strtoul(argv[3], NULL, 10);
  uint8_t *bytes = malloc(CHOICES);
  int status = bytes == NULL || programs == 0 || programs > FZ_PROGRAMS;
  for (uint64_t seed = first; seed < first + count && status == 0; seed++) {
    fz_choices c = {bytes, CHOICES};
    fz_native module = {argv[4], seed, (uint32_t)(seed % FZ_MODES), programs};
    fz_fill(bytes, CHOICES, seed);
    status = fz_native_run(stdout, &module, &c);
  }
  free(bytes);
  return status;
}
