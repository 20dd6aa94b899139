(module ;; an image of 256 KiB, and files that grow: what RLIMIT_FSIZE forbids
  (import "helios_v1" "file_open" (func $open (param i32 i32 i32) (result i32)))
  (import "helios_v1" "file_write" (func $write (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $set_size (param i32 i64) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 16) "wide")
  (data (i32.const 70000) "a") (data (i32.const 140000) "b") (data (i32.const 200000) "c")
  (func (export "put") (param $p i32) (param $n i32) (result i64) ;; bytes written to a new file, or the status
    (i64.extend_i32_s (call $write (call $open (local.get $p) (local.get $n) (i32.const 6)) (i64.const 0)
      (i32.const 65536) (i32.const 100000))))
  (func (export "widen") (result i64) ;; WASI's errno
    (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 1)
          (i64.const 0x400040) (i64.const 0) (i32.const 0) (i32.const 8))
      (then (return (i64.const -1))))
    (i64.extend_i32_s (call $set_size (i32.load (i32.const 8)) (i64.const 100000)))))
