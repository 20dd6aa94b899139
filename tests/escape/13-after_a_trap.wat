;; 13-after_a_trap.wat - an instance that trapped half way is not used again; the next one is as new.
;; invoke half -> trap OOB
;; invoke state -> 0 0 1
;; invoke half -> trap OOB
;; invoke state -> 0 0 1
;; invoke stop -> trap UNREACHABLE
;; invoke state -> 0 0 1
(module
  (memory 1)
  (global $g (mut i32) (i32.const 0))
  (table $t 2 funcref)
  (elem declare func $half)
  (func $half (export "half")
    (i32.store (i32.const 0) (i32.const 0x5ec2e7))
    (global.set $g (i32.const 0x5ec2e7))
    (table.set $t (i32.const 0) (ref.func $half))
    (i32.store (i32.const 65536) (i32.const 1)))
  (func (export "stop")
    (memory.fill (i32.const 0) (i32.const 0x5e) (i32.const 65536))
    (global.set $g (i32.const 1))
    (unreachable))
  (func (export "state") (result i32 i32 i32)
    (i32.load (i32.const 0)) (global.get $g) (ref.is_null (table.get $t (i32.const 0)))))
