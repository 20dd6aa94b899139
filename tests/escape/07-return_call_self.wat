;; 07-return_call_self.wat - a tail call: refused, by name where it can be read.
;; reject H0109 return_call
(module
  (type $t (func))
  (table funcref (elem $f))
  (func $g)
  (func $f (export "f") (return_call $f)))
