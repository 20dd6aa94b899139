;; 11-huge_limit.wat - a stack limit larger than the thread's stack: the thread's own end counts.
;; limit stack 0xffffffff
;; invoke deep -> trap STACK
;; invoke wide -> trap STACK
(module
  (type $t (func (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (func $deep (export "deep") (call $deep))
  (func $w (type $t)
    (i64.add (local.get 7)
      (call $w (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
        (local.get 7) (i64.add (local.get 0) (i64.const 1)))))
  (func (export "wide") (result i64)
    (call $w (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7))))
