/* keep_signals.c - linked into every unit test: cmocka puts handlers of its own over SIGSEGV and
 * SIGBUS with signal() before each test, but the engine needs its handler. So here signal() sets
 * only SIG_DFL and SIG_IGN. A crash then ends the program, and CTest reports it. */
#include <signal.h>
#include <string.h>

/* Always SIG_ERR: cmocka hands back what it got when a test ends, and that must do nothing. */
__attribute__((visibility("default"))) void (*signal(int number, void (*handler)(int)))(int) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  if (handler == SIG_DFL || handler == SIG_IGN) {
    sigaction(number, &action, NULL);
  }
  return SIG_ERR;
}
