//! Checking append-only logs: single files, manifests, folders.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

use rdbkit_aof::fs::{FindError, Folder, Log, shown};
use rdbkit_aof::verify::{self, Chosen, Options, SetReport};
use rdbkit_aof::{Layout, Set, Source, sniff};

use crate::args::CheckArgs;
use crate::cmd::check::names::name_duplicates;
use crate::input::Input;
use crate::output::folder;
use crate::progress::{self, Files, Job};

/// Whether a path is a folder or a manifest. Nothing is read of a pipe.
pub(in crate::cmd) fn is_set(path: &Path) -> Result<bool, String> {
    if path == Path::new("-") {
        return Ok(false);
    }
    let failed = |e| format!("cannot open {}: {e}", shown(path));
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() || path.extension() == Some(OsStr::new("manifest")) {
        return Ok(true);
    }
    if !about.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(16).read_to_end(&mut head).map_err(failed)?;
    Ok(sniff(&head) == Layout::Manifest)
}

/// Whether a folder is a log: it has a manifest or several, or files of one that is
/// gone. Of what cannot be listed that is said when it is judged.
pub fn is_log_folder(path: &Path) -> bool {
    match Log::find(path) {
        Ok(_) => true,
        Err(error @ FindError::NoManifest { .. }) => orphaned(&error).is_some(),
        Err(_) => true,
    }
}

/// Checks a folder or a manifest.
pub fn check(path: &Path, args: &CheckArgs) -> Result<SetReport, String> {
    let (folder, name) = match Log::find(path) {
        Ok(log) => (log.folder().clone(), log.name().to_vec()),
        Err(error) => match orphaned(&error) {
            Some(found) => found,
            None => return Err(error.to_string()),
        },
    };
    let _job = Job::begin(path, || {
        progress::bytes(&Set::open(&folder, &name).ok()?, &folder)
    });
    let mut report = verify::set(&Files(&folder), &name, &options(args));
    for file in &mut report.files {
        if let (Some(rdb), Ok(path)) = (&mut file.rdb, folder.file(&file.name))
            && let Ok(input) = Input::open(&path)
        {
            name_duplicates(rdb, &input, &path);
        }
    }
    Ok(report)
}

/// Checks a log that is one file or comes through a pipe.
pub fn single(path: &Path, source: impl Read + Send, args: &CheckArgs) -> SetReport {
    let name = path.file_name().unwrap_or_default();
    verify::single(name.as_encoded_bytes(), source, &options(args))
}

/// As [`single`], of what is compressed; unpacked once more if it tells that it should
/// be judged for another server than was thought at first.
pub fn compressed(path: &Path, source: impl Read + Send, args: &CheckArgs) -> SetReport {
    let report = single(path, source, args);
    let (Some(server), true) = (report.suggests(), path.is_file()) else {
        return report;
    };
    let Ok(again) = Input::open(path) else {
        return report;
    };
    let mut options = options(args);
    options.server = Some(server);
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut report = verify::single(name, again, &options);
    report.chosen = Chosen::Commands;
    report
}

/// The same of a regular file, which several threads can read; once more if it
/// tells that it should be judged for another server than was thought at first.
pub fn file(path: &Path, args: &CheckArgs) -> SetReport {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let folder = Folder::new(folder(path));
    let mut options = options(args);
    let _job = Job::begin(path, || folder.size(name));
    let files = Files(&folder);
    let report = verify::single_of(&files, name, &options);
    let Some(server) = report.suggests() else {
        return report;
    };
    options.server = Some(server);
    let mut report = verify::single_of(&files, name, &options);
    report.chosen = Chosen::Commands;
    report
}

fn options(args: &CheckArgs) -> Options {
    Options {
        server: args.server,
        databases: args.databases,
        modules: args.modules.clone(),
        module_commands: args.module_commands.clone(),
        duplicates: !args.no_duplicates,
        max_findings: args.max_findings,
        threads: args.threads(),
        ..Options::default()
    }
}

/// A folder that has the files of a log, but lost its manifest: the folder and
/// the name the manifest had.
fn orphaned(error: &FindError) -> Option<(Folder, Vec<u8>)> {
    let FindError::NoManifest { path, inside: None } = error else {
        return None;
    };
    let folder = Folder::new(path);
    let listed = folder.list().ok()??;
    let stems: BTreeSet<&[u8]> = listed.iter().filter_map(|file| stem(&file.name)).collect();
    let stem = stems.first()?;
    Some((folder, [stem, &b".manifest"[..]].concat()))
}

/// `a.aof` of `a.aof.1.incr.aof` and `a.aof.1.base.rdb`.
fn stem(name: &[u8]) -> Option<&[u8]> {
    let ends: [&[u8]; 3] = [b".incr.aof", b".base.aof", b".base.rdb"];
    let front = ends.iter().find_map(|end| name.strip_suffix(*end))?;
    let digits = front
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit())
        .count();
    let front = front.get(..front.len().checked_sub(digits)?)?;
    front.strip_suffix(b".").filter(|_| digits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs_are_told_from_their_files() {
        assert_eq!(stem(b"a.aof.12.incr.aof"), Some(&b"a.aof"[..]));
        assert_eq!(stem(b"a.1.base.rdb"), Some(&b"a"[..]));
        for name in [
            &b"a.base.rdb"[..],
            b"dump.rdb",
            b"a.x.incr.aof",
            b"a1.incr.aof",
        ] {
            assert_eq!(stem(name), None);
        }
    }
}
