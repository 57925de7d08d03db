//! `rdbkit explain`: what a finding means, and what to do.

use std::io::{self, Write};

use crate::Streams;
use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::explain::{self, Explanation};
use crate::render::explain as render;

/// Explains what was asked for, or lists all there is.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &ExplainArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let known = explain::all();
    let mut exit = Exit::Ok;
    if args.codes.is_empty() {
        for explanation in &known {
            match args.json {
                true => json(streams.out, explanation)?,
                false => render::line(streams.out, explanation)?,
            }
        }
        return Ok(exit);
    }
    let mut first = true;
    for name in &args.codes {
        // As a report shows it, in brackets, will do.
        let wanted = name.trim_matches(['[', ']']).to_ascii_lowercase();
        let found: Vec<_> = known.iter().filter(|known| known.code == wanted).collect();
        if found.is_empty() {
            let alike = explain::similar(&wanted).join(", ");
            let hint = match alike.is_empty() {
                true => "`rdbkit explain` lists all".to_owned(),
                false => format!("did you mean {alike}?"),
            };
            writeln!(
                streams.err,
                "rdbkit: no finding is called {wanted:?}; {hint}"
            )?;
            exit = Exit::Trouble;
        }
        for explanation in found {
            if args.json {
                json(streams.out, explanation)?;
                continue;
            }
            if !std::mem::take(&mut first) {
                writeln!(streams.out)?;
            }
            render::text(streams.out, explanation)?;
        }
    }
    Ok(exit)
}

fn json(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    serde_json::to_writer(&mut *out, explanation)?;
    writeln!(out)
}
