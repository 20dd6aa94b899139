//! guest.rs - a Rust program on std's WASI as procedures: what tests/sql/wasi_rust_test.py calls.
use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[no_mangle]
pub extern "C" fn keys(n: i64) -> i64 {
    let mut map = HashMap::new();
    for i in 0..n {
        *map.entry(i % 7).or_insert(0) += i;
    }
    println!("{} keys", map.len());
    map.len() as i64
}

#[no_mangle]
pub extern "C" fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

#[no_mangle]
pub extern "C" fn nap(ms: i64) -> i64 {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(ms as u64));
    start.elapsed().as_millis() as i64
}

#[no_mangle]
pub extern "C" fn fails(index: i64) -> i64 {
    [1, 2, 3][index as usize]
}

/// Bytes written and read back below the granted folder, then removed; negative: what failed.
#[no_mangle]
pub extern "C" fn files() -> i64 {
    let folder = match std::env::var("GUEST_FOLDER") {
        Ok(folder) => folder,
        Err(_) => return -1,
    };
    let path = format!("{}/rust.txt", folder);
    let work = || -> std::io::Result<i64> {
        std::fs::File::create(&path)?.write_all(b"written by Rust")?;
        let mut text = String::new();
        std::fs::File::open(&path)?.read_to_string(&mut text)?;
        let listed = std::fs::read_dir(&folder)?.filter_map(|e| e.ok()).any(|e| e.file_name() == "rust.txt");
        std::fs::remove_file(&path)?;
        Ok(if listed && !std::path::Path::new(&path).exists() { text.len() as i64 } else { -2 })
    };
    work().unwrap_or_else(|e| {
        eprintln!("{}", e);
        -3
    })
}
