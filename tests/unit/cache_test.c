/* cache_test.c - the build cache: what is put is got, damaged and planted entries are misses, the
 * oldest go first, no place for a cache is no error. */
#include "build_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cache.h"
#include "pack.h"

static const uint8_t KEY[HCC_KEY_BYTES] = {9};

static void name_of(char out[HCC_HASH_HEX], unsigned n) {
  uint8_t hash[HCC_HASH] = {(uint8_t)n, 0xab};
  hcc_hex(out, hash);
}

static void plugin(hcc_buf *b, size_t image_size, const uint8_t *key) {
  static const uint8_t image[65536];
  hcc_buf_init(b, 1 << 20);
  assert_int_equal(hcc_pack(b, image, image_size, NULL, 0, key, NULL), 0);
}

static void hash__known_value(void **state) {
  (void)state;
  uint8_t hash[HCC_HASH], back[HCC_HASH];
  char hex[HCC_HASH_HEX];
  assert_int_equal(hcc_hash(hash, "abc", 3, NULL), 0);
  hcc_hex(hex, hash);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_true(hcc_unhex(back, hex));
  assert_memory_equal(hash, back, HCC_HASH);
  assert_false(hcc_unhex(back, "ba78"));
  hex[5] = 'g';
  assert_false(hcc_unhex(back, hex));
}

static void folder__order(void **state) {
  (void)state;
  char path[HCC_PATH], before[HCC_PATH];
  snprintf(before, sizeof before, "%s", getenv("HELIOS_CACHE"));
  unsetenv("HELIOS_CACHE");
  setenv("XDG_CACHE_HOME", "/c", 1);
  assert_true(hcc_cache_folder(path));
  assert_string_equal(path, "/c/helios");
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", "/h", 1);
  assert_true(hcc_cache_folder(path));
  assert_string_equal(path, "/h/.cache/helios");
  unsetenv("HOME");
  assert_false(hcc_cache_folder(path));
  uint8_t *bytes;
  size_t size;
  char name[HCC_HASH_HEX];
  name_of(name, 1);
  hcc_cache_put(name, "x", 1, KEY); /* nowhere to put it: nothing happens */
  assert_false(hcc_cache_get(&bytes, &size, name, KEY));
  setenv("HELIOS_CACHE", before, 1);
}

static void get__what_was_put(void **state) {
  (void)state;
  char name[HCC_HASH_HEX], other[HCC_HASH_HEX];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  name_of(name, 2);
  name_of(other, 3);
  plugin(&b, 1000, KEY);
  assert_false(hcc_cache_get(&bytes, &size, name, KEY));
  hcc_cache_put(name, b.data, b.size, KEY);
  assert_true(hcc_cache_get(&bytes, &size, name, KEY));
  assert_int_equal(size, b.size);
  assert_memory_equal(bytes, b.data, size);
  free(bytes);
  assert_false(hcc_cache_get(&bytes, &size, other, KEY));
  hcc_buf_free(&b);
}

/* Whoever can write to the cache but does not know the key can only cause misses. */
static void get__planted_is_a_miss(void **state) {
  (void)state;
  static const uint8_t stranger[HCC_KEY_BYTES] = {8};
  char name[HCC_HASH_HEX];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  name_of(name, 4);
  plugin(&b, 1000, stranger);
  hcc_cache_put(name, b.data, b.size, KEY);
  assert_false(hcc_cache_get(&bytes, &size, name, KEY));
  hcc_cache_put(name, "", 0, KEY);
  assert_false(hcc_cache_get(&bytes, &size, name, KEY));
  hcc_cache_put(name, "junk", 4, KEY);
  assert_false(hcc_cache_get(&bytes, &size, name, KEY));
  hcc_buf_free(&b);
}

static void path_of(char out[HCC_PATH], const char name[HCC_HASH_HEX]) {
  char folder[HCC_PATH];
  assert_true(hcc_cache_folder(folder));
  assert_int_equal(hcc_path(out, NULL, "%s/plugins/%.2s/%s", folder, name, name + 2), 0);
}

/* Nor can who moves entries that this machine has made. */
static void get__anothers_is_a_miss(void **state) {
  (void)state;
  char names[2][HCC_HASH_HEX], paths[2][HCC_PATH];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  plugin(&b, 1000, KEY);
  for (unsigned i = 0; i < 2; i++) {
    name_of(names[i], 0x60 + i);
    hcc_cache_put(names[i], b.data, b.size, KEY);
    path_of(paths[i], names[i]);
  }
  assert_true(hcc_cache_get(&bytes, &size, names[1], KEY));
  free(bytes);
  assert_int_equal(rename(paths[0], paths[1]), 0);
  assert_false(hcc_cache_get(&bytes, &size, names[1], KEY));
  assert_int_equal(access(paths[1], F_OK), -1);
  hcc_buf_free(&b);
}

/* Without a wait, and without an end. */
static void get__pipes_and_links_are_misses(void **state) {
  (void)state;
  char name[HCC_HASH_HEX], path[HCC_PATH];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  plugin(&b, 1000, KEY);
  name_of(name, 0x62);
  path_of(path, name);
  hcc_cache_put(name, b.data, b.size, KEY);
  for (int link = 0; link < 2; link++) {
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link ? symlink("/dev/zero", path) : mkfifo(path, 0600), 0);
    assert_false(hcc_cache_get(&bytes, &size, name, KEY));
    hcc_cache_put(name, b.data, b.size, KEY);
    assert_true(hcc_cache_get(&bytes, &size, name, KEY));
    free(bytes);
  }
  hcc_buf_free(&b);
}

static bool make_old(void *arg, const hcc_cache_entry *entry) {
  struct timespec times[2];
  times[0] = times[1] = (struct timespec){.tv_sec = *(long *)arg};
  assert_int_equal(utimensat(AT_FDCWD, entry->path, times, 0), 0);
  *(long *)arg -= 10;
  return true;
}

static bool count_entry(void *arg, const hcc_cache_entry *entry) {
  *(uint64_t *)arg += entry->size;
  return true;
}

static void trim__oldest_first(void **state) {
  (void)state;
  char name[HCC_HASH_HEX];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  long age = 1000000;
  uint64_t before = 0, after = 0;
  plugin(&b, 10000, KEY);
  for (unsigned i = 0; i < 10; i++) {
    name_of(name, 0x10 + i);
    hcc_cache_put(name, b.data, b.size, KEY);
  }
  hcc_cache_walk(make_old, &age);
  name_of(name, 0x13);
  assert_true(hcc_cache_get(&bytes, &size, name, KEY)); /* used now: it stays */
  free(bytes);
  hcc_cache_walk(count_entry, &before);
  assert_true(before >= 10 * b.size);
  hcc_cache_trim(2 * b.size);
  hcc_cache_walk(count_entry, &after);
  assert_true(after <= 2 * b.size && after > 0);
  assert_true(hcc_cache_get(&bytes, &size, name, KEY));
  free(bytes);
  hcc_buf_free(&b);
}

/* Writers at once, and one killed: readers see whole entries or none. */
static void put__is_atomic(void **state) {
  (void)state;
  char name[HCC_HASH_HEX];
  hcc_buf b;
  uint8_t *bytes;
  size_t size;
  pid_t pids[3];
  name_of(name, 0x55);
  plugin(&b, 65536, KEY);
  for (int i = 0; i < 3; i++) {
    pids[i] = fork();
    assert_true(pids[i] >= 0);
    if (pids[i] == 0) {
      for (;;) {
        hcc_cache_put(name, b.data, b.size, KEY);
      }
    }
  }
  unsigned hits = 0; /* on a busy machine the first of them may take a while */
  for (int i = 0; i < 300 || (hits == 0 && i < 30000); i++) {
    if (hcc_cache_get(&bytes, &size, name, KEY)) {
      assert_int_equal(size, b.size);
      free(bytes);
      hits++;
    } else {
      assert_int_equal(hits, 0); /* once it is there it never is half there */
    }
    usleep(300);
  }
  assert_true(hits > 0);
  for (int i = 0; i < 3; i++) {
    kill(pids[i], SIGKILL);
    waitpid(pids[i], NULL, 0);
  }
  hcc_buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hash__known_value),       cmocka_unit_test(folder__order),
      cmocka_unit_test(get__what_was_put),       cmocka_unit_test(get__planted_is_a_miss),
      cmocka_unit_test(get__anothers_is_a_miss), cmocka_unit_test(get__pipes_and_links_are_misses),
      cmocka_unit_test(trim__oldest_first),      cmocka_unit_test(put__is_atomic),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
