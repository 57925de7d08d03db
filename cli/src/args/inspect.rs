//! `rdbkit inspect`: what can be typed.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  rdbkit inspect dump.rdb --at 937
  rdbkit inspect appendonlydir/appendonly.aof.1.incr.aof --at 0x1f40 --around 256

Exit code: 0 all of it could be read, 1 reading stopped before or in it, 2 there
is no such place, or the file could not be read.";

/// `rdbkit inspect`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct InspectArgs {
    /// RDB file, or file of a log; compressed, offsets are of what is in it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The byte to look at, as reports name it; 0x for hexadecimal
    #[arg(long, value_name = "OFFSET", value_parser = offset)]
    pub at: u64,

    /// How many bytes before and behind it
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u64).range(..=1 << 20))]
    pub around: u64,

    /// One JSON object on one line
    #[arg(long)]
    pub json: bool,
}

fn offset(text: &str) -> Result<u64, String> {
    let plain = text.replace([',', '_'], "");
    let number = match plain.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => plain.parse(),
    };
    number.map_err(|e| e.to_string())
}
