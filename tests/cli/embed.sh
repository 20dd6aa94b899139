# A program of twenty lines, linked against libhelios alone: helios_exec with our statements beside SQLite's.
cat >shop.c <<'C'
#include <helios/helios.h>
#include <sqlite3.h>
#include <stdio.h>

static int show(void *arg, sqlite3_stmt *row) {
  printf("%s%s\n", (char *)arg, sqlite3_column_text(row, 0));
  return 0;
}

int main(int argc, char **argv) {
  helios *h;
  helios_error err = {0};
  int status = argc < 3 ? 1 : helios_open(&h, argv[1], NULL, &err);
  for (int i = 2; status == 0 && i < argc; i++) {
    status = helios_exec(h, argv[i], show, "= ", &err);
  }
  if (status) {
    printf("%d %s at %d\n", err.code, err.text, (int)err.offset);
  }
  return helios_close(h, NULL) || status;
}
C
bin=$(dirname "$(command -v heliosc)")
sanitize=
if LC_ALL=C grep -q __asan_init "$bin/libhelios.so"; then sanitize=-fsanitize=address,undefined; fi
cc -Wall -Wextra -Werror $sanitize -I"$SOURCE/runtime/include" shop.c -o shop -L"$bin" -Wl,-rpath,"$bin" \
  -lhelios -lsqlite3 || fail "compile"
cp "$FILES/add.wat" .
expect 0 ./shop shop.db "CREATE PROCEDURE plus LANGUAGE wasm CAPABILITIES ('log') AS 'add.wat'; CALL plus(40, 2)" "SELECT plus(1, 1); SELECT 5"
printf '= 42\n= 2\n= 5\n' | cmp - out || fail "rows"
expect 0 ./shop shop.db "SELECT plus(2, 2)" && has out '^= 4$'
expect 1 ./shop shop.db "SELECT 1; SELECT plus(1); SELECT 2" && has out 'wrong number of arguments.* at 17$' && lacks out '^= 2'
expect 1 ./shop shop.db "SELECT 1; CALL minus(1)" && has out '^7 no such procedure: minus'
expect 1 ./shop shop.db "SELECT 1; CREATE PROCEDURE x LANGUGE wasm" && has out '^6 syntax error.* at 29$'
