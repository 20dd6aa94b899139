;; 08-active_elem_wraps.wat - an active element segment at 2^32-1: no instance.
;; new -> trap TABLE_OOB
(module
  (table 2 funcref)
  (elem (i32.const -1) $f $f)
  (func $f (export "f")))
