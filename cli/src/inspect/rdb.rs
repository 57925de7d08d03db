//! Fields of an RDB file.

use std::io::Read;

use rdbkit_rdb::{Dialect, Error, Part, Role, Scratch, Str, StreamReader};

use super::{Collector, Fault, log, quoted_always, shown};
use crate::render::keys::time;

/// Longest compressed string that is decompressed to be shown.
const LONGEST: u64 = 1 << 20;

/// Takes what `source` gives; tells why reading stopped before the end of what
/// was asked for. Behind the file a log may go on.
pub(super) fn collect<R: Read>(source: R, collector: &mut Collector) -> Option<Fault> {
    let mut reader = StreamReader::new(source);
    let mut dialect = Dialect::Redis;
    loop {
        let before = reader.offset();
        if collector.is_done(before) {
            return None;
        }
        let event = match reader.next_event() {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(error) => return Some(fault(&error)),
        };
        match &event {
            Part::Header { dialect: found, .. } => dialect = *found,
            Part::SelectDb(db) if before <= collector.at => {
                (collector.db, collector.key) = (Some(*db), None);
            }
            Part::Key { key, .. } if before <= collector.at => {
                collector.key = text(key).or_else(|| Some(Vec::new()));
            }
            _ => {}
        }
        let near = before.saturating_add(most_bytes(&event)) > collector.from;
        let said = near.then(|| meaning(&event, dialect));
        let size = reader.offset() - before;
        collector.take(before, size, || said.unwrap_or_default());
    }
    let begin = reader.offset();
    let (held, source) = reader.into_rest();
    match held.first() {
        Some(b'*' | b'#') => {
            collector.key = None;
            let log = rdbkit_aof::StreamReader::behind(
                begin,
                held,
                source,
                256 << 10,
                rdbkit_aof::Limits::default(),
            );
            log::collect(log, collector)
        }
        _ if collector.at >= begin => Some(Fault {
            offset: begin,
            begin,
            message: "the file has ended; servers do not read what is behind it".to_owned(),
        }),
        _ => None,
    }
}

fn fault(error: &Error) -> Fault {
    Fault {
        offset: error.offset(),
        begin: error.token_offset(),
        message: format!("{}, reading {}", error.kind(), error.stage().object()),
    }
}

/// What a client would see; `None` if it is too large for that, or damaged.
fn text(text: &Str<'_>) -> Option<Vec<u8>> {
    match text {
        Str::Lzf { len, .. } if *len > LONGEST => None,
        text => Some(text.bytes(&mut Scratch::default()).ok()?.to_vec()),
    }
}

fn said(string: &Str<'_>) -> String {
    let form = match string {
        Str::Raw(_) => "",
        Str::Int(_) => " (as an integer)",
        Str::Lzf { .. } => " (compressed)",
    };
    match text(string) {
        Some(bytes) => format!("{}{form}", shown(&bytes)),
        None => match string {
            Str::Lzf { data, len } => {
                format!("{} bytes that should decompress to {len}", data.len())
            }
            _ => quoted_always(b""),
        },
    }
}

/// More than an event has in the file: what is far from the place need not be put
/// into words, and that is nearly all of a large file.
fn most_bytes(part: &Part<Str<'_>>) -> u64 {
    let string = |text: &Str<'_>| match text {
        Str::Raw(bytes) => bytes.len(),
        Str::Int(_) => 0,
        Str::Lzf { data, .. } => data.len(),
    };
    let strings = match part {
        Part::Key { key: text, .. } | Part::Item { text, .. } | Part::Chunk { bytes: text, .. } => {
            string(text)
        }
        Part::Count(_)
        | Part::Container(_)
        | Part::ExpireMs(_)
        | Part::FieldExpiry(_)
        | Part::Freq(_)
        | Part::Idle(_)
        | Part::KeyEnd
        | Part::Score(_) => 0,
        // The others are few.
        _ => return u64::MAX,
    };
    // Type, lengths and numbers take less.
    strings as u64 + (1 << 10)
}

/// What the bytes of an event are.
fn meaning(part: &Part<Str<'_>>, dialect: Dialect) -> String {
    match part {
        Part::Header { version, raw, .. } => {
            format!("header {}, version {version}", shown(raw))
        }
        Part::Aux { name, value } => format!("AUX {} = {}", said(name), said(value)),
        Part::SelectDb(db) => format!("SELECTDB {db}"),
        Part::ResizeDb { keys, expires } => {
            format!("RESIZEDB {keys} keys, {expires} with an expiry")
        }
        Part::ExpireSeconds(s) => format!("EXPIRETIME {}", time(i64::from(*s) * 1000)),
        Part::ExpireMs(ms) => format!("EXPIRETIME_MS {}", time(*ms)),
        Part::Idle(seconds) => format!("IDLE {seconds} s"),
        Part::Freq(n) => format!("FREQ {n}"),
        Part::Function(source) => format!("function library {}", said(source)),
        Part::Key { kind, key } => match kind.name(dialect) {
            Some(name) => format!("type {} ({name}), key {}", kind.0, said(key)),
            None => format!("type {}, key {}", kind.0, said(key)),
        },
        Part::Count(n) => format!("{n} elements, pairs or nodes follow"),
        Part::Item { role, text } => match (role, text) {
            (Role::Packed(packing), Str::Lzf { data, len }) => {
                format!(
                    "{}, {} bytes compressed from {len}",
                    packing.name(),
                    data.len()
                )
            }
            (Role::Packed(packing), Str::Raw(blob)) => {
                format!("{}, {} bytes", packing.name(), blob.len())
            }
            (role, text) => format!("{} {}", role_name(*role), said(text)),
        },
        Part::ItemBegin { role, stored, full } => match full {
            Some(full) => format!(
                "{} of {full} bytes, compressed to {stored}",
                role_name(*role)
            ),
            None => format!("{} of {stored} bytes", role_name(*role)),
        },
        Part::Chunk { bytes, last } => {
            let what = if *last { "its last bytes" } else { "its bytes" };
            format!("{what}, {}", said(bytes))
        }
        Part::Score(score) => format!("score {score}"),
        Part::FieldExpiry(Some(ms)) => format!("field expiry {}", time(*ms)),
        Part::FieldExpiry(None) => "no field expiry".to_owned(),
        Part::MinExpiry(ms) => format!("earliest field expiry {}", time(*ms)),
        Part::Container(kind) => format!("quicklist node, {}", container(*kind)),
        Part::Eof { checksum: Some(0) } => "end, checksum off".to_owned(),
        Part::Eof {
            checksum: Some(sum),
        } => format!("end, checksum {sum:016x}"),
        Part::Eof { checksum: None } => "end".to_owned(),
        // As the library calls it, with its numbers.
        other => format!("{other:?}"),
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Value => "value",
        Role::Element => "element",
        Role::Member => "member",
        Role::Field => "field",
        Role::FieldValue => "value of the field",
        Role::Packed(_) => "packed value",
        Role::NodeKey => "first ID of a stream node",
        Role::TemplateField => "field of a template",
        Role::Path => "path",
        Role::ModuleString => "string of a module",
        Role::Argument => "argument",
        _ => "string",
    }
}

fn container(kind: u64) -> &'static str {
    match kind {
        1 => "plain",
        2 => "packed",
        _ => "of unknown kind",
    }
}
