//! A log of commands, as an increment of a busy server.

use std::io::{self, Write};

use crate::random::Random;

/// What is in the log.
pub const ABOUT: &str = "increment of small commands: SET, INCR, HSET, LPUSH, SADD, ZADD, XADD, PEXPIREAT, DEL, one in \
    twenty a transaction of three, a time every 1000 units, a SELECT every 5000; FLUSHALL and a \
    thousand units more at the end";

/// Commands behind the FLUSHALL at the end.
const BEHIND: u64 = 1000;

/// Writes a log of at least `bytes` bytes; gives its size and commands. Its
/// only FLUSHALL is near the end, so that a search for it reads the whole log.
///
/// # Errors
///
/// Of the writer.
pub fn write_log(out: &mut dyn Write, bytes: u64) -> io::Result<(u64, u64)> {
    let mut log = Log {
        out,
        random: Random::new(0x5eed),
        bytes: 0,
        commands: 0,
    };
    let mut units = 0;
    while log.bytes < bytes {
        log.unit(units)?;
        units += 1;
    }
    log.command(&["FLUSHALL"])?;
    for unit in units..units + BEHIND {
        log.unit(unit)?;
    }
    Ok((log.bytes, log.commands))
}

struct Log<'w> {
    out: &'w mut dyn Write,
    random: Random,
    bytes: u64,
    commands: u64,
}

impl Log<'_> {
    fn put(&mut self, text: &[u8]) -> io::Result<()> {
        self.bytes += text.len() as u64;
        self.out.write_all(text)
    }

    fn command(&mut self, args: &[&str]) -> io::Result<()> {
        let mut raw = format!("*{}\r\n", args.len());
        for arg in args {
            raw += &format!("${}\r\n{arg}\r\n", arg.len());
        }
        self.commands += 1;
        self.put(raw.as_bytes())
    }

    fn unit(&mut self, n: u64) -> io::Result<()> {
        if n.is_multiple_of(1000) {
            self.put(format!("#TS:{}\r\n", 1_700_000_000 + n / 1000).as_bytes())?;
        }
        if n.is_multiple_of(5000) {
            self.command(&["SELECT", &(n / 5000 % 3).to_string()])?;
        }
        if n % 20 != 7 {
            return self.plain();
        }
        self.command(&["MULTI"])?;
        for _ in 0..3 {
            self.plain()?;
        }
        self.command(&["EXEC"])
    }

    fn plain(&mut self) -> io::Result<()> {
        let id = self.random.below(1_000_000);
        let number = self.random.below(1_000_000_000).to_string();
        let value = format!("{:0>width$}", number, width = 10 + id as usize % 50);
        let key = |kind: &str| format!("{kind}:{id:07}");
        match self.random.below(16) {
            0..=5 => self.command(&["SET", &key("user"), &value]),
            6..=7 => self.command(&["INCR", &key("count")]),
            8..=9 => self.command(&["HSET", &key("hash"), "field", &number, "name", &value]),
            10 => self.command(&["LPUSH", &key("list"), &value]),
            11 => self.command(&["SADD", &key("set"), &number]),
            12 => self.command(&["ZADD", &key("zset"), &number, &value]),
            13 => self.command(&[
                "XADD",
                &key("stream"),
                &format!("{number}-{id}"),
                "f",
                &value,
            ]),
            14 => self.command(&["PEXPIREAT", &key("user"), "4102444800000"]),
            _ => self.command(&["DEL", &key("user"), &key("list")]),
        }
    }
}
