;; shifted_index.wast - indices that heliosc holds as addresses (compiler/rewrite/meter_shift.c, meter_web.c): by hand,
;; which writes of a local reach which reads. What is expected is what Node returns.

(module ;; bytes at 1024 to add up, at 4096 to step by
  (memory 1)
  (data (i32.const 1024) "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10\11\12\13\14")
  (data (i32.const 4096) "\01\02\01\03\01\02\01\01\02\01\01\03\01\01\02\01\01\01\01\01")
  (data (i32.const 65530) "\1e\1f\20\21\22\23")
  (func $fill (memory.fill (i32.const 4116) (i32.const 1) (i32.const 61414)))
  (start $fill) ;; so that all walks end, most of those that miss theirs at the end of the memory
  (func $other (param $i i32) (result i32)
    (i32.load8_u (i32.add (local.get $i) (i32.const 1024))))

  (func (export "walk") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1024))) (local.get $s)))
      (br_if $l (i32.ne (local.tee $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
                        (local.get $n))))
    (i32.add (i32.mul (local.get $s) (i32.const 1000)) (local.get $i)))

  ;; never set before: the zero it begins with meets what the loop sets
  (func (export "unset") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; set on some of the ways through a table of branches only
  (func (export "unset_by_table") (param $way i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (block $c (block $b (block $a (br_table $a $b $c $a (local.get $way)))
        (local.set $i (i32.const 3)) (br $c))
      (local.set $i (i32.const 5)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; set on all of them
  (func (export "set_by_table") (param $way i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (block $d (block $c (block $b (block $a (br_table $a $b $c $b (local.get $way)))
          (local.set $i (i32.const 3)) (br $d))
        (local.set $i (i32.const 5)) (br $d))
      (local.set $i (i32.const 7)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; a table of branches from inside a loop: on, out, round, each with another value
  (func (export "table_in_loop") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (block $out
      (loop $l
        (block $on
          (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_table $on $l $out $l (i32.load8_u (i32.add (local.get $i) (i32.const 4096)))))
        (local.set $i (i32.add (local.get $i) (i32.const 2)))
        (br_if $l (i32.ne (local.get $i) (local.get $n)))))
    (i32.add (i32.mul (local.get $s) (i32.const 64)) (local.get $i)))

  ;; a parameter on one way, a number on the other one
  (func (export "param") (param $i i32) (param $n i32) (result i32) (local $s i32)
    (if (i32.gt_u (local.get $i) (i32.const 10)) (then (local.set $i (i32.const 2))))
    (loop $l
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1024))) (local.get $s)))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.add (i32.mul (local.get $s) (i32.const 100)) (local.get $i)))

  ;; a parameter that is set on all ways
  (func (export "param_over") (param $i i32) (param $n i32) (result i32) (local $s i32)
    (local.set $s (local.get $i))
    (if (local.get $i) (then (local.set $i (i32.const 2))) (else (local.set $i (i32.const 4))))
    (loop $l
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1024))) (local.get $s)))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.add (i32.mul (local.get $s) (i32.const 100)) (local.get $i)))

  ;; chains of tee and get, copies to and fro, of which some are read as they are
  (func (export "chains") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $k i32) (local $s i32)
    (local.set $k (local.tee $j (local.tee $i (i32.const 0))))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 5)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $k) (i32.const 4096))) (local.get $s)))
      (local.set $k (local.get $j))
      (local.set $j (local.tee $i (i32.add (i32.load8_u (i32.add (local.tee $k (local.get $i)) (i32.const 4096))) (local.get $i))))
      (br_if $l (i32.ne (local.get $j) (local.get $n))))
    (i32.xor (i32.xor (local.get $s) (i32.shl (local.get $i) (i32.const 20))) (i32.add (i32.shl (local.get $j) (i32.const 10)) (local.get $k))))

  ;; it is the index itself that is tested for zero, negated, compared signed and unsigned, multiplied
  (func (export "itself") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const -3))
    (loop $l
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1028))) (local.get $s)))
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1029))) (local.get $s)))
      (local.set $s (i32.add (local.get $s) (i32.load16_u (i32.add (local.get $i) (i32.const 1030)))))
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1040))) (local.get $s)))
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4100))) (local.get $s)))
      (if (local.get $i) (then (local.set $s (i32.add (local.get $s) (i32.const 10000)))))
      (if (i32.eqz (local.get $i)) (then (local.set $s (i32.add (local.get $s) (i32.const 1000000)))))
      (local.set $s (i32.sub (local.get $s) (i32.lt_s (local.get $i) (i32.const 0))))
      (local.set $s (i32.rotl (local.get $s) (i32.lt_u (local.get $i) (i32.const 4))))
      (block $b (br_if $b (local.get $i)) (local.set $s (i32.xor (local.get $s) (i32.const 0x5555))))
      (drop (local.get $i))
      (local.set $s (i32.sub (local.get $s) (select (local.get $i) (i32.const 77) (i32.eq (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4100))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (local.get $s))

  ;; the sum wraps at 2^32: the index is negative, or an access is beyond the end
  (func (export "wraps") (param $from i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.add (local.get $from) (i32.const 0)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 0x8000)))))
      (local.set $i (i32.add (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 0x8000))) (i32.const 1)) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; the offset of the access is beyond what 32 bits hold of the sum: no wrap there
  (func (export "offset") (param $from i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.add (local.get $from) (i32.const 0)))
    (loop $l
      (local.set $s (i32.add (i32.load8_u offset=2048 (i32.add (local.get $i) (i32.const 2048))) (local.get $s)))
      (local.set $i (i32.add (i32.add (i32.load8_u offset=2048 (i32.add (local.get $i) (i32.const 2048))) (i32.const 1)) (local.get $i)))
      (br_if $l (i32.lt_s (local.get $i) (i32.const 20))))
    (i32.add (i32.mul (local.get $s) (i32.const 100)) (local.get $i)))

  ;; the same local in a loop that is written twice, in one before it and one behind it
  (func (export "with_counted") (param $n i32) (param $m i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $m))))
    (local.set $s (i32.xor (local.get $s) (i32.shl (local.get $i) (i32.const 20))))
    (local.set $i (i32.const 1))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; its end is an index of another loop; its begin, too
  (func (export "counted_inside") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (local.set $i (i32.const 1))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $j (i32.const 0))
      (loop $m
        (local.set $s (i32.add (i32.load8_u (i32.add (local.get $j) (i32.const 4096))) (local.get $s)))
        (br_if $m (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $i))))
      (local.set $j (local.get $i))
      (loop $m
        (i32.store8 (i32.add (local.get $j) (i32.const 8192)) (local.get $i))
        (br_if $m (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 40))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.add (i32.xor (local.get $s) (local.get $i)) (i32.load (i32.add (local.get $i) (i32.const 8192)))))

  ;; a loop that copies, from and to places that an index of another loop has left
  (func (export "copies") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $j (i32.const 0))
      (loop $m
        (i32.store8 (i32.add (i32.add (local.get $j) (local.get $i)) (i32.const 9000))
                    (i32.load8_u (i32.add (i32.add (local.get $j) (local.get $i)) (i32.const 1024))))
        (br_if $m (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 16))))
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 9003)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (i32.add (local.get $i) (local.get $j))))

  ;; blocks that take and give values while indices are on the stack
  (func (export "multi") (param $n i32) (result i32 i32 i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.get $i)
      (local.get $i)
      (block (param i32 i32) (result i32 i32)
        (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (i32.const 1024)))))
        (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))))
        (local.get $i)
        (br_if 0 (i32.eq (local.get $i) (i32.const 4)))
        (drop)
        (i32.load8_u (i32.add (local.get $i) (i32.const 1024))))
      (local.set $s (i32.add (local.get $s)))
      (local.set $i)
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (local.get $i) (local.get $s) (local.get $i))

  ;; a loop with parameters: the index comes around on the stack
  (func (export "by_stack") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (i32.const 0)
    (loop $l (param i32) (result i32)
      (local.set $i)
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.tee $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.add (i32.mul (local.get $s) (i32.const 100))))

  ;; what can't run sets and reads it, and leaves blocks
  (func (export "dead") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 1))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (block $b
        (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
        (br $b)
        (local.set $i (i32.const 99))
        (loop $m (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $m (local.get $i)) (br_if $l (local.get $i)))
        (if (local.get $i) (then (local.set $i (i32.const 5)) (br $b)) (else (local.set $i (i32.const 6)))))
      (if (i32.eq (local.get $i) (i32.const 900))
        (then (unreachable) (local.set $i (i32.const 3)) (br $l))
        (else (br_if $l (i32.ne (local.get $i) (local.get $n))))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; one arm of an if ends the call; without an else; with one that can't be left
  (func (export "arms") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (if (i32.eq (local.get $i) (i32.const 6)) (then (local.set $i (i32.const 8))))
      (if (i32.eq (local.get $i) (local.get $n)) (then (local.set $i (i32.const 3)) (return (i32.add (local.get $s) (local.get $i))))
        (else (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))))
      (if (i32.gt_u (local.get $i) (i32.const 17)) (then) (else (br $l))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; loops in loops, one local for all; the inner one goes on where the outer one is, and the other way
  (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $a
      (local.set $j (local.get $i))
      (loop $b
        (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $j) (i32.const 1024)))))
        (local.set $j (i32.add (i32.load8_u (i32.add (local.get $j) (i32.const 4096))) (local.get $j)))
        (br_if $b (i32.ne (local.get $j) (local.get $n))))
      (local.set $j (i32.const 2))
      (loop $c
        (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 1024))) (local.get $s)))
        (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
        (br_if $a (i32.eq (local.get $i) (i32.const 5)))
        (br_if $c (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $a (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (i32.add (local.get $i) (i32.shl (local.get $j) (i32.const 16)))))

  ;; calls between, to which the index is handed, and that give it back
  (func $id (param i32) (result i32) (local.get 0))
  (func (export "calls") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $s (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 2048))) (local.get $s)))
      (local.set $s (i32.add (local.get $s) (call $other (local.get $i))))
      (local.set $i (call $id (local.get $i)))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; stored, and read back; the place of the store is of the index, the value is the index
  (func (export "stored") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (i32.store (i32.add (local.get $i) (i32.const 0x3000)) (local.get $i))
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 0x3000)))))
      (local.set $s (i32.add (local.get $s) (i32.load8_s (i32.add (local.get $i) (i32.const 0x3001)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (i32.load (i32.const 0x3008))))

  ;; a value of three ways, one of which nothing reads: 7 and 9 have nothing to do with the loops
  (func (export "unread") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (block $out
      (loop $l
        (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
        (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
        (br_if $out (i32.eq (local.get $i) (i32.const 5)))
        (br_if $l (i32.ne (local.get $i) (local.get $n))))
      (local.set $s (i32.add (local.get $s) (local.get $i)))
      (local.set $i (i32.const 9)))
    (local.set $s (i32.add (local.get $s) (i32.const 7)))
    (local.set $i (i32.add (local.get $s) (i32.const 9)))
    (i32.mul (local.get $i) (i32.const 3)))

  ;; two arrays, of which the index can be held with one only; minus one
  (func (export "two") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $s (i32.sub (local.get $s) (i32.load8_u (i32.sub (local.get $i) (i32.const -4096)))))
      (local.set $i (i32.sub (local.get $i) (i32.sub (i32.const 0) (i32.load8_u (i32.add (i32.const 4096) (local.get $i))))))
      (br_if $l (i32.ne (i32.const 20) (local.get $i))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; a label that a table leads to, and else a way with another value
  (func (export "zero_by_table") (param $way i32) (param $n i32) (result i32) (local $i i32) (local $s i32)
    (block $c
      (block $b (br_if $b (local.get $way)) (br_table $c (i32.const 0)))
      (local.set $i (i32.const 3)))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; the other arm begins with what was before the if
  (func (export "param_else") (param $i i32) (param $way i32) (param $n i32) (result i32) (local $s i32)
    (if (local.get $way) (then (local.set $i (i32.const 3))) (else (local.set $s (i32.const 1))))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (i32.xor (local.get $s) (local.get $i)))

  ;; a loop that is counted from where another one has come to; nothing but its fuel tells how many turns it took
  (func (export "counted_from") (param $n i32) (param $m i32) (result i32) (local $i i32) (local $s i32)
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
      (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
      (br_if $l (i32.ne (local.get $i) (local.get $n))))
    (loop $l
      (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $m))))
    (local.get $s))

  ;; blocks that can't be reached in a loop in a loop
  (func (export "dead_nested") (param $n i32) (result i32) (local $i i32) (local $s i32) (local $r i32)
    (local.set $r (i32.const 3))
    (loop $o
      (local.set $i (local.get $r))
      (local.set $i (i32.const 1))
      (loop $l
        (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
        (block $b
          (local.set $s (i32.add (local.get $s) (i32.load8_u (i32.add (local.get $i) (i32.const 1024)))))
          (br $b)
          (block (loop) (if (i32.const 1) (then) (else))))
        (local.set $i (i32.add (i32.load8_u (i32.add (local.get $i) (i32.const 4096))) (local.get $i)))
        (br_if $l (i32.ne (local.get $i) (local.get $n))))
      (br_if $o (local.tee $r (i32.sub (local.get $r) (i32.const 1)))))
    (i32.xor (local.get $s) (local.get $i)))
)
(assert_return (invoke "zero_by_table" (i32.const 0) (i32.const 20)) (i32.const 1344719))
(assert_return (invoke "zero_by_table" (i32.const 1) (i32.const 20)) (i32.const 458976))
(assert_return (invoke "zero_by_table" (i32.const 1) (i32.const 6)) (i32.const 2))
(assert_return (invoke "param_else" (i32.const 0) (i32.const 0) (i32.const 20)) (i32.const 2939066))
(assert_return (invoke "param_else" (i32.const 6) (i32.const 0) (i32.const 20)) (i32.const 281837))
(assert_return (invoke "param_else" (i32.const 6) (i32.const 1) (i32.const 20)) (i32.const 458976))
(assert_return (invoke "counted_from" (i32.const 3) (i32.const 2000)) (i32.const 1014290056))
(assert_return (invoke "counted_from" (i32.const 20) (i32.const 1044)) (i32.const -838247205))
(assert_return (invoke "counted_from" (i32.const 20) (i32.const 64513)) (i32.const 580633386))
(assert_return (invoke "dead_nested" (i32.const 20)) (i32.const -871857752))
(assert_return (invoke "dead_nested" (i32.const 3)) (i32.const 55))
(assert_return (invoke "nested" (i32.const 19)) (i32.const -1673554198))
(assert_return (invoke "nested" (i32.const 14)) (i32.const -1355247426))
(assert_return (invoke "walk" (i32.const 1)) (i32.const 1001))
(assert_return (invoke "walk" (i32.const 3)) (i32.const 3003))
(assert_trap (invoke "walk" (i32.const 12)) "out of bounds memory access")
(assert_return (invoke "walk" (i32.const 20)) (i32.const 143020))
(assert_trap (invoke "walk" (i32.const 2)) "out of bounds memory access")
(assert_return (invoke "unset" (i32.const 0)) (i32.const 0))
(assert_return (invoke "unset" (i32.const 9)) (i32.const 619))
(assert_return (invoke "unset" (i32.const 20)) (i32.const 1344719))
(assert_return (invoke "unset_by_table" (i32.const 0) (i32.const 20)) (i32.const 458976))
(assert_return (invoke "unset_by_table" (i32.const 1) (i32.const 20)) (i32.const 203129))
(assert_return (invoke "unset_by_table" (i32.const 2) (i32.const 20)) (i32.const 1344719))
(assert_return (invoke "unset_by_table" (i32.const 3) (i32.const 4)) (i32.const 2))
(assert_return (invoke "unset_by_table" (i32.const -1) (i32.const 4)) (i32.const 2))
(assert_return (invoke "set_by_table" (i32.const 0) (i32.const 20)) (i32.const 458976))
(assert_return (invoke "set_by_table" (i32.const 1) (i32.const 20)) (i32.const 203129))
(assert_return (invoke "set_by_table" (i32.const 2) (i32.const 20)) (i32.const 85007))
(assert_return (invoke "set_by_table" (i32.const 3) (i32.const 20)) (i32.const 203129))
(assert_return (invoke "set_by_table" (i32.const -1) (i32.const 20)) (i32.const 203129))
(assert_trap (invoke "set_by_table" (i32.const 2) (i32.const 2)) "out of bounds memory access")
(assert_return (invoke "table_in_loop" (i32.const 1)) (i32.const 65))
(assert_return (invoke "table_in_loop" (i32.const 7)) (i32.const 65))
(assert_return (invoke "param" (i32.const 0) (i32.const 20)) (i32.const 14320))
(assert_return (invoke "param" (i32.const 3) (i32.const 20)) (i32.const 14020))
(assert_return (invoke "param" (i32.const 11) (i32.const 20)) (i32.const 14320))
(assert_return (invoke "param" (i32.const -1) (i32.const 20)) (i32.const 14320))
(assert_return (invoke "param" (i32.const 10) (i32.const 20)) (i32.const 11220))
(assert_trap (invoke "param" (i32.const 2) (i32.const 2)) "out of bounds memory access")
(assert_return (invoke "param_over" (i32.const 0) (i32.const 20)) (i32.const 14020))
(assert_return (invoke "param_over" (i32.const 1) (i32.const 20)) (i32.const 14420))
(assert_return (invoke "chains" (i32.const 1)) (i32.const 1049602))
(assert_return (invoke "chains" (i32.const 20)) (i32.const 730007884))
(assert_trap (invoke "chains" (i32.const 12)) "out of bounds memory access")
(assert_trap (invoke "itself" (i32.const 1)) "out of bounds memory access")
(assert_return (invoke "itself" (i32.const 4)) (i32.const 167963))
(assert_return (invoke "itself" (i32.const 14)) (i32.const 247999))
(assert_trap (invoke "wraps" (i32.const -32768) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "wraps" (i32.const -31745) (i32.const -31726)) "out of bounds memory access")
(assert_return (invoke "wraps" (i32.const 32762) (i32.const 32793)) (i32.const 32775))
(assert_trap (invoke "wraps" (i32.const 32767) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "wraps" (i32.const 32768) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "wraps" (i32.const -32769) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "wraps" (i32.const 0x7fff8000) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "wraps" (i32.const 0x80000000) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "offset" (i32.const 0)) (i32.const 1221))
(assert_return (invoke "offset" (i32.const -1)) (i32.const 1221))
(assert_return (invoke "offset" (i32.const -2048)) (i32.const 1221))
(assert_trap (invoke "offset" (i32.const -2049)) "out of bounds memory access")
(assert_trap (invoke "offset" (i32.const -4096)) "out of bounds memory access")
(assert_return (invoke "offset" (i32.const 61431)) (i32.const 61533))
(assert_return (invoke "offset" (i32.const 61439)) (i32.const 64975))
(assert_trap (invoke "offset" (i32.const 61440)) "out of bounds memory access")
(assert_trap (invoke "with_counted" (i32.const 4) (i32.const 20)) "out of bounds memory access")
(assert_return (invoke "with_counted" (i32.const 3) (i32.const 20)) (i32.const -1549083344))
(assert_trap (invoke "with_counted" (i32.const 4) (i32.const 5)) "out of bounds memory access")
(assert_trap (invoke "with_counted" (i32.const 20) (i32.const 5)) "out of bounds memory access")
(assert_return (invoke "with_counted" (i32.const 20) (i32.const 64512)) (i32.const -8363060))
(assert_trap (invoke "with_counted" (i32.const 20) (i32.const 64513)) "out of bounds memory access")
(assert_return (invoke "counted_inside" (i32.const 20)) (i32.const 321556531))
(assert_trap (invoke "counted_inside" (i32.const 4)) "out of bounds memory access")
(assert_return (invoke "copies" (i32.const 20)) (i32.const 3735972))
(assert_return (invoke "copies" (i32.const 1)) (i32.const 21))
(assert_return (invoke "multi" (i32.const 20)) (i32.const 20) (i32.const 39) (i32.const 20))
(assert_return (invoke "multi" (i32.const 8)) (i32.const 8) (i32.const 15) (i32.const 8))
(assert_return (invoke "multi" (i32.const 1)) (i32.const 1) (i32.const 2) (i32.const 1))
(assert_return (invoke "by_stack" (i32.const 20)) (i32.const 134473120))
(assert_return (invoke "by_stack" (i32.const 8)) (i32.const 20008))
(assert_return (invoke "dead" (i32.const 20)) (i32.const 813310))
(assert_trap (invoke "dead" (i32.const 5)) "unreachable")
(assert_return (invoke "arms" (i32.const 20)) (i32.const 16985))
(assert_return (invoke "arms" (i32.const 8)) (i32.const 67))
(assert_return (invoke "arms" (i32.const 5)) (i32.const 16985))
(assert_return (invoke "arms" (i32.const 99)) (i32.const 16985))
(assert_trap (invoke "nested" (i32.const 20)) "out of bounds memory access")
(assert_return (invoke "calls" (i32.const 20)) (i32.const 2689442))
(assert_trap (invoke "calls" (i32.const 4)) "out of bounds memory access")
(assert_return (invoke "stored" (i32.const 20)) (i32.const 184703738))
(assert_return (invoke "stored" (i32.const 8)) (i32.const 184549455))
(assert_return (invoke "unread" (i32.const 20)) (i32.const 4034301))
(assert_trap (invoke "unread" (i32.const 4)) "out of bounds memory access")
(assert_return (invoke "two" (i32.const 0)) (i32.const 249591))
