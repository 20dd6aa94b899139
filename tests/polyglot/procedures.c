/* procedures.c - the procedures that vectors.jsonl calls, in C. Every procedures.* here has the
 * same ones. */
#include <heliosdb.h>
#include <heliosdb_json.h>

/* ---- there and back ---- */

bool echo_bool(bool v) {
  return v;
}
int echo_int(int v) {
  return v;
}
long long echo_i64(long long v) {
  return v;
}
double echo_f64(double v) {
  return v;
}
helios_text echo_text(helios_text v) {
  return v;
}
helios_json echo_json(helios_json v) {
  return v;
}
helios_blob echo_blob(helios_blob v) {
  return v;
}
helios_decimal echo_decimal(helios_decimal v) {
  return v;
}
helios_date next_day(helios_date v) {
  return v + 1;
}
/** By a microsecond. */
helios_timestamp later(helios_timestamp v) {
  return v + 1;
}

/* ---- what may be NULL ---- */

bool maybe_bool(const bool *v) {
  return v == 0 ? helios_null() : !*v;
}
long long maybe_i64(const long long *v) {
  return v == 0 ? -1 : *v;
}
double maybe_f64(const double *v) {
  return v == 0 ? helios_null() : *v * 2;
}
helios_text maybe_text(const helios_text *v) {
  if (v == 0) {
    return HELIOS_TEXT("was NULL");
  }
  return v->length == 0 ? (helios_text){0, 0} : *v;
}
helios_blob maybe_blob(const helios_blob *v) {
  return v == 0 ? (helios_blob){"", 0} : v->length == 0 ? (helios_blob){0, 0} : *v;
}
/* One that may be NULL and one that may not. */
helios_text choose(const helios_text *a, helios_text b) {
  return a == 0 ? b : *a;
}

/* ---- computing ---- */

long long plus(long long a, long long b) {
  return (long long)((unsigned long long)a + (unsigned long long)b);
}
long long divide(long long a, long long b) {
  return a / b;
}
/** @helios default by 10 */
long long scale(long long v, long long by) {
  return v * by;
}

/* The bytes of the character that begins with this one. */
static unsigned character(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
/* The C type takes any bytes: what is not UTF-8 is refused by hand here. */
static void need_utf8(helios_text v) {
  unsigned i = 0;
  while (i < v.length) {
    unsigned char c = (unsigned char)v.at[i];
    unsigned n = character(c);
    if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || n > v.length - i) {
      helios_fail(HG_E_UTF8, "an argument is not valid UTF-8");
    }
    for (unsigned k = 1; k < n; k++) {
      if (((unsigned char)v.at[i + k] & 0xc0) != 0x80) {
        helios_fail(HG_E_UTF8, "an argument is not valid UTF-8");
      }
    }
    i += n;
  }
}
helios_text text_reverse(helios_text v) {
  need_utf8(v);
  char *out = helios_alloc(v.length);
  for (unsigned i = 0; i < v.length;) {
    unsigned n = character((unsigned char)v.at[i]);
    __builtin_memcpy(out + v.length - i - n, v.at + i, n);
    i += n;
  }
  return (helios_text){out, v.length};
}
/** In characters. */
long long text_length(helios_text v) {
  need_utf8(v);
  long long n = 0;
  for (unsigned i = 0; i < v.length; i += character((unsigned char)v.at[i])) {
    n++;
  }
  return n;
}
/** Of ASCII letters alone, as SQLite's upper(). */
helios_text shout(helios_text v) {
  char *out = helios_alloc(v.length);
  for (unsigned i = 0; i < v.length; i++) {
    out[i] = (char)(v.at[i] >= 'a' && v.at[i] <= 'z' ? v.at[i] - 32 : v.at[i]);
  }
  return (helios_text){out, v.length};
}
long long blob_sum(helios_blob v) {
  long long sum = 0;
  for (unsigned i = 0; i < v.length; i++) {
    sum += ((const unsigned char *)v.at)[i];
  }
  return sum;
}
/** A card number's check digit is right; blanks are skipped. */
bool luhn(helios_text v) {
  int sum = 0, digits = 0;
  for (unsigned i = v.length; i-- > 0;) {
    if (v.at[i] == ' ') {
      continue;
    }
    if (v.at[i] < '0' || v.at[i] > '9') {
      return false;
    }
    int d = (v.at[i] - '0') << (digits & 1);
    sum += d > 9 ? d - 9 : d;
    digits++;
  }
  return digits > 1 && sum % 10 == 0;
}

/** Of the first `count` multiples of 1,000,003, written with 15 digits, how many luhn() takes. */
long long cards(long long count) {
  long long good = 0;
  for (long long i = 0; i < count; i++) {
    char digits[15];
    long long n = i * 1000003;
    for (unsigned k = sizeof digits; k-- > 0; n /= 10) {
      digits[k] = (char)('0' + n % 10);
    }
    good += luhn((helios_text){digits, sizeof digits});
  }
  return good;
}
/** The greatest mean of `width` neighbours among the first `count` of a row of pseudo-random
 * numbers. */
double moving(long long count, long long width) {
  double *ring = helios_alloc((unsigned)width * sizeof(double));
  __builtin_memset(ring, 0, (unsigned)width * sizeof(double));
  long long x = 1;
  double sum = 0, best = 0;
  for (long long i = 0; i < count; i++) {
    x = x * 16807 % 2147483647;
    double v = (double)x / 2147483647.0;
    sum += v - ring[i % width];
    ring[i % width] = v;
    if (i >= width - 1 && sum / (double)width > best) {
      best = sum / (double)width;
    }
  }
  return best;
}

/* ---- JSON: read here, written by the database ---- */

/** The member "name" as text. */
helios_text json_name(helios_json v) {
  return helios_json_text(helios_json_get(v, "name"));
}
/** What an order costs: the sum of price times count of its items. */
double json_total(helios_json v) {
  helios_json items = helios_json_get(v, "items");
  double total = 0;
  for (helios_json i = helios_json_first(items); i.at != 0; i = helios_json_after(items, i)) {
    total += helios_json_f64(helios_json_get(i, "price"), 0) *
             helios_json_f64(helios_json_get(i, "count"), 0);
  }
  return total;
}
/** @helios capability query */
helios_json json_pair(helios_text name, long long n) {
  helios_stmt s = helios_prepare("SELECT json_object('name', ?1, 'n', ?2)");
  helios_bind_text(s, 1, name);
  helios_bind_i64(s, 2, n);
  helios_step(s);
  helios_text pair = helios_column_text(s, 0);
  helios_finalize(s);
  return (helios_json){pair.at, pair.length};
}

/* ---- errors and limits ---- */

int refuse(int code, const char *message) {
  helios_fail(code, message);
}
void spin(void) {
  for (volatile int turns = 0;; turns = turns + 1) {
  }
}
long long recurse(long long depth) {
  volatile long long here = depth;
  return here <= 0 ? 0 : 1 + recurse(here - 1);
}
/** Takes this many MiB, writes to all of it and gives how many bytes it could. */
long long fill(long long mib) {
  long long sum = 0;
  for (long long i = 0; i < mib; i++) {
    unsigned char *piece = helios_alloc(1 << 20);
    __builtin_memset(piece, 1, 1 << 20);
    for (unsigned k = 0; k < 1 << 20; k++) {
      sum += piece[k];
    }
  }
  return sum;
}

/* ---- the database ---- */

/** @helios capability read:customers */
helios_text tier_of(long long id) {
  helios_stmt s = helios_prepare("SELECT tier FROM customers WHERE id = ?1");
  helios_bind_i64(s, 1, id);
  helios_text tier = {0, 0};
  if (helios_step(s)) {
    tier = helios_column_text(s, 0);
  }
  helios_finalize(s);
  return tier;
}
/** Adds the rows up here.
 * @helios capability read:orders */
double spent(long long customer) {
  helios_stmt s =
      helios_prepare("SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL");
  helios_bind_i64(s, 1, customer);
  double sum = 0;
  while (helios_step(s)) {
    sum += helios_column_f64(s, 0);
  }
  helios_finalize(s);
  return sum;
}
/** Its id.
 * @helios capability write:customers */
long long add_customer(long long id, helios_text tier) {
  helios_stmt s = helios_prepare("INSERT INTO customers(id, tier) VALUES (?1, ?2)");
  helios_bind_i64(s, 1, id);
  helios_bind_text(s, 2, tier);
  helios_step(s);
  helios_finalize(s);
  return id;
}
/** Adds a customer and undoes it: how many there are then.
 * @helios capability transaction */
long long undone(long long id) {
  helios_check(hg_begin());
  add_customer(id, HELIOS_TEXT("none"));
  helios_check(hg_rollback());
  helios_stmt s = helios_prepare("SELECT count(*) FROM customers");
  helios_step(s);
  long long n = helios_column_i64(s, 0);
  helios_finalize(s);
  return n;
}
/** How often it was called for this key. */
long long visits(helios_text key) {
  long long n = 0;
  if (hg_kv_get(key.at, key.length, 0, &n, sizeof n) < 0) {
    n = 0;
  }
  n++;
  helios_check(hg_kv_set(key.at, key.length, &n, sizeof n));
  return n;
}
/** @helios capability crypto */
helios_text sha256(helios_blob v) {
  static char hex[64];
  unsigned char digest[32];
  helios_check(hg_hash(HG_SHA256, v.at, v.length, digest, sizeof digest));
  for (unsigned i = 0; i < 64; i++) {
    hex[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
  }
  return (helios_text){hex, 64};
}
/** Sets a variable of the connection and gives what it was before. */
helios_text session_swap(helios_text name, helios_text value) {
  helios_text before = {0, 0};
  int n = hg_session_get(name.at, name.length, 0, 0);
  if (n >= 0) {
    char *copy = helios_alloc((unsigned)n);
    helios_check(hg_session_get(name.at, name.length, copy, (unsigned)n));
    before = (helios_text){copy, (unsigned)n};
  }
  helios_check(hg_session_set(name.at, name.length, value.at, value.length));
  return before;
}
/** @helios capability log */
void note(helios_text line) {
  helios_log(HG_WARN, line);
}
/** Rows of a number and its square. */
void squares(long long upto) {
  for (long long i = 1; i <= upto; i++) {
    helios_check(hg_row_i64(i));
    helios_check(hg_row_i64(i * i));
    helios_check(hg_row_end());
  }
}
/** @helios name other_name */
int named(void) {
  return 1;
}
/** @helios private */
int hidden(void);
int hidden(void) {
  return 2;
}
