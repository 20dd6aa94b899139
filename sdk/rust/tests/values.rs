//! values.rs - decimals, dates, JSON: what they take, what they give, what they refuse.

use heliosdb_wasm_sdk::*;

fn json(text: &str) -> Result<Json, Error> {
    text.parse()
}

#[test]
fn json_there_and_back() {
    for text in [
        "null", "true", "false", "0", "-0.5", "-9223372036854775808", "9223372036854775807", "1e300", "\"\"", "[]", "{}",
        "[1,2.5,\"x\",null,[true]]", "{\"a\":{\"b\":[]},\"a b\":1}", "\"é🦀\\\"\\\\\\n\\t\\r\\b\\f\\u0001\"",
    ] {
        assert_eq!(json(text).unwrap().to_text(), text);
        assert_eq!(json(&format!(" {}\n", text)).unwrap().to_string(), text);
    }
    assert_eq!(json("\"\\u00e9\\ud83e\\udd80\\/\"").unwrap(), Json::from("é🦀/"));
    assert_eq!(json("9223372036854775808").unwrap(), Json::Number(9223372036854775808.0));
    assert_eq!(Json::from(f64::NAN).to_text(), "null");
}

#[test]
fn json_refusals() {
    for text in [
        "", " ", "nul", "tru", "01", "-", "1.", ".5", "1e", "+1", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":1,}", "{a:1}", "'a'",
        "\"", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "1 1", "[1]]", "\u{e9}", "\"\\\u{e9}\"",
    ] {
        assert_eq!(json(text).unwrap_err().code, status::JSON, "{}", text);
    }
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(json(&deep(256)).is_ok() && json(&deep(100_000)).is_err());
}

#[test]
fn json_cut_anywhere_is_refused() {
    let text = "{\"a\":[1,-2.5e3,\"é\\u00e9\"],\"b\":{\"c\":null}}";
    for i in (0..text.len()).filter(|i| text.is_char_boundary(*i)) {
        assert!(json(&text[..i]).is_err(), "{}", &text[..i]);
    }
}

#[test]
fn json_looking_in() {
    let v = json("{\"a\":[{\"n\":3},2.5],\"t\":\"x\",\"t\":\"y\",\"b\":true}").unwrap();
    assert_eq!(v["a"][0]["n"].as_i64(), Some(3));
    assert_eq!(v["a"][1].as_f64(), Some(2.5));
    assert_eq!((v["t"].as_str(), v["b"].as_bool()), (Some("y"), Some(true)));
    assert!(v["none"]["deeper"][7].is_null() && v["a"].as_str().is_none() && v["t"].items().is_empty());
    let mut made = Json::object([("n", Json::from(1)), ("list", vec![1, 2].into())]);
    made.set("n", 2);
    made.set("x", None::<i64>);
    assert_eq!(made.to_text(), "{\"n\":2,\"list\":[1,2],\"x\":null}");
}

#[test]
fn decimals() {
    for text in ["0", "-12.50", "+1", "1.", ".5", "1e5", "-1.5E-3", "123456789012345678901234567890.12"] {
        assert_eq!(text.parse::<Decimal>().unwrap().as_str(), text);
    }
    for text in ["", ".", "-", "1e", "1.2.3", "abc", "1 ", "0x1", "1e+", "é"] {
        assert_eq!(text.parse::<Decimal>().unwrap_err().code, status::TYPE, "{}", text);
    }
    let units = |text: &str, scale| text.parse::<Decimal>().unwrap().units(scale);
    assert_eq!((units("-12.50", 2), units("-12.50", 1), units("-12.55", 1)), (Some(-1250), Some(-125), None));
    assert_eq!((units("1.5e3", 0), units("5e-3", 3), units("0e999999", 2)), (Some(1500), Some(5), Some(0)));
    assert_eq!((units("1e99", 0), units("1e9223372036854775807", 9)), (None, None));
    for (units, scale, text) in [(1250, 2, "12.50"), (-5, 3, "-0.005"), (7, 0, "7"), (0, 2, "0.00")] {
        assert_eq!(Decimal::from_units(units, scale).to_string(), text);
    }
    assert_eq!(Decimal::from(-3).to_f64(), -3.0);
}

#[test]
fn dates() {
    for days in (-719_528..2_932_896).step_by(997).chain([0, 59, 60, 11_016, 19_782]) {
        let text = Date(days).to_string();
        assert_eq!(text.parse(), Ok(Date(days)), "{}", text);
    }
    assert_eq!(Date(0).to_string(), "1970-01-01");
    assert_eq!(Date::of(2024, 2, 29).unwrap().to_string(), "2024-02-29");
    assert_eq!(Date::of(2023, 2, 29), None);
    assert_eq!(Date(i64::MAX).parts().1 > 0, true); // no overflow
    for text in ["2023-02-29", "2023-13-01", "2023-00-10", "2023-1-01", "23-01-01", "2023-01-01x", "", "2023-01-01-01", "+023-01-01"] {
        assert!(text.parse::<Date>().is_err(), "{}", text);
    }
}

#[test]
fn timestamps() {
    for (text, shown) in [
        ("1970-01-01 00:00:00", "1970-01-01 00:00:00"),
        ("1969-12-31T23:59:59.999999", "1969-12-31 23:59:59.999999"),
        ("2024-02-29 12:30", "2024-02-29 12:30:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("2024-01-01T12:00:00Z", "2024-01-01 12:00:00"),
        ("2024-01-01 01:00:00+02:30", "2023-12-31 22:30:00"),
        ("2024-01-01 01:00:00.5-01:00", "2024-01-01 02:00:00.500000"),
    ] {
        assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), shown);
    }
    for text in ["2024-01-01 24:00:00", "2024-01-01 12:60", "2024-01-01 12", "2024-01-01 12:00:00.", "2024-01-01x12:00", "2024-01-01 é", "x"] {
        assert!(text.parse::<Timestamp>().is_err(), "{}", text);
    }
    let t = Timestamp(-1);
    assert_eq!((t.date(), t.time_of_day()), (Date(-1), 86_399_999_999));
}
