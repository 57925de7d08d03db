//! `rdbkit completions` and `rdbkit man`: what shells and `man` want to know.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use rdbkit_aof::fs::shown;

use crate::Streams;
use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Exit;

/// Prints what a shell reads to complete command lines.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn completions(args: &CompletionsArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    // The generator does not expect that writing can fail.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rdbkit", &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Ok)
}

/// Writes the pages of the manual.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn man(args: &ManArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(folder) = &args.out else {
        clap_mangen::Man::new(Cli::command()).render(streams.out)?;
        return Ok(Exit::Ok);
    };
    match pages(folder) {
        Ok(pages) => {
            writeln!(streams.err, "rdbkit: {pages} pages in {}", shown(folder))?;
            Ok(Exit::Ok)
        }
        Err(error) => {
            let place = shown(folder);
            writeln!(
                streams.err,
                "rdbkit: cannot write the pages to {place}: {error}"
            )?;
            Ok(Exit::Trouble)
        }
    }
}

/// One page a command, such as `rdbkit-aof-cut.1`.
fn pages(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut waiting = vec![root];
    let mut pages = 0;
    while let Some(command) = waiting.pop() {
        let name = command
            .get_display_name()
            .unwrap_or_else(|| command.get_name());
        let file = folder.join(format!("{name}.1"));
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut page)?;
        fs::write(file, page)?;
        pages += 1;
        waiting.extend(
            command
                .get_subcommands()
                .filter(|c| !c.is_hide_set())
                .cloned(),
        );
    }
    Ok(pages)
}
