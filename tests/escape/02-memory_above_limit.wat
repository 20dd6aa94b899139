;; 02-memory_above_limit.wat - more memory than the limit: no instance.
;; limit memory 10
;; new -> error LIMIT
(module (memory 11) (func (export "f")))
