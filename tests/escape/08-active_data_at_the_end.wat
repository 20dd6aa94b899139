;; 08-active_data_at_the_end.wat - an active data segment of nothing at the end fits, a byte of one at the last place
;;   too.
;; invoke f -> 120
(module
  (memory 1)
  (data (i32.const 65536) "")
  (data (i32.const 65535) "x")
  (func (export "f") (result i32) (i32.load8_u (i32.const 65535))))
