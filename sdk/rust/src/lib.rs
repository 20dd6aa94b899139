//! lib.rs - writing HeliosDB procedures in Rust, for wasm32-unknown-unknown. No dependency.
//!
//! ```ignore
//! use heliosdb_wasm_sdk::*;
//!
//! procedure! {
//!     fn greet(name: &str) -> Result<String, Error> {
//!         heliosdb_log(LogLevel::Info, "greeting")?;
//!         Ok(format!("Hello, {}!", name))
//!     }
//! }
//! ```
//!
//! Parameters: i64, i32, f64, f32, bool, &str, &[u8]. Results: the same numbers, String, Vec<u8>,
//! Option of one (None is NULL) and Result<.., Error> (an error fails the call).

pub mod abi;
pub mod host;
pub mod outside;
mod statement;

pub use statement::{QueryResult, Statement, Value};

/// An error of the host (negative codes: HSB statuses) or of your own.
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
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// A status of the host as a Result.
pub(crate) fn check(status: i32) -> Result<i32, Error> {
    if status < 0 {
        Err(Error::last(status))
    } else {
        Ok(status)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

pub fn heliosdb_log(level: LogLevel, message: &str) -> Result<(), Error> {
    check(unsafe { abi::log(level as u32, message.as_ptr(), message.len() as u32) }).map(|_| ())
}

/// Runs a query without parameters. `query` takes some, which is the way to put values in.
pub fn heliosdb_query(sql: &str) -> Result<QueryResult, Error> {
    query(sql, &[])
}

/// Runs a statement and collects its rows.
pub fn query(sql: &str, params: &[Value]) -> Result<QueryResult, Error> {
    let mut statement = Statement::prepare(sql)?;
    for (i, value) in params.iter().enumerate() {
        statement.bind(i as u32 + 1, value)?;
    }
    statement.collect()
}

/// Runs a statement without parameters; rows changed.
pub fn exec(sql: &str) -> Result<i64, Error> {
    let n = unsafe { abi::exec(sql.as_ptr(), sql.len() as u32, std::ptr::null(), 0) };
    if n < 0 {
        Err(Error::last(n as i32))
    } else {
        Ok(n)
    }
}

pub fn heliosdb_begin_tx() -> Result<(), Error> {
    check(unsafe { abi::begin() }).map(|_| ())
}

pub fn heliosdb_commit_tx() -> Result<(), Error> {
    check(unsafe { abi::commit() }).map(|_| ())
}

pub fn heliosdb_rollback_tx() -> Result<(), Error> {
    check(unsafe { abi::rollback() }).map(|_| ())
}

/// Runs `work` in a nested transaction: kept if it succeeds, undone if it does not.
pub fn transaction<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    heliosdb_begin_tx()?;
    match work() {
        Ok(v) => heliosdb_commit_tx().map(|_| v),
        Err(e) => heliosdb_rollback_tx().and(Err(e)),
    }
}

/// Microseconds since 1970-01-01 UTC.
pub fn heliosdb_now() -> i64 {
    unsafe { abi::now_us() }
}

// ---- what procedure! expands to; not for use by hand ----

/// How a result crosses the boundary.
pub trait Return {
    type Abi: Default;
    fn give(self) -> Self::Abi;
    /// Before the procedure runs.
    fn prepare() {}
}

macro_rules! numbers {
    ($($t:ty),*) => {$(
        impl Return for $t {
            type Abi = $t;
            fn give(self) -> $t {
                self
            }
        }
    )*};
}
numbers!(i64, i32, f64, f32);

impl Return for bool {
    type Abi = i32;
    fn give(self) -> i32 {
        self as i32
    }
}

impl Return for () {
    type Abi = ();
    fn give(self) {}
}

/// Lives until the next result; the host has copied it by then. One thread, one call at a time.
static mut RESULT: Vec<u8> = Vec::new();

impl Return for Vec<u8> {
    type Abi = i64;
    fn give(self) -> i64 {
        unsafe {
            RESULT = self;
            ((RESULT.as_ptr() as u64) << 32 | RESULT.len() as u64) as i64
        }
    }
}

impl Return for String {
    type Abi = i64;
    fn give(self) -> i64 {
        self.into_bytes().give()
    }
}

impl<T: Return> Return for Option<T> {
    type Abi = T::Abi;
    fn give(self) -> T::Abi {
        match self {
            Some(v) => v.give(),
            None => {
                unsafe { abi::return_null() };
                T::Abi::default()
            }
        }
    }
}

impl<T: Return> Return for Result<T, Error> {
    type Abi = T::Abi;
    fn give(self) -> T::Abi {
        match self {
            Ok(v) => v.give(),
            Err(e) => refuse::<T>(e),
        }
    }
    /// A panic becomes an error with its text. Only here: a procedure that can't fail imports nothing.
    fn prepare() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            std::panic::set_hook(Box::new(|info| {
                let text = info.to_string();
                unsafe { abi::heliosdb_error(-1, text.as_ptr(), text.len() as u32) }
            }))
        });
    }
}

#[doc(hidden)]
pub fn refuse<T: Return>(e: Error) -> T::Abi {
    unsafe { abi::fail(e.code, e.text.as_ptr(), e.text.len() as u32) };
    T::Abi::default()
}

/// # Safety
/// (p, n) is an argument of the running call, which the host wrote to the arena.
#[doc(hidden)]
pub unsafe fn bytes_argument<'a>(p: *const u8, n: usize) -> &'a [u8] {
    if n == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(p, n)
    }
}

/// # Safety
/// As bytes_argument.
#[doc(hidden)]
pub unsafe fn text_argument<'a>(p: *const u8, n: usize) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes_argument(p, n)).map_err(|_| Error::new(-8, "an argument is not valid UTF-8"))
}

const ARENA_BYTES: usize = 65536;

#[repr(align(16))]
struct Arena([u8; ARENA_BYTES]);
static mut ARENA: Arena = Arena([0; ARENA_BYTES]);

/// Where the host puts arguments that have bytes.
#[no_mangle]
pub extern "C" fn helios_arena() -> i64 {
    unsafe { (std::ptr::addr_of!(ARENA) as u64 as i64) << 32 | ARENA_BYTES as i64 }
}

/// Exports a function as a procedure.
#[macro_export]
macro_rules! procedure {
    ($(#[$meta:meta])* fn $name:ident ($($args:tt)*) -> $ret:ty $body:block) => {
        $crate::procedure_of! { [$(#[$meta])*] $name $ret $body [] [] $($args)* , }
    };
}

/// Takes the parameters one by one: [what the export takes] [what the body sees] the rest.
#[doc(hidden)]
#[macro_export]
macro_rules! procedure_of {
    ($meta:tt $name:ident $ret:ty $body:block [$($abi:tt)*] [$($see:tt)*] $a:ident : &str, $($rest:tt)*) => {
        $crate::procedure_of! { $meta $name $ret $body [$($abi)* p: *const u8, n: usize,]
            [$($see)* let $a: &str = match unsafe { $crate::text_argument(p, n) } {
                Ok(text) => text,
                Err(e) => return $crate::refuse::<$ret>(e),
            };] $($rest)* }
    };
    ($meta:tt $name:ident $ret:ty $body:block [$($abi:tt)*] [$($see:tt)*] $a:ident : &[u8], $($rest:tt)*) => {
        $crate::procedure_of! { $meta $name $ret $body [$($abi)* p: *const u8, n: usize,]
            [$($see)* let $a: &[u8] = unsafe { $crate::bytes_argument(p, n) };] $($rest)* }
    };
    ($meta:tt $name:ident $ret:ty $body:block [$($abi:tt)*] [$($see:tt)*] $a:ident : bool, $($rest:tt)*) => {
        $crate::procedure_of! { $meta $name $ret $body [$($abi)* v: i32,]
            [$($see)* let $a: bool = v != 0;] $($rest)* }
    };
    ($meta:tt $name:ident $ret:ty $body:block [$($abi:tt)*] [$($see:tt)*] $a:ident : $t:ty, $($rest:tt)*) => {
        $crate::procedure_of! { $meta $name $ret $body [$($abi)* $a: $t,] [$($see)*] $($rest)* }
    };
    ([$(#[$meta:meta])*] $name:ident $ret:ty $body:block [$($abi:tt)*] [$($see:tt)*] $(,)?) => {
        $(#[$meta])*
        #[no_mangle]
        pub extern "C" fn $name($($abi)*) -> <$ret as $crate::Return>::Abi {
            <$ret as $crate::Return>::prepare();
            $($see)*
            let run = move || -> $ret { $body };
            $crate::Return::give(run())
        }
    };
}
