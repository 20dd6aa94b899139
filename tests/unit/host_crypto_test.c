/* host_crypto_test.c - random, hash, hmac, sign, verify and env_get: right by published vectors,
 * and each way in which they refuse. */
#include "puppet.h"

#include <openssl/evp.h>

unsigned long ERR_peek_error(void); /* openssl/err.h wants libc's limits.h, not the compiler's */

static puppet *open_all(void) {
  puppet *p = puppet_open(puppet_everything, puppet_shared());
  hrt_host_begin(p->env, 0, NULL, NULL);
  return p;
}

static void close_all(puppet *p) {
  hrt_host_end(p->env);
  puppet_close(p);
}

static void put_hex(puppet *p, uint32_t at, const char *hex) {
  for (size_t i = 0; hex[2 * i] != 0; i++) {
    unsigned byte = 0;
    assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
    puppet_put(p, at + (uint32_t)i, &(uint8_t){(uint8_t)byte}, 1);
  }
}

static const char *get_hex(puppet *p, uint32_t at, size_t length) {
  static char hex[200];
  uint8_t bytes[99];
  puppet_get(p, bytes, at, length);
  hex[0] = 0;
  for (size_t i = 0; i < length; i++) {
    snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  }
  return hex;
}

#define KEY_AT 1000
#define TEXT_AT 2000
#define OUT 9000
#define END 131072u /* of the memory */

/* FIPS 180-4, FIPS 202, RFC 7693: the digests of "abc". */
static void hash__vectors(void **state) {
  (void)state;
  static const struct {
    unsigned algorithm;
    const char *digest;
  } cases[] = {
      {0, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {1, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {3, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
          "8086072ba1e7cc2358baeca134c825a7"},
      {4, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
      {5, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
          "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
      {6, "a9993e364706816aba3e25717850c26c9cd0d89d"},
  };
  puppet *p = open_all();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int n = CALL(p, "hash", cases[i].algorithm, TEXT(p, TEXT_AT, "abc"), OUT, 99);
    assert_int_equal(n, strlen(cases[i].digest) / 2);
    assert_string_equal(get_hex(p, OUT, (size_t)n), cases[i].digest);
  }
  assert_int_equal(CALL(p, "hash", 0, 0, 0, OUT, 99), 32); /* of nothing */
  assert_memory_equal(get_hex(p, OUT, 32), "e3b0c44298fc1c14", 16);
  close_all(p);
}

/* A message of many chunks, and of a chunk and a byte, against the same in one piece. */
static void hash__chunks(void **state) {
  (void)state;
  puppet *p = open_all();
  static const uint32_t sizes[] = {16383, 16384, 16385, 100000, END};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    uint8_t *bytes = calloc(1, sizes[i]), digest[32];
    assert_non_null(bytes);
    for (uint32_t k = 0; k < sizes[i]; k++) {
      bytes[k] = (uint8_t)(k * 7 + k / 256);
    }
    puppet_put(p, 0, bytes, sizes[i]);
    unsigned length = 0;
    assert_int_equal(EVP_Digest(bytes, sizes[i], digest, &length, EVP_sha256(), NULL), 1);
    assert_int_equal(CALL(p, "hash", 0, 0, sizes[i], OUT, 32), 32);
    uint8_t got[32];
    puppet_get(p, got, OUT, 32);
    assert_memory_equal(got, digest, 32);
    free(bytes);
  }
  close_all(p);
}

static void hash__refused(void **state) {
  (void)state;
  puppet *p = open_all();
  assert_int_equal(CALL(p, "hash", 2, 0, 3, OUT, 99), HSB_STATUS_ALGORITHM);
  assert_string_equal(puppet_error(p), "this engine has no BLAKE3");
  assert_int_equal(CALL(p, "hash", 7, 0, 3, OUT, 99), HSB_STATUS_ALGORITHM);
  assert_int_equal(CALL(p, "hash", UINT32_MAX, 0, 3, OUT, 99), HSB_STATUS_ALGORITHM);
  assert_string_equal(puppet_error(p), "unknown hash algorithm 4294967295");
  assert_int_equal(CALL(p, "hash", 0, END - 2, 3, OUT, 99), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "hash", 0, 0, (64u << 20) + 1, OUT, 99), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "hash", 0, 0, 3, END - 31, 32), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "hash", 0, 0, 3, UINT32_MAX, 32), HSB_STATUS_RANGE);
  puppet_put(p, OUT, "\x77\x77", 2);
  assert_int_equal(CALL(p, "hash", 0, 0, 3, OUT, 1), 32); /* as much as fits */
  assert_memory_equal(get_hex(p, OUT + 1, 1), "77", 2);
  close_all(p);
}

/* RFC 4231, case 2; RFC 2202, case 2. */
static void hmac__vectors(void **state) {
  (void)state;
  static const struct {
    unsigned algorithm;
    const char *digest;
  } cases[] = {
      {0, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {1, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
      {6, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
  };
  puppet *p = open_all();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int n = CALL(p, "hmac", cases[i].algorithm, TEXT(p, KEY_AT, "Jefe"),
                 TEXT(p, TEXT_AT, "what do ya want for nothing?"), OUT, 99);
    assert_int_equal(n, strlen(cases[i].digest) / 2);
    assert_string_equal(get_hex(p, OUT, (size_t)n), cases[i].digest);
  }
  assert_int_equal(CALL(p, "hmac", 2, 0, 4, 0, 4, OUT, 99), HSB_STATUS_ALGORITHM);
  assert_int_equal(CALL(p, "hmac", 0, END, 1, 0, 4, OUT, 99), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "hmac", 0, 0, 4, END - 1, 2, OUT, 99), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "hmac", 0, 0, 4097, 0, 4, OUT, 99), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "hmac", 0, 0, 4, 0, (1u << 20) + 1, OUT, 99), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "hmac", 0, 0, 0, 0, 0, OUT, 99), 32); /* an empty key is one */
  close_all(p);
}

/* RFC 8032, 7.1: test 3, and the private key of test 1. */
#define SECRET "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
#define PUBLIC "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
#define SIGNATURE                                                                                  \
  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"                               \
  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"

static void sign__vector(void **state) {
  (void)state;
  puppet *p = open_all();
  put_hex(p, KEY_AT, SECRET);
  put_hex(p, TEXT_AT, "af82");
  assert_int_equal(CALL(p, "sign", 0, KEY_AT, 32, TEXT_AT, 2, OUT, 64), 64);
  assert_string_equal(get_hex(p, OUT, 64), SIGNATURE);
  put_hex(p, KEY_AT, PUBLIC);
  assert_int_equal(CALL(p, "verify", 0, KEY_AT, 32, TEXT_AT, 2, OUT, 64), 1);
  for (uint32_t at = 0; at < 64; at += 7) { /* any bit that is changed */
    put_hex(p, OUT, SIGNATURE);
    uint8_t byte = 0;
    puppet_get(p, &byte, OUT + at, 1);
    byte ^= 4;
    puppet_put(p, OUT + at, &byte, 1);
    assert_int_equal(CALL(p, "verify", 0, KEY_AT, 32, TEXT_AT, 2, OUT, 64), 0);
  }
  put_hex(p, OUT, SIGNATURE);
  assert_int_equal(CALL(p, "verify", 0, KEY_AT, 32, TEXT_AT, 1, OUT, 64), 0);
  assert_int_equal(CALL(p, "verify", 0, KEY_AT, 32, TEXT_AT, 2, OUT, 63), 0);
  put_hex(p, KEY_AT, SECRET);
  assert_int_equal(CALL(p, "verify", 0, KEY_AT, 32, TEXT_AT, 2, OUT, 64), 0);
  close_all(p);
}

static void sign__refused(void **state) {
  (void)state;
  puppet *p = open_all();
  static const char *const names[] = {"sign", "verify"};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(CALL(p, names[i], 1, 0, 32, 0, 4, OUT, 64), HSB_STATUS_ALGORITHM);
    assert_int_equal(CALL(p, names[i], 0, 0, 31, 0, 4, OUT, 64), HSB_STATUS_KEY);
    assert_string_equal(puppet_error(p), "a key of Ed25519 has 32 bytes");
    assert_int_equal(CALL(p, names[i], 0, 0, UINT32_MAX, 0, 4, OUT, 64), HSB_STATUS_KEY);
    assert_int_equal(CALL(p, names[i], 0, END - 31, 32, 0, 4, OUT, 64), HSB_STATUS_RANGE);
    assert_int_equal(CALL(p, names[i], 0, 0, 32, END - 3, 4, OUT, 64), HSB_STATUS_RANGE);
    assert_int_equal(CALL(p, names[i], 0, 0, 32, 0, (1u << 20) + 1, OUT, 64), HSB_STATUS_LIMIT);
    assert_int_equal(CALL(p, names[i], 0, 0, 32, 0, 4, END - 63, 64), HSB_STATUS_RANGE);
  }
  assert_int_equal(ERR_peek_error(), 0); /* nothing is left to the application */
  close_all(p);
}

static void random__fills(void **state) {
  (void)state;
  puppet *p = open_all();
  uint8_t first[1000], second[1000];
  unsigned seen[256] = {0}, distinct = 0;
  puppet_put(p, OUT + 1000, "\x77", 1);
  assert_int_equal(CALL(p, "random", OUT, 1000), 0);
  puppet_get(p, first, OUT, 1000);
  assert_int_equal(CALL(p, "random", OUT, 1000), 0);
  puppet_get(p, second, OUT, 1000);
  assert_memory_not_equal(first, second, 16);
  for (size_t i = 0; i < sizeof first; i++) {
    distinct += seen[first[i]]++ == 0;
  }
  assert_true(distinct > 200); /* 251 expected; 200 has a chance of 10^-40 or so */
  assert_memory_equal(get_hex(p, OUT + 1000, 1), "77", 2);
  assert_int_equal(CALL(p, "random", 0, END), 0);
  assert_int_equal(CALL(p, "random", END, 0), 0);
  assert_int_equal(CALL(p, "random", END, 1), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "random", 1, END), HSB_STATUS_RANGE);
  assert_int_equal(CALL(p, "random", 0, (1u << 20) + 1), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "random", UINT32_MAX, 2), HSB_STATUS_RANGE);
  close_all(p);
}

static void env__granted_by_name(void **state) {
  (void)state;
  puppet *p = open_all();
  char text[16] = {0};
  setenv("HELIOS_PUPPET", "a value", 1);
  unsetenv("HELIOS_PUPPET_UNSET");
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET"), OUT, 99), 7);
  puppet_get(p, text, OUT, 7);
  assert_string_equal(text, "a value");
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET"), 0, 0), 7);
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET_UNSET"), OUT, 99),
                   HSB_STATUS_ABSENT);
  setenv("HELIOS_PUPPET", "", 1);
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET"), OUT, 99), 0);
  unsetenv("HELIOS_PUPPET");
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET"), OUT, 99), HSB_STATUS_ABSENT);
  close_all(p);
}

static void env__refused(void **state) {
  (void)state;
  puppet *p = open_all();
  char longest[300];
  memset(longest, 'A', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  static const char *const names[] = {"PATH",           "HOME", "helios_puppet",  "HELIOS_PUPPE",
                                      "HELIOS_PUPPET=", "",     "HELIOS_PUPPET\n"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(CALL(p, "env_get", TEXT(p, 0, names[i]), OUT, 99), HSB_STATUS_DENIED);
  }
  assert_int_equal(CALL(p, "env_get", 0, puppet_put(p, 0, "HELIOS_PUPPET\0x", 15), OUT, 99),
                   HSB_STATUS_DENIED);
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "PATH"), OUT, 99), HSB_STATUS_DENIED);
  assert_string_equal(puppet_error(p),
                      "procedure puppet may not read the environment variable PATH: "
                      "it has no grant 'env:PATH'");
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, longest), OUT, 99), HSB_STATUS_LIMIT);
  assert_int_equal(CALL(p, "env_get", END - 3, 4, OUT, 99), HSB_STATUS_RANGE);
  setenv("HELIOS_PUPPET", "x", 1);
  assert_int_equal(CALL(p, "env_get", TEXT(p, 0, "HELIOS_PUPPET"), END, 1), HSB_STATUS_RANGE);
  unsetenv("HELIOS_PUPPET");
  close_all(p);
}

/* Fuel by the byte, charged before the work: a call that can't pay does nothing. */
static void fuel__by_the_byte(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint64_t least;
  } cases[] = {{"random", 100000}, {"hash", 100000}, {"hmac", 100000}, {"sign", 200000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    puppet *p = open_all();
    uint64_t before = p->budget.fuel_used, all[2][7] = {{0, 100000}, {0, 0, 0, 0, 100000, OUT, 64}};
    const uint64_t hash[] = {0, 0, 100000, OUT, 64}, sign[] = {0, 0, 32, 0, 100000, OUT, 64};
    const uint64_t *args = i == 0 ? all[0] : i == 1 ? hash : i == 2 ? all[1] : sign;
    size_t count = i == 0 ? 2 : i == 1 ? 5 : 7;
    assert_true(puppet_call(p, cases[i].name, args, count) >= 0);
    uint64_t used = p->budget.fuel_used - before;
    assert_in_range(used, cases[i].least, 2 * cases[i].least);
    p->budget.fuel_limit = p->budget.fuel_used + used / 2;
    uint64_t result = 0;
    helios_error err = {0};
    assert_int_equal(puppet_try(p, &result, &err, cases[i].name, args, count), HELIOS_E_FUEL);
    close_all(p);
  }
}

static void memory__every_failure(void **state) {
  (void)state;
  for (long n = 0; n < 6; n++) {
    puppet *p = open_all();
    hrt_alloc_fail(n, 1);
    int hash = CALL(p, "hash", 0, 0, 100, OUT, 64),
        hmac = CALL(p, "hmac", 0, 0, 600, 0, 600, OUT, 64);
    int sign = CALL(p, "sign", 0, 0, 32, 0, 600, OUT, 64);
    hrt_alloc_fail(-1, 0);
    assert_true(hash == 32 || hash == HSB_STATUS_NOMEM);
    assert_true(hmac == 32 || hmac == HSB_STATUS_NOMEM);
    assert_true(sign == 64 || sign == HSB_STATUS_NOMEM);
    assert_int_equal((hash < 0) + (hmac < 0) + (sign < 0), n < 4);
    assert_int_equal(CALL(p, "hash", 0, 0, 100, OUT, 64), 32);
    close_all(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hash__vectors),         cmocka_unit_test(hash__chunks),
      cmocka_unit_test(hash__refused),         cmocka_unit_test(hmac__vectors),
      cmocka_unit_test(sign__vector),          cmocka_unit_test(sign__refused),
      cmocka_unit_test(random__fills),         cmocka_unit_test(env__granted_by_name),
      cmocka_unit_test(env__refused),          cmocka_unit_test(fuel__by_the_byte),
      cmocka_unit_test(memory__every_failure),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  puppet_unshare();
  return failed;
}
