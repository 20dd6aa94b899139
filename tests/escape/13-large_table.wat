;; 13-large_table.wat - a table of many pages, written from end to end and grown: all of it is back after a reset.
;; invoke fill ->
;; invoke used -> 43000
;; reset
;; invoke used -> 1
;; invoke fill ->
;; reset
;; invoke used -> 1
;; invoke grow 23000 -> 20000
;; invoke used -> 1
(module
  (table $t 20000 60000 funcref)
  (elem (i32.const 19999) $f)
  (func $f)
  (func (export "fill")
    (table.fill $t (i32.const 0) (ref.func $f) (i32.const 20000))
    (drop (table.grow $t (ref.func $f) (i32.const 23000))))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "used") (result i32)
    (local $i i32) (local $used i32)
    (loop $l
      (local.set $used (i32.add (local.get $used) (i32.eqz (ref.is_null (table.get $t (local.get $i))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (table.size $t))))
    (local.get $used)))
