(module ;; writes much, and ends early
  (memory (export "memory") 1 4096)
  (func (export "filler") (param $pages i64) (result i64)
    (drop (memory.grow (i32.wrap_i64 (local.get $pages))))
    (memory.fill (i32.const 65536) (i32.const 7) (i32.shl (i32.wrap_i64 (local.get $pages)) (i32.const 16)))
    unreachable))
