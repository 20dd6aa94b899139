/* main.c - the heliosc program. Signals are hcc_build's affair: it cleans up when Ctrl-C comes; the
 * other commands leave nothing behind. */
#include "cli.h"

int main(int argc, char **argv) {
  return hcc_cli_main(argc, argv);
}
