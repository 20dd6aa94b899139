;; 13-dropped_segments.wat - data.drop and elem.drop are undone by a reset.
;; invoke use -> 120
;; invoke drop ->
;; reset
;; invoke use -> 120
;; invoke drop ->
;; invoke use -> trap OOB
;; invoke use -> 120
(module
  (memory 1)
  (data $d "xyz")
  (func (export "drop") (data.drop $d))
  (func (export "use") (result i32)
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
    (i32.load8_u (i32.const 0))))
