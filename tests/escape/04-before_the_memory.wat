;; 04-before_the_memory.wat - what lies before linear memory - the instance, its ctx - has no guest address.
;; invoke at 0xfffffff8 0 -> trap OOB
;; invoke at 0xffe00000 0 -> trap OOB
;; invoke at 0xffdff000 0 -> trap OOB
;; invoke at 0xffe00000 0xffffffff -> trap OOB
;; invoke at 0xffdff000 0x41414141 -> trap OOB
;; invoke last -> trap OOB
(module
  (memory 1)
  (func (export "at") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func (export "last") (i64.store offset=0xffe00000 (i32.const -1) (i64.const 1))))
