;; 08-active_elem_outside.wat - an active element segment that does not fit: no instance.
;; new -> trap TABLE_OOB
(module
  (table 2 funcref)
  (elem (i32.const 1) $f $f)
  (func $f (export "f")))
