/* app.c - an application that lends its procedures a function of its own: custom_hash, a hash with
 * a secret key that no procedure and no database file ever holds.
 *
 * usage: app DATABASE PROCEDURE.wasm */
#include <helios/helios.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>
#include <stdio.h>

#define INPUT_MAX 4096

static const char secret[] = "the application's secret";

/* custom_hash(data_ptr, data_len, output_ptr) -> i32: 32 bytes to output_ptr; how many they are. */
static int custom_hash(void *arg, helios_guest *guest, uint64_t *values) {
  unsigned char data[INPUT_MAX], hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  (void)arg;
  if (values[1] > sizeof data || !helios_guest_read(guest, data, values[0], values[1])) {
    return helios_guest_fail(guest, 1, "custom_hash: no such bytes, or more than 4096");
  }
  helios_guest_charge(guest, values[1]);
  if (HMAC(EVP_sha256(), secret, sizeof secret - 1, data, values[1], hash, &length) == NULL ||
      !helios_guest_write(guest, values[2], hash, length)) {
    return helios_guest_fail(guest, 2, "custom_hash: no room for the hash");
  }
  values[0] = length;
  return 0;
}

static int print_row(void *arg, sqlite3_stmt *row) {
  (void)arg;
  for (int i = 0; i < sqlite3_column_count(row); i++) {
    const char *text = (const char *)sqlite3_column_text(row, i);
    printf("%s%s", i > 0 ? "|" : "", text != NULL ? text : "NULL");
  }
  putchar('\n');
  return 0;
}

static int run(helios *h, const char *sql) {
  helios_error err = {0};
  if (helios_exec(h, sql, print_row, NULL, &err) != HELIOS_OK) {
    printf("error: %s%s%s%s\n", err.text, err.hint[0] ? " (" : "", err.hint,
           err.hint[0] ? ")" : "");
    return 1;
  }
  return 0;
}

/* CREATE PROCEDURE with these capabilities. */
static int create(helios *h, const char *wasm, const char *capabilities) {
  char *sql = sqlite3_mprintf("CREATE PROCEDURE use_custom_hash(input TEXT) RETURNS TEXT LANGUAGE "
                              "wasm %s AS %Q",
                              capabilities, wasm);
  int failed = sql != NULL ? run(h, sql) : 1;
  sqlite3_free(sql);
  return failed;
}

int main(int argc, char **argv) {
  helios *h = NULL;
  helios_error err = {0};
  if (argc != 3) {
    fprintf(stderr, "usage: %s DATABASE PROCEDURE.wasm\n", argv[0]);
    return 2;
  }
  if (helios_open(&h, argv[1], NULL, &err) != HELIOS_OK ||
      helios_host_register(h, "heliosdb", "custom_hash", "iii:i", "custom:hash", custom_hash, NULL,
                           NULL, &err) != HELIOS_OK) {
    fprintf(stderr, "error: %s\n", err.text);
    return 1;
  }
  printf("-- without the grant\n");
  int failed = create(h, argv[2], "") == 0; /* it must be refused */
  printf("-- with it\n");
  failed |= create(h, argv[2], "CAPABILITIES ('custom:hash')");
  failed |= run(h, "CREATE TABLE users(name TEXT); INSERT INTO users VALUES ('ada'), ('grace'), "
                   "(''); SELECT name, use_custom_hash(name) FROM users");
  return failed | (helios_close(h, NULL) != HELIOS_OK);
}
