;; 01-line_splice.wat - a line splice, a trigraph and a directive: it builds, and nothing of it runs.
;; invoke f -> 42
;; invoke h -> trap UNREACHABLE
(module
  (func $f (export "f") (result i32) (i32.const 42))
  (func (export "\\\0a??/\0a#include \22/etc/passwd\22\0a") (result i32) (i32.const 43))
  (func (export "h") (unreachable)))
