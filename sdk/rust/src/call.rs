//! call.rs - how a call crosses the boundary: what #[heliosdb_procedure] expands to. Argument is what a parameter may be,
//! Return what a function may give. Must never make a &str of bytes that are not UTF-8, nor cut a number.
//!
//! A parameter crosses as one or two numbers (types A and B; () is none). Where one may be NULL each is a Cell.

#[cfg(target_family = "wasm")]
use crate::error::NO_CODE;
use crate::error::Error;
use crate::rows::{each_tuple, Row, RowValue, Rows};
use crate::{abi, status, Date, Decimal, DecimalF64, Json, JsonText, Timestamp, Value};
use std::fmt::Display;

/// A value of any type: 16 bytes. Of TEXT, BLOB, JSON and DECIMAL, bits is the address of len bytes.
#[repr(C, align(8))]
pub struct Cell {
    value_type: u32,
    len: u32,
    bits: u64,
}

const NULL: u32 = 0;
const I64: u32 = 1;
const F64: u32 = 2;
const TEXT: u32 = 3;
const BLOB: u32 = 4;
const JSON: u32 = 5;
const DECIMAL: u32 = 6;
const BOOLEAN: u32 = 7;

impl Cell {
    pub fn is_null(&self) -> bool {
        self.value_type == NULL
    }

    /// As a double, whichever kind of number it is.
    fn number(&self) -> f64 {
        if self.value_type == F64 {
            f64::from_bits(self.bits)
        } else {
            self.bits as i64 as f64
        }
    }

    fn bytes(&self) -> &[u8] {
        unsafe { span(self.bits as usize as *const u8, self.len as usize) }
    }
}

/// Lives as long as one call: arguments are borrowed from it.
pub struct Call(());

impl Call {
    /// # Safety
    /// Only the export of a procedure may make one, at its begin.
    pub unsafe fn begin() -> Call {
        Call(())
    }

    pub fn cell(&self, cell: &'static Cell) -> &Cell {
        cell
    }
}

/// # Safety
/// (p, n) is an argument of the running call, which the host wrote to the arena.
unsafe fn span<'a>(p: *const u8, n: usize) -> &'a [u8] {
    if n == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(p, n)
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::new(status::UTF8, "text is not valid UTF-8"))
}

/// What is wrong with an argument, and with which.
pub fn in_parameter(name: &str, e: Error) -> Error {
    Error::new(e.code, format!("parameter {}: {}", name, e.text))
}

/// All but Option and Value. The attribute sees words only, and what may be NULL decides how all parameters cross: another
/// name for such a type is an error.
pub trait NeverNull {}

pub const fn never_null<T: NeverNull>() {}

/// A type that a parameter of a procedure can have.
pub trait Argument<'a>: Sized {
    /// In SQL.
    const TYPE: &'static str;
    type A;
    type B;
    /// # Safety
    /// a and b are what the host gave for this parameter of the running call.
    unsafe fn take(call: &'a Call, a: Self::A, b: Self::B) -> Result<Self, Error>;
    /// From a cell that is not NULL, if the type is NeverNull.
    fn take_cell(cell: &'a Cell) -> Result<Self, Error>;
}

macro_rules! numbers {
    ($($t:ty, $sql:literal, $abi:ty, $v:ident => $take:expr, $cell:ident => $take_cell:expr;)*) => {$(
        impl NeverNull for $t {}
        impl<'a> Argument<'a> for $t {
            const TYPE: &'static str = $sql;
            type A = $abi;
            type B = ();
            unsafe fn take(_: &'a Call, $v: $abi, _: ()) -> Result<Self, Error> {
                Ok($take)
            }
            fn take_cell($cell: &'a Cell) -> Result<Self, Error> {
                $take_cell
            }
        }
    )*};
}
numbers! {
    i64, "BIGINT", i64, v => v, c => Ok(c.bits as i64);
    i32, "INTEGER", i32, v => v, c => i32::try_from(c.bits as i64).map_err(|_| beyond("i32", c.bits as i64));
    f64, "REAL", f64, v => v, c => Ok(c.number());
    f32, "REAL", f32, v => v, c => Ok(c.number() as f32);
    bool, "BOOLEAN", i32, v => v != 0, c => Ok(c.bits != 0);
    Date, "DATE", i64, v => Date(v), c => Ok(Date(c.bits as i64));
    Timestamp, "TIMESTAMP", i64, v => Timestamp(v), c => Ok(Timestamp(c.bits as i64));
}

fn beyond(name: &str, v: i64) -> Error {
    Error::new(status::TYPE, format!("{} is beyond the range of {}", v, name))
}

macro_rules! spans {
    ($($t:ty, $sql:literal, $bytes:ident => $take:expr;)*) => {$(
        impl<'a> NeverNull for $t {}
        impl<'a> Argument<'a> for $t {
            const TYPE: &'static str = $sql;
            type A = *const u8;
            type B = usize;
            unsafe fn take(_: &'a Call, a: *const u8, b: usize) -> Result<Self, Error> {
                let $bytes: &'a [u8] = span(a, b);
                $take
            }
            fn take_cell(cell: &'a Cell) -> Result<Self, Error> {
                let $bytes: &'a [u8] = cell.bytes();
                $take
            }
        }
    )*};
}
spans! {
    &'a str, "TEXT", b => text_of(b);
    String, "TEXT", b => text_of(b).map(String::from);
    &'a [u8], "BLOB", b => Ok(b);
    Vec<u8>, "BLOB", b => Ok(b.to_vec());
    Json, "JSON", b => text_of(b)?.parse();
    JsonText, "JSON", b => text_of(b).map(|t| JsonText(t.into()));
    Decimal, "DECIMAL", b => text_of(b)?.parse();
}

impl NeverNull for DecimalF64 {}
impl<'a> Argument<'a> for DecimalF64 {
    const TYPE: &'static str = "DECIMAL";
    type A = f64;
    type B = ();
    unsafe fn take(_: &'a Call, v: f64, _: ()) -> Result<Self, Error> {
        Ok(DecimalF64(v))
    }
    fn take_cell(cell: &'a Cell) -> Result<Self, Error> {
        Ok(DecimalF64(Decimal::take_cell(cell)?.to_f64()))
    }
}

impl<'a> Argument<'a> for Value {
    const TYPE: &'static str = "ANY";
    type A = &'a Cell;
    type B = ();
    unsafe fn take(_: &'a Call, cell: &'a Cell, _: ()) -> Result<Self, Error> {
        Value::take_cell(cell)
    }
    fn take_cell(cell: &'a Cell) -> Result<Self, Error> {
        Ok(match cell.value_type {
            NULL => Value::Null,
            I64 => Value::I64(cell.bits as i64),
            F64 => Value::F64(f64::from_bits(cell.bits)),
            BOOLEAN => Value::Bool(cell.bits != 0),
            TEXT => Value::Text(text_of(cell.bytes())?.into()),
            JSON => Value::Json(text_of(cell.bytes())?.into()),
            DECIMAL => Value::Decimal(text_of(cell.bytes())?.parse()?),
            BLOB => Value::Blob(cell.bytes().to_vec()),
            _ => return Err(Error::new(status::TYPE, "a type that this SDK does not know")),
        })
    }
}

impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    const TYPE: &'static str = T::TYPE;
    type A = &'a Cell;
    type B = ();
    unsafe fn take(_: &'a Call, cell: &'a Cell, _: ()) -> Result<Self, Error> {
        Self::take_cell(cell)
    }
    fn take_cell(cell: &'a Cell) -> Result<Self, Error> {
        if cell.is_null() {
            Ok(None)
        } else {
            T::take_cell(cell).map(Some)
        }
    }
}

// ---- results ----

/// A type that a procedure can return.
pub trait Return: Sized {
    /// In SQL; empty: nothing, or rows.
    const TYPE: &'static str;
    /// Of its rows' values; empty: it gives none, or does not say.
    const COLUMNS: &'static [&'static str] = &[];
    type Abi: Default;
    fn give(self) -> Self::Abi;
    /// Of a call that gives nothing: it has failed, or its result is NULL.
    fn nothing() -> Self::Abi {
        Self::Abi::default()
    }
}

macro_rules! number_results {
    ($($t:ty, $sql:literal, $abi:ty, $v:ident => $give:expr;)*) => {$(
        impl Return for $t {
            const TYPE: &'static str = $sql;
            type Abi = $abi;
            fn give(self) -> $abi {
                let $v = self;
                $give
            }
        }
    )*};
}
number_results! {
    i64, "BIGINT", i64, v => v;
    i32, "INTEGER", i32, v => v;
    f64, "REAL", f64, v => v;
    f32, "REAL", f32, v => v;
    bool, "BOOLEAN", i32, v => v as i32;
    Date, "DATE", i64, v => v.0;
    Timestamp, "TIMESTAMP", i64, v => v.0;
    DecimalF64, "DECIMAL", f64, v => v.0;
}

impl Return for () {
    const TYPE: &'static str = "";
    type Abi = ();
    fn give(self) {}
}

/// The result of the last call: the host copies it before anything else runs in this instance.
static mut RESULT: Vec<u8> = Vec::new();

fn keep(bytes: Vec<u8>) -> &'static [u8] {
    // one thread, one call at a time; nothing else has a reference by now
    unsafe {
        let slot = std::ptr::addr_of_mut!(RESULT);
        *slot = bytes;
        (*slot).as_slice()
    }
}

fn pack(bytes: &[u8]) -> i64 {
    ((bytes.as_ptr() as u64) << 32 | bytes.len() as u64) as i64
}

macro_rules! byte_results {
    ($($t:ty, $sql:literal, $v:ident => $bytes:expr;)*) => {$(
        impl Return for $t {
            const TYPE: &'static str = $sql;
            type Abi = i64;
            fn give(self) -> i64 {
                let $v = self;
                pack($bytes)
            }
        }
    )*};
}
byte_results! {
    &str, "TEXT", v => v.as_bytes();
    String, "TEXT", v => keep(v.into_bytes());
    &[u8], "BLOB", v => v;
    Vec<u8>, "BLOB", v => keep(v);
    Json, "JSON", v => keep(v.to_text().into_bytes());
    JsonText, "JSON", v => keep(v.0.into_bytes());
    Decimal, "DECIMAL", v => keep(v.to_string().into_bytes());
}

/// The address of a cell, where usize has the 32 bits of wasm.
#[derive(Default)]
#[repr(transparent)]
pub struct CellAddress(usize);

static mut CELL: Cell = Cell { value_type: NULL, len: 0, bits: 0 };

impl Return for Value {
    const TYPE: &'static str = "ANY";
    type Abi = CellAddress;
    fn give(self) -> CellAddress {
        let bytes = |value_type, v: Vec<u8>| {
            let kept = keep(v);
            Cell { value_type, len: kept.len() as u32, bits: kept.as_ptr() as u64 }
        };
        let cell = match self {
            Value::Null => Cell { value_type: NULL, len: 0, bits: 0 },
            Value::I64(v) => Cell { value_type: I64, len: 8, bits: v as u64 },
            Value::F64(v) => Cell { value_type: F64, len: 8, bits: v.to_bits() },
            Value::Bool(v) => Cell { value_type: BOOLEAN, len: 8, bits: v as u64 },
            Value::Text(v) => bytes(TEXT, v.into_bytes()),
            Value::Blob(v) => bytes(BLOB, v),
            Value::Json(v) => bytes(JSON, v.into_bytes()),
            Value::Decimal(v) => bytes(DECIMAL, v.to_string().into_bytes()),
        };
        unsafe {
            let slot = std::ptr::addr_of_mut!(CELL);
            *slot = cell;
            CellAddress(slot as usize)
        }
    }
    fn nothing() -> CellAddress {
        Value::Null.give()
    }
}

/// None is NULL.
impl<T: Return> Return for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const COLUMNS: &'static [&'static str] = T::COLUMNS;
    type Abi = T::Abi;
    fn give(self) -> T::Abi {
        match self {
            Some(v) => v.give(),
            None => null::<T>(),
        }
    }
    fn nothing() -> T::Abi {
        T::nothing()
    }
}

/// An error fails the call with its text; an Error with its code too.
impl<T: Return, E: Display + 'static> Return for Result<T, E> {
    const TYPE: &'static str = T::TYPE;
    const COLUMNS: &'static [&'static str] = T::COLUMNS;
    type Abi = T::Abi;
    fn give(self) -> T::Abi {
        match self {
            Ok(v) => v.give(),
            Err(e) => refuse::<T>(Error::of(e)),
        }
    }
    fn nothing() -> T::Abi {
        T::nothing()
    }
}

/// A result that can be rows: none of SQL's types.
impl<R: Row + 'static> Return for Rows<R> {
    const TYPE: &'static str = "";
    const COLUMNS: &'static [&'static str] = R::TYPES;
    type Abi = ();
    fn give(self) {
        if let Err(e) = Rows::give(self) {
            refuse::<()>(e);
        }
    }
}

macro_rules! rows_result {
    ($($t:ident $i:tt),*) => {
        impl<$($t: RowValue),*> Return for Vec<($($t,)*)> {
            const TYPE: &'static str = "";
            const COLUMNS: &'static [&'static str] = <($($t,)*) as Row>::TYPES;
            type Abi = ();
            fn give(self) {
                if let Err(e) = self.iter().try_for_each(Row::give) {
                    refuse::<()>(e);
                }
            }
        }
    };
}
each_tuple!(rows_result);

/// Fails the call.
pub fn refuse<T: Return>(e: Error) -> T::Abi {
    unsafe { abi::fail(e.code, e.text.as_ptr(), e.text.len() as u32) };
    T::nothing()
}

/// The result is NULL.
pub fn null<T: Return>() -> T::Abi {
    unsafe { abi::return_null() };
    T::nothing()
}

// ---- what a module has once ----

#[cfg(target_family = "wasm")]
const ARENA_BYTES: usize = 65536;
#[cfg(target_family = "wasm")]
const FIRST_PIECE: usize = 48 << 10;

#[cfg(target_family = "wasm")]
#[repr(align(16))]
struct Arena(#[allow(dead_code)] [u8; ARENA_BYTES]);
#[cfg(target_family = "wasm")]
static mut ARENA: Arena = Arena([0; ARENA_BYTES]);

/// Where the host puts arguments that have bytes. It asks once, when an instance is made: what is done here every call
/// finds done. A panic then fails the call with its text.
#[cfg(target_family = "wasm")]
#[no_mangle]
#[allow(unused_unsafe)] // newer compilers let the address of a static be taken safely
pub extern "C" fn helios_arena() -> i64 {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let formatted = || payload.downcast_ref::<String>().map(String::as_str);
        let said = payload.downcast_ref::<&str>().copied().or_else(formatted).unwrap_or("it panicked");
        let text = match info.location() {
            Some(at) => format!("{} ({}:{})", said, at.file(), at.line()),
            None => said.to_string(),
        };
        unsafe { abi::heliosdb_error(NO_CODE, text.as_ptr(), text.len() as u32) }
    }));
    // The allocator's first piece of memory: a call that allocates a little need not grow it, which takes 10 microseconds.
    let mut piece: Vec<u8> = Vec::with_capacity(FIRST_PIECE);
    unsafe { piece.as_mut_ptr().write_volatile(0) }; // or the compiler leaves it out
    (unsafe { std::ptr::addr_of!(ARENA) } as u64 as i64) << 32 | ARENA_BYTES as i64
}

// ---- the manifest, joined while the procedure is compiled ----

/// The type of column i of the `count` that table(...) names; `said` is the one that stands behind its name there, or "".
pub const fn column<T: Return>(i: usize, count: usize, said: &'static str) -> &'static str {
    let gives = T::TYPE.as_bytes();
    if !(gives.is_empty() || matches!(gives, b"JSON")) {
        panic!("a table's rows come as Rows<(A, B)>, Vec<(A, B)>, JSON, or by row(...): this result is a value");
    }
    if T::COLUMNS.is_empty() {
        if said.is_empty() {
            panic!("the result does not say the columns' types: write table(name: type, name: type)");
        }
        return said;
    }
    if !said.is_empty() {
        panic!("the result says the columns' types: write table(name, name)");
    }
    if T::COLUMNS.len() != count {
        panic!("table(...) has not as many names as the rows have values");
    }
    T::COLUMNS[i]
}

/// In SQL, of a column that table(...) gives a type.
pub const fn value_type<T: RowValue + ?Sized>() -> &'static str {
    T::TYPE
}

pub const fn joined_len(parts: &[&str]) -> usize {
    let (mut n, mut i) = (0, 0);
    while i < parts.len() {
        n += parts[i].len();
        i += 1;
    }
    n
}

pub const fn join<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut out = [0; N];
    let (mut n, mut i) = (0, 0);
    while i < parts.len() {
        let (bytes, mut k) = (parts[i].as_bytes(), 0);
        while k < bytes.len() {
            out[n] = bytes[k];
            n += 1;
            k += 1;
        }
        i += 1;
    }
    out
}
