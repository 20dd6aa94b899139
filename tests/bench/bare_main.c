/* bare_main.c - builds a plugin without fuel and without polls, which no program of the project
 * does: what fuel costs is measured against it. usage: bench_bare MODULE PLUGIN */
#include <stdio.h>

#include "build.h"

int main(int argc, char **argv) {
  hcc_build_result result;
  hcc_error err = {.code = HCC_OK};
  if (argc != 3) {
    fprintf(stderr, "usage: bench_bare MODULE PLUGIN\n");
    return 2;
  }
  hcc_build_options options = {
      .input = argv[1], .output = argv[2], .no_fuel = true, .no_polls = true};
  int status = hcc_build(&result, &options, &err);
  if (status != 0) {
    fprintf(stderr, "%s\n", err.text);
  }
  return status != 0;
}
