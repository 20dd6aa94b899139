;; 01-constructor.wat - an export name with a constructor in it: it builds, and nothing of it runs.
;; invoke f -> 42
;; invoke h -> trap UNREACHABLE
(module
  (func $f (export "f") (result i32) (i32.const 42))
  (func (export "*/ __attribute__((constructor)) static void x(void) { *(volatile int *)8 = 1; } /*") (result i32) (i32.const 43))
  (func (export "h") (unreachable)))
