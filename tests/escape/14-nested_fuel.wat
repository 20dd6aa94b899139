;; 14-nested_fuel.wat - nested calls share the fuel of the outermost: what one may use, three may not.
;; limit fuel 1000000
;; invoke again 60000 -> 0
;; invoke once 60000 -> 0
;; invoke thrice 60000 -> trap FUEL
;; invoke once 60000 -> 0
;; invoke spin -> trap FUEL
(module
  (import "test" "nest" (func $nest (param i32) (result i32)))
  (func (export "again") (param $n i32) (result i32)
    (loop $l
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $l (local.get $n)))
    (local.get $n))
  (func (export "once") (param $n i32) (result i32) (call $nest (local.get $n)))
  (func (export "thrice") (param $n i32) (result i32)
    (drop (call $nest (local.get $n)))
    (drop (call $nest (local.get $n)))
    (drop (call $nest (local.get $n)))
    (loop $l
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $l (local.get $n)))
    (local.get $n))
  (func (export "spin") (drop (call $nest (i32.const -1))) (loop $l (br $l))))
