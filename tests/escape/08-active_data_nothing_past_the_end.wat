;; 08-active_data_nothing_past_the_end.wat - an active data segment of nothing past the end: no instance.
;; new -> trap OOB
(module
  (memory 1)
  (data (i32.const 65537) "")
  (func (export "f")))
