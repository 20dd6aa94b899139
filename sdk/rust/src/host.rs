//! host.rs - log, clock, randomness, cryptography, the environment, kept values, session variables and metrics as safe
//! functions. Must never trust a length that the host gives beyond the buffer that it was given.

use crate::error::{check, done, text};
use crate::{abi, status, Error, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

pub fn log(level: LogLevel, line: &str) -> Result<(), Error> {
    done(unsafe { abi::log(level as u32, line.as_ptr(), line.len() as u32) })
}

pub fn debug(line: &str) -> Result<(), Error> {
    log(LogLevel::Debug, line)
}

pub fn info(line: &str) -> Result<(), Error> {
    log(LogLevel::Info, line)
}

pub fn warn(line: &str) -> Result<(), Error> {
    log(LogLevel::Warn, line)
}

pub fn error(line: &str) -> Result<(), Error> {
    log(LogLevel::Error, line)
}

/// The clock.
pub fn now() -> Timestamp {
    Timestamp(unsafe { abi::now_us() })
}

/// Bytes that a host function gives: asked for the size first, then for the bytes.
fn sized(give: impl Fn(*mut u8, u32) -> i32) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0u8; check(give(std::ptr::null_mut(), 0))? as usize];
    let n = check(give(bytes.as_mut_ptr(), bytes.len() as u32))? as usize;
    bytes.truncate(n);
    Ok(bytes)
}

/// As sized, where there may be none: ABSENT is None.
pub(crate) fn optional(give: impl Fn(*mut u8, u32) -> i32) -> Result<Option<Vec<u8>>, Error> {
    match give(std::ptr::null_mut(), 0) {
        status::ABSENT => Ok(None),
        _ => sized(give).map(Some),
    }
}

pub fn random_bytes(n: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0u8; n];
    check(unsafe { abi::random(bytes.as_mut_ptr(), n as u32) })?;
    Ok(bytes)
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hash {
    Sha256 = 0,
    Sha512 = 1,
    Sha384 = 3,
    Sha3_256 = 4,
    Blake2b = 5,
    Sha1 = 6,
}

/// A digest has at most 64 bytes.
fn digest(give: impl Fn(*mut u8, u32) -> i32) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0u8; 64];
    let n = check(give(bytes.as_mut_ptr(), 64))? as usize;
    bytes.truncate(n);
    Ok(bytes)
}

pub fn hash(algorithm: Hash, data: &[u8]) -> Result<Vec<u8>, Error> {
    digest(|dst, cap| unsafe { abi::hash(algorithm as u32, data.as_ptr(), data.len() as u32, dst, cap) })
}

pub fn hmac(algorithm: Hash, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
    let (k, kn, p, n) = (key.as_ptr(), key.len() as u32, data.as_ptr(), data.len() as u32);
    digest(|dst, cap| unsafe { abi::hmac(algorithm as u32, k, kn, p, n, dst, cap) })
}

/// Signs with Ed25519; the secret key is its seed of 32 bytes.
pub fn sign(secret_key: &[u8; 32], data: &[u8]) -> Result<Vec<u8>, Error> {
    digest(|dst, cap| unsafe { abi::sign(0, secret_key.as_ptr(), 32, data.as_ptr(), data.len() as u32, dst, cap) })
}

/// Is it an Ed25519 signature of these bytes?
pub fn verify(public_key: &[u8; 32], data: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let (s, sn) = (signature.as_ptr(), signature.len() as u32);
    check(unsafe { abi::verify(0, public_key.as_ptr(), 32, data.as_ptr(), data.len() as u32, s, sn) }).map(|v| v == 1)
}

/// An environment variable that a grant names; None if it is not set.
pub fn env_var(name: &str) -> Result<Option<String>, Error> {
    let value = optional(|dst, cap| unsafe { abi::env_get(name.as_ptr(), name.len() as u32, dst, cap) })?;
    value.map(|v| text(v, || format!("the variable {}", name))).transpose()
}

/// A value that this procedure keeps; None if there is no such key.
pub fn kv_get(key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    optional(|dst, cap| unsafe { abi::kv_get(key.as_ptr(), key.len() as u32, 0, dst, cap) })
}

pub fn kv_set(key: &[u8], value: &[u8]) -> Result<(), Error> {
    let (v, vn) = (value.as_ptr(), value.len() as u32);
    done(unsafe { abi::kv_set(key.as_ptr(), key.len() as u32, v, vn) })
}

/// Was there such a key?
pub fn kv_delete(key: &[u8]) -> Result<bool, Error> {
    check(unsafe { abi::kv_delete(key.as_ptr(), key.len() as u32) }).map(|n| n == 1)
}

/// The keys with a prefix, in order; every one of those that stay while the list is made.
pub fn kv_keys(prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    let (p, pn) = (prefix.as_ptr(), prefix.len() as u32);
    loop {
        let after = keys.last().map_or(&[][..], |k| k.as_slice());
        let (a, an) = (after.as_ptr(), after.len() as u32);
        match optional(|dst, cap| unsafe { abi::kv_list(p, pn, a, an, dst, cap) })? {
            Some(key) => keys.push(key),
            None => return Ok(keys),
        }
    }
}

/// A variable of the connection; None if it is not set.
pub fn session_var(name: &str) -> Result<Option<String>, Error> {
    let value = optional(|dst, cap| unsafe { abi::session_get(name.as_ptr(), name.len() as u32, dst, cap) })?;
    value.map(|v| text(v, || format!("the session variable {}", name))).transpose()
}

pub fn set_session_var(name: &str, value: &str) -> Result<(), Error> {
    let (v, vn) = (value.as_ptr(), value.len() as u32);
    done(unsafe { abi::session_set(name.as_ptr(), name.len() as u32, v, vn) })
}

/// Adds to a counter of this procedure.
pub fn metric_add(name: &str, value: f64) -> Result<(), Error> {
    done(unsafe { abi::metric_add(name.as_ptr(), name.len() as u32, value) })
}

/// Sets a gauge of this procedure.
pub fn metric_set(name: &str, value: f64) -> Result<(), Error> {
    done(unsafe { abi::metric_set(name.as_ptr(), name.len() as u32, value) })
}
