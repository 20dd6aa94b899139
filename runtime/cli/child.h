/* child.h - running another program and reading what it prints. For helios doctor. */
#ifndef HELIOS_SHELL_CHILD_H
#define HELIOS_SHELL_CHILD_H

#include "shell.h"

/* The exit code of the program, 127 if it can't be run; its stdout and stderr are added to out. */
int sh_child(sh_buf *out, const char *const *argv);

#endif
