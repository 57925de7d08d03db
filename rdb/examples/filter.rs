//! Writes the keys that match a glob into a new RDB file, in the memory of a window.
//!
//! ```sh
//! cargo run -p rdbkit-rdb --example filter -- testdata/rdb/redis-8.0-sid/dense.rdb 'hash*' new.rdb
//! ```

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use rdbkit_rdb::extract::{Keep, extract};
use rdbkit_rdb::filter::{Filter, Pattern};
use rdbkit_rdb::write::{Format, Writer};
use rdbkit_rdb::{Part, StreamReader};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [from, glob, to] = &args[..] else {
        return Err("usage: filter FILE GLOB NEW".into());
    };
    let mut source = StreamReader::new(File::open(from)?);
    // An empty file is an error; any other has a header.
    let Some(Part::Header {
        dialect, version, ..
    }) = source.next_event()?
    else {
        return Err("the file has no header".into());
    };
    let file = BufWriter::new(File::create_new(to)?);
    let mut out = Writer::new(file, Format::of_source(dialect, version))?;
    let mut filter = Filter::new().key(Pattern::glob(glob.as_str()));
    let summary = extract(&mut source, &mut filter, &mut out, Keep::default())?;
    let file = out.finish()?.into_inner()?;
    file.sync_all()?;
    println!("{} of {} keys", summary.keys, summary.seen);
    Ok(())
}
