/* random.h - numbers that are the same on every platform (xorshift32; state must not be 0). */
#ifndef RANDOM_H
#define RANDOM_H

static inline unsigned int next_random(unsigned int *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

#endif
