;; 14-table_max_below_growth.wat - tables with a maximum of their minimum, of nothing, of one more.
;; invoke a -> 0xffffffff 5
;; invoke b -> 0xffffffff 0
;; invoke c -> 5 6
(module
  (table $a 5 5 funcref)
  (table $b 0 0 externref)
  (table $c 5 6 funcref)
  (func (export "a") (result i32 i32) (table.grow $a (ref.null func) (i32.const 1)) (table.size $a))
  (func (export "b") (result i32 i32) (table.grow $b (ref.null extern) (i32.const 1)) (table.size $b))
  (func (export "c") (result i32 i32) (table.grow $c (ref.null func) (i32.const 1)) (table.size $c)))
