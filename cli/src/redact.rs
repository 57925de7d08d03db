//! `--redact`: reports that can be shown to others.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rdbkit_aof::fs::shown;
use rdbkit_rdb::redact::{Hide, hide_with};
use sha2::{Digest, Sha256};

use crate::args::{Cli, Command, Redact};

/// Bytes of a file of salt that count; a pass phrase is shorter.
const SALT: u64 = 64 << 10;

/// Hides data from now on, if that was asked for.
///
/// # Errors
///
/// Why it cannot be done, in words.
pub fn begin(cli: &Cli) -> Result<(), String> {
    let args = &cli.redact;
    let Some(how) = args.redact else {
        return match args.redact_salt_file {
            Some(_) => Err("--redact-salt-file is for --redact=hash".to_owned()),
            None => Ok(()),
        };
    };
    if let Some(name) = shows_data(&cli.command) {
        return Err(format!(
            "--redact hides data in reports, and they are all that rdbkit {name} gives: leave it out"
        ));
    }
    let hide: Hide = match (how, &args.redact_salt_file) {
        (Redact::Hide, None) => Box::new(|_| "<hidden>".to_owned()),
        (Redact::Hide, Some(_)) => {
            return Err("--redact-salt-file is for --redact=hash".to_owned());
        }
        (Redact::Hash, None) => Box::new(|data| short(&Sha256::digest(data))),
        (Redact::Hash, Some(path)) => {
            let keyed = keyed(path)?;
            Box::new(move |data| {
                let mut keyed = keyed.clone();
                keyed.update(data);
                short(&keyed.finalize().into_bytes())
            })
        }
    };
    // In a process that runs several commands, the first has decided.
    let _ = hide_with(hide);
    Ok(())
}

/// The name of a command that is for data, and no report on them.
fn shows_data(command: &Command) -> Option<&'static str> {
    match command {
        Command::Extract(_) => Some("extract"),
        Command::Export(_) => Some("export"),
        Command::Get(_) => Some("get"),
        Command::Inspect(_) => Some("inspect"),
        Command::Check(_)
        | Command::Aof(_)
        | Command::Digest(_)
        | Command::Diff(_)
        | Command::Keys(_)
        | Command::Stats(_)
        | Command::Salvage(_)
        | Command::Explain(_)
        | Command::Completions(_)
        | Command::Man(_) => None,
    }
}

fn keyed(path: &Path) -> Result<Hmac<Sha256>, String> {
    let mut salt = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SALT + 1).read_to_end(&mut salt));
    read.map_err(|e: io::Error| format!("cannot read the salt {}: {e}", shown(path)))?;
    match salt.len() as u64 {
        0 => Err(format!("the salt {} is empty", shown(path))),
        1..=SALT => Hmac::new_from_slice(&salt).map_err(|e| e.to_string()),
        _ => Err(format!(
            "the salt {} has more than {SALT} bytes: is it the right file?",
            shown(path)
        )),
    }
}

/// The first 64 bits of a hash.
fn short(hash: &[u8]) -> String {
    let digits = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("<{}>", digits.collect::<String>())
}
