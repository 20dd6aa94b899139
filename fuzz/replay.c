/* replay.c - runs a fuzz target over files, without libFuzzer: `replay_<x> FILE|FOLDER...`. Each
 * input lies in memory of exactly its size, so that a sanitizer sees a read behind its end. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay_file(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = malloc(size != 0 ? size : 1);
  int status = 1;
  if (file != NULL && bytes != NULL && fread(bytes, 1, size, file) == size) {
    LLVMFuzzerTestOneInput(bytes, size);
    status = 0;
  } else {
    fprintf(stderr, "can't read %s\n", path);
  }
  if (file != NULL) {
    fclose(file);
  }
  free(bytes);
  return status;
}

static int replay(const char *path, unsigned *count);

static int replay_folder(const char *path, unsigned *count) {
  struct dirent **entries = NULL;
  int total = scandir(path, &entries, NULL, alphasort), status = total < 0;
  for (int i = 0; i < total; i++) {
    char inner[4096];
    int length = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.' &&
        (length >= (int)sizeof inner || replay(inner, count) != 0)) {
      status = 1;
    }
    free(entries[i]);
  }
  free(entries);
  return status;
}

static int replay(const char *path, unsigned *count) {
  struct stat info;
  if (stat(path, &info) != 0) {
    fprintf(stderr, "no %s\n", path);
    return 1;
  }
  if (S_ISDIR(info.st_mode)) {
    return replay_folder(path, count);
  }
  ++*count;
  return replay_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv) {
  unsigned count = 0;
  int status = 0;
  for (int i = 1; i < argc; i++) {
    status |= replay(argv[i], &count);
  }
  printf("%u inputs\n", count);
  return status != 0 || count == 0;
}
