;; 07-return_call_import.wat - a tail call of a host function: refused.
;; reject H0109 return_call
(module
  (import "test" "null_write" (func $h))
  (func (export "f") (return_call $h)))
