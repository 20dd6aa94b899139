;; 08-active_data_wraps.wat - an active data segment at 2^32-1: no instance.
;; new -> trap OOB
(module
  (memory 1)
  (data (i32.const -1) "xy")
  (func (export "f")))
