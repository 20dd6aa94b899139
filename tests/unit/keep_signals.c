/* keep_signals.c - linked into every unit test: cmocka puts handlers of its own over SIGSEGV and
 * SIGBUS with signal() before each test. The engine needs its handler, so signal() does nothing
 * here. A crash then ends the program, and CTest reports it. */
#include <signal.h>

__attribute__((visibility("default"))) void (*signal(int number, void (*handler)(int)))(int) {
  (void)number;
  (void)handler;
  return SIG_DFL;
}
