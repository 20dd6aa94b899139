;; 01-keywords.wat - names of C and of the generated code: it builds, and nothing of it runs.
;; invoke f -> 42
;; invoke h -> trap UNREACHABLE
(module
  (func $f (export "f") (result i32) (i32.const 42))
  (func (export "w2c_m_instantiate") (result i32) (i32.const 43))
  (func (export "h") (unreachable)))
