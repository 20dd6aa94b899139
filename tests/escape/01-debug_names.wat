;; 01-debug_names.wat - a function and a local whose debug names close a comment: the trap's text may name it,
;;   escaped.
;; invoke f -> trap UNREACHABLE
(module
  (func $*/evil/* (export "f") (local $*/x i32) (local.set $*/x (i32.const 1)) (unreachable)))
