(module ;; a manifest of a function, a table and an aggregate
  (import "helios_v1" "row_i64" (func $i64 (param i64) (result i32)))
  (import "helios_v1" "row_end" (func $end (result i32)))
  (func (export "twice") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
  (func (export "upto") (param $n i64)
    (local $i i64)
    (loop $next
      (if (i64.lt_s (local.get $i) (local.get $n)) (then
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (drop (call $i64 (local.get $i)))
        (drop (call $i64 (i64.mul (local.get $i) (local.get $i))))
        (drop (call $end))
        (br $next)))))
  (func (export "sum_step") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "sum_final") (param i64) (result i64) (local.get 0))
  (@custom "helios.manifest" "{\"v\":1,\"procedures\":["
    "{\"name\":\"stats_twice\",\"export\":\"twice\",\"params\":[{\"name\":\"n\",\"type\":\"BIGINT\"}],\"returns\":\"BIGINT\"},"
    "{\"name\":\"stats_upto\",\"export\":\"upto\",\"params\":[{\"name\":\"n\",\"type\":\"BIGINT\",\"default\":\"3\"}],"
    "\"table\":[{\"name\":\"i\",\"type\":\"BIGINT\"},{\"name\":\"square\",\"type\":\"BIGINT\"}]},"
    "{\"name\":\"stats_total\",\"export\":\"sum\",\"aggregate\":true,"
    "\"params\":[{\"name\":\"x\",\"type\":\"BIGINT\"}],\"returns\":\"BIGINT\"}]}"))
