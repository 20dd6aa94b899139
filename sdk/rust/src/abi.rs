//! abi.rs - the host functions as they are imported; docs/guest-abi.md describes each. Safe wrappers
//! are in the crate's root. Must never hold a declaration that rt-sandbox/hsb_hostcalls.def has not.

#[link(wasm_import_module = "helios_v1")]
extern "C" {
    pub fn arg_count() -> i32;
    pub fn arg_type(index: u32) -> i32;
    pub fn arg_i64(index: u32) -> i64;
    pub fn arg_f64(index: u32) -> f64;
    pub fn arg_len(index: u32) -> i32;
    pub fn arg_read(index: u32, offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn return_null() -> i32;
    pub fn return_i64(v: i64) -> i32;
    pub fn return_f64(v: f64) -> i32;
    pub fn return_bytes(value_type: u32, p: *const u8, n: u32) -> i32;
    pub fn fail(code: i32, p: *const u8, n: u32) -> i32;
    pub fn error_message(dst: *mut u8, cap: u32) -> i32;
    pub fn prepare(p: *const u8, n: u32) -> i32;
    pub fn bind_null(stmt: i32, index: u32) -> i32;
    pub fn bind_i64(stmt: i32, index: u32, v: i64) -> i32;
    pub fn bind_f64(stmt: i32, index: u32, v: f64) -> i32;
    pub fn bind_text(stmt: i32, index: u32, p: *const u8, n: u32) -> i32;
    pub fn bind_blob(stmt: i32, index: u32, p: *const u8, n: u32) -> i32;
    pub fn step(stmt: i32) -> i32;
    pub fn column_count(stmt: i32) -> i32;
    pub fn column_name(stmt: i32, column: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn column_type(stmt: i32, column: u32) -> i32;
    pub fn column_i64(stmt: i32, column: u32) -> i64;
    pub fn column_f64(stmt: i32, column: u32) -> f64;
    pub fn column_len(stmt: i32, column: u32) -> i32;
    pub fn column_read(stmt: i32, column: u32, offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn reset(stmt: i32) -> i32;
    pub fn finalize(stmt: i32) -> i32;
    pub fn exec(p: *const u8, n: u32, params: *const u8, params_n: u32) -> i64;
    pub fn query(p: *const u8, n: u32, params: *const u8, params_n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn query_read(offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn begin() -> i32;
    pub fn commit() -> i32;
    pub fn rollback() -> i32;
    pub fn savepoint(p: *const u8, n: u32) -> i32;
    pub fn release(p: *const u8, n: u32) -> i32;
    pub fn rollback_to(p: *const u8, n: u32) -> i32;
    pub fn log(level: u32, p: *const u8, n: u32) -> i32;
    pub fn now_us() -> i64;
    pub fn random(dst: *mut u8, n: u32) -> i32;
    pub fn hash(algorithm: u32, p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn hmac(algorithm: u32, key: *const u8, key_n: u32, p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn sign(algorithm: u32, key: *const u8, key_n: u32, p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn verify(algorithm: u32, key: *const u8, key_n: u32, p: *const u8, n: u32, signature: *const u8, signature_n: u32) -> i32;
    pub fn env_get(name: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn file_open(p: *const u8, n: u32, flags: u32) -> i32;
    pub fn file_read(file: i32, offset: i64, dst: *mut u8, cap: u32) -> i32;
    pub fn file_write(file: i32, offset: i64, p: *const u8, n: u32) -> i32;
    pub fn file_size(file: i32) -> i64;
    pub fn file_close(file: i32) -> i32;
    pub fn file_remove(p: *const u8, n: u32) -> i32;
    pub fn file_list(p: *const u8, n: u32, offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn http(
        method: *const u8, method_n: u32, url: *const u8, url_n: u32, headers: *const u8, headers_n: u32,
        body: *const u8, body_n: u32,
    ) -> i32;
    pub fn http_header(p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn http_read(offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn kv_get(key: *const u8, key_n: u32, offset: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn kv_set(key: *const u8, key_n: u32, value: *const u8, value_n: u32) -> i32;
    pub fn kv_delete(key: *const u8, key_n: u32) -> i32;
    pub fn kv_list(prefix: *const u8, prefix_n: u32, after: *const u8, after_n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn session_get(name: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32;
    pub fn session_set(name: *const u8, n: u32, value: *const u8, value_n: u32) -> i32;
    pub fn metric_add(name: *const u8, n: u32, v: f64) -> i32;
    pub fn metric_set(name: *const u8, n: u32, v: f64) -> i32;
    pub fn row_null() -> i32;
    pub fn row_i64(v: i64) -> i32;
    pub fn row_f64(v: f64) -> i32;
    pub fn row_bytes(value_type: u32, p: *const u8, n: u32) -> i32;
    pub fn row_end() -> i32;
}

#[link(wasm_import_module = "heliosdb")]
extern "C" {
    pub fn heliosdb_error(code: i32, p: *const u8, n: u32) -> !;
}
