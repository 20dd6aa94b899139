//! http_guest.rs - a request and a file by the Rust crate: what http_test.py calls.
use heliosdb_wasm_sdk::*;

#[heliosdb_procedure]
fn fetch(url: &str) -> Result<String, Error> {
    let got = http("POST", url, &[("X-One", "1"), ("Accept", "text/plain")], b"from Rust")?;
    Ok(format!("{} {:?} {}", got.status, got.header("x-test")?, String::from_utf8_lossy(&got.body)))
}

#[heliosdb_procedure]
fn keep(folder: &str) -> Result<String, Error> {
    let path = format!("{}/kept", folder);
    write_file(&path, &vec![b'x'; 3 << 20])?;
    append_file(&path, b"end")?;
    let length = read_file(&path)?.len();
    let names = list_folder(folder)?;
    remove_file(&path)?;
    match read_file(&path) {
        Err(e) if e.code == -16 => Ok(format!("{} {:?}", length, names)),
        other => Err(Error::new(1, format!("{:?}", other.map(|b| b.len())))),
    }
}
