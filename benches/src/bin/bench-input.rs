//! Writes an input for a benchmark: `bench-input SHAPE MEGABYTES FILE`; `-` is standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use rdbkit_benches::log::{self, write_log};
use rdbkit_benches::{SHAPES, Shape};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, megabytes, path] = args.as_slice() else {
        eprintln!("usage: bench-input SHAPE MEGABYTES FILE");
        for shape in &SHAPES {
            eprintln!("  {:8} {}", shape.name, shape.about);
        }
        eprintln!("  {:8} {}", "log", log::ABOUT);
        return ExitCode::from(2);
    };
    let shape = Shape::named(name);
    let (true, Ok(megabytes)) = (shape.is_some() || name == "log", megabytes.parse::<u64>()) else {
        eprintln!("bench-input: no such shape, or not a number of megabytes");
        return ExitCode::from(2);
    };
    let bytes = megabytes * 1_000_000;
    let file: io::Result<Box<dyn Write>> = match path.as_str() {
        "-" => Ok(Box::new(io::stdout().lock())),
        _ => File::create(path).map(|file| Box::new(file) as Box<dyn Write>),
    };
    let written = file.and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 18, file);
        match shape {
            Some(shape) => shape.write(&mut file, bytes),
            None => write_log(&mut file, bytes),
        }
        .and_then(|written| file.flush().map(|()| written))
    });
    let (about, unit) = shape.map_or((log::ABOUT, "commands"), |shape| (shape.about, "keys"));
    match written {
        Ok((bytes, count)) => {
            eprintln!("{path}: {about}, {bytes} bytes, {count} {unit}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("bench-input: {path}: {e}");
            ExitCode::from(2)
        }
    }
}
