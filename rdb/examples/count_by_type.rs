//! Counts the keys of an RDB file by type.
//!
//! ```sh
//! cargo run -p rdbkit-rdb --example count_by_type -- testdata/rdb/redis-8.0-sid/dense.rdb
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use rdbkit_rdb::SliceReader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: count_by_type FILE")?;
    let file = fs::read(path)?;
    let mut counts = BTreeMap::new();
    let mut records = SliceReader::new(&file).records();
    while let Some(record) = records.next_record()? {
        let name = record.object().map_or("unknown", |object| object.name());
        *counts.entry(name).or_insert(0) += 1;
    }
    for (name, keys) in counts {
        println!("{name} {keys}");
    }
    Ok(())
}
