//! value.rs - values of SQL: one of any type, and decimals. A Decimal is its digits, exactly; must never be rounded on
//! the way.

use crate::{status, Date, Error, Timestamp};
use std::fmt;
use std::str::FromStr;

/// A value of any type (ANY in SQL).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    I64(i64),
    F64(f64),
    Bool(bool),
    Text(String),
    Blob(Vec<u8>),
    /// The text of a JSON value.
    Json(String),
    Decimal(Decimal),
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
from!(i64 => I64, i32 => I64, u32 => I64, bool => Bool, f64 => F64, f32 => F64, &str => Text, String => Text,
      Vec<u8> => Blob, &[u8] => Blob, Decimal => Decimal);

impl From<Date> for Value {
    fn from(v: Date) -> Value {
        Value::Text(v.to_string())
    }
}

impl From<Timestamp> for Value {
    fn from(v: Timestamp) -> Value {
        Value::Text(v.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::Null, Into::into)
    }
}

/// DECIMAL as a double: good for 15 digits.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DecimalF64(pub f64);

/// DECIMAL by its digits: "-12.50".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

fn is_digits(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit())
}

/// [-+] digits [. digits] [e [-+] digits]
fn is_decimal(text: &str) -> bool {
    let (number, exponent) = text.split_once(&['e', 'E'][..]).unwrap_or((text, "0"));
    let number = number.strip_prefix(&['-', '+'][..]).unwrap_or(number);
    let exponent = exponent.strip_prefix(&['-', '+'][..]).unwrap_or(exponent);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    whole.len() + part.len() > 0 && is_digits(whole) && is_digits(part) && !exponent.is_empty() && is_digits(exponent)
}

impl Decimal {
    /// From units of 10^-scale: (1250, 2) is 12.50.
    pub fn from_units(units: i128, scale: u32) -> Decimal {
        let digits = units.unsigned_abs().to_string();
        let scale = scale as usize;
        let padded = format!("{}{}", "0".repeat((scale + 1).saturating_sub(digits.len())), digits);
        let (whole, part) = padded.split_at(padded.len() - scale);
        let sign = if units < 0 { "-" } else { "" };
        Decimal(if scale == 0 { format!("{}{}", sign, whole) } else { format!("{}{}.{}", sign, whole, part) })
    }

    /// In units of 10^-scale; None if it is not a whole number of them, or too large.
    pub fn units(&self, scale: u32) -> Option<i128> {
        let (number, exponent) = self.0.split_once(&['e', 'E'][..]).unwrap_or((&self.0, "0"));
        let exponent: i64 = exponent.parse().ok()?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let part = part.trim_end_matches('0');
        let mut units: i128 = 0;
        for c in whole.bytes().chain(part.bytes()).filter(u8::is_ascii_digit) {
            units = units.checked_mul(10)?.checked_add((c - b'0') as i128)?;
        }
        let mut shift = exponent.checked_add(scale as i64)?.checked_sub(part.len() as i64)?;
        while shift > 0 && units != 0 {
            units = units.checked_mul(10)?;
            shift -= 1;
        }
        while shift < 0 && units != 0 {
            if units % 10 != 0 {
                return None;
            }
            units /= 10;
            shift += 1;
        }
        Some(if number.starts_with('-') { -units } else { units })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl FromStr for Decimal {
    type Err = Error;
    fn from_str(text: &str) -> Result<Decimal, Error> {
        if is_decimal(text) {
            Ok(Decimal(text.to_string()))
        } else {
            Err(Error::new(status::TYPE, format!("{:?} is not a decimal number", text)))
        }
    }
}

impl From<i64> for Decimal {
    fn from(v: i64) -> Decimal {
        Decimal(v.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
