//! `rdbkit inspect`: the bytes of one place, and what they are.

use std::io;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::diff::ReadAt;

use crate::Streams;
use crate::args::InspectArgs;
use crate::exit::Exit;
use crate::input::Input;
use crate::inspect;
use crate::positioned::{Positioned, unpacked};
use crate::progress::Counted;
use crate::render::inspect as render;

/// Reads up to the place, and shows it.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &InspectArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match look(args) {
        Ok((place, bytes)) => {
            match args.json {
                true => render::json(streams.out, args, &place, &bytes)?,
                false => render::text(streams.out, args, &place, &bytes)?,
            }
            Ok(match place.fault {
                Some(_) => Exit::Problems,
                None => Exit::Ok,
            })
        }
        Err(why) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            if args.json {
                render::failure(streams.out, args, &why)?;
            }
            Ok(Exit::Trouble)
        }
    }
}

/// The place, and the bytes of the file around it.
fn look(args: &InspectArgs) -> Result<(inspect::Place, render::Bytes), String> {
    let name = shown(&args.file);
    let input = Input::open(&args.file).map_err(|e| e.to_string())?;
    let file = match input.into_file() {
        Ok(file) => file,
        Err(input) if input.compression().is_some() => {
            let cannot = |e| format!("cannot unpack {name}: {e}");
            unpacked(*input, None).map_err(cannot)?.0
        }
        Err(_) => {
            return Err(format!(
                "{name} is no regular file, and a place is read twice"
            ));
        }
    };
    let failed = |e: io::Error| format!("cannot read {name}: {e}");
    let file = Positioned(file);
    let len = file.0.metadata().map_err(failed)?.len();
    if args.at >= len {
        return Err(format!(
            "{name} has {len} bytes: there is no byte {}",
            args.at
        ));
    }
    let from = args.at.saturating_sub(args.around);
    let to = args.at.saturating_add(args.around + 1).min(len);
    let mut bytes = vec![0; (to - from) as usize];
    let read = file.read_at(&mut bytes, from).map_err(failed)?;
    bytes.truncate(read);
    let place = inspect::look(Counted(file.0), args.at, args.around).map_err(failed)?;
    Ok((place, render::Bytes { from, bytes }))
}
