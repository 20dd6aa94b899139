;; 07-multi_memory.wat - two memories: refused.
;; reject H0109
(module (memory 1) (memory 1) (func (export "f")))
