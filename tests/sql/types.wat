(module ;; gives back what it gets, in every shape of the guest ABI
  (memory (export "memory") 1)
  (func (export "bytes") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
  (func (export "int") (param i64) (result i64) (local.get 0))
  (func (export "small") (param i32) (result i32) (local.get 0))
  (func (export "real") (param f64) (result f64) (local.get 0))
  (func (export "cell") (param i32) (result i32) (local.get 0)))
