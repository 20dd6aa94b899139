;; 02-table_max_huge.wat - a small table that may grow to 2^32-1: growth ends at what there is room for, and the size
;;   with it.
;; invoke grow 0x7fffffff -> 0xffffffff
;; invoke grow 0xffffffff -> 0xffffffff
;; invoke size -> 1
;; invoke grow 10 -> 1
;; invoke size -> 11
;; invoke call 10 -> trap CALL_NULL
;; invoke call 11 -> trap CALL_UNDEFINED
;; invoke fill_all -> 65537
;; invoke call 1000000 -> trap CALL_UNDEFINED
(module
  (table $t 1 0xffffffff funcref)
  (type $v (func))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "size") (result i32) (table.size $t))
  (func (export "call") (param i32) (call_indirect $t (type $v) (local.get 0)))
  (func (export "fill_all") (result i32)
    (loop $more
      (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1))))
    (table.size $t)))
