/* types.c - a function for each type of sdk_types.def, as a parameter and as a result, and for
 * NULL. */
#include <heliosdb.h>

bool id_bool(bool v) {
  return v;
}
int id_int(int v) {
  return v;
}
long long id_i64(long long v) {
  return v;
}
float id_float(float v) {
  return v;
}
double id_double(double v) {
  return v;
}
helios_decimal_f64 id_decimal_f64(helios_decimal_f64 v) {
  return v;
}
helios_date id_date(helios_date v) {
  return v + 1;
}
helios_timestamp id_timestamp(helios_timestamp v) {
  return v + 1;
}
const char *id_cstr(const char *v) {
  return v;
}
helios_text id_text(helios_text v) {
  return v;
}
helios_json id_json(helios_json v) {
  return v;
}
helios_decimal id_decimal(helios_decimal v) {
  return v;
}
helios_blob id_blob(helios_blob v) {
  return v;
}
helios_value id_value(helios_value v) {
  return v;
}
void no_result(int v) {
  (void)v;
}

typedef long long customer; /* a typedef is what it stands for */
typedef helios_date day;
customer id_customer(customer v) {
  return v;
}
day id_day(day v) {
  return v;
}

/* pointers to const: 0 is NULL */
bool null_bool(const bool *v) {
  return v == 0 ? helios_null() : !*v;
}
int null_int(const int *v) {
  return v == 0 ? -1 : *v;
}
long long null_i64(const long long *v) {
  return v == 0 ? helios_null() : *v + 1;
}
double null_double(const double *v, double otherwise) {
  return v == 0 ? otherwise : *v;
}
helios_text null_text(const helios_text *v) {
  return v == 0 ? HELIOS_TEXT("was NULL") : *v;
}
helios_blob null_blob(const helios_blob *v) {
  return v == 0 ? (helios_blob){0, 0} : *v;
}
helios_date null_date(const helios_date *v) {
  return v == 0 ? 0 : *v;
}
helios_decimal null_decimal(const helios_decimal *v) {
  return v == 0 ? (helios_decimal){"0.10", 4} : *v;
}
int type_of(const helios_value *v) {
  return v == 0 ? 0 : (int)v->type;
}
const char *second(const char *a, const helios_text *b) {
  return b == 0 ? a : 0;
}

/* memory of the call: more than the first piece has */
long long filled(long long pieces) {
  long long sum = 0;
  for (long long i = 0; i < pieces; i++) {
    char *p = helios_alloc(30000);
    for (unsigned k = 0; k < 30000; k += 1000) {
      sum += p[k];
      p[k] = 1;
    }
  }
  return sum;
}

int refuse(int code) {
  helios_fail(code, "as you wish");
}

static int hidden(int v) {
  return v;
}
/* @helios private */
int *also_hidden(void);
int *also_hidden(void) {
  static int v;
  v = hidden(1);
  return &v;
}
