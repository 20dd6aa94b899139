/* string.h - for plugins: the four functions of hsb_lib.c, under names that clang may expand. */
#ifndef HSB_STRING_H
#define HSB_STRING_H

#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
#define memcmp __builtin_memcmp

#endif
