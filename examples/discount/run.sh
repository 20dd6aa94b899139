#!/bin/sh
# run.sh - builds the discount procedure, makes a shop of 100,000 orders, creates the procedure in it
# and checks every row against plain SQL.
#
# usage: run.sh BIN [c|rust]    BIN: the folder of heliosc and helios
# Exit code: 0 all rows agree, 1 they do not, 77 this machine can't compile that language to wasm.
set -eu
bin=$(cd "$1" && pwd)
language=${2:-c}
here=$(cd "$(dirname "$0")" && pwd)
sdk=$here/../../sdk
clang=${HELIOS_CLANG:-clang}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build_c() {
  "$clang" --target=wasm32 -nostdlib -O2 -Wall -Wextra -Werror -I "$sdk/c" \
    -Wl,--no-entry,--stack-first -o "$work/discount.wasm" "$here/discount.c"
}

build_rust() {
  "$bin/heliosc" -q build --emit=module "$here/discount.rs" -o "$work/discount.wasm" 2>"$work/said" || {
    cat "$work/said" >&2
    if grep -q 'H0300' "$work/said"; then exit 77; fi
    exit 1
  }
}

"build_$language"
db=$work/shop.db
"$bin/helios" -q --bail "$db" -f "$here/schema.sql"
"$bin/helios" -q --bail "$db" -c "
CREATE PROCEDURE calculate_discount(customer_id BIGINT, order_total DECIMAL)
RETURNS DECIMAL LANGUAGE wasm
CAPABILITIES ('read:customers', 'log')
AS '$work/discount.wasm'"

echo "-- five orders, and what the procedure logs"
"$bin/helios" --bail --mode=box "$db" > "$work/five" -c "
SELECT order_id, total, calculate_discount(customer_id, total) AS discount,
       total - calculate_discount(customer_id, total) AS final_total
FROM orders LIMIT 5"
cat "$work/five"
diff "$here/expected" "$work/five"

echo "-- all of them against plain SQL"
result=$("$bin/helios" -q --bail "$db" -c "
SELECT count(*) || ' orders, ' ||
       sum(calculate_discount(o.customer_id, o.total) IS NOT o.total *
           CASE c.loyalty_tier WHEN 'platinum' THEN 0.20 WHEN 'gold' THEN 0.15 WHEN 'silver' THEN 0.10 ELSE 0.05 END) ||
       ' differ'
FROM orders o JOIN customers c ON c.id = o.customer_id")
echo "$result"
[ "$result" = "100000 orders, 0 differ" ]
