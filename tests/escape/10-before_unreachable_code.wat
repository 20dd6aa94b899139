;; 10-before_unreachable_code.wat - a load out of bounds before an endless loop, a return, a branch: it comes first.
;; invoke loop -> trap OOB
;; invoke ret -> trap OOB
;; invoke br -> trap OOB
;; invoke stop -> trap OOB
(module
  (memory 1)
  (func (export "loop") (drop (i32.load (i32.const 65536))) (loop $l (br $l)))
  (func (export "ret") (drop (i64.load (i32.const 65536))) (return))
  (func (export "br") (block $b (drop (f64.load (i32.const 65536))) (br $b)))
  (func (export "stop") (drop (i32.load16_s (i32.const 65536))) (unreachable)))
