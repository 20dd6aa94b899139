;; 06-get_set.wat - table.get and table.set at the end, past it, and with the high bit, both kinds of table.
;; invoke get 1 -> 1
;; invoke get 2 -> trap TABLE_OOB
;; invoke get 0xffffffff -> trap TABLE_OOB
;; invoke set 1 ->
;; invoke set 2 -> trap TABLE_OOB
;; invoke set 0x80000000 -> trap TABLE_OOB
;; invoke xget 2 -> 1
;; invoke xget 3 -> trap TABLE_OOB
;; invoke xset 2 ->
;; invoke xset 3 -> trap TABLE_OOB
;; invoke xset 0xffffffff -> trap TABLE_OOB
;; invoke drop_get 2 -> trap TABLE_OOB
;; invoke drop_xget 3 -> trap TABLE_OOB
(module
  (table $t 2 10 funcref)
  (table $x 3 10 externref)
  (func (export "get") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "set") (param i32) (table.set $t (local.get 0) (ref.null func)))
  (func (export "xget") (param i32) (result i32) (ref.is_null (table.get $x (local.get 0))))
  (func (export "xset") (param i32) (table.set $x (local.get 0) (ref.null extern)))
  (func (export "drop_get") (param i32) (drop (table.get $t (local.get 0))))
  (func (export "drop_xget") (param i32) (drop (table.get $x (local.get 0)))))
