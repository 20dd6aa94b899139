/* jumps.c - what setjmp and longjmp must do, as exports that take a number and return one. sjlj.py
 * runs them with Emscripten's invoke_* in JavaScript and as heliosc lowers them. */
#include <setjmp.h>
#include <stdbool.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define FAR __attribute__((noinline))

static jmp_buf top, inner;
static int trail; /* what was passed through, in order */

static void mark(int what) {
  trail = trail * 7 + what;
}

FAR static int down(int n) {
  char room[256]; /* moves the stack pointer */
  room[n & 255] = (char)n;
  if (n == 0) {
    longjmp(top, 1 + trail % 5);
  }
  return down(n - 1) + room[n & 255];
}

EXPORT(far) int far_jump(int n) {
  trail = n;
  int r = setjmp(top);
  return r != 0 ? r * 100 + trail : down(n & 15);
}

FAR static double wide(double d, long long j, float f) {
  if (j > 40) {
    longjmp(top, (int)j);
  }
  return d + (double)j + f;
}

EXPORT(every_type) double every_type(int n) {
  double sum = 0;
  for (int i = 0; i < 5; i++) {
    int r = setjmp(top);
    sum += r != 0 ? -r : wide(n, (long long)n * i, 0.5f);
  }
  return sum;
}

FAR static void middle(int n) {
  if (setjmp(inner) == 0) {
    mark(1);
    down(n & 3); /* goes to top, past this function's own */
  }
  mark(2);
}

EXPORT(past_another) int past_another(int n) {
  trail = n & 0xff;
  if (setjmp(top) == 0) {
    middle(n);
    mark(3);
  } else {
    mark(4);
  }
  return trail;
}

FAR static int pick_a(int n) {
  return n + 1;
}
FAR static int pick_b(int n) {
  longjmp(inner, n | 1);
}
FAR static int pick_c(int n) {
  longjmp(top, n | 1);
}
static int (*const picks[])(int) = {pick_a, pick_b, pick_c};
static int (*volatile chosen)(int);

EXPORT(pointers) int pointers(int n) {
  int r = setjmp(top);
  if (r != 0) {
    return -r;
  }
  chosen = picks[(unsigned)n % 3];
  int s = setjmp(inner);
  return s != 0 ? s * 3 : chosen(n & 0xffff);
}

/* Sets again in a loop: far more often than a table has lines. */
EXPORT(again) int again(int n) {
  volatile int caught = 0;
  for (volatile int i = 0; i < 300; i++) {
    int r = setjmp(top);
    if (r != 0) {
      caught = caught + r;
      continue;
    }
    if ((i ^ n) & 1) {
      down(i & 3);
    }
  }
  return caught;
}

/* Many buffers at a time, so that the table grows. */
EXPORT(many) int many(int n) {
  static jmp_buf all[20];
  volatile int passed = 0;
  for (volatile int i = 0; i < 20; i++) {
    int r = setjmp(all[i]);
    if (r != 0) {
      passed = passed * 3 + r;
      return passed;
    }
  }
  longjmp(all[(unsigned)n % 20], 1 + (n & 7));
}

FAR static int recurse(int n) {
  jmp_buf mine;
  int r = setjmp(mine);
  if (r != 0) {
    return r;
  }
  if (n % 3 == 2) {
    longjmp(mine, n);
  }
  return n <= 0 ? 0 : recurse(n - 1) + 1;
}

EXPORT(frames) int frames(int n) {
  return recurse(n & 31);
}

EXPORT(zero) int zero(int n) { /* longjmp(.., 0) gives 1 */
  int r = setjmp(top);
  return r != 0 ? r : (longjmp(top, n & 1), 5);
}

EXPORT(uncaught) int uncaught(int n) {
  jmp_buf gone;
  int r = setjmp(top);
  if (r == 0 && (n & 1)) {
    down(3);
  }
  return n & 2 ? (longjmp(gone, 1), 1) : r;
}

/* Never throws: gets no looks at the flag. */
EXPORT(plain) int plain(int n) {
  return pick_a(n) * 2;
}
