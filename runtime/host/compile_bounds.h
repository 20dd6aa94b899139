/* compile_bounds.h - what SQLite may do while it compiles SQL of a guest, where nobody can
 * interrupt it: how long the program may become, and which optimizations it leaves out because they
 * copy expressions.
 *
 * Constants are never put in the place of columns: `a = 1 AND b = a + a AND c = b + b ...` doubles
 * with each. A subquery is not merged with what reads it, nor is what its reader asks moved into
 * it, where flatten.c says that the copies would be too many; the rows are the same, in more time.
 *
 * They are left in place from one query of a guest to the next: to set them takes a twentieth of a
 * short one. Invariant: they are there for no SQL of the application's or the engine's but what a
 * guest's statement calls in its first step or as it is reset. So they are dropped by
 * hrt_host_suspend, before a host function or the log of the application, before a further step and
 * at the end of the call. */
#ifndef HRT_COMPILE_BOUNDS_H
#define HRT_COMPILE_BOUNDS_H

#include "host/host.h"

#define HRT_SQL_OPS 4000000 /* steps of a statement's program: 1 MiB of text has half of it */
/* Bits of SQLite's own, the same since 3.26. */
enum { HRT_FLATTEN = 0x1, HRT_PUSH_DOWN = 0x1000, HRT_PROPAGATE = 0x8000 };

void hrt_compile_bound(hrt_host_conn *conn, unsigned off);
void hrt_compile_close(hrt_host_conn *conn); /* they are there */

/* Before SQLite compiles a statement, or may again. Give what it returns to hrt_compile_leave. */
static inline unsigned hrt_compile_open(hrt_host_conn *conn, bool flatten) {
  unsigned off = HRT_PROPAGATE | (flatten ? 0u : HRT_FLATTEN | HRT_PUSH_DOWN);
  unsigned outer = conn->bounds_left ? 0 : conn->bounds;
  conn->bounds_left = false;
  if (__builtin_expect(conn->bounds != off, 0)) {
    hrt_compile_bound(conn, off);
  }
  return outer;
}
/* They are those of the statement around this one again; or are left for the next, until
 * hrt_compile_drop. */
static inline void hrt_compile_leave(hrt_host_conn *conn, unsigned outer) {
  conn->bounds_left = outer == 0;
  if (__builtin_expect(outer != 0 && conn->bounds != outer, 0)) {
    hrt_compile_bound(conn, outer);
  }
}
/* Before anything that may run SQL of the application's or the engine's. */
static inline void hrt_compile_drop(hrt_host_conn *conn) {
  if (__builtin_expect(conn->bounds_left, 0)) {
    hrt_compile_close(conn);
  }
}

#endif
