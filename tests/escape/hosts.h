/* hosts.h - the host functions of the corpus: module "test". They do what host functions do, and
 * what a bad one would. hosts.c has the table. */
#ifndef HOSTS_H
#define HOSTS_H

#include <stdbool.h>

#include "instance/instance.h"

#define HOSTS_MAX 64

/* Bindings for the plugin's imports; false after a message if it wants one that is not there. */
bool hosts_bind(struct hsb_binding out[HOSTS_MAX], hrt_plugin *p);
/* What the functions that call a guest need. */
void hosts_set_callee(hrt_instance *i);

#endif
