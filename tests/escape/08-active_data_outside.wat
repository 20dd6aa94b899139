;; 08-active_data_outside.wat - an active data segment that does not fit: no instance.
;; new -> trap OOB
(module
  (memory 1)
  (data (i32.const 0) "fits")
  (data (i32.const 65533) "does not")
  (func (export "f")))
