# Plain C functions: each type there and back through SQL, NULL, memory, errors.
cp "$FILES/types.c" .
heliosc build -q types.c || fail "build"
sql() { helios -q "$@" 2>&1; }
heliosc inspect types.so | sed -n '/^procedures/,/^sections/p'
heliosc inspect --json types.so | python3 -I -c '
import json, sys
for p in json.load(sys.stdin)["procedures"]:
    print("CREATE PROCEDURE %s LANGUAGE wasm AS '"'types.so'"';" % p["sql"].split("(")[0])' >create.sql
sql t.db -f create.sql
sql t.db -c "SELECT id_bool(2), id_int(-2147483648), id_i64(-9223372036854775808), id_float(0.1), id_double(0.1)"
sql t.db -c "SELECT id_int(2147483648)"
sql t.db -c "SELECT id_decimal_f64(12.5), id_decimal('-00012.50'), id_date('2024-02-28'), id_timestamp('2024-02-29 23:59:59.999999'), id_day('1969-12-31'), id_customer(7)"
sql t.db -c "SELECT id_cstr('naïve'), id_cstr(''), id_text('a' || char(0) || 'b') = 'a' || char(0) || 'b', id_json('{\"a\":[1]}'), quote(id_blob(x'00ff')), quote(id_blob(x''))"
sql t.db -c "SELECT id_cstr('a' || char(0) || 'b')"
sql t.db -c "SELECT quote(id_value(1)), quote(id_value(1.5)), quote(id_value('x')), quote(id_value(x'01')), id_text(NULL) IS NULL, no_result(1) IS NULL"
sql t.db -c "SELECT quote(null_bool(NULL)), null_bool(0), null_int(NULL), null_int(5), quote(null_i64(NULL)), null_i64(41)"
sql t.db -c "SELECT null_int(2147483648)"
sql t.db -c "SELECT null_double(NULL, 2.5), null_double(1, 2.5), quote(null_double(1, NULL)), null_text(NULL), null_text('t'), quote(null_blob(NULL)), quote(null_blob(x'07'))"
sql t.db -c "SELECT null_date(NULL), null_date('2000-01-01'), null_decimal(NULL), null_decimal('1.25'), type_of(NULL), type_of(1), type_of('x'), type_of(x'00')"
sql t.db -c "SELECT quote(second('a', NULL)), quote(second('a', 'b')), quote(second(NULL, NULL))"
sql t.db -c "SELECT filled(1), filled(100), filled(400), filled(3)"
sql t.db -c "SELECT filled(100000)"
sql t.db -c "SELECT refuse(42)"
sql t.db -c "SELECT id_text(replace(hex(zeroblob(200000)), '0', 'é')) = replace(hex(zeroblob(200000)), '0', 'é'), length(id_cstr(hex(zeroblob(100000))))"
