;; 01-nul.wat - a NUL in the name: it builds, and nothing of it runs.
;; invoke f -> 42
;; invoke h -> trap UNREACHABLE
(module
  (func $f (export "f") (result i32) (i32.const 42))
  (func (export "a\00*/evil") (result i32) (i32.const 43))
  (func (export "h") (unreachable)))
