//! error.rs - errors: the host's, with its status, and the procedure's own, with a code of its own. Must never lose a
//! code on its way to SQL.

use crate::abi;
use std::any::Any;
use std::fmt;

/// Statuses of the host (docs/guest-abi.md): every negative number is one, known or not.
pub mod status {
    pub const SQL: i32 = -1;
    pub const DENIED: i32 = -2;
    pub const RANGE: i32 = -3;
    pub const BUFFER: i32 = -4;
    pub const HANDLE: i32 = -5;
    pub const INDEX: i32 = -6;
    pub const TYPE: i32 = -7;
    pub const UTF8: i32 = -8;
    pub const LIMIT: i32 = -9;
    pub const STATE: i32 = -10;
    pub const CONSTRAINT: i32 = -11;
    pub const BUSY: i32 = -12;
    pub const NOMEM: i32 = -13;
    pub const JSON: i32 = -14;
    pub const LEVEL: i32 = -15;
    pub const ABSENT: i32 = -16;
    pub const ALGORITHM: i32 = -17;
    pub const KEY: i32 = -18;
    pub const EXISTS: i32 = -19;
    pub const IO: i32 = -20;
    pub const NETWORK: i32 = -21;
    pub const NAME: i32 = -22;
}

/// The code of an error that has none of its own: of another type, or a panic.
pub const NO_CODE: i32 = 1;

/// An error of the host (negative codes: `status`) or of your own.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    pub code: i32,
    pub text: String,
}

impl Error {
    pub fn new(code: i32, text: impl Into<String>) -> Error {
        Error { code, text: text.into() }
    }

    /// The host's last error, for a negative status.
    pub fn last(status: i32) -> Error {
        let mut bytes = vec![0u8; 512];
        // the host writes at most 512 bytes and says how many there are
        let n = unsafe { abi::error_message(bytes.as_mut_ptr(), 512) };
        bytes.truncate(n.max(0) as usize);
        Error { code: status, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// What a procedure's own error type says to SQL. One that is an Error, or has one in its box, keeps the code.
    pub(crate) fn of<E: fmt::Display + 'static>(e: E) -> Error {
        let any: &dyn Any = &e;
        let own = any
            .downcast_ref::<Error>()
            .or_else(|| any.downcast_ref::<Box<dyn std::error::Error>>().and_then(|b| b.downcast_ref()))
            .or_else(|| any.downcast_ref::<Box<dyn std::error::Error + Send + Sync>>().and_then(|b| b.downcast_ref()));
        own.cloned().unwrap_or_else(|| Error::new(NO_CODE, e.to_string()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Error {
        Error::new(NO_CODE, text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Error {
        Error::new(NO_CODE, text)
    }
}

/// A status of the host as a Result.
pub(crate) fn check(status: i32) -> Result<i32, Error> {
    if status < 0 {
        Err(Error::last(status))
    } else {
        Ok(status)
    }
}

pub(crate) fn done(status: i32) -> Result<(), Error> {
    check(status).map(|_| ())
}

/// Text of the host or the database, which need not be UTF-8: never replaced, never cut.
pub(crate) fn text(bytes: Vec<u8>, what: impl FnOnce() -> String) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| Error::new(status::UTF8, format!("{} is not valid UTF-8", what())))
}
