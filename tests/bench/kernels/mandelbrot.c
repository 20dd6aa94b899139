/* mandelbrot.c - points of the Mandelbrot set in an n by n raster: a loop left by a test of
 * doubles. */
#include "kernel.h"

KERNEL(mandelbrot) {
  u32 inside = 0, turns = 0;
  for (u32 row = 0; row < n; row++) {
    for (u32 column = 0; column < n; column++) {
      double cr = 2.0 * column / n - 1.5, ci = 2.0 * row / n - 1.0;
      double zr = 0, zi = 0, r2 = 0, i2 = 0;
      u32 i = 0;
      for (; i < 100 && r2 + i2 <= 4.0; i++) {
        zi = 2.0 * zr * zi + ci;
        zr = r2 - i2 + cr;
        r2 = zr * zr;
        i2 = zi * zi;
      }
      inside += i == 100;
      turns += i;
    }
  }
  return inside * 31 + turns;
}
