//! outside.rs - files below granted paths and HTTPS to granted domains as safe functions. Must never trust a length
//! that the host gives beyond the buffer that it was given.

use crate::error::{check, done, text};
use crate::host::optional;
use crate::{abi, status, Error, Json};

const WRITE: u32 = 1;
const CREATE: u32 = 2;
const EMPTY: u32 = 8;
const APPEND: u32 = 16;

/// An open file; closed when it goes.
struct File(i32);

impl File {
    fn open(path: &str, flags: u32) -> Result<File, Error> {
        check(unsafe { abi::file_open(path.as_ptr(), path.len() as u32, flags) }).map(File)
    }

    fn write(&self, data: &[u8]) -> Result<(), Error> {
        let mut at = 0;
        while at < data.len() {
            let piece = &data[at..data.len().min(at + (1 << 20))];
            let n = check(unsafe { abi::file_write(self.0, at as i64, piece.as_ptr(), piece.len() as u32) })?;
            at += n as usize;
        }
        Ok(())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        unsafe { abi::file_close(self.0) };
    }
}

/// A whole file, by its absolute path.
pub fn read_file(path: &str) -> Result<Vec<u8>, Error> {
    let file = File::open(path, 0)?;
    let size = unsafe { abi::file_size(file.0) };
    let mut bytes = vec![0u8; check(size.clamp(-128, i32::MAX as i64) as i32)? as usize];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &mut bytes[at..];
        let n = check(unsafe { abi::file_read(file.0, at as i64, rest.as_mut_ptr(), rest.len() as u32) })? as usize;
        if n == 0 {
            break;
        }
        at += n;
    }
    bytes.truncate(at);
    Ok(bytes)
}

/// Makes the file, or empties the one that is there.
pub fn write_file(path: &str, data: &[u8]) -> Result<(), Error> {
    File::open(path, WRITE | CREATE | EMPTY)?.write(data)
}

pub fn append_file(path: &str, data: &[u8]) -> Result<(), Error> {
    File::open(path, WRITE | CREATE | APPEND)?.write(data)
}

pub fn remove_file(path: &str) -> Result<(), Error> {
    done(unsafe { abi::file_remove(path.as_ptr(), path.len() as u32) })
}

/// Names in a folder.
pub fn list_folder(path: &str) -> Result<Vec<String>, Error> {
    let (p, pn) = (path.as_ptr(), path.len() as u32);
    let n = check(unsafe { abi::file_list(p, pn, 0, std::ptr::null_mut(), 0) })? as usize;
    let mut bytes = vec![0u8; n];
    check(unsafe { abi::file_list(p, pn, 0, bytes.as_mut_ptr(), n as u32) })?;
    let list: Json = text(bytes, || format!("the list of {}", path))?.parse()?;
    Ok(list.items().iter().filter_map(Json::as_str).map(String::from).collect())
}

/// The response to the last request; the next request replaces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Response {
    /// A header; None if there is none of this name. Only until the next request.
    pub fn header(&self, name: &str) -> Result<Option<String>, Error> {
        let value = optional(|dst, cap| unsafe { abi::http_header(name.as_ptr(), name.len() as u32, dst, cap) })?;
        value.map(|v| text(v, || format!("the header {}", name))).transpose()
    }

    /// Its body as text.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|_| Error::new(status::UTF8, "the response is not valid UTF-8"))
    }
}

/// One HTTPS request. A status of 400 or more is a response, not an error.
pub fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response, Error> {
    let lines: String = headers.iter().map(|(name, value)| format!("{}: {}\n", name, value)).collect();
    let status = check(unsafe {
        abi::http(
            method.as_ptr(), method.len() as u32, url.as_ptr(), url.len() as u32, lines.as_ptr(), lines.len() as u32,
            body.as_ptr(), body.len() as u32,
        )
    })?;
    let n = check(unsafe { abi::http_read(0, std::ptr::null_mut(), 0) })? as usize;
    let mut bytes = vec![0u8; n];
    check(unsafe { abi::http_read(0, bytes.as_mut_ptr(), n as u32) })?;
    Ok(Response { status: status as u16, body: bytes })
}
