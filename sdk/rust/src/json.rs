//! json.rs - JSON values: reading, writing, looking into. No dependency; must never recurse deeper than DEPTH, nor accept
//! what is not JSON (RFC 8259).

use crate::{status, Error};
use std::fmt;
use std::ops::Index;
use std::str::FromStr;

const DEPTH: usize = 256;

/// The text of a JSON value, as it is: for parameters and results that are passed on, or read by another library.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonText(pub String);

/// A JSON value. Members of an object keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// Numbers with a fraction or an exponent, or beyond 64 bits.
    Number(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Json {
        Json::Object(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// A member; the last of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Sets a member; what is no object becomes one.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        if !matches!(self, Json::Object(_)) {
            *self = Json::Object(Vec::new());
        }
        if let Json::Object(members) = self {
            match members.iter_mut().rev().find(|(k, _)| k == name) {
                Some((_, old)) => *old = value.into(),
                None => members.push((name.to_string(), value.into())),
            }
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(v) => Some(v),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(v) => Some(*v),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Int(v) => Some(*v),
            _ => None,
        }
    }

    /// Of any number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Json::Int(v) => Some(*v as f64),
            Json::Number(v) => Some(*v),
            _ => None,
        }
    }

    /// The elements of an array; of anything else none.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::Array(v) => v,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }
}

static NULL: Json = Json::Null;

/// Null if there is no such member.
impl Index<&str> for Json {
    type Output = Json;
    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or(&NULL)
    }
}

/// Null if there is no such element.
impl Index<usize> for Json {
    type Output = Json;
    fn index(&self, i: usize) -> &Json {
        self.items().get(i).unwrap_or(&NULL)
    }
}

macro_rules! from {
    ($($t:ty => $variant:ident),*) => {$(
        impl From<$t> for Json {
            fn from(v: $t) -> Json {
                Json::$variant(v.into())
            }
        }
    )*};
}
from!(bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Number, f32 => Number, &str => Text, String => Text);

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(v: Vec<T>) -> Json {
        Json::Array(v.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(v: Option<T>) -> Json {
        v.map_or(Json::Null, Into::into)
    }
}

// ---- writing ----

fn write_text(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    let mut from = 0;
    for (i, c) in text.bytes().enumerate() {
        if c >= 0x20 && c != b'"' && c != b'\\' {
            continue;
        }
        f.write_str(&text[from..i])?; // c is ASCII, so both ends are between characters
        from = i + 1;
        match c {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\t' => f.write_str("\\t")?,
            b'\r' => f.write_str("\\r")?,
            0x08 => f.write_str("\\b")?,
            0x0c => f.write_str("\\f")?,
            _ => write!(f, "\\u{:04x}", c)?,
        }
    }
    f.write_str(&text[from..])?;
    f.write_char('"')
}

fn write_value(f: &mut impl fmt::Write, value: &Json) -> fmt::Result {
    match value {
        Json::Null => f.write_str("null"),
        Json::Bool(v) => f.write_str(if *v { "true" } else { "false" }),
        Json::Int(v) => write!(f, "{}", v),
        Json::Number(v) if v.is_finite() => write!(f, "{:?}", v),
        Json::Number(_) => f.write_str("null"),
        Json::Text(v) => write_text(f, v),
        Json::Array(items) => {
            f.write_char('[')?;
            for (i, v) in items.iter().enumerate() {
                f.write_str(if i > 0 { "," } else { "" })?;
                write_value(f, v)?;
            }
            f.write_char(']')
        }
        Json::Object(members) => {
            f.write_char('{')?;
            for (i, (name, v)) in members.iter().enumerate() {
                f.write_str(if i > 0 { "," } else { "" })?;
                write_text(f, name)?;
                f.write_char(':')?;
                write_value(f, v)?;
            }
            f.write_char('}')
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, self)
    }
}

impl Json {
    /// Its text; quicker than to_string.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let _ = write_value(&mut out, self); // a String takes all
        out
    }
}

// ---- reading ----

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, what: &str) -> Result<T, Error> {
        Err(Error::new(status::JSON, format!("not JSON at byte {}: {}", self.at, what)))
    }

    fn peek(&self) -> u8 {
        *self.text.as_bytes().get(self.at).unwrap_or(&0)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Error> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            self.wrong("no value")
        }
    }

    fn digits(&mut self) -> Result<usize, Error> {
        let from = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == from {
            return self.wrong("no digit");
        }
        Ok(self.at - from)
    }

    fn number(&mut self) -> Result<Json, Error> {
        let from = self.at;
        let mut whole = true;
        self.at += (self.peek() == b'-') as usize;
        let zero = self.peek() == b'0';
        if self.digits()? > 1 && zero {
            return self.wrong("a zero before the number");
        }
        if self.peek() == b'.' {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            whole = false;
            self.at += 1;
            self.at += matches!(self.peek(), b'-' | b'+') as usize;
            self.digits()?;
        }
        let text = &self.text[from..self.at];
        match (whole, text.parse::<i64>()) {
            (true, Ok(v)) => Ok(Json::Int(v)),
            _ => Ok(Json::Number(text.parse().unwrap_or(f64::NAN))), // f64 takes all that is JSON
        }
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or(b"");
        let mut v = 0;
        for c in digits {
            match (*c as char).to_digit(16) {
                Some(d) => v = v * 16 + d,
                None => return self.wrong("\\u needs four digits"),
            }
        }
        if digits.len() < 4 {
            return self.wrong("\\u needs four digits");
        }
        self.at += 4;
        Ok(v)
    }

    fn unicode(&mut self) -> Result<char, Error> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).map_or_else(|| self.wrong("half a character"), Ok);
        }
        if !self.text[self.at..].starts_with("\\u") {
            return self.wrong("half a character");
        }
        self.at += 2;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return self.wrong("half a character");
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).map_or_else(|| self.wrong("half a character"), Ok)
    }

    fn escape(&mut self) -> Result<char, Error> {
        let c = self.peek();
        self.at += 1;
        Ok(match c {
            b'"' | b'\\' | b'/' => c as char,
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unicode(),
            _ => return self.wrong("unknown escape"),
        })
    }

    /// Behind the first quote.
    fn string(&mut self) -> Result<String, Error> {
        let mut out = String::new();
        loop {
            let from = self.at;
            while self.peek() >= 0x20 && self.peek() != b'"' && self.peek() != b'\\' {
                self.at += 1;
            }
            out.push_str(&self.text[from..self.at]); // ends are ASCII or the end
            let c = self.peek();
            self.at += 1;
            match c {
                b'"' => return Ok(out),
                b'\\' => out.push(self.escape()?),
                _ => {
                    self.at -= 1;
                    return self.wrong("a string does not end");
                }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, Error> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            let c = self.peek();
            match c {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                _ => return self.wrong("an array needs , or ]"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Error> {
        let mut members = Vec::new();
        self.blanks();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != b'"' {
                return self.wrong("a member needs a name");
            }
            self.at += 1;
            let name = self.string()?;
            self.blanks();
            if self.peek() != b':' {
                return self.wrong("a member needs :");
            }
            self.at += 1;
            members.push((name, self.value(depth + 1)?));
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return self.wrong("an object needs , or }"),
            }
        }
    }

    /// One value with the blanks around it.
    fn value(&mut self, depth: usize) -> Result<Json, Error> {
        if depth > DEPTH {
            return self.wrong("too deep");
        }
        self.blanks();
        let v = match self.peek() {
            b'{' => {
                self.at += 1;
                self.object(depth)?
            }
            b'[' => {
                self.at += 1;
                self.array(depth)?
            }
            b'"' => {
                self.at += 1;
                Json::Text(self.string()?)
            }
            b't' => self.word("true", Json::Bool(true))?,
            b'f' => self.word("false", Json::Bool(false))?,
            b'n' => self.word("null", Json::Null)?,
            _ => self.number()?,
        };
        self.blanks();
        Ok(v)
    }
}

impl FromStr for Json {
    type Err = Error;
    fn from_str(text: &str) -> Result<Json, Error> {
        let mut r = Reader { text, at: 0 };
        let v = r.value(0)?;
        if r.at != text.len() {
            return r.wrong("text behind the value");
        }
        Ok(v)
    }
}

impl From<Json> for JsonText {
    fn from(v: Json) -> JsonText {
        JsonText(v.to_text())
    }
}

impl JsonText {
    pub fn parse(&self) -> Result<Json, Error> {
        self.0.parse()
    }
}
