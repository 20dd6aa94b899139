//! time.rs - dates and timestamps: days and microseconds since 1970-01-01 UTC, and their ISO 8601 texts, as the engine
//! writes them. Must never accept a day that the calendar has not.

use crate::{status, Error};
use std::fmt;
use std::str::FromStr;

const DAY_US: i64 = 86_400_000_000;

/// Days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i64);

/// Microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Date {
    /// None: there is no such day.
    pub fn of(year: i64, month: u32, day: u32) -> Option<Date> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let m = month as i64;
        let y = year - (m <= 2) as i64;
        let era = y.div_euclid(400);
        let year_of_era = y - era * 400;
        let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + day as i64 - 1;
        let date = Date(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468);
        if date.parts() == (year, month, day) {
            Some(date)
        } else {
            None
        }
    }

    /// Year, month, day.
    pub fn parts(self) -> (i64, u32, u32) {
        let z = self.0.saturating_add(719_468);
        let era = z.div_euclid(146_097);
        let doe = z - era * 146_097;
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (yoe + era * 400 + (month <= 2) as i64, month as u32, (doy - (153 * mp + 2) / 5 + 1) as u32)
    }
}

impl Timestamp {
    pub fn date(self) -> Date {
        Date(self.0.div_euclid(DAY_US))
    }

    /// Microseconds since midnight.
    pub fn time_of_day(self) -> i64 {
        self.0.rem_euclid(DAY_US)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.parts();
        write!(f, "{:04}-{:02}-{:02}", y, m, d)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, part) = (self.time_of_day() / 1_000_000, self.time_of_day() % 1_000_000);
        write!(f, "{} {:02}:{:02}:{:02}", self.date(), s / 3600, s / 60 % 60, s % 60)?;
        if part == 0 {
            Ok(())
        } else {
            write!(f, ".{:06}", part)
        }
    }
}

fn wrong(what: &str, text: &str) -> Error {
    Error::new(status::TYPE, format!("{:?} is not a {}", text, what))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    if text.len() == digits && text.bytes().all(|c| c.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (y, m, d) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if parts.next().is_some() {
        return None;
    }
    Date::of(y, m as u32, d as u32)
}

/// "hh:mm", "hh:mm:ss", "hh:mm:ss.ffffff".
fn time_of(text: &str) -> Option<i64> {
    let (clock, part) = text.split_once('.').unwrap_or((text, "0"));
    let fields: Vec<&str> = clock.split(':').collect();
    if fields.len() < 2 || fields.len() > 3 || part.is_empty() || part.len() > 6 {
        return None;
    }
    let (h, m) = (number(fields[0], 2)?, number(fields[1], 2)?);
    let s = if fields.len() == 3 { number(fields[2], 2)? } else { 0 };
    let us = number(part, part.len())? * 10i64.pow(6 - part.len() as u32);
    if h > 23 || m > 59 || s > 59 {
        return None;
    }
    Some(((h * 60 + m) * 60 + s) * 1_000_000 + us)
}

fn timestamp_of(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    if !text.is_ascii() || text.len() <= 10 {
        return date_of(text).map(|d| Timestamp(d.0 * DAY_US));
    }
    let (day, rest) = text.split_at(10);
    let mut time = rest.strip_prefix(' ').or_else(|| rest.strip_prefix('T'))?;
    let mut zone = 0;
    if let Some(at) = time.find(&['+', '-'][..]) {
        let sign = if time[at..].starts_with('-') { -1 } else { 1 };
        zone = sign * time_of(&time[at + 1..])?;
        time = &time[..at];
    }
    Some(Timestamp(date_of(day)?.0 * DAY_US + time_of(time)? - zone))
}

impl FromStr for Date {
    type Err = Error;
    fn from_str(text: &str) -> Result<Date, Error> {
        date_of(text).ok_or_else(|| wrong("date", text))
    }
}

impl FromStr for Timestamp {
    type Err = Error;
    fn from_str(text: &str) -> Result<Timestamp, Error> {
        timestamp_of(text).ok_or_else(|| wrong("timestamp", text))
    }
}
