;; 02-grow_no_address_space.wat - explicit bounds under a limit of address space: no room for the whole limit, no
;;   instance.
;; modes explicit
;; limit memory 65536
;; limit address 2000000000
;; new -> error MEMORY
(module (memory 1) (func (export "f")))
