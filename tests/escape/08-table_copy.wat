;; 08-table_copy.wat - table.copy: bounds on both sides, nothing at the end, sums that wrap, tables of two sizes.
;; invoke ab 0 0 4 ->
;; invoke ab 6 0 4 ->
;; invoke ab 7 0 4 -> trap TABLE_OOB
;; invoke ab 0 1 4 -> trap TABLE_OOB
;; invoke ab 0 0 5 -> trap TABLE_OOB
;; invoke ab 10 0 0 ->
;; invoke ab 11 0 0 -> trap TABLE_OOB
;; invoke ab 0 4 0 ->
;; invoke ab 0 5 0 -> trap TABLE_OOB
;; invoke ab 0xffffffff 0 1 -> trap TABLE_OOB
;; invoke ab 0xffffffff 0 2 -> trap TABLE_OOB
;; invoke ab 0 0xffffffff 1 -> trap TABLE_OOB
;; invoke ab 0 0xffffffff 2 -> trap TABLE_OOB
;; invoke ab 0 0 0xffffffff -> trap TABLE_OOB
;; invoke ab 0x80000000 0x80000000 0x80000000 -> trap TABLE_OOB
;; invoke xx 0 0 3 ->
;; invoke xx 1 0 3 -> trap TABLE_OOB
;; invoke xx 0 1 3 -> trap TABLE_OOB
;; invoke xx 0xffffffff 0 2 -> trap TABLE_OOB
(module
  (table $a 10 funcref)
  (table $b 4 20 funcref)
  (table $x 3 9 externref)
  (func (export "ab") (param i32 i32 i32)
    (table.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
  (func (export "xx") (param i32 i32 i32)
    (table.copy $x $x (local.get 0) (local.get 1) (local.get 2))))
