//! lib.rs - writing HeliosDB procedures in Rust. No dependency but the attribute of `macros/`, which has none.
//!
//! ```ignore
//! use heliosdb_wasm_sdk::*;
//!
//! #[heliosdb_procedure(deterministic, default(rate = 0.19))]
//! fn add_tax(total: f64, rate: f64) -> f64 {
//!     total * (1.0 + rate)
//! }
//!
//! #[heliosdb_procedure(capability = "read:customers, log")]
//! fn tier_of(id: i64) -> Result<Option<String>, Error> {
//!     info(&format!("asked for {}", id))?;
//!     query_optional("SELECT tier FROM customers WHERE id = ?1", (id,)).map(|row| row.map(|(tier,)| tier))
//! }
//! ```
//!
//! `heliosc build proc.rs` makes a plugin of it; docs/sdk-rust.md describes all. On any other target than wasm the host
//! is the one of `mock`, so `cargo test` needs no database.

// Edition 2021 for Rust 1.63; what newer compilers would rather have does not exist there.
#![allow(clippy::missing_safety_doc)]

#[cfg(target_family = "wasm")]
pub mod abi;
pub mod call;
mod column;
mod error;
pub mod host;
mod json;
#[cfg(not(target_family = "wasm"))]
pub mod mock;
#[cfg(not(target_family = "wasm"))]
mod mock_abi;
#[cfg(not(target_family = "wasm"))]
use mock_abi as abi;
pub mod outside;
mod rows;
mod statement;
mod time;
mod value;

pub use column::{FromColumn, FromRow};
pub use error::{status, Error};
pub use heliosdb_wasm_macros::heliosdb_procedure;
pub use host::{
    debug, env_var, error, hash, hmac, info, kv_delete, kv_get, kv_keys, kv_set, log, metric_add, metric_set, now,
    random_bytes, session_var, set_session_var, sign, verify, warn, Hash, LogLevel,
};
pub use json::{Json, JsonText};
pub use outside::{append_file, http, list_folder, read_file, remove_file, write_file, Response};
pub use rows::{row, Row, Rows};
pub use statement::{
    execute, query, query_as, query_each, query_one, query_optional, savepoint, transaction, Params, QueryResult,
    Statement, ToSql,
};
pub use time::{Date, Timestamp};
pub use value::{Decimal, DecimalF64, Value};

/// The words of the HeliosDB design for what stands above.
pub mod heliosdb {
    use super::*;

    pub fn heliosdb_query(sql: &str) -> Result<QueryResult, Error> {
        query(sql, ())
    }

    pub fn heliosdb_log(level: LogLevel, message: &str) -> Result<(), Error> {
        log(level, message)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub fn heliosdb_now() -> i64 {
        now().0
    }

    pub fn heliosdb_begin_tx() -> Result<(), Error> {
        error::done(unsafe { abi::begin() })
    }

    pub fn heliosdb_commit_tx() -> Result<(), Error> {
        error::done(unsafe { abi::commit() })
    }

    pub fn heliosdb_rollback_tx() -> Result<(), Error> {
        error::done(unsafe { abi::rollback() })
    }
}
pub use heliosdb::*;
