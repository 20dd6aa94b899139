(module ;; aggregates: a sum, one whose states are in memory, one that traps
  (memory (export "memory") 1)
  (global $next (mut i64) (i64.const 1024))
  (func (export "total_step") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "total_inverse") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
  (func (export "total_value") (param i64) (result i64) (local.get 0))
  (func (export "total_final") (param i64) (result i64) (local.get 0))

  (func (export "longest_init") (result i64) ;; a state: length, 252 bytes
    (global.set $next (i64.add (global.get $next) (i64.const 256)))
    (i64.sub (global.get $next) (i64.const 256)))
  (func (export "longest_step") (param $s i64) (param $p i32) (param $n i32) (result i64)
    (if (i32.and (i32.gt_u (local.get $n) (i32.load (i32.wrap_i64 (local.get $s)))) (i32.lt_u (local.get $n) (i32.const 252)))
      (then (i32.store (i32.wrap_i64 (local.get $s)) (local.get $n))
            (memory.copy (i32.add (i32.wrap_i64 (local.get $s)) (i32.const 4)) (local.get $p) (local.get $n))))
    (local.get $s))
  (func (export "longest_final") (param $s i64) (result i64)
    (i64.or (i64.shl (i64.add (local.get $s) (i64.const 4)) (i64.const 32))
            (i64.extend_i32_u (i32.load (i32.wrap_i64 (local.get $s))))))

  (func (export "odd_step") (param i64 i64) (result i64)
    (if (i64.eqz (i64.and (local.get 1) (i64.const 1))) (then unreachable))
    (i64.add (local.get 0) (local.get 1)))
  (func (export "odd_final") (param i64) (result i64) (local.get 0))

  (func (export "bad_step") (param i32 i64) (result i64) (local.get 1))
  (func (export "bad_final") (param i64) (result i64) (local.get 0)))
