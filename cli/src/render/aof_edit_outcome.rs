//! What became of an edit, and what to do next, for people.

use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::edit::Plan;
use rdbkit_aof::fs::{Log, Written, shown, shown_name};
use rdbkit_aof::verify::Effect;
use rdbkit_rdb::verify::{Product, Server};

use crate::proof::Proof;
use crate::render::shell::shell;
use crate::render::text::{CARE, GOOD, counted, grouped, row};

/// Writes what became of it.
///
/// # Errors
///
/// Of writing.
pub fn outcome(
    out: &mut dyn Write,
    old: &Log,
    plan: &Plan,
    dry_run: bool,
    written: Option<&(Written, Proof)>,
) -> io::Result<()> {
    let Some((written, proof)) = written else {
        let why = if dry_run { "dry run" } else { "no change" };
        return writeln!(out, "{why}: nothing was written");
    };
    let copied = &written.copied;
    writeln!(
        out,
        "{GOOD}written{GOOD:#}: {}: {}, {} bytes ({} shared, {} copied by the system, {} by rdbkit)",
        shown(&written.path),
        counted(written.files as u64, "file", "files"),
        grouped(copied.total()),
        grouped(copied.cloned),
        grouped(copied.in_kernel),
        grouped(copied.written),
    )?;
    let server = proof.server;
    match proof.effect {
        Effect::Loads => row(
            out,
            "verified",
            &format!("read again from beginning to end: {server} loads it"),
        )?,
        effect => {
            let does = effect.summary();
            writeln!(
                out,
                "  {CARE}verified{CARE:#}   with care: {server} {does}; the old log has this, too:"
            )?;
            for caution in &proof.cautions {
                row(out, "", caution)?;
            }
        }
    }
    if let Some(backup) = &written.backup {
        row(
            out,
            "backup",
            &format!("the old log, untouched: {}", shown(backup)),
        )?;
    }
    if !written.others.is_empty() {
        let names: Vec<String> = written
            .others
            .iter()
            .map(|name| shown_name(name).to_string())
            .collect();
        row(
            out,
            "",
            &format!("only in the backup: {}", names.join(", ")),
        )?;
    }
    if !written.owner_kept {
        let old = if let Some(backup) = &written.backup {
            backup.clone()
        } else if old.has_manifest() {
            old.folder().path().to_owned()
        } else {
            old.folder().file(old.name()).unwrap_or_default()
        };
        let change = format!(
            "chown -R --reference={} {}",
            shell(&old),
            shell(&written.path)
        );
        writeln!(
            out,
            "  {CARE}owner{CARE:#}      the files are yours; for the server: {change}"
        )?;
    }
    let next = match written.backup {
        Some(_) => "start the server as always".to_owned(),
        None => start(
            server,
            &written.path,
            plan.output
                .manifest
                .as_ref()
                .map(|(name, _)| name.as_slice()),
        ),
    };
    row(out, "next", &next)
}

/// How to start a server on a log.
fn start(server: Server, path: &Path, manifest: Option<&[u8]>) -> String {
    let server = match server.product {
        Product::Redis => "redis-server",
        Product::Valkey => "valkey-server",
    };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = shell(path.parent().unwrap_or(Path::new("/")));
    let name = shell(Path::new(path.file_name().unwrap_or_default()));
    match manifest {
        Some(manifest) => {
            let log = manifest.strip_suffix(b".manifest").unwrap_or(manifest);
            let log = shell(Path::new(&String::from_utf8_lossy(log).into_owned()));
            format!(
                "{server} --appendonly yes --dir {folder} --appenddirname {name} --appendfilename {log}"
            )
        }
        None => format!("{server} --appendonly yes --dir {folder} --appendfilename {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let text = start(
            Server::new(Product::Redis, 8, 0),
            Path::new("/srv/my data/new"),
            Some(b"a b.aof.manifest"),
        );
        let valkey = start(Server::new(Product::Valkey, 9, 1), Path::new("/new"), None);
        assert_eq!(
            valkey,
            "valkey-server --appendonly yes --dir / --appendfilename new"
        );
        assert_eq!(
            text,
            "redis-server --appendonly yes --dir '/srv/my data' --appenddirname new --appendfilename 'a b.aof'"
        );
    }
}
