//! A manifest and files that are not of the same moment: a folder that was copied, file
//! by file, while its server ended a rewrite.

use crate::manifest::{Entry, FileKind, Manifest};
use crate::source::Listed;

/// What tells that a folder was copied at two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mixed {
    /// The file that the manifest does not know any more, or does not know yet.
    pub file: Vec<u8>,
    /// What to say of it.
    pub message: String,
}

/// Compares the numbers of the files beside the manifest with those it names; `missing`
/// tells which of these are not there. Servers count upwards, for bases and increments
/// apart, so a number beyond all that are named is newer than the manifest, and one below
/// those that are missing is of before it.
pub(super) fn mixed(
    stem: &[u8],
    manifest: &Manifest,
    listed: &[Listed],
    missing: impl Fn(&Entry) -> bool,
) -> Vec<Mixed> {
    let mut found = Vec::new();
    for (kind, ends) in [
        (FileKind::Base, &[&b".base.rdb"[..], b".base.aof"][..]),
        (FileKind::Increment, &[b".incr.aof"]),
    ] {
        let named = || manifest.loaded().filter(|entry| entry.kind == kind);
        let Some(newest) = named().map(|entry| entry.seq).max() else {
            continue;
        };
        let lacks = named().filter(|entry| missing(entry));
        let lacks = lacks.map(|entry| entry.seq).min();
        for file in listed.iter().filter(|file| file.is_file) {
            let Some(number) = number(&file.name, stem, ends) else {
                continue;
            };
            let known = manifest.entries.iter().any(|e| e.name == file.name);
            let what = match kind {
                FileKind::Base => "base",
                _ => "increment",
            };
            let message = if known {
                continue;
            } else if number > newest {
                format!("{what} {number} is newer than the manifest, which ends at {newest}")
            } else if let Some(lacks) = lacks.filter(|lacks| number < *lacks) {
                format!(
                    "{what} {number} is older than the manifest, whose {what} {lacks} is not there"
                )
            } else {
                continue;
            };
            found.push(Mixed {
                file: file.name.clone(),
                message: format!("{message}: copied while a rewrite ended?"),
            });
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// The number in a name that a server gives a file of this log.
fn number(name: &[u8], stem: &[u8], ends: &[&[u8]]) -> Option<i64> {
    let rest = name.strip_prefix(stem)?.strip_prefix(b".")?;
    let digits = ends.iter().find_map(|end| rest.strip_suffix(*end))?;
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<Listed> {
        let listed = |name: &&str| Listed {
            name: name.as_bytes().to_vec(),
            bytes: 1,
            is_file: true,
        };
        names.iter().map(listed).collect()
    }

    fn said(manifest: &str, there: &[&str]) -> Vec<String> {
        let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
        let missing = |e: &Entry| !there.iter().any(|name| name.as_bytes() == e.name);
        let found = mixed(b"a.aof", &manifest, &files(there), missing);
        found.into_iter().map(|mixed| mixed.message).collect()
    }

    const OLD: &str = "file a.aof.1.base.rdb seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n";
    const NEW: &str = "file a.aof.2.base.rdb seq 2 type b\nfile a.aof.2.incr.aof seq 2 type i\n";

    #[test]
    fn a_manifest_that_was_copied_first_is_older() {
        let said = said(OLD, &["a.aof.2.base.rdb", "a.aof.2.incr.aof"]);
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("base 2 is newer than the manifest, which ends at 1"));
    }

    #[test]
    fn a_manifest_that_was_copied_last_is_newer() {
        let said = said(
            NEW,
            &["a.aof.1.base.rdb", "a.aof.1.incr.aof", "a.aof.2.incr.aof"],
        );
        let told = "base 1 is older than the manifest, whose base 2 is not there";
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with(told), "{said:?}");
    }

    #[test]
    fn what_fits_is_no_mixture() {
        // History that was not deleted yet, and names of other logs.
        let there = [
            "a.aof.2.base.rdb",
            "a.aof.2.incr.aof",
            "a.aof.1.base.rdb",
            "b.aof.9.incr.aof",
            "a.aof.x.incr.aof",
            "a.aof.9.incr.aof.bak",
        ];
        assert_eq!(said(NEW, &there), [""; 0]);
    }
}
