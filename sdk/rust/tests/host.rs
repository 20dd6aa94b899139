//! host.rs - procedures against the mock host: statements, rows, transactions, all that is kept, refusals.

use heliosdb_wasm_sdk::*;

#[heliosdb_procedure(name = "shop.discount", capability = "read:customers, log", default(total = -1.5e1, note = "it's"))]
fn discount(id: i64, total: f64, note: &str) -> Result<Option<f64>, Error> {
    let tier: Option<(Option<String>,)> = query_optional("SELECT tier FROM customers WHERE id = ?1", (id,))?;
    info(&format!("{} {:?}", note, tier))?;
    Ok(tier.map(|(t,)| if t.as_deref() == Some("gold") { total * 0.15 } else { 0.0 }))
}

type Money = i64;
#[heliosdb_procedure(deterministic, state = "connection")]
fn by_another_name(v: Money, mut w: std::option::Option<&[u8]>) -> Box2 {
    w.get_or_insert(b"x");
    v + w.map_or(0, |w| w.len() as i64)
}
type Box2 = i64;

#[heliosdb_procedure]
fn squares(upto: i64) -> Rows<(i64, Option<String>)> {
    Rows::new((1..=upto).map(|i| (i * i, if i == 2 { None } else { Some(i.to_string()) })))
}

#[test]
fn a_query() {
    mock::begin();
    mock::sql("SELECT tier FROM customers WHERE id = ?1").row(["gold"]);
    assert_eq!(discount(7, 100.0, "n"), Ok(Some(15.0)));
    assert_eq!((mock::bound(1), mock::bound(2)), (Value::I64(7), Value::Null));
    assert_eq!((mock::ran("FROM customers"), mock::logged("gold"), mock::logged("silver")), (1, 1, 0));
    assert_eq!(mock::lines()[0].0, LogLevel::Info);
    assert_eq!(by_another_name(3, None), 4);
}

#[test]
fn every_refusal_arrives() {
    // each host call of the procedure is refused once: prepare, bind, step, column_type, column_type again, column_read, log
    for n in 1..=7 {
        mock::begin();
        mock::sql("SELECT tier FROM customers WHERE id = ?1").row(["gold"]);
        mock::refuse(n, status::DENIED);
        let e = discount(7, 100.0, "n").unwrap_err();
        assert_eq!((e.code, e.text.as_str()), (status::DENIED, "refused by the mock host"), "call {}", n);
    }
    mock::begin();
    assert_eq!(discount(7, 100.0, "n").unwrap_err().text, "mock::sql did not name: SELECT tier FROM customers WHERE id = ?1");
}

#[test]
fn columns_are_never_bent() {
    mock::begin();
    mock::sql("q").row([Value::I64(1 << 40), Value::F64(1.5), "text".into(), Value::Blob(vec![0xff]), Value::Null]);
    let row = query_one::<(i64, f64, String, Vec<u8>, Option<i64>)>("q", ()).unwrap();
    assert_eq!(row, (1 << 40, 1.5, "text".to_string(), vec![0xff], None));
    let text = |e: Error| (e.code, e.text);
    let wrong = |e: (i32, String), says: &str| assert!(e.0 == status::TYPE && e.1.contains(says), "{:?}", e);
    wrong(text(query_one::<(i32, f64, String, Vec<u8>, Value)>("q", ()).unwrap_err()), "column 0 is 1099511627776, beyond i32");
    wrong(text(query_one::<(i64, i64, String, Vec<u8>, Value)>("q", ()).unwrap_err()), "column 1 is no integer, but a real");
    wrong(text(query_one::<(i64, f64, f64, Vec<u8>, Value)>("q", ()).unwrap_err()), "column 2 is no number, but text");
    wrong(text(query_one::<(i64, f64, String, String, Value)>("q", ()).unwrap_err()), "column 3 is no text, but a blob");
    wrong(text(query_one::<(i64, f64, String, Vec<u8>, i64)>("q", ()).unwrap_err()), "column 4 is no integer, but NULL");
    assert_eq!(query_one::<(i64,)>("q", ()).unwrap_err().text, "the query has 5 columns, not 1");
    assert_eq!(query("q", ()).unwrap().rows[0][2], Value::Text("text".into()));
    mock::sql("none");
    assert_eq!(query_one::<(i64,)>("none", ()).unwrap_err().code, status::ABSENT);
    assert_eq!(query_as::<(i64,)>("none", ()), Ok(vec![]));
    mock::sql("typed").row([Value::from("2024-02-29"), "12.50".into(), "[1]".into(), true.into()]);
    let typed = query_one::<(Date, Decimal, Json, bool)>("typed", ()).unwrap();
    assert_eq!(typed, (Date::of(2024, 2, 29).unwrap(), "12.50".parse().unwrap(), vec![1].into(), true));
}

#[test]
fn parameters_of_every_type() {
    mock::begin();
    mock::sql("i").changes(3);
    let n = execute("i", (1i32, "t", &[1u8, 2][..], None::<f64>, true, Json::from("j"), Date(0), Decimal::from(5), Some(2.5)));
    assert_eq!(n, Ok(3));
    let bound: Vec<Value> = (1..=9).map(mock::bound).collect();
    let text = |t: &str| Value::Text(t.into());
    let wanted = [Value::I64(1), text("t"), Value::Blob(vec![1, 2]), Value::Null, Value::I64(1), text("\"j\""), text("1970-01-01"),
                  text("5"), Value::F64(2.5)];
    assert_eq!(bound, wanted);
    assert_eq!(execute("i", &[Value::from(7), Value::Null]), Ok(3));
    assert_eq!((mock::bound(1), mock::bound(2), mock::bound(3)), (Value::I64(7), Value::Null, Value::Null));
}

#[test]
fn rows_of_a_result() {
    mock::begin();
    let all: Result<Vec<_>, Error> = squares(3).into_iter().collect();
    assert_eq!(all.unwrap(), [(1, Some("1".to_string())), (4, None), (9, Some("3".to_string()))]);
    row((1i64, "a", None::<f64>)).unwrap();
    row(vec![Value::Blob(vec![1]), Value::Bool(true)]).unwrap();
    assert_eq!(mock::rows(), [vec![Value::I64(1), "a".into(), Value::Null], vec![Value::Blob(vec![1]), Value::I64(1)]]);
}

#[test]
fn transactions() {
    mock::begin();
    let inner = transaction(|| {
        savepoint("a", || {
            assert_eq!(mock::depth(), 2);
            Err::<(), _>("no".into())
        })
    });
    assert_eq!(inner.unwrap_err(), Error::new(1, "no"));
    assert_eq!((mock::depth(), transaction(|| Ok(5))), (0, Ok(5)));
    mock::refuse(2, status::BUSY);
    assert_eq!(transaction(|| Ok(())).unwrap_err().code, status::BUSY);
}

#[test]
fn what_is_kept() {
    mock::begin();
    assert_eq!((kv_get(b"a"), kv_set(b"a", b"1"), kv_set(b"ab", b""), kv_set(b"b", b"2")), (Ok(None), Ok(()), Ok(()), Ok(())));
    assert_eq!((kv_get(b"a"), kv_get(b"ab")), (Ok(Some(b"1".to_vec())), Ok(Some(vec![]))));
    assert_eq!(kv_keys(b"a"), Ok(vec![b"a".to_vec(), b"ab".to_vec()]));
    assert_eq!((kv_delete(b"a"), kv_delete(b"a")), (Ok(true), Ok(false)));
    assert_eq!(kv_set(b"", b"").unwrap_err().code, status::LIMIT);
    assert_eq!((session_var("u"), set_session_var("u", "x"), session_var("u")), (Ok(None), Ok(()), Ok(Some("x".into()))));
    mock::set_env("E", "v");
    assert_eq!((env_var("E"), env_var("F")), (Ok(Some("v".into())), Ok(None)));
    metric_add("n", 2.0).and(metric_add("n", 0.5)).and(metric_set("g", 7.0)).unwrap();
    assert_eq!((mock::metric("n"), mock::metric("g"), mock::metric("x")), (Some(2.5), Some(7.0), None));
    mock::set_now(5);
    assert_eq!((now(), random_bytes(4) == random_bytes(4)), (Timestamp(5), false));
    mock::digest(b"sum");
    assert_eq!((hash(Hash::Sha256, b""), hmac(Hash::Sha1, b"", b"")), (Ok(b"sum".to_vec()), Ok(b"sum".to_vec())));
    assert_eq!((verify(&[0; 32], b"", b"sum"), verify(&[0; 32], b"", b"no")), (Ok(true), Ok(false)));
}

#[test]
fn files_and_requests() {
    mock::begin();
    mock::set_file("/d/a", b"1");
    write_file("/d/b", &vec![7; 3 << 20]).and(append_file("/d/b", b"!")).unwrap();
    assert_eq!((read_file("/d/b").unwrap().len(), mock::file("/d/b").unwrap().len()), ((3 << 20) + 1, (3 << 20) + 1));
    assert_eq!(list_folder("/d"), Ok(vec!["a".to_string(), "b".to_string()]));
    assert_eq!((remove_file("/d/a"), remove_file("/d/a").unwrap_err().code), (Ok(()), status::ABSENT));
    mock::page("https://x.test/", 404, &[("X-A", "1")], "né".as_bytes());
    let got = http("POST", "https://x.test/", &[], b"ask").unwrap();
    assert_eq!((got.status, got.text(), got.header("x-a"), got.header("b")), (404, Ok("né"), Ok(Some("1".into())), Ok(None)));
    assert_eq!(mock::requests(), [("POST".to_string(), "https://x.test/".to_string(), b"ask".to_vec())]);
    assert_eq!(http("GET", "https://y.test/", &[], b"").unwrap_err().code, status::NETWORK);
}

#[test]
fn threads_have_hosts_of_their_own() {
    mock::begin();
    kv_set(b"k", b"1").unwrap();
    std::thread::spawn(|| assert_eq!(kv_get(b"k"), Ok(None))).join().unwrap();
    assert_eq!(kv_get(b"k"), Ok(Some(b"1".to_vec())));
}
