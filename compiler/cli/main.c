/* main.c - the heliosc program. Signals that end it are hcc_build's affair: it cleans up when
 * Ctrl-C comes; the other commands leave nothing behind.
 *
 * Invariant: the tools' ends can be waited for, whatever the program that started us made of
 * SIGCHLD: many servers ignore it, and that is inherited. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "prototypes.h"
#include "tryout.h"

int main(int argc, char **argv) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigemptyset(&standard.sa_mask);
  sigaction(SIGCHLD, &standard, NULL);
  signal(SIGXFSZ, SIG_IGN); /* a file beyond RLIMIT_FSIZE is an error like a full disk */
  if (argc > 1 && strcmp(argv[1], HCC_PROTOTYPES) == 0) {
    _exit(hcc_prototypes_main(argc - 2, argv + 2)); /* a jailed child of ours */
  }
  if (argc > 1 && strcmp(argv[1], HCC_TRYOUT) == 0) {
    _exit(hcc_tryout_main(argc - 2, argv + 2)); /* another one */
  }
  return hcc_cli_main(argc, argv);
}
