/* checked.c - procedures of bench_sql as people write them: they report arguments that they don't
 * take. One import, fail, which no row of the benchmark comes to. */
typedef long long i64;

__attribute__((import_module("helios_v1"), import_name("fail"))) int
hg_fail(int code, const char *p, unsigned n);

__attribute__((export_name("c_plus"))) i64 c_plus(i64 a, i64 b) {
  if (a < 0) {
    hg_fail(1, "a is negative", 13);
    return 0;
  }
  return a + b;
}

static i64 counter;

/* As stateful of sql.c. */
__attribute__((export_name("c_stateful"))) i64 c_stateful(i64 a, i64 b) {
  if (a < 0) {
    hg_fail(1, "a is negative", 13);
  }
  counter++;
  return *(volatile i64 *)&counter + a + b;
}

__attribute__((export_name("c_textlen"))) i64 c_textlen(const unsigned char *text, int length) {
  if (length > 0 && text[0] == '?') {
    hg_fail(1, "not this text", 13);
  }
  return length;
}

__attribute__((export_name("c_total_step"))) i64 c_total_step(i64 state, i64 x) {
  if (x < 0) {
    hg_fail(1, "x is negative", 13);
  }
  return state + x;
}

__attribute__((export_name("c_total_final"))) i64 c_total_final(i64 state) {
  return state;
}
