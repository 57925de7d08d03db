//! Writes two files to compare: `bench-pair KEYS same|shuffled OLD NEW`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use rdbkit_benches::pair::{ABOUT, Order, write_new, write_old};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [keys, order, old, new] = args.as_slice() else {
        eprintln!("usage: bench-pair KEYS same|shuffled OLD NEW\n  {ABOUT}");
        return ExitCode::from(2);
    };
    let order = match order.as_str() {
        "same" => Some(Order::Same),
        "shuffled" => Some(Order::Shuffled),
        _ => None,
    };
    let (Ok(keys), Some(order)) = (keys.parse::<u64>(), order) else {
        eprintln!("bench-pair: no such order, or not a number of keys");
        return ExitCode::from(2);
    };
    let written = File::create(old).and_then(|file| {
        let mut file = BufWriter::new(file);
        let first = write_old(&mut file, keys)?;
        file.flush()?;
        let mut file = BufWriter::new(File::create(new)?);
        let second = write_new(&mut file, keys, order)?;
        file.flush()?;
        Ok((first, second))
    });
    match written {
        Ok((first, second)) => {
            println!("{old}, {new}: {ABOUT}; {first} and {second} bytes, {keys} keys");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("bench-pair: {e}");
            ExitCode::from(2)
        }
    }
}
