//! Grows RDB files from entropy: plausible records of every type in every
//! encoding, with a wrong turn here and there.
//!
//! A function of bytes rather than a strategy, so that property tests and
//! fuzzers share it: both know how to shrink and mutate bytes.

use rdbkit_rdb::Checksum;

/// Decisions, one byte each; zeros once they are used up.
struct Dice<'a>(&'a [u8]);

impl Dice<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn roll(&mut self, sides: u8) -> u8 {
        self.byte() % sides
    }

    /// True once in `n` times, but never once the entropy is used up.
    fn rarely(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        from[usize::from(self.byte()) % from.len()]
    }
}

/// The version digits that go with each magic.
const REDIS: &[&[u8]] = &[
    b"REDIS0012",
    b"REDIS0001",
    b"REDIS0004",
    b"REDIS0005",
    b"REDIS0009",
    b"REDIS0015",
];
const VALKEY: &[&[u8]] = &[b"VALKEY080", b"VALKEY081"];

/// An RDB file, whole or damaged.
pub fn file(entropy: &[u8]) -> Vec<u8> {
    let mut dice = Dice(entropy);
    let valkey = dice.roll(4) == 3;
    let magics = if valkey { VALKEY } else { REDIS };
    let magic = magics[usize::from(dice.byte()) % magics.len()];
    let mut file = File {
        dice,
        out: magic.to_vec(),
        valkey,
    };
    while !file.dice.0.is_empty() {
        file.record();
    }
    file.end();
    file.out
}

struct File<'a> {
    dice: Dice<'a>,
    out: Vec<u8>,
    valkey: bool,
}

/// Every type that is not refused at once; 8, 34 and 64 are nobody's.
const REDIS_TYPES: &[u8] = &[
    0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
    28, 29, 30, 31, 32, 33, 6, 8, 34, 64,
];
const VALKEY_TYPES: &[u8] = &[
    0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 22, 23, 24,
];

impl File<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A length in any of its forms, seldom a lie or a special encoding.
    fn len(&mut self, n: u64) {
        match self.dice.byte() {
            250 => self.put(&[0xc0 | (n as u8 & 0x3f)]),
            251 => self.wide(n.wrapping_add(1)),
            252 => self.wide(1 << 60),
            253 => self.wide(u64::MAX),
            254 => self.put(&[0x82]),
            200..=219 if n < 1 << 14 => self.put(&[0x40 | (n >> 8) as u8, n as u8]),
            220..=229 if n < 1 << 32 => self.narrow(n),
            230..=239 => self.wide(n),
            _ if n < 64 => self.put(&[n as u8]),
            _ if n < 1 << 14 => self.put(&[0x40 | (n >> 8) as u8, n as u8]),
            _ if n < 1 << 32 => self.narrow(n),
            _ => self.wide(n),
        }
    }

    fn narrow(&mut self, n: u64) {
        self.put(&[0x80]);
        self.put(&(n as u32).to_be_bytes());
    }

    fn wide(&mut self, n: u64) {
        self.put(&[0x81]);
        self.put(&n.to_be_bytes());
    }

    /// A count of things that follow; few, so that a file has many records.
    fn count(&mut self) -> u64 {
        let n = u64::from(self.dice.roll(4));
        self.len(n);
        n
    }

    /// A count that may not be zero.
    fn some(&mut self) -> u64 {
        let n = u64::from(self.dice.roll(3)) + 1;
        self.len(n);
        n
    }

    /// Any number.
    fn number(&mut self) {
        let shift = u32::from(self.dice.roll(64));
        let n = u64::from(self.dice.byte());
        self.len(n.rotate_left(shift));
    }

    fn fixed(&mut self, n: usize) {
        for _ in 0..n {
            let byte = self.dice.byte();
            self.out.push(byte);
        }
    }

    fn string(&mut self) {
        let n = usize::from(self.dice.roll(40));
        match self.dice.roll(16) {
            0 => self.put(&[0xc0, n as u8]),
            1 => self.put(&[0xc1, n as u8, 0x7f]),
            2 => self.put(&[0xc2, n as u8, 0, 0, 0x80]),
            3 | 4 => self.compressed(n),
            5 => self.text(10 * n),
            6 => self.text(0),
            7 if self.dice.rarely(8) => self.put(&[0xc4 | n as u8]),
            _ => self.text(n),
        }
    }

    fn text(&mut self, n: usize) {
        self.len(n as u64);
        let first = self.dice.byte();
        for i in 0..n {
            self.out.push(first.wrapping_add(i as u8));
        }
    }

    /// One literal byte, then one reference per 264 bytes.
    fn compressed(&mut self, n: usize) {
        let n = 12 * n + 10;
        let mut data = vec![0, b'a'];
        let mut left = n - 1;
        while left > 0 {
            match left.min(264) {
                run @ 9.. => {
                    data.extend([0xe0, (run - 9) as u8, 0]);
                    left -= run;
                }
                run => {
                    data.push((run - 1) as u8);
                    data.extend(vec![b'b'; run]);
                    left -= run;
                }
            }
        }
        self.put(&[0xc3]);
        self.len(data.len() as u64);
        self.len(n as u64);
        self.put(&data);
    }

    /// A string of exactly these bytes, as they are.
    fn exactly(&mut self, bytes: &[u8]) {
        self.len(bytes.len() as u64);
        self.put(bytes);
    }

    /// The blob of a packed value: the decoder does not look into it.
    fn blob(&mut self) {
        match self.dice.roll(3) {
            0 => self.names(),
            _ => self.string(),
        }
    }

    /// A listpack of one-letter strings.
    fn names(&mut self) {
        let n = self.dice.roll(3) + u8::from(!self.dice.rarely(16));
        let mut listpack = vec![7 + 3 * n, 0, 0, 0, n, 0];
        for i in 0..n {
            listpack.extend([0x81, b'a' + i, 2]);
        }
        listpack.push(0xff);
        self.exactly(&listpack);
    }

    fn record(&mut self) {
        match self.dice.roll(40) {
            0 => {
                self.put(&[254]);
                self.number();
            }
            1 => {
                self.put(&[253]);
                self.fixed(4);
            }
            2 => {
                self.put(&[252]);
                self.fixed(8);
            }
            3 => {
                self.put(&[251]);
                self.number();
                self.number();
            }
            4 => {
                self.put(&[250]);
                self.string();
                self.string();
            }
            5 => {
                self.put(&[249]);
                self.fixed(1);
            }
            6 => {
                self.put(&[248]);
                self.number();
            }
            7 => {
                self.put(&[247]);
                self.number();
                let tag = if self.dice.rarely(16) { 3 } else { 2 };
                self.len(tag);
                self.len(1);
                self.items();
            }
            8 if self.dice.rarely(2) => {
                self.put(&[246]);
                self.string();
                self.string();
                let described = self.dice.roll(2);
                self.len(described.into());
                if described == 1 {
                    self.string();
                }
                self.string();
            }
            8 => {
                self.put(&[245]);
                self.string();
            }
            9 => {
                self.put(&[244]);
                self.number();
                self.number();
                self.number();
            }
            10 if self.valkey => self.slot_import(),
            10 => {
                self.put(&[243]);
                for _ in 0..self.count() {
                    self.fixed(4);
                    self.items();
                }
            }
            11 if self.valkey => self.update(),
            11 => {
                self.put(&[242]);
                let id = u64::from(self.dice.roll(4));
                self.len(id);
                for _ in 0..self.some() {
                    self.string();
                }
            }
            12 if self.dice.rarely(8) => {
                let byte = self.dice.byte();
                self.put(&[byte]);
            }
            _ => {
                let kinds = if self.valkey {
                    VALKEY_TYPES
                } else {
                    REDIS_TYPES
                };
                let kind = self.dice.pick(kinds);
                self.put(&[kind]);
                self.string();
                self.value(kind);
            }
        }
    }

    fn slot_import(&mut self) {
        self.put(&[243]);
        self.exactly(&[b'j'; 40]);
        for _ in 0..self.count() {
            self.number();
            self.number();
        }
    }

    fn update(&mut self) {
        let args = self.dice.roll(4);
        self.put(&[242]);
        self.put(format!("*{args}\r\n").as_bytes());
        for _ in 0..args {
            let n = usize::from(self.dice.roll(80));
            self.put(format!("${n}\r\n").as_bytes());
            self.put(&vec![b'x'; n]);
            let end = if self.dice.rarely(32) { "\n\r" } else { "\r\n" };
            self.put(end.as_bytes());
        }
    }

    fn items(&mut self) {
        loop {
            let tag = self.dice.roll(6);
            let tag = if self.dice.rarely(64) { 6 } else { tag };
            self.len(tag.into());
            match tag {
                1 | 2 => self.number(),
                3 => self.fixed(4),
                4 => self.fixed(8),
                5 => self.string(),
                _ => return,
            }
        }
    }

    fn value(&mut self, kind: u8) {
        match kind {
            0 => self.string(),
            1 | 2 => {
                for _ in 0..self.count() {
                    self.string();
                }
            }
            3 => {
                for _ in 0..self.count() {
                    self.string();
                    self.text_score();
                }
            }
            4 => {
                for _ in 0..self.count() {
                    self.string();
                    self.string();
                }
            }
            5 => {
                for _ in 0..self.count() {
                    self.string();
                    self.fixed(8);
                }
            }
            7 => {
                self.number();
                self.items();
            }
            14 => {
                for _ in 0..self.count() {
                    self.blob();
                }
            }
            18 => {
                for _ in 0..self.count() {
                    let container = match self.dice.roll(32) {
                        31 => 3,
                        n => n % 2 + 1,
                    };
                    self.len(container.into());
                    self.blob();
                }
            }
            15 => self.stream(1),
            19 => self.stream(2),
            21 => self.stream(3),
            26 => self.stream(4),
            27 => self.stream(5),
            22 if self.valkey => {
                for _ in 0..self.count() {
                    self.string();
                    self.string();
                    self.fixed(8);
                }
            }
            22 | 24 => {
                if kind == 24 {
                    self.fixed(8);
                }
                for _ in 0..self.count() {
                    self.number();
                    self.string();
                    self.string();
                }
            }
            23 if self.valkey => {
                for _ in 0..self.count() {
                    self.string();
                    for _ in 0..self.some() {
                        self.string();
                        self.string();
                    }
                }
            }
            25 => {
                self.fixed(8);
                self.blob();
            }
            28 => self.array(),
            29 | 31 => {
                let fields = self.inline_names();
                if kind == 29 {
                    self.blob();
                } else {
                    for _ in 0..fields {
                        self.string();
                    }
                }
            }
            32 => {
                // As many values as the template has, if it was one of three.
                let id = u64::from(self.dice.roll(4));
                self.len(id);
                for _ in 0..self.dice.roll(3) + 1 {
                    self.string();
                }
            }
            33 => self.number(),
            9..=13 | 16 | 17 | 20 | 23 | 30 => self.blob(),
            // Nobody knows what would follow.
            _ => {}
        }
    }

    fn text_score(&mut self) {
        let text = match self.dice.roll(12) {
            0 => return self.put(&[253]),
            1 => return self.put(&[254]),
            2 => return self.put(&[255]),
            3 => "-1e300",
            4 => " +.5rubbish",
            5 => "0x1.8p3",
            6 => "infinity",
            7 if self.dice.rarely(4) => "",
            _ => "1.5",
        };
        self.put(&[text.len() as u8]);
        self.put(text.as_bytes());
    }

    fn stream(&mut self, v: u8) {
        for _ in 0..self.count() {
            if self.dice.rarely(32) {
                self.string();
            } else {
                self.exactly(&[7; 16]);
            }
            self.blob();
        }
        for _ in 0..if v >= 2 { 8 } else { 3 } {
            self.number();
        }
        for _ in 0..self.count() {
            self.string();
            for _ in 0..if v >= 2 { 3 } else { 2 } {
                self.number();
            }
            for _ in 0..self.count() {
                self.fixed(24);
                self.number();
            }
            for _ in 0..self.count() {
                self.string();
                self.fixed(if v >= 3 { 16 } else { 8 });
                let owned = self.count();
                self.fixed(16 * owned as usize);
            }
            if v >= 5 {
                let nacks = self.count();
                self.fixed(16 * nacks as usize);
            }
        }
        if v >= 4 {
            self.number();
            self.number();
            for _ in 0..self.count() {
                self.string();
                for _ in 0..self.count() {
                    self.string();
                    self.number();
                    self.number();
                }
            }
            self.number();
            self.number();
        }
    }

    fn array(&mut self) {
        let n = self.some();
        let has = self.dice.roll(2);
        self.len(has.into());
        if has == 1 {
            self.number();
        }
        for _ in 0..n {
            self.number();
            let tag = self.dice.roll(4);
            self.len(tag.into());
            match tag {
                0 => self.string(),
                1 | 2 => self.fixed(8),
                _ => {
                    let n = usize::from(self.dice.roll(9));
                    self.text(n);
                }
            }
        }
    }

    fn inline_names(&mut self) -> u64 {
        if self.dice.roll(2) == 0 {
            self.len(0);
            let at = self.out.len();
            self.names();
            // The count's low byte, behind the length and the size.
            return self.out.get(at + 5).copied().unwrap_or_default().into();
        }
        self.len(1);
        let n = self.some();
        for _ in 0..n {
            self.string();
        }
        n
    }

    fn end(&mut self) {
        let how = self.out.len() % 8;
        if how == 7 {
            return;
        }
        self.put(&[255]);
        let sum = match how {
            5 => 0,
            6 => 1,
            _ => Checksum::of(&self.out),
        };
        self.put(&sum.to_le_bytes());
    }
}
