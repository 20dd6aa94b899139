;; 12-host_ends_the_call.wat - a host function that traps, one that fails, one that fails without a reason, one that
;;   charges too much: named, each.
;; limit fuel 100000
;; invoke trap 14 -> trap MEMORY_LIMIT
;; invoke trap 15 -> trap OUT_OF_MEMORY
;; invoke trap 0 -> error TRAP
;; invoke fail -> error LIMIT
;; invoke fail_mutely -> error INTERNAL
;; invoke charge 50 ->
;; invoke charge 200000 -> trap FUEL
;; invoke charge 0xffffffffffffffff -> trap FUEL
;; invoke charge 0x8000000000000000 -> trap FUEL
(module
  (import "test" "trap" (func $trap (param i32)))
  (import "test" "fail" (func $fail))
  (import "test" "fail_mutely" (func $fail_mutely))
  (import "test" "charge" (func $charge (param i64)))
  (func (export "trap") (param i32) (call $trap (local.get 0)))
  (func (export "fail") (call $fail))
  (func (export "fail_mutely") (call $fail_mutely))
  (func (export "charge") (param i64) (call $charge (local.get 0))))
