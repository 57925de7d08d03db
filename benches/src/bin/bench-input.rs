//! Writes an input for a benchmark: `bench-input SHAPE MEGABYTES FILE`.

use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use rdbkit_benches::{SHAPES, Shape};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [shape, megabytes, path] = args.as_slice() else {
        eprintln!("usage: bench-input SHAPE MEGABYTES FILE");
        for shape in &SHAPES {
            eprintln!("  {:8} {}", shape.name, shape.about);
        }
        return ExitCode::from(2);
    };
    let (Some(shape), Ok(megabytes)) = (Shape::named(shape), megabytes.parse::<u64>()) else {
        eprintln!("bench-input: no such shape, or not a number of megabytes");
        return ExitCode::from(2);
    };
    let written = File::create(path)
        .and_then(|file| shape.write(&mut BufWriter::new(file), megabytes * 1_000_000));
    match written {
        Ok((bytes, keys)) => {
            println!("{path}: {}, {bytes} bytes, {keys} keys", shape.about);
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("bench-input: {path}: {e}");
            ExitCode::from(2)
        }
    }
}
