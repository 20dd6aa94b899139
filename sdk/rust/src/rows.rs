//! rows.rs - rows of a procedure that RETURNS TABLE: given one by one, or as what the function returns. What they may
//! hold, SQL's declaration checks, not this file.

use crate::{abi, error::done, Date, Decimal, DecimalF64, Error, Json, JsonText, Timestamp, Value};

/// A value of a row.
pub trait RowValue {
    /// In SQL.
    const TYPE: &'static str = "ANY";
    fn give(&self) -> Result<(), Error>;
}

fn bytes(value_type: u32, v: &[u8]) -> Result<(), Error> {
    done(unsafe { abi::row_bytes(value_type, v.as_ptr(), v.len() as u32) })
}

macro_rules! row_value {
    ($($t:ty, $sql:literal, $v:ident => $give:expr;)*) => {$(
        impl RowValue for $t {
            const TYPE: &'static str = $sql;
            fn give(&self) -> Result<(), Error> {
                let $v = self;
                $give
            }
        }
    )*};
}
row_value! {
    i64, "BIGINT", v => done(unsafe { abi::row_i64(*v) });
    i32, "INTEGER", v => done(unsafe { abi::row_i64(*v as i64) });
    bool, "BOOLEAN", v => done(unsafe { abi::row_i64(*v as i64) });
    f64, "REAL", v => done(unsafe { abi::row_f64(*v) });
    f32, "REAL", v => done(unsafe { abi::row_f64(*v as f64) });
    str, "TEXT", v => bytes(3, v.as_bytes());
    String, "TEXT", v => bytes(3, v.as_bytes());
    [u8], "BLOB", v => bytes(4, v);
    Vec<u8>, "BLOB", v => bytes(4, v);
    Json, "JSON", v => bytes(5, v.to_text().as_bytes());
    JsonText, "JSON", v => bytes(5, v.0.as_bytes());
    Decimal, "DECIMAL", v => bytes(6, v.as_str().as_bytes());
    DecimalF64, "DECIMAL", v => v.0.give();
    Date, "DATE", v => v.0.give();
    Timestamp, "TIMESTAMP", v => v.0.give();
}

impl<T: RowValue + ?Sized> RowValue for &T {
    const TYPE: &'static str = T::TYPE;
    fn give(&self) -> Result<(), Error> {
        (**self).give()
    }
}

impl<T: RowValue> RowValue for Option<T> {
    const TYPE: &'static str = T::TYPE;
    fn give(&self) -> Result<(), Error> {
        match self {
            Some(v) => v.give(),
            None => done(unsafe { abi::row_null() }),
        }
    }
}

impl RowValue for Value {
    fn give(&self) -> Result<(), Error> {
        match self {
            Value::Null => done(unsafe { abi::row_null() }),
            Value::I64(v) => v.give(),
            Value::F64(v) => v.give(),
            Value::Bool(v) => v.give(),
            Value::Text(v) => v.give(),
            Value::Blob(v) => v.give(),
            Value::Json(v) => bytes(5, v.as_bytes()),
            Value::Decimal(v) => v.give(),
        }
    }
}

/// A row: a tuple of values, or a list of Value.
pub trait Row {
    /// Of its values, in SQL; empty: it does not say them.
    const TYPES: &'static [&'static str] = &[];
    fn give(&self) -> Result<(), Error>;
}

macro_rules! row_tuple {
    ($($t:ident $i:tt),*) => {
        impl<$($t: RowValue),*> Row for ($($t,)*) {
            const TYPES: &'static [&'static str] = &[$($t::TYPE),*];
            fn give(&self) -> Result<(), Error> {
                $(self.$i.give()?;)*
                done(unsafe { abi::row_end() })
            }
        }
    };
}
macro_rules! each_tuple {
    ($macro:ident) => {
        $macro!(A 0);
        $macro!(A 0, B 1);
        $macro!(A 0, B 1, C 2);
        $macro!(A 0, B 1, C 2, D 3);
        $macro!(A 0, B 1, C 2, D 3, E 4);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
        $macro!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
    };
}
pub(crate) use each_tuple;
each_tuple!(row_tuple);

impl Row for [Value] {
    fn give(&self) -> Result<(), Error> {
        self.iter().try_for_each(RowValue::give)?;
        done(unsafe { abi::row_end() })
    }
}

impl Row for Vec<Value> {
    fn give(&self) -> Result<(), Error> {
        self.as_slice().give()
    }
}

/// Gives one row now. A function that only does this returns (), or Result<(), E>.
pub fn row(values: impl Row) -> Result<(), Error> {
    values.give()
}

/// Rows as a result: of anything that can be iterated, given to SQL one by one, so that no list of them is made.
pub struct Rows<R>(Box<dyn Iterator<Item = Result<R, Error>>>);

impl<R: Row + 'static> Rows<R> {
    pub fn new<I>(rows: I) -> Rows<R>
    where
        I: IntoIterator<Item = R>,
        I::IntoIter: 'static,
    {
        Rows(Box::new(rows.into_iter().map(Ok)))
    }

    /// The first error ends the call.
    pub fn fallible<I>(rows: I) -> Rows<R>
    where
        I: IntoIterator<Item = Result<R, Error>>,
        I::IntoIter: 'static,
    {
        Rows(Box::new(rows.into_iter()))
    }

    pub(crate) fn give(self) -> Result<(), Error> {
        for row in self.0 {
            row?.give()?;
        }
        Ok(())
    }
}

/// For tests: what SQL would get.
impl<R> IntoIterator for Rows<R> {
    type Item = Result<R, Error>;
    type IntoIter = Box<dyn Iterator<Item = Result<R, Error>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0
    }
}
