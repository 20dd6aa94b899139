(module ;; tables by row_*, good and bad
  (import "helios_v1" "row_i64" (func $i64 (param i64) (result i32)))
  (import "helios_v1" "row_f64" (func $f64 (param f64) (result i32)))
  (import "helios_v1" "row_null" (func $null (result i32)))
  (import "helios_v1" "row_bytes" (func $bytes (param i32 i32 i32) (result i32)))
  (import "helios_v1" "row_end" (func $end (result i32)))
  (import "helios_v1" "return_i64" (func $give (param i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "even")
  (data (i32.const 104) "odd")
  (func (export "numbers") (param $at i64) (param $to i64) ;; n, half, name
    (loop $next
      (if (i64.le_s (local.get $at) (local.get $to)) (then
        (drop (call $i64 (local.get $at)))
        (drop (call $f64 (f64.div (f64.convert_i64_s (local.get $at)) (f64.const 2))))
        (if (i64.eqz (i64.and (local.get $at) (i64.const 1)))
          (then (drop (call $bytes (i32.const 3) (i32.const 100) (i32.const 4))))
          (else (drop (call $bytes (i32.const 3) (i32.const 104) (i32.const 3)))))
        (drop (call $end))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $next)))))
  (func (export "short") (drop (call $i64 (i64.const 1))) (drop (call $end)))
  (func (export "open") (drop (call $i64 (i64.const 1))))
  (func (export "wrong") (result i64)
    (drop (call $give (i64.extend_i32_s (call $bytes (i32.const 3) (i32.const 100) (i32.const 4))))) (i64.const 0))
  (func (export "many") ;; 64 KiB a row
    (loop $again
      (br_if $again (i32.ge_s (i32.or (call $bytes (i32.const 4) (i32.const 0) (i32.const 65536)) (call $end))
                              (i32.const 0)))))
  (func (export "status") (result i64) (i64.extend_i32_s (call $end)))
  (func (export "trap") (drop (call $i64 (i64.const 1))) unreachable))
