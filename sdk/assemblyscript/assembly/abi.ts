// abi.ts - the host functions as they are imported; docs/guest-abi.md describes each. What a module calls
// is imported, nothing else. Must never hold a declaration that rt-sandbox/hsb_hostcalls.def has not.

@external("helios_v1", "arg_count")
export declare function arg_count(): i32;
@external("helios_v1", "arg_type")
export declare function arg_type(index: u32): i32;
@external("helios_v1", "arg_i64")
export declare function arg_i64(index: u32): i64;
@external("helios_v1", "arg_f64")
export declare function arg_f64(index: u32): f64;
@external("helios_v1", "arg_len")
export declare function arg_len(index: u32): i32;
@external("helios_v1", "arg_read")
export declare function arg_read(index: u32, offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "return_null")
export declare function return_null(): i32;
@external("helios_v1", "return_i64")
export declare function return_i64(v: i64): i32;
@external("helios_v1", "return_f64")
export declare function return_f64(v: f64): i32;
@external("helios_v1", "return_bytes")
export declare function return_bytes(type: i32, p: usize, n: u32): i32;
@external("helios_v1", "fail")
export declare function fail(code: i32, p: usize, n: u32): i32;
@external("helios_v1", "error_message")
export declare function error_message(dst: usize, cap: u32): i32;
@external("helios_v1", "row_null")
export declare function row_null(): i32;
@external("helios_v1", "row_i64")
export declare function row_i64(v: i64): i32;
@external("helios_v1", "row_f64")
export declare function row_f64(v: f64): i32;
@external("helios_v1", "row_bytes")
export declare function row_bytes(type: i32, p: usize, n: u32): i32;
@external("helios_v1", "row_end")
export declare function row_end(): i32;
@external("helios_v1", "prepare")
export declare function prepare(sql: usize, n: u32): i32;
@external("helios_v1", "bind_null")
export declare function bind_null(stmt: i32, index: u32): i32;
@external("helios_v1", "bind_i64")
export declare function bind_i64(stmt: i32, index: u32, v: i64): i32;
@external("helios_v1", "bind_f64")
export declare function bind_f64(stmt: i32, index: u32, v: f64): i32;
@external("helios_v1", "bind_text")
export declare function bind_text(stmt: i32, index: u32, p: usize, n: u32): i32;
@external("helios_v1", "bind_blob")
export declare function bind_blob(stmt: i32, index: u32, p: usize, n: u32): i32;
@external("helios_v1", "step")
export declare function step(stmt: i32): i32;
@external("helios_v1", "column_count")
export declare function column_count(stmt: i32): i32;
@external("helios_v1", "column_name")
export declare function column_name(stmt: i32, column: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "column_type")
export declare function column_type(stmt: i32, column: u32): i32;
@external("helios_v1", "column_i64")
export declare function column_i64(stmt: i32, column: u32): i64;
@external("helios_v1", "column_f64")
export declare function column_f64(stmt: i32, column: u32): f64;
@external("helios_v1", "column_len")
export declare function column_len(stmt: i32, column: u32): i32;
@external("helios_v1", "column_read")
export declare function column_read(stmt: i32, column: u32, offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "reset")
export declare function reset(stmt: i32): i32;
@external("helios_v1", "finalize")
export declare function finalize(stmt: i32): i32;
@external("helios_v1", "exec")
export declare function exec(sql: usize, n: u32, params: usize, params_n: u32): i64;
@external("helios_v1", "query")
export declare function query(sql: usize, n: u32, params: usize, params_n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "query_read")
export declare function query_read(offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "begin")
export declare function begin(): i32;
@external("helios_v1", "commit")
export declare function commit(): i32;
@external("helios_v1", "rollback")
export declare function rollback(): i32;
@external("helios_v1", "savepoint")
export declare function savepoint(name: usize, n: u32): i32;
@external("helios_v1", "release")
export declare function release(name: usize, n: u32): i32;
@external("helios_v1", "rollback_to")
export declare function rollback_to(name: usize, n: u32): i32;
@external("helios_v1", "log")
export declare function log(level: i32, p: usize, n: u32): i32;
@external("helios_v1", "now_us")
export declare function now_us(): i64;
@external("helios_v1", "random")
export declare function random(dst: usize, n: u32): i32;
@external("helios_v1", "hash")
export declare function hash(algorithm: i32, p: usize, n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "hmac")
export declare function hmac(algorithm: i32, key: usize, key_n: u32, p: usize, n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "sign")
export declare function sign(
  algorithm: i32, secret_key: usize, key_n: u32, p: usize, n: u32, dst: usize, cap: u32,
): i32;
@external("helios_v1", "verify")
export declare function verify(
  algorithm: i32, public_key: usize, key_n: u32, p: usize, n: u32, signature: usize, signature_n: u32,
): i32;
@external("helios_v1", "env_get")
export declare function env_get(name: usize, n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "file_open")
export declare function file_open(path: usize, n: u32, flags: u32): i32;
@external("helios_v1", "file_read")
export declare function file_read(file: i32, offset: i64, dst: usize, cap: u32): i32;
@external("helios_v1", "file_write")
export declare function file_write(file: i32, offset: i64, p: usize, n: u32): i32;
@external("helios_v1", "file_size")
export declare function file_size(file: i32): i64;
@external("helios_v1", "file_close")
export declare function file_close(file: i32): i32;
@external("helios_v1", "file_remove")
export declare function file_remove(path: usize, n: u32): i32;
@external("helios_v1", "file_list")
export declare function file_list(path: usize, n: u32, offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "http")
export declare function http(
  method: usize, method_n: u32, url: usize, url_n: u32, headers: usize, headers_n: u32, body: usize, body_n: u32,
): i32;
@external("helios_v1", "http_header")
export declare function http_header(name: usize, n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "http_read")
export declare function http_read(offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "kv_get")
export declare function kv_get(key: usize, key_n: u32, offset: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "kv_set")
export declare function kv_set(key: usize, key_n: u32, value: usize, value_n: u32): i32;
@external("helios_v1", "kv_delete")
export declare function kv_delete(key: usize, key_n: u32): i32;
@external("helios_v1", "kv_list")
export declare function kv_list(prefix: usize, prefix_n: u32, after: usize, after_n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "session_get")
export declare function session_get(name: usize, n: u32, dst: usize, cap: u32): i32;
@external("helios_v1", "session_set")
export declare function session_set(name: usize, n: u32, value: usize, value_n: u32): i32;
@external("helios_v1", "metric_add")
export declare function metric_add(name: usize, n: u32, v: f64): i32;
@external("helios_v1", "metric_set")
export declare function metric_set(name: usize, n: u32, v: f64): i32;
// Ends the call; does not return.
@external("heliosdb", "heliosdb_error")
export declare function heliosdb_error(code: i32, message: usize, n: u32): void;
