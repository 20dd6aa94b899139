/* matmul.c - dense double matrix product, row by column: an innermost counted loop. */
#include "kernel.h"

#define SIDE 160
static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

KERNEL(matmul) {
  double sum = 0;
  for (u32 i = 0; i < SIDE; i++) {
    for (u32 j = 0; j < SIDE; j++) {
      a[i][j] = (double)(i * 3 + j + n) * 0.5;
      b[i][j] = (double)(i + j * 7) * 0.25;
    }
  }
  for (u32 i = 0; i < SIDE; i++) {
    for (u32 j = 0; j < SIDE; j++) {
      double dot = 0;
      for (u32 k = 0; k < SIDE; k++) {
        dot += a[i][k] * b[k][j];
      }
      c[i][j] = dot;
      sum += dot;
    }
  }
  return (u32)(u64)(sum / 1e6) + (u32)c[3][5];
}
