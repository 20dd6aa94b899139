;; 02-no_address_space.wat - no address space for a reservation: an error, and the host lives.
;; modes guard
;; limit address 2000000000
;; new -> error MEMORY
;; new -> error MEMORY
(module (memory 1) (func (export "f")))
