/* sql.c - the guest side of bench_sql: the same functions as its native ones. */
typedef long long i64;

__attribute__((export_name("plus"))) i64 plus(i64 a, i64 b) {
  return a + b;
}

/* Sum of the bytes: looks at all of a text argument. */
__attribute__((export_name("bytesum"))) i64 bytesum(const unsigned char *text, int length) {
  i64 sum = 0;
  for (int i = 0; i < length; i++) {
    sum += text[i];
  }
  return sum;
}

/* Looks at the length only. */
__attribute__((export_name("textlen"))) i64 textlen(const unsigned char *text, int length) {
  (void)text;
  return length;
}

/* An aggregate: a sum. */
__attribute__((export_name("total_step"))) i64 total_step(i64 state, i64 x) {
  return state + x;
}

__attribute__((export_name("total_final"))) i64 total_final(i64 state) {
  return state;
}

static i64 counter;

/* Writes memory, so that every call needs a reset: answers 1 + a + b if the reset was done. */
__attribute__((export_name("stateful"))) i64 stateful(i64 a, i64 b) {
  counter++;
  return *(volatile i64 *)&counter + a + b;
}
