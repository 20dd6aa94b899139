;; 08-table_fill.wat - table.fill: bounds, nothing at the end, sums that wrap, both kinds of table.
;; invoke fill 0 10 ->
;; invoke fill 9 1 ->
;; invoke fill 9 2 -> trap TABLE_OOB
;; invoke fill 10 0 ->
;; invoke fill 11 0 -> trap TABLE_OOB
;; invoke fill 0xffffffff 1 -> trap TABLE_OOB
;; invoke fill 0xffffffff 2 -> trap TABLE_OOB
;; invoke fill 1 0xffffffff -> trap TABLE_OOB
;; invoke fill 0 11 -> trap TABLE_OOB
;; invoke xfill 0 3 ->
;; invoke xfill 1 3 -> trap TABLE_OOB
;; invoke xfill 0xffffffff 2 -> trap TABLE_OOB
(module
  (table $t 10 20 funcref)
  (table $x 3 9 externref)
  (func (export "fill") (param i32 i32) (table.fill $t (local.get 0) (ref.null func) (local.get 1)))
  (func (export "xfill") (param i32 i32) (table.fill $x (local.get 0) (ref.null extern) (local.get 1))))
