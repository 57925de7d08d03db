//! Whether a file is a manifest, and what it says.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use rdbkit_aof::Manifest;
use rdbkit_aof::manifest::{MAX_LINE, Reason};

use super::Persona;
use super::input::Input;
use crate::compat::log;

/// No manifest is as long: it has a line for each file of a log.
const LONGEST: u64 = 16 << 20;

/// What a file is.
pub(super) enum Kind {
    /// A log, or what is taken for one.
    Log,
    /// What the tools take for a manifest: it may turn out to be none.
    Manifest,
    /// A manifest to servers, which the tools take for a log.
    UnknownManifest,
}

/// Tells what the file is; leaves it at its beginning.
///
/// # Errors
///
/// Of reading.
pub(super) fn kind(file: &mut File) -> io::Result<Kind> {
    file.rewind()?;
    let kind = if looks_like_one(file)? {
        Kind::Manifest
    } else {
        file.rewind()?;
        let text = whole(file)?;
        match Manifest::parse(&text) {
            Ok(manifest) if !manifest.entries.is_empty() => Kind::UnknownManifest,
            _ => Kind::Log,
        }
    };
    file.rewind()?;
    Ok(kind)
}

/// To the tools: whether the first line that is no comment begins with `file`.
fn looks_like_one(file: &mut File) -> io::Result<bool> {
    let mut input = Input::at(0, Box::new(file));
    loop {
        let line = input.line(MAX_LINE);
        let (comment, manifest) = (line.starts_with(b"#"), line.starts_with(b"file"));
        if let Some(e) = input.take_failure() {
            return Err(e);
        }
        if !comment {
            return Ok(manifest);
        }
    }
}

/// The whole text; of what is no manifest, enough to tell.
fn whole(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    (&mut *file).take(8).read_to_end(&mut text)?;
    // Commands and RDB files, which may be long.
    if !matches!(text.first(), Some(b'*' | b'R' | b'V')) {
        file.take(LONGEST).read_to_end(&mut text)?;
    }
    Ok(text)
}

/// The manifest as a server of this persona reads it; if it does not, that is
/// printed.
///
/// # Errors
///
/// Of reading and of writing.
pub(super) fn load(
    file: &mut File,
    persona: Persona,
    out: &mut dyn Write,
    now_ms: i64,
) -> io::Result<Option<Manifest>> {
    let text = whole(file)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("a manifest of more than 16 MiB"));
    }
    let parsed = match persona {
        Persona::Redis => Manifest::parse_as_redis(&text),
        Persona::Valkey => Manifest::parse(&text),
    };
    let error = match parsed {
        Ok(manifest) => return Ok(Some(manifest)),
        Err(error) => error,
    };
    let mut say = |text: &[u8]| {
        // With a line end of its own, for which there may be no room.
        log::line(out, persona, now_ms, '#', &[text, b"\n"].concat())
    };
    say(b"\n*** FATAL AOF MANIFEST FILE ERROR ***")?;
    if !matches!(error.reason(), Reason::LongLine | Reason::Empty) {
        say(format!("Reading the manifest file, at line {}", error.line()).as_bytes())?;
        say(&[b">>> '", error.text(), b"'"].concat())?;
    }
    say(error.reason().text().as_bytes())?;
    Ok(None)
}
