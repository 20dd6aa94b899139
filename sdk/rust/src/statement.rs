//! statement.rs - statements with parameters and rows, and what runs them at once; transactions and savepoints. A
//! statement gives itself back when it is dropped.

use crate::error::{done, text};
use crate::rows::each_tuple;
use crate::{abi, error::check, status, Date, Decimal, DecimalF64, Error, FromRow, Json, JsonText, Timestamp, Value};

/// A value that a parameter can have.
pub trait ToSql {
    /// index from 1, as in SQL.
    fn bind_to(&self, s: &mut Statement, index: u32) -> Result<(), Error>;
}

macro_rules! to_sql {
    ($($t:ty, $s:ident $i:ident $v:ident => $bind:expr;)*) => {$(
        impl ToSql for $t {
            fn bind_to(&self, $s: &mut Statement, $i: u32) -> Result<(), Error> {
                let $v = self;
                $bind
            }
        }
    )*};
}
to_sql! {
    i64, s i v => s.bind_i64(i, *v);
    i32, s i v => s.bind_i64(i, *v as i64);
    u32, s i v => s.bind_i64(i, *v as i64);
    bool, s i v => s.bind_i64(i, *v as i64);
    f64, s i v => s.bind_f64(i, *v);
    f32, s i v => s.bind_f64(i, *v as f64);
    str, s i v => s.bind_text(i, v);
    String, s i v => s.bind_text(i, v);
    [u8], s i v => s.bind_blob(i, v);
    Vec<u8>, s i v => s.bind_blob(i, v);
    Json, s i v => s.bind_text(i, &v.to_text());
    JsonText, s i v => s.bind_text(i, &v.0);
    Decimal, s i v => s.bind_text(i, v.as_str());
    DecimalF64, s i v => s.bind_f64(i, v.0);
    Date, s i v => s.bind_text(i, &v.to_string());
    Timestamp, s i v => s.bind_text(i, &v.to_string());
    Value, s i v => s.bind(i, v);
}

impl<T: ToSql + ?Sized> ToSql for &T {
    fn bind_to(&self, s: &mut Statement, index: u32) -> Result<(), Error> {
        (**self).bind_to(s, index)
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn bind_to(&self, s: &mut Statement, index: u32) -> Result<(), Error> {
        match self {
            Some(v) => v.bind_to(s, index),
            None => s.bind_null(index),
        }
    }
}

/// The parameters of a statement: (), a tuple, or a list.
pub trait Params {
    fn bind_all(&self, s: &mut Statement) -> Result<(), Error>;
}

impl Params for () {
    fn bind_all(&self, _: &mut Statement) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! params {
    ($($t:ident $i:tt),*) => {
        impl<$($t: ToSql),*> Params for ($($t,)*) {
            fn bind_all(&self, s: &mut Statement) -> Result<(), Error> {
                $(self.$i.bind_to(s, $i + 1)?;)*
                Ok(())
            }
        }
    };
}
each_tuple!(params);

impl<T: ToSql> Params for &[T] {
    fn bind_all(&self, s: &mut Statement) -> Result<(), Error> {
        self.iter().zip(1..).try_for_each(|(v, i)| v.bind_to(s, i))
    }
}

impl<T: ToSql, const N: usize> Params for &[T; N] {
    fn bind_all(&self, s: &mut Statement) -> Result<(), Error> {
        self.as_slice().bind_all(s)
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

    /// Prepares and binds.
    pub fn with(sql: &str, params: impl Params) -> Result<Statement, Error> {
        let mut s = Statement::prepare(sql)?;
        params.bind_all(&mut s)?;
        Ok(s)
    }

    /// index from 1, as in SQL.
    pub fn bind(&mut self, index: u32, value: &Value) -> Result<(), Error> {
        match value {
            Value::Null => self.bind_null(index),
            Value::I64(v) => self.bind_i64(index, *v),
            Value::F64(v) => self.bind_f64(index, *v),
            Value::Bool(v) => self.bind_i64(index, *v as i64),
            Value::Text(v) | Value::Json(v) => self.bind_text(index, v),
            Value::Decimal(v) => self.bind_text(index, v.as_str()),
            Value::Blob(v) => self.bind_blob(index, v),
        }
    }

    pub fn bind_null(&mut self, index: u32) -> Result<(), Error> {
        done(unsafe { abi::bind_null(self.handle, index) })
    }

    pub fn bind_i64(&mut self, index: u32, v: i64) -> Result<(), Error> {
        done(unsafe { abi::bind_i64(self.handle, index, v) })
    }

    pub fn bind_f64(&mut self, index: u32, v: f64) -> Result<(), Error> {
        done(unsafe { abi::bind_f64(self.handle, index, v) })
    }

    pub fn bind_text(&mut self, index: u32, v: &str) -> Result<(), Error> {
        done(unsafe { abi::bind_text(self.handle, index, v.as_ptr(), v.len() as u32) })
    }

    pub fn bind_blob(&mut self, index: u32, v: &[u8]) -> Result<(), Error> {
        done(unsafe { abi::bind_blob(self.handle, index, v.as_ptr(), v.len() as u32) })
    }

    /// True: a row is ready.
    pub fn step(&mut self) -> Result<bool, Error> {
        check(unsafe { abi::step(self.handle) }).map(|row| row == 1)
    }

    /// Steps; the row, or None at the end.
    pub fn next<R: FromRow>(&mut self) -> Result<Option<R>, Error> {
        if self.step()? {
            R::from_row(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// For another run; what is bound stays.
    pub fn reset(&mut self) -> Result<(), Error> {
        done(unsafe { abi::reset(self.handle) })
    }

    pub fn column_count(&self) -> Result<u32, Error> {
        check(unsafe { abi::column_count(self.handle) }).map(|n| n as u32)
    }

    pub fn column_name(&self, column: u32) -> Result<String, Error> {
        let bytes = fill(|dst, cap| unsafe { abi::column_name(self.handle, column, dst, cap) })?;
        text(bytes, || format!("the name of column {}", column))
    }

    /// The value type of a column of this row: docs/guest-abi.md.
    pub fn column_type(&self, column: u32) -> Result<i32, Error> {
        check(unsafe { abi::column_type(self.handle, column) })
    }

    /// As SQLite makes an integer of it. Without a row the call ends.
    pub fn column_i64(&self, column: u32) -> i64 {
        unsafe { abi::column_i64(self.handle, column) }
    }

    pub fn column_f64(&self, column: u32) -> f64 {
        unsafe { abi::column_f64(self.handle, column) }
    }

    pub fn value(&self, column: u32) -> Result<Value, Error> {
        Ok(match self.column_type(column)? {
            0 => Value::Null,
            1 => Value::I64(self.column_i64(column)),
            2 => Value::F64(self.column_f64(column)),
            4 => Value::Blob(self.bytes(column)?),
            _ => Value::Text(self.string(column)?),
        })
    }

    /// The column's bytes; 8 for numbers.
    pub fn bytes(&self, column: u32) -> Result<Vec<u8>, Error> {
        fill(|dst, cap| unsafe { abi::column_read(self.handle, column, 0, dst, cap) })
    }

    pub fn string(&self, column: u32) -> Result<String, Error> {
        text(self.bytes(column)?, || format!("column {}", column))
    }

    /// Steps to the end.
    pub fn collect(mut self) -> Result<QueryResult, Error> {
        let count = self.column_count()?;
        let mut result = QueryResult { columns: Vec::new(), rows: Vec::new() };
        for c in 0..count {
            result.columns.push(self.column_name(c)?);
        }
        while let Some(row) = self.next()? {
            result.rows.push(row);
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

// ---- at once ----

/// Runs a query and collects its rows, with the names of the columns.
pub fn query(sql: &str, params: impl Params) -> Result<QueryResult, Error> {
    Statement::with(sql, params)?.collect()
}

/// Its rows: `query_as::<(i64, String)>("SELECT id, name FROM t WHERE id > ?1", (7,))`.
pub fn query_as<R: FromRow>(sql: &str, params: impl Params) -> Result<Vec<R>, Error> {
    let mut rows = Vec::new();
    query_each(sql, params, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Calls `visit` with each row; the first error ends it.
pub fn query_each<R: FromRow>(
    sql: &str,
    params: impl Params,
    mut visit: impl FnMut(R) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut s = Statement::with(sql, params)?;
    while let Some(row) = s.next()? {
        visit(row)?;
    }
    Ok(())
}

/// Its first row, if there is one.
pub fn query_optional<R: FromRow>(sql: &str, params: impl Params) -> Result<Option<R>, Error> {
    Statement::with(sql, params)?.next()
}

/// Its first row; none is an error (ABSENT).
pub fn query_one<R: FromRow>(sql: &str, params: impl Params) -> Result<R, Error> {
    query_optional(sql, params)?.ok_or_else(|| Error::new(status::ABSENT, "the query gave no row"))
}

/// Runs a statement to its end: how many rows it changed.
pub fn execute(sql: &str, params: impl Params) -> Result<i64, Error> {
    let mut s = Statement::with(sql, params)?;
    while s.step()? {}
    drop(s);
    query_one::<(i64,)>("SELECT changes()", ()).map(|(n,)| n)
}

#[derive(Debug, Clone)]
pub struct QueryResult {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl QueryResult {
    /// Column `index` of the first row.
    fn first(&self, index: usize) -> Result<&Value, Error> {
        let row = self.rows.first().ok_or_else(|| Error::new(status::ABSENT, "the query gave no row"))?;
        row.get(index).ok_or_else(|| Error::new(status::INDEX, "the query has no such column"))
    }

    pub fn get_string(&self, index: usize) -> Result<String, Error> {
        match self.first(index)? {
            Value::Text(v) => Ok(v.clone()),
            other => Err(Error::new(status::TYPE, format!("expected text, got {:?}", other))),
        }
    }

    pub fn get_i64(&self, index: usize) -> Result<i64, Error> {
        match self.first(index)? {
            Value::I64(v) => Ok(*v),
            other => Err(Error::new(status::TYPE, format!("expected an integer, got {:?}", other))),
        }
    }

    pub fn get_f64(&self, index: usize) -> Result<f64, Error> {
        match self.first(index)? {
            Value::F64(v) => Ok(*v),
            Value::I64(v) => Ok(*v as f64),
            other => Err(Error::new(status::TYPE, format!("expected a number, got {:?}", other))),
        }
    }
}

// ---- transactions ----

/// Runs `work` in a nested transaction: kept if it succeeds, undone if it does not.
pub fn transaction<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    done(unsafe { abi::begin() })?;
    match work() {
        Ok(v) => {
            done(unsafe { abi::commit() })?;
            Ok(v)
        }
        Err(e) => {
            done(unsafe { abi::rollback() })?;
            Err(e)
        }
    }
}

/// The same by a savepoint of this name.
pub fn savepoint<T>(name: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let (p, n) = (name.as_ptr(), name.len() as u32);
    done(unsafe { abi::savepoint(p, n) })?;
    let result = work();
    if result.is_err() {
        done(unsafe { abi::rollback_to(p, n) })?;
    }
    done(unsafe { abi::release(p, n) })?;
    result
}
