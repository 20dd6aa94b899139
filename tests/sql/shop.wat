(module ;; an extension: two procedures and a grant that one asks for
  (import "helios_v1" "log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello")
  (func (export "twice") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
  (func (export "say") (result i64) (i64.extend_i32_s (call $log (i32.const 1) (i32.const 16) (i32.const 5))))
  (@custom "helios.manifest" "{\"v\":1,\"name\":\"shop\",\"procedures\":["
    "{\"name\":\"shop_twice\",\"export\":\"twice\",\"params\":[{\"name\":\"x\",\"type\":\"BIGINT\"}],\"returns\":\"BIGINT\"},"
    "{\"name\":\"shop_say\",\"export\":\"say\",\"params\":[],\"returns\":\"BIGINT\"}],"
    "\"capabilities\":[\"log\"]}"))
