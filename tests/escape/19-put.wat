;; 19-put.wat - the function for the argument arena: length and zeros are two numbers whose sum may wrap.
;; invoke put 0 65536 0 -> 1
;; invoke put 0 65536 1 -> 0
;; invoke put 0 0 65536 -> 1
;; invoke put 0 1 65535 -> 1
;; invoke put 0 1 65536 -> 0
;; invoke put 65536 0 0 -> 1
;; invoke put 65537 0 0 -> 0
;; invoke put 65535 1 0 -> 1
;; invoke put 65535 1 1 -> 0
;; invoke put 0xffffffff 0 1 -> 0
;; invoke put 0 1 0xffffffffffffffff -> 0
;; invoke put 0 0xffffffffffffffff 1 -> 0
;; invoke put 16 0xffffffffffffffff 0xffffffffffffffff -> 0
;; invoke put 2 0xffffffff 0xffffffff -> 0
;; invoke put 0 2 0xfffffffffffffffe -> 0
;; invoke peek 0 -> 97
;; invoke peek 1 -> 0
;; invoke put 1 3 4 -> 1
;; invoke peek 3 -> 97
;; invoke peek 4 -> 0
(module
  (import "test" "put" (func $put (param i32 i64 i64) (result i32)))
  (memory 1)
  (func (export "put") (param i32 i64 i64) (result i32)
    (call $put (local.get 0) (local.get 1) (local.get 2)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))
