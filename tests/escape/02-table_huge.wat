;; 02-table_huge.wat - a table of two thousand million elements: refused before anything is allocated.
;; reject H0102 table
(module (table 2000000000 4000000000 funcref) (func (export "f")))
