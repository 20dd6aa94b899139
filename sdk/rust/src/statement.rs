//! statement.rs - prepared statements and collected rows. A statement gives itself back when it is
//! dropped.

use crate::{abi, check, Error};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    I64(i64),
    F64(f64),
    Text(String),
    Blob(Vec<u8>),
}

macro_rules! from {
    ($($t:ty => $variant:ident),*) => {$(
        impl From<$t> for Value {
            fn from(v: $t) -> Value {
                Value::$variant(v.into())
            }
        }
    )*};
}
from!(i64 => I64, i32 => I64, bool => I64, f64 => F64, f32 => F64, &str => Text, String => Text, Vec<u8> => Blob);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::Null, Into::into)
    }
}

pub struct Statement {
    handle: i32,
}

impl Statement {
    pub fn prepare(sql: &str) -> Result<Statement, Error> {
        let handle = check(unsafe { abi::prepare(sql.as_ptr(), sql.len() as u32) })?;
        Ok(Statement { handle })
    }

    /// index from 1, as in SQL.
    pub fn bind(&mut self, index: u32, value: &Value) -> Result<(), Error> {
        let h = self.handle;
        check(unsafe {
            match value {
                Value::Null => abi::bind_null(h, index),
                Value::I64(v) => abi::bind_i64(h, index, *v),
                Value::F64(v) => abi::bind_f64(h, index, *v),
                Value::Text(v) => abi::bind_text(h, index, v.as_ptr(), v.len() as u32),
                Value::Blob(v) => abi::bind_blob(h, index, v.as_ptr(), v.len() as u32),
            }
        })
        .map(|_| ())
    }

    pub fn bind_i64(&mut self, index: u32, v: i64) -> Result<(), Error> {
        check(unsafe { abi::bind_i64(self.handle, index, v) }).map(|_| ())
    }

    pub fn bind_text(&mut self, index: u32, v: &str) -> Result<(), Error> {
        check(unsafe { abi::bind_text(self.handle, index, v.as_ptr(), v.len() as u32) }).map(|_| ())
    }

    /// True: a row is ready.
    pub fn step(&mut self) -> Result<bool, Error> {
        check(unsafe { abi::step(self.handle) }).map(|row| row == 1)
    }

    pub fn reset(&mut self) -> Result<(), Error> {
        check(unsafe { abi::reset(self.handle) }).map(|_| ())
    }

    pub fn column_count(&self) -> Result<u32, Error> {
        check(unsafe { abi::column_count(self.handle) }).map(|n| n as u32)
    }

    pub fn column_name(&self, column: u32) -> Result<String, Error> {
        let read = |dst, cap| unsafe { abi::column_name(self.handle, column, dst, cap) };
        Ok(String::from_utf8_lossy(&fill(read)?).into_owned())
    }

    pub fn value(&self, column: u32) -> Result<Value, Error> {
        Ok(match check(unsafe { abi::column_type(self.handle, column) })? {
            0 => Value::Null,
            1 => Value::I64(unsafe { abi::column_i64(self.handle, column) }),
            2 => Value::F64(unsafe { abi::column_f64(self.handle, column) }),
            4 => Value::Blob(self.bytes(column)?),
            _ => Value::Text(self.string(column)?),
        })
    }

    /// The column's bytes; 8 for numbers.
    pub fn bytes(&self, column: u32) -> Result<Vec<u8>, Error> {
        fill(|dst, cap| unsafe { abi::column_read(self.handle, column, 0, dst, cap) })
    }

    pub fn string(&self, column: u32) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.bytes(column)?).into_owned())
    }

    /// Steps to the end.
    pub fn collect(mut self) -> Result<QueryResult, Error> {
        let count = self.column_count()?;
        let mut result = QueryResult { columns: Vec::new(), rows: Vec::new() };
        for c in 0..count {
            result.columns.push(self.column_name(c)?);
        }
        while self.step()? {
            let row: Result<Vec<Value>, Error> = (0..count).map(|c| self.value(c)).collect();
            result.rows.push(row?);
        }
        Ok(result)
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        unsafe { abi::finalize(self.handle) };
    }
}

/// Reads with 64 bytes of room, once more if that was too little.
fn fill(read: impl Fn(*mut u8, u32) -> i32) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0u8; 64];
    let n = check(read(bytes.as_mut_ptr(), 64))? as usize;
    if n > bytes.len() {
        bytes.resize(n, 0);
        check(read(bytes.as_mut_ptr(), n as u32))?;
    }
    bytes.truncate(n);
    Ok(bytes)
}

#[derive(Debug, Clone)]
pub struct QueryResult {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl QueryResult {
    /// Column `index` of the first row.
    fn first(&self, index: usize) -> Result<&Value, Error> {
        let row = self.rows.first().ok_or_else(|| Error::new(404, "the query gave no row"))?;
        row.get(index).ok_or_else(|| Error::new(404, "the query has no such column"))
    }

    pub fn get_string(&self, index: usize) -> Result<String, Error> {
        match self.first(index)? {
            Value::Text(v) => Ok(v.clone()),
            other => Err(Error::new(-7, format!("expected text, got {:?}", other))),
        }
    }

    pub fn get_i64(&self, index: usize) -> Result<i64, Error> {
        match self.first(index)? {
            Value::I64(v) => Ok(*v),
            other => Err(Error::new(-7, format!("expected an integer, got {:?}", other))),
        }
    }

    pub fn get_f64(&self, index: usize) -> Result<f64, Error> {
        match self.first(index)? {
            Value::F64(v) => Ok(*v),
            Value::I64(v) => Ok(*v as f64),
            other => Err(Error::new(-7, format!("expected a number, got {:?}", other))),
        }
    }
}
