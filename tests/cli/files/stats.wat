;; stats.wat - an aggregate and a table of a manifest, for heliosc test and run.
(module
  (import "helios_v1" "row_i64" (func $row (param i64) (result i32)))
  (import "helios_v1" "row_end" (func $end (result i32)))
  (func (export "addup_step") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "addup_final") (param i64) (result i64) (local.get 0))
  (func (export "squares") (param $upto i64) (local $n i64)
    (block $done (loop $next
      (br_if $done (i64.ge_s (local.get $n) (local.get $upto)))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (drop (call $row (local.get $n)))
      (drop (call $row (i64.mul (local.get $n) (local.get $n))))
      (drop (call $end))
      (br $next))))
  (@custom "helios.manifest" "{\"v\":1,\"procedures\": [{\"name\": \"addup\", \"params\": [{\"name\": \"x\", \"type\": \"BIGINT\"}], \"returns\": \"BIGINT\", \"aggregate\": true}, {\"name\": \"squares\", \"params\": [{\"name\": \"upto\", \"type\": \"BIGINT\"}], \"table\": [{\"name\": \"n\", \"type\": \"BIGINT\"}, {\"name\": \"square\", \"type\": \"BIGINT\"}]}]}"))
