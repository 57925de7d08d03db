//! The SHA-256 of a file as it is stored.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::fs::shown;
use sha2::{Digest, Sha256};

use super::Violation;
use super::measure::{digits, hex};
use crate::progress::{self, Counted};

/// Compares with what was typed, or with the file beside it where that is nothing.
pub(super) fn violation(expected: &str, path: &Path) -> Option<Violation> {
    let compared = expected_sum(expected, path).and_then(|expected| {
        let found = of(path).map_err(|e| format!("cannot read {}: {e}", shown(path)))?;
        match found == expected {
            true => Ok(()),
            false => Err(format!(
                "the file has {}, not {}",
                digits(&found),
                digits(&expected)
            )),
        }
    });
    let message = compared.err()?;
    Some(Violation {
        rule: "sha256",
        message,
    })
}

fn expected_sum(typed: &str, path: &Path) -> Result<[u8; 32], String> {
    if !typed.is_empty() {
        return hex(typed).ok_or_else(|| format!("{typed:?} is no SHA-256"));
    }
    let mut beside = OsString::from(path);
    beside.push(".sha256");
    let beside = Path::new(&beside);
    let text = fs::read(beside).map_err(|e| format!("cannot read {}: {e}", shown(beside)))?;
    // As sha256sum writes it: the sum, blanks, the name.
    let first = text.split(|b| b.is_ascii_whitespace()).next();
    let first = first.and_then(|word| std::str::from_utf8(word).ok());
    first
        .and_then(hex)
        .ok_or_else(|| format!("{} does not begin with a SHA-256", shown(beside)))
}

fn of(path: &Path) -> io::Result<[u8; 32]> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other(
            "no regular file, and it would have to be read twice",
        ));
    }
    progress::begin(path, Some(about.len()));
    let mut file = Counted(file);
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(sum.finalize().into()),
            Ok(n) => sum.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
