;; 02-memory_4_gib.wat - the largest memory there is, under the default limit: no instance.
;; new -> error LIMIT
(module (memory 65536) (func (export "f")))
