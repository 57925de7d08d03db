//! A hexdump with the names of its fields.

use std::fmt::Write as _;
use std::io::{self, Write};

use rdbkit_aof::{fs::shown, quoted};
use serde::Serialize;

use crate::args::InspectArgs;
use crate::inspect::{Field, Place};
use crate::render::json::{self, SCHEMA, Text, path_text};

/// Bytes of a line.
const LINE: usize = 16;

/// Lines of a field, before the rest of it is only counted.
const LINES: usize = 4;

/// A piece of the file.
#[derive(Debug)]
pub struct Bytes {
    /// Offset of the first one.
    pub from: u64,
    /// They.
    pub bytes: Vec<u8>,
}

impl Bytes {
    /// Those of a range that are there, and where they begin.
    fn range(&self, begin: u64, end: u64) -> (u64, &[u8]) {
        let begin = begin.max(self.from);
        let skip = (begin - self.from) as usize;
        let take = (end.saturating_sub(begin)) as usize;
        let rest = self.bytes.get(skip..).unwrap_or_default();
        (begin, rest.get(..take).unwrap_or(rest))
    }

    fn end(&self) -> u64 {
        self.from + self.bytes.len() as u64
    }
}

/// For people.
pub fn text(
    out: &mut dyn Write,
    args: &InspectArgs,
    place: &Place,
    bytes: &Bytes,
) -> io::Result<()> {
    let at = args.at;
    write!(out, "{}, byte {at} ({at:#x})", shown(&args.file))?;
    if let Some(db) = place.db {
        write!(out, ", database {db}")?;
    }
    if let Some(key) = &place.key {
        write!(out, ", key {}", quoted(key))?;
    }
    writeln!(out)?;
    let mut dump = Dump { out, at };
    let mut end = bytes.from;
    for Field {
        offset,
        bytes: size,
        meaning,
    } in &place.fields
    {
        let behind = offset + size;
        let (begin, held) = bytes.range(*offset, behind);
        dump.lines(begin, held, meaning, *offset < begin)?;
        end = end.max(behind);
    }
    if let Some(fault) = &place.fault {
        // Fields that came before what was asked for say nothing here.
        let begin = fault.begin.max(end);
        if begin > end {
            let (from, held) = bytes.range(end, begin);
            dump.lines(from, held, "", false)?;
        }
        writeln!(dump.out, "! at byte {}: {}", fault.offset, fault.message)?;
        let (from, held) = bytes.range(begin, bytes.end());
        dump.lines(from, held, "not read", false)?;
    }
    Ok(())
}

/// Writes lines of bytes.
struct Dump<'o> {
    out: &'o mut dyn Write,
    at: u64,
}

impl Dump<'_> {
    fn lines(&mut self, begin: u64, bytes: &[u8], meaning: &str, cut: bool) -> io::Result<()> {
        let mut offset = begin;
        let many = bytes.len() > LINES * LINE;
        let mut left_out = 0;
        for (index, line) in bytes.chunks(LINE).enumerate() {
            let here = (offset..offset + line.len() as u64).contains(&self.at);
            // The first lines, and the one that was asked for.
            if many && index >= LINES - 1 && !here {
                left_out += line.len();
            } else {
                self.more(std::mem::take(&mut left_out))?;
                let said = match (index, cut) {
                    (0, false) => meaning.to_owned(),
                    (0, true) => format!("... {meaning}"),
                    _ => String::new(),
                };
                self.line(offset, line, here, &said)?;
            }
            offset += line.len() as u64;
        }
        self.more(left_out)
    }

    fn line(&mut self, offset: u64, bytes: &[u8], here: bool, said: &str) -> io::Result<()> {
        let mut hex = String::new();
        for byte in bytes {
            let _ = write!(hex, "{byte:02x} ");
        }
        let plain: String = bytes.iter().map(|&b| visible(b)).collect();
        let mark = if here { '>' } else { ' ' };
        let line = format!("{mark} {offset:010x}  {hex:<48} {plain:<16}  {said}");
        writeln!(self.out, "{}", line.trim_end())
    }

    fn more(&mut self, bytes: usize) -> io::Result<()> {
        match bytes {
            0 => Ok(()),
            bytes => writeln!(self.out, "              ... {bytes} bytes more"),
        }
    }
}

fn visible(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }
}

#[derive(Serialize)]
struct Json<'p> {
    schema: u32,
    path: String,
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    db: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Text>,
    fields: Vec<JsonField<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<JsonFault<'p>>,
}

#[derive(Serialize)]
struct JsonField<'p> {
    offset: u64,
    bytes: u64,
    /// The bytes that were asked for.
    hex: String,
    meaning: &'p str,
}

#[derive(Serialize)]
struct JsonFault<'p> {
    offset: u64,
    begin: u64,
    message: &'p str,
}

/// For machines.
pub fn json(
    out: &mut dyn Write,
    args: &InspectArgs,
    place: &Place,
    bytes: &Bytes,
) -> io::Result<()> {
    let fields = place.fields.iter().map(|field| {
        let (_, held) = bytes.range(field.offset, field.offset + field.bytes);
        let mut hex = String::new();
        for byte in held {
            let _ = write!(hex, "{byte:02x}");
        }
        JsonField {
            offset: field.offset,
            bytes: field.bytes,
            hex,
            meaning: &field.meaning,
        }
    });
    let object = Json {
        schema: SCHEMA,
        path: path_text(&args.file),
        at: args.at,
        db: place.db,
        key: place.key.as_deref().map(Text::from),
        fields: fields.collect(),
        fault: place.fault.as_ref().map(|fault| JsonFault {
            offset: fault.offset,
            begin: fault.begin,
            message: &fault.message,
        }),
    };
    json::line(out, &object)
}

/// Writes why nothing can be told of a file, as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, args: &InspectArgs, why: &str) -> io::Result<()> {
    let json = serde_json::json!({
        "schema": SCHEMA,
        "path": path_text(&args.file),
        "error": why,
    });
    json::line(out, &json)
}
