(module
  (import "helios_v1" "log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1 4)
  (table 2 funcref)
  (global (mut i32) (i32.const 7))
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (@custom "helios.manifest" "{\"v\":1,\"procedures\":[{\"name\":\"plus\",\"export\":\"add\",\"params\":[{\"name\":\"a\",\"type\":\"BIGINT\"},{\"name\":\"b\",\"type\":\"BIGINT\"}],\"returns\":\"BIGINT\"}],\"capabilities\":[\"log\"]}")
  (data (i32.const 8) "hello"))
