;; 07-memory64.wat - a memory of 64-bit addresses: refused by name.
;; reject H0103 memory64
(module (memory i64 1) (func (export "f")))
