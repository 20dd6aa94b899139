;; 07-exceptions.wat - exceptions: refused.
;; reject H0109
(module (tag $e) (func (export "f") (throw $e)))
