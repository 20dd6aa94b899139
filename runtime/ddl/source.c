/* source.c - reading what AS names. See source.h. */
#include "ddl/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/alloc.h"

static int io_error(helios_error *err, const char *path, int number) {
  char escaped[HRT_ESCAPED];
  return hrt_fail(err, number == ENOENT ? HELIOS_E_NOT_FOUND : HELIOS_E_IO, "can't read %s: %s",
                  hrt_escape(escaped, path, strlen(path)), strerrordesc_np(number));
}

static int read_all(uint8_t *bytes, size_t size, int fd, const char *path, helios_error *err) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, bytes + done, size - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return io_error(err, path, n < 0 ? errno : EIO);
    }
    done += (size_t)n;
  }
  return 0;
}

int hrt_file_read(uint8_t **bytes, size_t *size, const char *path, helios_error *err) {
  uint8_t *block = NULL;
  struct stat st;
  int status = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &st) != 0) {
    status = io_error(err, path, errno);
    goto out;
  }
  if (!S_ISREG(st.st_mode)) {
    status = io_error(err, path, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
    goto out;
  }
  if (st.st_size > HRT_SOURCE_MAX) {
    status = hrt_fail(err, HELIOS_E_LIMIT, "the source is larger than %u bytes", HRT_SOURCE_MAX);
    goto out;
  }
  block = hrt_alloc((size_t)st.st_size + 1);
  if (block == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(read_all(block, (size_t)st.st_size, fd, path, err));
  *bytes = block;
  *size = (size_t)st.st_size;
  block = NULL;
out:
  hrt_free(block);
  if (fd >= 0) {
    close(fd);
  }
  return status;
}

static int path_of(char path[PATH_MAX], const hrt_ddl_source *s, helios_error *err) {
  size_t used = 0;
  for (size_t i = 0; i < s->length; i++) {
    if (s->at[i] == 0 || used + 1 >= PATH_MAX) {
      return hrt_fail(err, HELIOS_E_SYNTAX, "the source's path is too long or has a NUL in it");
    }
    path[used++] = s->at[i];
    i += s->quoted && s->at[i] == '\''; /* the second of '' */
  }
  path[used] = 0;
  return 0;
}

static bool blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base64_value(char c) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* Digits of `bits` bits each to bytes. White space is skipped; '=' ends base64. False on any other
 * byte or left-over bits that are not zero. */
static bool decode(uint8_t *out, size_t *size, const hrt_ddl_source *s, unsigned bits) {
  uint32_t store = 0;
  unsigned have = 0;
  size_t used = 0, i = 0;
  for (; i < s->length && !(bits == 6 && s->at[i] == '='); i++) {
    int value = bits == 6 ? base64_value(s->at[i]) : hex_value(s->at[i]);
    if (value < 0 && blank(s->at[i])) {
      continue;
    }
    if (value < 0) {
      return false;
    }
    store = (store << bits | (uint32_t)value) & 0xffff;
    have += bits;
    if (have >= 8) {
      have -= 8;
      out[used++] = (uint8_t)(store >> have);
    }
  }
  for (; i < s->length; i++) {
    if (s->at[i] != '=' && !blank(s->at[i])) {
      return false;
    }
  }
  *size = used;
  return have < bits && (store & ((1u << have) - 1)) == 0;
}

static int read_digits(uint8_t **bytes, size_t *size, const hrt_ddl_source *s, unsigned bits,
                       helios_error *err) {
  if (s->length / 8 > HRT_SOURCE_MAX / bits) {
    return hrt_fail(err, HELIOS_E_LIMIT, "the source is larger than %u bytes", HRT_SOURCE_MAX);
  }
  uint8_t *block = hrt_alloc(s->length + 1);
  if (block == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (!decode(block, size, s, bits)) {
    hrt_free(block);
    return hrt_fail(err, HELIOS_E_SYNTAX, "the source is not %s",
                    bits == 6 ? "base64" : "pairs of hex digits");
  }
  *bytes = block;
  return 0;
}

static bool begins(const uint8_t *bytes, size_t size, const char *magic, size_t length) {
  return size >= length && memcmp(bytes, magic, length) == 0;
}

/* A text module begins with '(' or ';;' after blanks. */
static bool is_text_module(const uint8_t *bytes, size_t size) {
  size_t i = 0;
  while (i < size && blank((char)bytes[i])) {
    i++;
  }
  return i < size && (bytes[i] == '(' || begins(bytes + i, size - i, ";;", 2));
}

/* What is text and no module is probably the source of one. */
static void hint_at_build(const char *path, const uint8_t *bytes, size_t size, helios_error *err) {
  char shown[HRT_ESCAPED];
  bool text = size > 0 && memchr(bytes, 0, size) == NULL;
  if (path == NULL || !text) {
    hrt_hint(err, "AS takes a module (.wasm, .wat) or what heliosc built of one (.so)");
  } else {
    hrt_hint(err, "build it first: heliosc build %s", hrt_escape(shown, path, strlen(path)));
  }
}

/* path: NULL if the bytes stood in the statement. */
static int classify(hrt_content *out, const char *path, const uint8_t *bytes, size_t size,
                    helios_error *err) {
  int status = 0;
  if (begins(bytes, size, "\177ELF", 4)) {
    *out = HRT_CONTENT_PLUGIN;
  } else if (begins(bytes, size, "\0asm", 4) || is_text_module(bytes, size)) {
    *out = HRT_CONTENT_WASM;
  } else {
    status =
        hrt_fail(err, HELIOS_E_PLUGIN, "the source is neither a WebAssembly module nor a plugin");
    hint_at_build(path, bytes, size, err);
  }
  return status;
}

int hrt_source_read(uint8_t **bytes, size_t *size, hrt_content *content, const hrt_ddl_source *s,
                    helios_error *err) {
  char path[PATH_MAX];
  bool named = s->kind == HRT_SOURCE_PATH;
  int status = 0;
  *bytes = NULL;
  if (named) {
    HRT_TRY(path_of(path, s, err));
    HRT_TRY(hrt_file_read(bytes, size, path, err));
  } else {
    HRT_TRY(read_digits(bytes, size, s, s->kind == HRT_SOURCE_BASE64 ? 6 : 4, err));
  }
  HRT_TRY(classify(content, named ? path : NULL, *bytes, *size, err));
out:
  if (status != 0) {
    hrt_free(*bytes);
    *bytes = NULL;
  }
  return status;
}
