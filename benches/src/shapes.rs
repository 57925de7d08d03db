//! The shapes of data that are measured.

use std::io::{self, Write};

use crate::random::Random;
use crate::writer::{Element, Writer};

/// A shape of data: what the keys of a file are like.
pub struct Shape {
    /// Its name on the command line and in results.
    pub name: &'static str,
    /// What is in it.
    pub about: &'static str,
    key: fn(&mut Writer<&mut dyn Write>, &mut Random, u64) -> io::Result<()>,
}

/// Every shape.
pub const SHAPES: [Shape; 6] = [
    Shape {
        name: "small",
        about: "string keys of about 100 bytes: name of 12 to 20, value of 60 to 100, one in eight \
                with an expiry",
        key: small,
    },
    Shape {
        name: "mixed",
        about: "small keys of all types: strings, listpack hashes and sets of 4 to 12 elements, \
                sorted sets, lists",
        key: mixed,
    },
    Shape {
        name: "large",
        about: "strings of 32 MiB that do not compress",
        key: large,
    },
    Shape {
        name: "packed",
        about: "quicklists of four 8 KiB listpacks, strings of 1 to 60 bytes",
        key: packed,
    },
    Shape {
        name: "lzf",
        about: "strings of 1 to 4 KiB, compressed about forty to one",
        key: lzf,
    },
    Shape {
        name: "streams",
        about: "streams of ten nodes of 50 entries, two fields each, values of 8 to 40 bytes",
        key: streams,
    },
];

impl Shape {
    /// The shape of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Shape> {
        SHAPES.iter().find(|shape| shape.name == name)
    }

    /// Writes a file of at least `bytes` bytes; gives its size and keys.
    ///
    /// # Errors
    ///
    /// Of the writer.
    pub fn write(&self, out: &mut dyn Write, bytes: u64) -> io::Result<(u64, u64)> {
        let mut writer = Writer::new(out);
        let mut random = Random::new(0x5eed);
        let mut keys = 0;
        while writer.len() < bytes {
            (self.key)(&mut writer, &mut random, keys)?;
            keys += 1;
        }
        Ok((writer.finish()?, keys))
    }
}

type To<'w> = Writer<&'w mut dyn Write>;

fn name(prefix: &str, n: u64) -> Vec<u8> {
    format!("{prefix}:{:08}", n.wrapping_mul(0x9e37_79b9) % 100_000_000)
        .into_bytes()
        .into_iter()
        .chain(format!(":{n}").into_bytes())
        .collect()
}

fn text(random: &mut Random, len: usize) -> Vec<u8> {
    (0..len).map(|_| b'a' + random.below(26) as u8).collect()
}

fn small(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    if n.is_multiple_of(8) {
        to.expire_ms(4_000_000_000_000 + n as i64);
    }
    to.key(0, &name("u", n))?;
    let len = 60 + random.below(41) as usize;
    let value = text(random, len);
    to.string(&value);
    Ok(())
}

fn mixed(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    let count = 4 + random.below(9) as usize;
    let parts: Vec<Vec<u8>> = (0..count * 2)
        .map(|i| format!("{i}:{}", random.below(1_000_000)).into_bytes())
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    match n % 8 {
        0..=3 => return small(to, random, n),
        4 => {
            to.key(16, &name("h", n))?;
            to.listpack(&parts);
        }
        5 => {
            to.key(20, &name("s", n))?;
            to.listpack(&parts);
        }
        6 => {
            to.key(5, &name("z", n))?;
            to.length(parts.len() as u64);
            for (i, part) in parts.iter().enumerate() {
                to.string(part);
                to.double(i as f64 * 1.5);
            }
        }
        _ => {
            to.key(18, &name("l", n))?;
            to.length(1);
            to.length(2);
            to.listpack(&parts);
        }
    }
    Ok(())
}

fn large(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    let mut value = vec![0; 32 << 20];
    random.fill(&mut value);
    to.key(0, &name("big", n))?;
    to.string(&value);
    Ok(())
}

fn packed(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    to.key(18, &name("q", n))?;
    to.length(4);
    for _ in 0..4 {
        let mut elements = Vec::new();
        let mut size = 0;
        while size < 8000 {
            let len = 1 + random.below(60) as usize;
            elements.push(text(random, len));
            size += len + 2;
        }
        let elements: Vec<&[u8]> = elements.iter().map(Vec::as_slice).collect();
        to.length(2);
        to.listpack(&elements);
    }
    Ok(())
}

fn lzf(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    to.key(0, &name("c", n))?;
    let len = 1024 + random.below(3072) as usize;
    to.run(b'a' + random.below(26) as u8, len);
    Ok(())
}

/// Nodes of a stream, and entries of a node: fewer than a number of seven bits.
const NODES: u64 = 10;
const ENTRIES: u8 = 50;

fn streams(to: &mut To<'_>, random: &mut Random, n: u64) -> io::Result<()> {
    to.key(21, &name("x", n))?;
    to.length(NODES);
    for node in 0..NODES {
        let mut id = (1_700_000_000_000 + node).to_be_bytes().to_vec();
        id.extend_from_slice(&1u64.to_be_bytes());
        to.string(&id);
        let values: Vec<Vec<u8>> = (0..2 * usize::from(ENTRIES))
            .map(|_| {
                let len = 8 + random.below(33) as usize;
                text(random, len)
            })
            .collect();
        use Element::{Small, Text};
        // How many there are, none of them deleted, and the fields of all.
        let mut elements = vec![Small(ENTRIES), Small(0), Small(2)];
        elements.extend([Text(b"sensor"), Text(b"value"), Small(0)]);
        for (entry, both) in (0..ENTRIES).zip(values.chunks(2)) {
            // The same fields, and an identifier counted from that of the node.
            elements.extend([Small(2), Small(0), Small(entry)]);
            elements.extend(both.iter().map(|value| Text(value)));
            elements.push(Small(5));
        }
        to.listpack_of(&elements);
    }
    let entries = NODES * u64::from(ENTRIES);
    to.length(entries);
    // The last identifier, the first, the largest that was deleted.
    let (first, last) = (1_700_000_000_000, 1_700_000_000_000 + NODES - 1);
    for number in [last, u64::from(ENTRIES), first, 1, 0, 0] {
        to.length(number);
    }
    to.length(entries);
    // No groups.
    to.length(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rdbkit_rdb::verify::{self, Options, Verdict};

    use super::*;

    #[test]
    fn every_shape_is_a_file_that_loads() {
        for shape in &SHAPES {
            let mut file = Vec::new();
            let (size, keys) = shape.write(&mut file, 300_000).unwrap();
            assert_eq!(size, file.len() as u64, "{}", shape.name);
            let report = verify::slice(&file, &Options::default());
            assert_eq!(
                report.verdict(),
                Verdict::Loads,
                "{}: {:?}",
                shape.name,
                report.findings
            );
            assert_eq!(report.total().keys, keys, "{}", shape.name);
        }
    }
}
