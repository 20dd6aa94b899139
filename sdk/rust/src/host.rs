//! host.rs - randomness, cryptography and the environment as safe functions. Must never trust a length that the
//! host gives beyond the buffer that it was given.

use crate::{abi, check, Error};

/// Bytes that a host function gives: asked for the size first, then for the bytes.
fn sized(give: impl Fn(*mut u8, u32) -> i32) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0u8; check(give(std::ptr::null_mut(), 0))? as usize];
    let n = check(give(bytes.as_mut_ptr(), bytes.len() as u32))? as usize;
    bytes.truncate(n);
    Ok(bytes)
}

/// As sized, where there may be none: ABSENT is None.
fn optional(give: impl Fn(*mut u8, u32) -> i32) -> Result<Option<Vec<u8>>, Error> {
    const ABSENT: i32 = -16;
    match give(std::ptr::null_mut(), 0) {
        ABSENT => Ok(None),
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
    Ok(value.map(|v| String::from_utf8_lossy(&v).into_owned()))
}
