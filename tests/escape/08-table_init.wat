;; 08-table_init.wat - table.init: bounds of segment and table, sums that wrap, both kinds of table.
;; invoke init 0 0 3 ->
;; invoke init 7 0 3 ->
;; invoke init 8 0 3 -> trap TABLE_OOB
;; invoke init 0 1 3 -> trap TABLE_OOB
;; invoke init 0 0 4 -> trap TABLE_OOB
;; invoke init 10 3 0 ->
;; invoke init 11 0 0 -> trap TABLE_OOB
;; invoke init 0 4 0 -> trap TABLE_OOB
;; invoke init 0xffffffff 0 1 -> trap TABLE_OOB
;; invoke init 0xffffffff 0 2 -> trap TABLE_OOB
;; invoke init 0 0xffffffff 1 -> trap TABLE_OOB
;; invoke init 0 0xffffffff 2 -> trap TABLE_OOB
;; invoke init 0 1 0xffffffff -> trap TABLE_OOB
;; invoke xinit 0 0 2 ->
;; invoke xinit 2 0 2 -> trap TABLE_OOB
;; invoke xinit 0 1 2 -> trap TABLE_OOB
;; invoke xinit 0 0xffffffff 2 -> trap TABLE_OOB
;; invoke xinit 0xffffffff 0 2 -> trap TABLE_OOB
(module
  (table $t 10 20 funcref)
  (table $x 3 9 externref)
  (elem $e func $f $f $f)
  (elem $xe externref (ref.null extern) (ref.null extern))
  (func $f)
  (func (export "init") (param i32 i32 i32)
    (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "xinit") (param i32 i32 i32)
    (table.init $x $xe (local.get 0) (local.get 1) (local.get 2))))
