;; 01-bidi.wat - bidirectional controls and a terminal escape: it builds, and nothing of it runs.
;; invoke f -> 42
;; invoke h -> trap UNREACHABLE
(module
  (func $f (export "f") (result i32) (i32.const 42))
  (func (export "\e2\80\aetxt.\e2\81\a6\1b[31m") (result i32) (i32.const 43))
  (func (export "h") (unreachable)))
