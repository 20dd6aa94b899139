;; 07-shared_memory.wat - a shared memory: refused.
;; reject H0109
(module (memory 1 1 shared) (func (export "f")))
