;; 11-endless.wat - recursion without end, of every shape that clang could make a loop of.
;; invoke direct -> trap STACK
;; invoke tail -> trap STACK
;; invoke mutual -> trap STACK
;; invoke indirect -> trap STACK
;; invoke accumulate 0 -> trap STACK
;; invoke through_result -> trap STACK
;; invoke fine 100 -> 100
(module
  (type $v (func))
  (table funcref (elem $indirect))
  (func $direct (export "direct") (call $direct) (call $direct))
  (func $tail (export "tail") (call $tail))
  (func $mutual (export "mutual") (call $other))
  (func $other (call $mutual))
  (func $indirect (export "indirect") (call_indirect (type $v) (i32.const 0)))
  (func $accumulate (export "accumulate") (param i64) (result i64)
    (call $accumulate (i64.add (local.get 0) (i64.const 1))))
  (func $through_result (export "through_result") (result i32)
    (i32.add (i32.const 1) (call $through_result)))
  (func $fine (export "fine") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $fine (i32.sub (local.get 0) (i32.const 1))))))))
