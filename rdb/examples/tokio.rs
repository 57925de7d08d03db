//! Counts keys in an RDB file that comes from standard input, under an async runtime: the
//! decoder does no IO, so it is fed with whatever bytes there are.
//!
//! ```sh
//! cargo run -p rdbkit-rdb --example tokio < testdata/rdb/redis-8.0-sid/dense.rdb
//! ```

use std::error::Error;

use rdbkit_rdb::{Checksum, Decoder, Limits, Part, Step};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What is read at a time, at least.
const READ: usize = 64 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = count(tokio::io::stdin()).await?;
    println!("{keys} keys");
    Ok(())
}

async fn count(mut source: impl AsyncRead + Unpin) -> Result<u64, Box<dyn Error>> {
    let mut decoder = Decoder::new(Limits::default());
    let mut checksum = Checksum::new();
    let (mut window, mut at, mut eof) = (Vec::new(), 0, false);
    let mut keys = 0;
    loop {
        match decoder.step(&window[at..], eof)? {
            Step::Token { used, token } => {
                at += used;
                match token {
                    Part::Key { .. } => keys += 1,
                    // The checksum is the last eight bytes, and of all before them.
                    Part::Eof {
                        checksum: Some(stored),
                    } => {
                        checksum.update(&window[..at - 8]);
                        if stored != 0 && stored != checksum.value() {
                            return Err("the checksum is wrong".into());
                        }
                    }
                    _ => {}
                }
            }
            Step::NeedMore { .. } => {
                // What was used goes; a stated length allocates nothing.
                checksum.update(&window[..at]);
                window.drain(..at);
                at = 0;
                window.reserve(READ);
                eof = source.read_buf(&mut window).await? == 0;
            }
            Step::Done => return Ok(keys),
        }
    }
}
