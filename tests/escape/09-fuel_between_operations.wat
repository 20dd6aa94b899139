;; 09-fuel_between_operations.wat - fuel that runs out among bulk operations ends the call between two of them.
;; limit memory 16
;; limit fuel 3000000
;; invoke many -> trap FUEL
;; invoke once -> 1
(module
  (memory 16)
  (func (export "many")
    (loop $l
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576))
      (br $l)))
  (func (export "once") (result i32)
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576))
    (i32.load8_u (i32.const 1048575))))
