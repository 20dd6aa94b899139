/* doctor.c - helios doctor: can this machine run procedures, and is a database well? Each check
 * says ok, warn or fail, and what to do. Must change nothing. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "plugin/config.h"

#define RESERVE (((size_t)8 << 30) + 4096) /* address space of an instance */
#define PATH_BYTES 4096
#define NAME_BYTES 256 /* of a file in a folder */

enum state { OK, WARN, FAIL };

typedef struct doctor {
  shell *sh;
  bool failed;
} doctor;

static void say(doctor *d, enum state state, const char *name, const char *text, const char *fix) {
  static const char *const words[] = {"ok", "warn", "fail"};
  static const enum hcl_style styles[] = {HCL_STYLE_GOOD, HCL_STYLE_WARN, HCL_STYLE_ERROR};
  bool color = d->sh->command_line.color_out;
  d->failed |= state == FAIL;
  if (d->sh->json) {
    printf("{\"v\":1,\"type\":\"check\",\"name\":\"%s\",\"status\":\"%s\",\"text\":", name,
           words[state]);
    sh_json_string(stdout, text, strlen(text));
    if (fix != NULL) {
      fputs(",\"fix\":", stdout);
      sh_json_string(stdout, fix, strlen(fix));
    }
    puts("}");
  } else if (!d->sh->quiet || state != OK) {
    printf("%s%-4s%s  %-12s ", hcl_style(color, styles[state]), words[state],
           hcl_style(color, HCL_STYLE_PLAIN), name);
    sh_print(stdout, text);
    putchar('\n');
    if (fix != NULL) {
      printf("%19sfix: ", "");
      sh_print(stdout, fix);
      putchar('\n');
    }
  }
}

static void check_sqlite(doctor *d) {
  char text[160];
  bool threads = sqlite3_threadsafe() != 0,
       same = strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0;
  snprintf(text, sizeof text, "%s%s%s%s", sqlite3_libversion(), same ? "" : ", built with ",
           same ? "" : SQLITE_VERSION, threads ? ", safe for threads" : ", not safe for threads");
  if (sqlite3_libversion_number() < 3037000) {
    say(d, FAIL, "sqlite", text, "use SQLite 3.37 or newer");
  } else {
    say(d, threads ? OK : WARN, "sqlite", text, threads ? NULL : "use one thread only");
  }
  bool omitted = sqlite3_compileoption_used("OMIT_LOAD_EXTENSION") != 0;
  bool deserialize = sqlite3_compileoption_used("OMIT_DESERIALIZE") == 0;
  snprintf(text, sizeof text, "loadable extensions: %s, %s", omitted ? "no" : "yes",
           deserialize ? "deserialize: yes" : "deserialize: no");
  say(d, omitted ? WARN : OK, "options", text,
      omitted ? "procedures work in helios only, not in programs with this SQLite" : NULL);
}

/* The file beside this program, if it is there. */
static bool beside(char path[PATH_BYTES], const char *name) {
  ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - 1);
  if (n <= 0) {
    return false;
  }
  path[n] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL || strlen(name) + 2 > PATH_BYTES - (size_t)(slash - path)) {
    return false;
  }
  memcpy(slash + 1, name, strlen(name) + 1);
  return access(path, R_OK) == 0;
}

/* The first line of text, at most n bytes of it. */
static void first_line(char *out, size_t n, const char *text) {
  snprintf(out, n, "%.*s", (int)strcspn(text, "\n"), text);
}

/* How many of the compiler's own checks failed, and the first of them. */
static size_t failures(const char *lines, char *first, size_t n) {
  size_t count = 0;
  for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
    if (strncmp(at, "fail", 4) == 0 && count++ == 0) {
      first_line(first, n, at + 4 + strspn(at + 4, " "));
    }
  }
  return count;
}

static void check_compiler(doctor *d) {
  char path[PATH_BYTES], text[PATH_BYTES + 80], first[200] = "";
  const char *named = getenv("HELIOS_HELIOSC");
  const char *program = named != NULL && named[0] != '\0' ? named
                        : beside(path, "heliosc")         ? path
                                                          : "heliosc";
  const char *const version[] = {program, "version", NULL};
  const char *const checks[] = {program, "doctor", "--color=never", NULL};
  const char *const fix = "install heliosc, or name it in HELIOS_HELIOSC; plugins (.so) need none";
  sh_buf out = {.data = NULL};
  if (sh_child(&out, version) != 0) {
    snprintf(text, sizeof text, "%s can't be run", program);
    say(d, WARN, "compiler", text, fix);
  } else {
    first_line(first, sizeof first, sh_buf_get(&out));
    snprintf(text, sizeof text, "%s: %s", program, first);
    say(d, OK, "compiler", text, NULL);
    sh_buf_clear(&out);
    sh_child(&out, checks);
    size_t failed = failures(sh_buf_get(&out), first, sizeof first);
    snprintf(text, sizeof text, failed == 0 ? "all its checks pass" : "%zu of its checks fail: %s",
             failed, first);
    say(d, failed == 0 ? OK : WARN, "toolchain", text, failed == 0 ? NULL : "see heliosc doctor");
  }
  sh_buf_free(&out);
}

/* Where the engine looks for what the variable may name. */
static bool config_path(char path[PATH_BYTES], const char *variable, const char *leaf) {
  bool found;
  return hrt_config_path(path, &found, variable, leaf, NULL) == 0 && found;
}

static void check_key(doctor *d) {
  char path[PATH_BYTES], text[PATH_BYTES + 64];
  struct stat st;
  if (!config_path(path, "HELIOS_KEY", "local.key")) {
    say(d, FAIL, "key", "no place for the key", "set HELIOS_KEY, XDG_CONFIG_HOME or HOME");
  } else if (stat(path, &st) != 0) {
    snprintf(text, sizeof text, "none yet at %s: no plugin of this machine runs", path);
    say(d, WARN, "key", text,
        "the first heliosc build, or CREATE PROCEDURE from a module, makes it; see heliosc doctor");
  } else if (!S_ISREG(st.st_mode) || access(path, R_OK) != 0) {
    snprintf(text, sizeof text, "%s can't be read", path);
    say(d, FAIL, "key", text, "it must be a file that this user can read");
  } else if ((st.st_mode & 077) != 0) {
    snprintf(text, sizeof text, "%s can be read by others (mode %03o)", path, st.st_mode & 0777);
    say(d, FAIL, "key", text, "chmod 600; who reads it can make plugins that run here");
  } else {
    say(d, OK, "key", path, NULL);
  }
}

/* Can only this user and root write it? */
static bool is_guarded(const struct stat *st) {
  return (st->st_uid == 0 || st->st_uid == geteuid()) && (st->st_mode & 022) == 0;
}

/* How many keys the folder has; *loose: one of them that others can write. */
static size_t count_keys(const char *folder, char loose[NAME_BYTES]) {
  size_t count = 0;
  DIR *dir = opendir(folder);
  struct dirent *entry;
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    size_t n = strlen(entry->d_name);
    struct stat st;
    if (n > 4 && strcmp(entry->d_name + n - 4, ".pub") == 0) {
      count++;
      if (fstatat(dirfd(dir), entry->d_name, &st, 0) != 0 || !is_guarded(&st)) {
        snprintf(loose, NAME_BYTES, "%s", entry->d_name);
      }
    }
  }
  if (dir != NULL) {
    closedir(dir);
  }
  return count;
}

/* The folder of the keys that vouch beside our own. */
static void check_trust(doctor *d) {
  char path[PATH_BYTES], text[PATH_BYTES + NAME_BYTES + 80], loose[NAME_BYTES] = "";
  struct stat st;
  if (!config_path(path, "HELIOS_TRUST_ROOT", "trust.d") || stat(path, &st) != 0) {
    say(d, OK, "trust root", "none: only what this machine's key sealed runs", NULL);
    return;
  }
  size_t count = count_keys(path, loose);
  if (!is_guarded(&st) || loose[0] != '\0') {
    snprintf(text, sizeof text, "%s%s%s can be written by others, and vouches for nothing", path,
             loose[0] == '\0' ? "" : "/", loose);
    say(d, FAIL, "trust root", text, "chmod go-w, and look at what is in it");
  } else {
    snprintf(text, sizeof text, "%s, %zu key%s", path, count, count == 1 ? "" : "s");
    say(d, OK, "trust root", text, NULL);
  }
}

static void check_memory(doctor *d) {
  struct rlimit limit;
  char text[128];
  void *space = mmap(NULL, RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  bool limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  if (space != MAP_FAILED) {
    munmap(space, RESERVE);
    say(d, OK, "memory", "8 GiB of addresses can be reserved for an instance", NULL);
  } else {
    say(d, FAIL, "memory", "8 GiB of addresses can't be reserved for an instance",
        "raise 'ulimit -v', or build with heliosc build --bounds=explicit");
  }
  snprintf(text, sizeof text,
           limited ? "address space is limited to %llu MiB" : "address space is not limited",
           (unsigned long long)limit.rlim_cur >> 20);
  say(d, limited ? WARN : OK, "limit", text,
      limited ? "each instance takes 8 GiB of it: ulimit -v unlimited" : NULL);
}

/* Runs a stock client that loads the extension; it prints the version. */
static void check_client(doctor *d, const char *name, const char *const *argv,
                         const char *package) {
  char text[240], fix[80];
  sh_buf out = {.data = NULL};
  int code = sh_child(&out, argv);
  first_line(text, sizeof text, sh_buf_get(&out));
  if (code == 127) {
    snprintf(text, sizeof text, "%s is not installed: not checked", argv[0]);
    snprintf(fix, sizeof fix, "install the Debian package %s", package);
    say(d, WARN, name, text, fix);
  } else if (code != 0 || strcmp(text, helios_version()) != 0) {
    say(d, WARN, name, text[0] == '\0' ? "the extension does not load" : text,
        "is its SQLite built with loadable extensions?");
  } else {
    snprintf(text, sizeof text, "%s loads the extension", argv[0]);
    say(d, OK, name, text, NULL);
  }
  sh_buf_free(&out);
}

static void check_extension(doctor *d) {
  static const char script[] = "import sqlite3, sys\n"
                               "try:\n"
                               "    db = sqlite3.connect(':memory:')\n"
                               "    db.enable_load_extension(True)\n"
                               "    db.load_extension(sys.argv[1])\n"
                               "    print(db.execute('SELECT helios_version()').fetchone()[0])\n"
                               "except Exception as e:\n"
                               "    sys.exit(str(e))\n";
  char path[PATH_BYTES], load[PATH_BYTES + 8];
  if (!beside(path, "helios_sqlite.so")) {
    say(d, WARN, "extension", "no helios_sqlite.so beside this program",
        "without it other programs can't call procedures");
    return;
  }
  say(d, OK, "extension", path, NULL);
  snprintf(load, sizeof load, ".load %s", path);
  const char *const sqlite[] = {"sqlite3", ":memory:", load, "SELECT helios_version()", NULL};
  const char *const python[] = {"python3", "-c", script, path, NULL};
  check_client(d, "sqlite3", sqlite, "sqlite3");
  check_client(d, "python", python, "python3");
}

static void check_database(doctor *d) {
  shell *sh = d->sh;
  char *broken = sh_ask(sh,
                        "SELECT group_concat(integrity_check, '; ') FROM "
                        "(SELECT integrity_check FROM pragma_integrity_check(3)) "
                        "WHERE integrity_check <> 'ok'",
                        NULL);
  int rc = sqlite3_errcode(helios_db(sh->h));
  bool readable = rc == SQLITE_OK || rc == SQLITE_DONE;
  helios_error err = {0};
  bool whole = broken == NULL && readable;
  say(d, whole ? OK : FAIL, "integrity",
      whole            ? "ok"
      : broken != NULL ? broken
                       : sh_why(sh, &err),
      whole ? NULL : "restore a backup, or try sqlite3's .recover");
  sqlite3_free(broken);
}

/* False: nothing that the database says of procedures can be believed. */
static bool check_tables(doctor *d) {
  char *hidden = sh_hidden(d->sh);
  if (hidden != NULL) {
    say(d, FAIL, "tables", hidden, "they hide the engine's: drop them, and ask who made them");
  }
  sqlite3_free(hidden);
  return hidden == NULL;
}

/* Each version that can't run here, with its reason; one that calls get is a failure. */
static void check_versions(doctor *d) {
  static const char broken[] = "SELECT procedure || ' version ' || version || ': ' || reason, role "
                               "FROM helios_versions WHERE status = 'broken' ORDER BY 1";
  sqlite3_stmt *stmt = NULL;
  size_t count = 0;
  if (sqlite3_prepare_v2(helios_db(d->sh->h), broken, -1, &stmt, NULL) == SQLITE_OK) {
    for (; sqlite3_step(stmt) == SQLITE_ROW; count++) {
      const char *text = (const char *)sqlite3_column_text(stmt, 0);
      const char *role = (const char *)sqlite3_column_text(stmt, 1);
      bool called = role != NULL && strcmp(role, "ready") != 0;
      say(d, called ? FAIL : WARN, "version", text == NULL ? "" : text,
          "after a restore: helios procedure rebuild, helios procedure adopt");
    }
  }
  sqlite3_finalize(stmt);
  char *all = sh_ask(d->sh,
                     "SELECT count(DISTINCT procedure) || ' procedures, ' || count(*) || "
                     "' versions' FROM helios_versions",
                     NULL);
  if (all == NULL) {
    helios_error err = {0};
    say(d, FAIL, "versions", sh_why(d->sh, &err), "is the catalog damaged?");
  } else if (count == 0) {
    say(d, OK, "versions", all, NULL);
  }
  sqlite3_free(all);
}

/* What of the schema names a procedure as a function: programs that write such a table need the
 * extension. */
static void check_users(doctor *d) {
  char *users =
      sh_ask(d->sh,
             "SELECT group_concat(DISTINCT s.type || ' ' || s.name) FROM sqlite_schema s, "
             "helios_procedures p WHERE s.sql LIKE '%' || p.name || '(%' AND s.name NOT LIKE "
             "'helios\\_%' ESCAPE '\\'",
             NULL);
  if (users != NULL) {
    say(d, OK, "schema", users, NULL);
  }
  sqlite3_free(users);
}

int sh_cmd_doctor(shell *sh) {
  doctor d = {.sh = sh};
  check_sqlite(&d);
  check_compiler(&d);
  check_key(&d);
  check_trust(&d);
  check_memory(&d);
  check_extension(&d);
  if (sh->database != NULL) {
    if (!sh_open(sh, sh->database)) {
      return SH_EXIT_USAGE;
    }
    check_database(&d);
    if (check_tables(&d)) {
      check_versions(&d);
      check_users(&d);
    }
    d.failed |= sh_close(sh, 0) != 0;
  }
  if (sh->json) {
    printf("{\"v\":1,\"type\":\"result\",\"command\":\"doctor\",\"ok\":%s}\n",
           d.failed ? "false" : "true");
  }
  return d.failed ? SH_EXIT_SQL : 0;
}
