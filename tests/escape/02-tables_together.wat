;; 02-tables_together.wat - tables that are too large together: refused.
;; reject H0102 table
(module (table 600000 funcref) (table 600000 externref) (func (export "f")))
