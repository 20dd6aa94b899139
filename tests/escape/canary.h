/* canary.h - what a guest must not change, and whether it did: blocks of the heap, pages before and
 * after its reservation, the host's data, other instances of the same plugin, and the parts of its
 * own reservation that are not its own.
 *
 * Invariant: after canary_arm nothing but a guest's escape changes what canary_broken looks at; who
 * changes it on purpose arms again. */
#ifndef CANARY_H
#define CANARY_H

#include "instance/inst.h"

/* Blocks of the heap and of the data segment. Once a process. */
void canary_begin(void);
/* An instance that nobody calls: all of it. */
void canary_watch_neighbour(const hrt_instance *i);
/* The instance under test; NULL: none. Fills what is nobody's in it. Takes the place of the last.
 */
void canary_watch_target(hrt_instance *i);
/* The name of something that was changed, or NULL. */
const char *canary_broken(void);

#endif
