//! Judging a manifest, and what lies beside the files it names.

use std::collections::BTreeSet;

use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::Server;

use crate::manifest::{Entry, FileKind, Manifest, ManifestError};
use crate::set::Set;
use crate::source::Listed;
use crate::verify::Options;
use crate::verify::copied::mixed;
use crate::verify::effect::{Effect, Habits};
use crate::verify::finding::{Code, Finding, Findings};
use crate::verify::report::FileReport;

/// Adds findings about the log as a whole.
struct Notes<'n> {
    server: Server,
    max: usize,
    findings: &'n mut Findings,
}

impl Notes<'_> {
    fn add(&mut self, code: Code, file: &[u8], line: Option<u64>, message: String) {
        let effect = code.effect(self.server);
        self.findings.add(code, effect, self.max, || Finding {
            code,
            effect,
            file: Some(file.to_vec()),
            offset: None,
            line,
            db: None,
            command: None,
            message,
        });
    }
}

/// A manifest that no server starts with.
pub(super) fn refused(
    error: &ManifestError,
    name: &[u8],
    server: Server,
    options: &Options,
    findings: &mut Findings,
) {
    let mut notes = Notes {
        server,
        max: options.max_findings,
        findings,
    };
    unknown(&mut notes, name);
    let line = Some(error.line()).filter(|&line| line > 0);
    let text = error.text();
    let text = plain(text.get(..Finding::MAX_NAME).unwrap_or(text));
    let reason = error.reason().text();
    let message = if line.is_some() {
        format!("{reason}: '{text}'")
    } else {
        reason.to_owned()
    };
    notes.add(Code::ManifestRefused, name, line, message);
}

/// No manifest of that name.
pub(super) fn missing(
    name: &[u8],
    listed: Option<&[Listed]>,
    server: Server,
    options: &Options,
    findings: &mut Findings,
) {
    let mut notes = Notes {
        server,
        max: options.max_findings,
        findings,
    };
    let stem = name.strip_suffix(b".manifest").unwrap_or(name);
    let mut files: Vec<_> = listed
        .unwrap_or_default()
        .iter()
        .filter(|file| file.is_file && file.name.starts_with(stem))
        .map(|file| plain(&file.name).to_string())
        .collect();
    files.sort();
    let message = if files.is_empty() {
        "there is no manifest".to_owned()
    } else {
        format!("there is no manifest for {}", files.join(", "))
    };
    notes.add(Code::NoManifest, name, None, message);
}

fn unknown(notes: &mut Notes<'_>, name: &[u8]) {
    if !notes.server.has_multi_part() {
        let message = format!("{} knows no manifest", notes.server);
        notes.add(Code::ManifestUnknown, name, None, message);
    }
}

/// Judges a manifest that can be read, with reports on its files in order.
pub(super) fn judge(
    set: &Set,
    files: &[FileReport],
    listed: Option<&[Listed]>,
    server: Server,
    options: &Options,
    findings: &mut Findings,
) {
    let (Some(manifest), Some(name)) = (set.manifest(), set.manifest_name()) else {
        return;
    };
    let mut notes = Notes {
        server,
        max: options.max_findings,
        findings,
    };
    unknown(&mut notes, name);
    for entry in &manifest.entries {
        words(&mut notes, name, entry);
    }
    numbers(&mut notes, name, manifest);
    offsets(&mut notes, name, manifest);
    names(&mut notes, name, manifest);
    contents(&mut notes, files);
    if let Some(listed) = listed {
        let data = files.iter().any(|file| {
            file.counts.bytes > 0 || file.failure.is_some() || file.worst >= Some(Effect::Refuses)
        });
        beside(&mut notes, name, manifest, listed, data);
        let stem = name.strip_suffix(b".manifest").unwrap_or(name);
        let missing = |entry: &Entry| {
            let file = files.iter().find(|file| file.name == entry.name);
            file.is_some_and(|file| file.totals.contains_key(&Code::MissingFile))
        };
        for mixed in mixed(stem, manifest, listed, missing) {
            notes.add(Code::MixedCopy, &mixed.file, None, mixed.message);
        }
    }
}

fn words(notes: &mut Notes<'_>, name: &[u8], entry: &Entry) {
    let line = Some(entry.line);
    if entry.glued_quotes {
        let message = "text right behind a closing quote".to_owned();
        notes.add(Code::GluedQuotes, name, line, message);
    }
    for (key, _) in &entry.unknown {
        let message = format!("unknown word {}", plain(key));
        notes.add(Code::UnknownKey, name, line, message);
    }
}

fn numbers(notes: &mut Notes<'_>, name: &[u8], manifest: &Manifest) {
    for entry in manifest.loaded().filter(|entry| entry.seq < 0) {
        let message = format!("sequence number {}", entry.seq);
        notes.add(Code::OddSequence, name, Some(entry.line), message);
    }
    let increments: Vec<&Entry> = manifest.increments().collect();
    for pair in increments.windows(2) {
        if let [before, after] = pair
            && before.seq.checked_add(1) != Some(after.seq)
        {
            let message = format!("{} follows {}", after.seq, before.seq);
            notes.add(Code::SequenceGap, name, Some(after.line), message);
        }
    }
    if let Some(first) = increments.first()
        && manifest.base().is_none()
        && first.seq > 1
    {
        let message = format!("increment {} comes first and there is no base", first.seq);
        notes.add(Code::MissingBase, name, Some(first.line), message);
    }
}

fn offsets(notes: &mut Notes<'_>, name: &[u8], manifest: &Manifest) {
    let mut newest = i64::MIN;
    for entry in manifest.increments() {
        for at in [entry.start_offset, entry.end_offset].into_iter().flatten() {
            if at < newest || at < 0 {
                let message = format!("offset {at} where at least {} is due", newest.max(0));
                notes.add(Code::OffsetOrder, name, Some(entry.line), message);
            }
            newest = newest.max(at);
        }
    }
}

fn names(notes: &mut Notes<'_>, name: &[u8], manifest: &Manifest) {
    let mut loaded = BTreeSet::new();
    let next = next_increment(name);
    for entry in manifest.loaded() {
        if !loaded.insert(&entry.name) {
            let message = format!("{} again", plain(&entry.name));
            notes.add(Code::ListedTwice, name, Some(entry.line), message);
        }
    }
    for entry in manifest.history() {
        let next = manifest.increments().next().is_none() && entry.name == next;
        if next || loaded.contains(&entry.name) {
            let message = format!("{} is history and in use", plain(&entry.name));
            notes.add(Code::HistoryInUse, name, Some(entry.line), message);
        }
    }
}

/// What only the files together tell.
fn contents(notes: &mut Notes<'_>, files: &[FileReport]) {
    let (mut data, mut time) = (false, None);
    for file in files {
        let rdb = file.rdb.as_ref();
        if file.kind == Some(FileKind::Increment) && rdb.is_some() {
            let (code, message) = if data {
                (
                    Code::RdbOverData,
                    "an RDB file behind others that hold data",
                )
            } else {
                (
                    Code::RdbInIncrement,
                    "an increment that begins with an RDB file",
                )
            };
            notes.add(code, &file.name, None, message.to_owned());
        }
        if file.kind == Some(FileKind::Base)
            && file.counts.bytes == 0
            && file.worst.is_none()
            && file.failure.is_none()
            && file.name.ends_with(b".rdb")
        {
            let message = "a base of no byte".to_owned();
            notes.add(Code::EmptyBase, &file.name, None, message);
        }
        data |= file.counts.commands > 0
            || rdb.is_some_and(|rdb| rdb.total().keys > 0 || rdb.functions > 0);
        let first = file.counts.first_time;
        if let (Some(before), Some(first)) = (time, first)
            && first < before
        {
            let message = format!("it begins at {first}, the file before ends at {before}");
            notes.add(Code::TimeBackwards, &file.name, None, message);
        }
        time = file.counts.last_time.or(time);
    }
}

/// What a server that finds no increment in the manifest opens and appends to.
fn next_increment(name: &[u8]) -> Vec<u8> {
    let stem = name.strip_suffix(b".manifest").unwrap_or(name);
    [stem, b".1.incr.aof"].concat()
}

/// Files the manifest does not name. `data`: whether there is any in those it does.
fn beside(notes: &mut Notes<'_>, name: &[u8], manifest: &Manifest, listed: &[Listed], data: bool) {
    let mut left = 0;
    let named: BTreeSet<&[u8]> = manifest.entries.iter().map(|e| e.name.as_slice()).collect();
    let stem = name.strip_suffix(b".manifest").unwrap_or(name);
    let next = next_increment(name);
    let appends = manifest.increments().next().is_none();
    let mut files: Vec<&Listed> = listed.iter().filter(|file| file.is_file).collect();
    files.sort();
    for file in files {
        let (file, bytes) = (file.name.as_slice(), file.bytes);
        if file == name || named.contains(file) {
            continue;
        }
        let suffix = |ends: &[u8]| file.ends_with(ends);
        if file.starts_with(b"temp-") {
            let what = match file.ends_with(b".manifest") {
                true => {
                    "a manifest that was being written when the server stopped or this was copied"
                }
                false => "left over",
            };
            let message = format!("{bytes} bytes, {what}");
            notes.add(Code::TemporaryFile, file, None, message);
        } else if appends && file == next && bytes > 0 {
            let message = format!("the server will append to these {bytes} bytes");
            notes.add(Code::ReusedName, file, None, message);
        } else if suffix(b".aof")
            || suffix(b".rdb")
            || suffix(b".manifest")
            || file.starts_with(stem)
        {
            left += u64::from(!suffix(b".manifest")) * bytes;
            let message = format!("{bytes} bytes that the manifest does not name");
            notes.add(Code::UnlistedFile, file, None, message);
        }
    }
    if left > 0 && !data {
        let message = format!("no data is named, and {left} bytes lie beside");
        notes.add(Code::StartsEmpty, name, None, message);
    }
}
