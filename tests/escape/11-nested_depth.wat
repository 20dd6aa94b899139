;; 11-nested_depth.wat - calls nested in host calls are counted: at the limit the innermost is refused (status 15),
;;   the others return.
;; invoke again 10 -> 0
;; invoke again 100 -> 15
;; invoke again 10 -> 0
(module
  (import "test" "nest" (func $nest (param i32) (result i32)))
  (func (export "again") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (call $nest (i32.sub (local.get 0) (i32.const 1)))))
