;; 03-grow_edges.wat - memory.grow by 0, 1, the maximum, 2^31, 2^32-1 from every size.
;; limit memory 16
;; invoke grow 0 -> 1
;; invoke grow 0xffffffff -> 0xffffffff
;; invoke grow 0x80000000 -> 0xffffffff
;; invoke grow 0x10000 -> 0xffffffff
;; invoke grow 0xffff -> 0xffffffff
;; invoke grow 9 -> 1
;; invoke grow 1 -> 0xffffffff
;; invoke grow 0 -> 10
;; invoke grow 0xfffffff7 -> 0xffffffff
;; invoke size -> 10
(module
  (memory 1 10)
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
