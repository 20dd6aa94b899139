;; 04-spill_extends.wat - an index that lives across calls, so that it is spilled: it must come back without its sign
;;   (CVE-2021-32629).
;; invoke f 0x80000000 -> trap OOB
;; invoke f 0xffffffff -> trap OOB
;; invoke f 0xffff0000 -> trap OOB
;; invoke f 16 -> 136
(module
  (memory 1)
  (table funcref (elem $id))
  (type $t (func (param i32) (result i32)))
  (func $id (param i32) (result i32) (local.get 0))
  (func (export "f") (param $at i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32) (local $g i32)
    (local $h i32) (local $i i32) (local $j i32) (local $k i32) (local $l i32) (local $m i32)
    (local $n i32) (local $o i32) (local $p i32) (local $q i32)
    (local.set $a (call_indirect (type $t) (i32.const 1) (i32.const 0)))
    (local.set $b (call_indirect (type $t) (i32.const 2) (i32.const 0)))
    (local.set $c (call_indirect (type $t) (i32.const 3) (i32.const 0)))
    (local.set $d (call_indirect (type $t) (i32.const 4) (i32.const 0)))
    (local.set $e (call_indirect (type $t) (i32.const 5) (i32.const 0)))
    (local.set $g (call_indirect (type $t) (i32.const 6) (i32.const 0)))
    (local.set $h (call_indirect (type $t) (i32.const 7) (i32.const 0)))
    (local.set $i (call_indirect (type $t) (i32.const 8) (i32.const 0)))
    (local.set $j (call_indirect (type $t) (i32.const 9) (i32.const 0)))
    (local.set $k (call_indirect (type $t) (i32.const 10) (i32.const 0)))
    (local.set $l (call_indirect (type $t) (i32.const 11) (i32.const 0)))
    (local.set $m (call_indirect (type $t) (i32.const 12) (i32.const 0)))
    (local.set $n (call_indirect (type $t) (i32.const 13) (i32.const 0)))
    (local.set $o (call_indirect (type $t) (i32.const 14) (i32.const 0)))
    (local.set $p (call_indirect (type $t) (i32.const 15) (i32.const 0)))
    (local.set $q (call_indirect (type $t) (i32.const 16) (i32.const 0)))
    (i32.store (local.get $at) (call_indirect (type $t) (local.get $a) (i32.const 0)))
    (i32.add (i32.sub (i32.load (local.get $at)) (local.get $a))
      (i32.add (i32.add (i32.add (local.get $a) (local.get $b)) (i32.add (local.get $c) (local.get $d)))
      (i32.add (i32.add (i32.add (local.get $e) (local.get $g)) (i32.add (local.get $h) (local.get $i)))
      (i32.add (i32.add (i32.add (local.get $j) (local.get $k)) (i32.add (local.get $l) (local.get $m)))
               (i32.add (i32.add (local.get $n) (local.get $o)) (i32.add (local.get $p) (local.get $q)))))))))
