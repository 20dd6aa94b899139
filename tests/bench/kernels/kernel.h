/* kernel.h - one source, two builds: the native function kernel_<name> and the wasm export "run".
 * Kernels use no libc and no floating-point library call. */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef __wasm__
#define KERNEL(name)                                                                               \
  __attribute__((export_name("run"))) u32 kernel_##name(u32 n);                                    \
  u32 kernel_##name(u32 n)
#else
#define KERNEL(name)                                                                               \
  u32 kernel_##name(u32 n);                                                                        \
  u32 kernel_##name(u32 n)
#endif

#endif
