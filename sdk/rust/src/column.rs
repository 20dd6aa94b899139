//! column.rs - columns of a row of a query as Rust's types. Must never cut a number, replace a character or take NULL
//! for a value.

use crate::rows::each_tuple;
use crate::{status, Date, Decimal, Error, Json, JsonText, Statement, Timestamp, Value};

/// A type that a column can be read as.
pub trait FromColumn: Sized {
    /// column from 0.
    fn from_column(s: &Statement, column: u32) -> Result<Self, Error>;
}

const NULL: i32 = 0;
const I64: i32 = 1;
const F64: i32 = 2;
const BLOB: i32 = 4;

fn wrong<T>(column: u32, wanted: &str, got: i32) -> Result<T, Error> {
    let names = ["NULL: take an Option", "an integer", "a real number", "text", "a blob", "JSON", "a decimal", "a boolean"];
    let got = names.get(got as usize).unwrap_or(&"something else");
    Err(Error::new(status::TYPE, format!("column {} is no {}, but {}", column, wanted, got)))
}

impl FromColumn for i64 {
    fn from_column(s: &Statement, column: u32) -> Result<i64, Error> {
        match s.column_type(column)? {
            I64 => Ok(s.column_i64(column)),
            other => wrong(column, "integer", other),
        }
    }
}

impl FromColumn for i32 {
    fn from_column(s: &Statement, column: u32) -> Result<i32, Error> {
        let v = i64::from_column(s, column)?;
        i32::try_from(v).map_err(|_| Error::new(status::TYPE, format!("column {} is {}, beyond i32", column, v)))
    }
}

impl FromColumn for bool {
    fn from_column(s: &Statement, column: u32) -> Result<bool, Error> {
        Ok(i64::from_column(s, column)? != 0)
    }
}

impl FromColumn for f64 {
    fn from_column(s: &Statement, column: u32) -> Result<f64, Error> {
        match s.column_type(column)? {
            I64 | F64 => Ok(s.column_f64(column)),
            other => wrong(column, "number", other),
        }
    }
}

impl FromColumn for f32 {
    fn from_column(s: &Statement, column: u32) -> Result<f32, Error> {
        Ok(f64::from_column(s, column)? as f32)
    }
}

impl FromColumn for String {
    fn from_column(s: &Statement, column: u32) -> Result<String, Error> {
        match s.column_type(column)? {
            other @ (NULL | I64 | F64 | BLOB) => wrong(column, "text", other),
            _ => s.string(column),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(s: &Statement, column: u32) -> Result<Vec<u8>, Error> {
        match s.column_type(column)? {
            other @ (NULL | I64 | F64) => wrong(column, "blob", other),
            _ => s.bytes(column),
        }
    }
}

impl FromColumn for Value {
    fn from_column(s: &Statement, column: u32) -> Result<Value, Error> {
        s.value(column)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(s: &Statement, column: u32) -> Result<Option<T>, Error> {
        match s.column_type(column)? {
            NULL => Ok(None),
            _ => T::from_column(s, column).map(Some),
        }
    }
}

macro_rules! parsed {
    ($($t:ty),*) => {$(
        impl FromColumn for $t {
            fn from_column(s: &Statement, column: u32) -> Result<$t, Error> {
                String::from_column(s, column)?.parse()
            }
        }
    )*};
}
parsed!(Json, Date, Timestamp);

impl FromColumn for JsonText {
    fn from_column(s: &Statement, column: u32) -> Result<JsonText, Error> {
        String::from_column(s, column).map(JsonText)
    }
}

/// SQLite keeps a decimal as a number, or as its text beyond 15 digits.
impl FromColumn for Decimal {
    fn from_column(s: &Statement, column: u32) -> Result<Decimal, Error> {
        match s.value(column)? {
            Value::I64(v) => Ok(v.into()),
            Value::F64(v) => format!("{:?}", v).parse(),
            Value::Text(v) => v.parse(),
            Value::Decimal(v) => Ok(v),
            _ => wrong(column, "decimal", s.column_type(column)?),
        }
    }
}

/// A type that a row can be read as: a tuple of columns, or a list of Value.
pub trait FromRow: Sized {
    fn from_row(s: &Statement) -> Result<Self, Error>;
}

fn check_count(s: &Statement, wanted: u32) -> Result<(), Error> {
    let count = s.column_count()?;
    if count == wanted {
        Ok(())
    } else {
        Err(Error::new(status::INDEX, format!("the query has {} columns, not {}", count, wanted)))
    }
}

macro_rules! from_row {
    ($($t:ident $i:tt),*) => {
        impl<$($t: FromColumn),*> FromRow for ($($t,)*) {
            fn from_row(s: &Statement) -> Result<Self, Error> {
                check_count(s, [$($i),*].len() as u32)?;
                Ok(($($t::from_column(s, $i)?,)*))
            }
        }
    };
}
each_tuple!(from_row);

impl FromRow for Vec<Value> {
    fn from_row(s: &Statement) -> Result<Self, Error> {
        (0..s.column_count()?).map(|c| s.value(c)).collect()
    }
}
