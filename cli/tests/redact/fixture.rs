//! A file and a log in which all that is data can be told from all else.

/// What every name and text of the data has in it.
pub const MARK: &str = "LEAK";

/// How numbers of the data begin.
pub const NUMBER: &str = "7654321";

/// An RDB file without a checksum, so that a damaged byte is found where it is.
pub fn rdb() -> Vec<u8> {
    let mut file = b"REDIS0011".to_vec();
    for (name, value) in [
        ("redis-ver", "7.2.0"),
        ("ctime", "1700000000"),
        ("lua", "return 'LEAKlua'"),
    ] {
        file.push(0xfa);
        file.extend(string(name.as_bytes()));
        file.extend(string(value.as_bytes()));
    }
    file.push(0xf5);
    let code =
        "#!lua name=LEAKlib\nredis.register_function('LEAKfun', function() return 'LEAKres' end)";
    file.extend(string(code.as_bytes()));
    file.extend([0xfe, 0, 0xfb, 9, 1]);
    let mut key = |kind: u8, name: &[u8], value: Vec<u8>| {
        file.push(kind);
        file.extend(string(name));
        file.extend(value);
    };
    key(0, b"LEAK:string", string(b"LEAKvalue"));
    key(0, b"LEAK:\xff", string(NUMBER.as_bytes()));
    key(1, b"LEAK:list", strings(2, &[b"LEAKa", b"LEAKb"]));
    key(2, b"LEAK:set", strings(2, &[b"LEAKa", b"LEAKb"]));
    key(4, b"LEAK:hash", strings(1, &[b"LEAKfield", b"LEAKvalue"]));
    let mut zset = strings(1, &[b"LEAKmember"]);
    zset.extend(7_654_321.5f64.to_le_bytes());
    key(5, b"LEAK:zset", zset);
    let pairs = listpack(&[b"LEAKfield", b"LEAKvalue", b"LEAKother", b"LEAKelse"]);
    key(16, b"LEAK:hash:lp", string(&pairs));
    let scores = listpack(&[b"LEAKa", b"76543210", b"LEAKb", b"76543211"]);
    key(17, b"LEAK:zset:lp", string(&scores));
    let mut nodes = vec![2, 2];
    nodes.extend(string(&listpack(&[b"LEAKa", NUMBER.as_bytes()])));
    nodes.push(1);
    nodes.extend(string(b"LEAKplain"));
    key(18, b"LEAK:list:ql", nodes);
    key(20, b"LEAK:set:lp", string(&listpack(&[b"LEAKa", b"LEAKb"])));
    file.push(0xff);
    file.extend([0; 8]);
    file
}

/// A log of most kinds of commands, one of them unknown to servers.
pub fn log() -> Vec<u8> {
    let commands: &[&[&str]] = &[
        &["SELECT", "0"],
        &["SET", "LEAK:string", "LEAKvalue"],
        &["SET", "own", "LEAKvalue", "PXAT", "4102444800000"],
        &["MULTI"],
        &["RPUSH", "LEAK:list", "LEAKa", "LEAKb", "7654321987"],
        &["ZADD", "LEAK:zset", "7654321.5", "LEAKmember"],
        &["EXEC"],
        &["RENAME", "own", "LEAK:renamed"],
        &["COPY", "LEAK:renamed", "own"],
        &["LEAKcommand", "LEAKargument"],
        &["HSET", "LEAK:hash", "LEAKfield", "LEAKvalue"],
        &["XADD", "LEAK:stream", "1-1", "LEAKfield", "LEAKvalue"],
        &["DEL", "LEAK:string", "own"],
    ];
    let mut log = b"#TS:1700000000\r\n#LEAKannotation\r\n".to_vec();
    for words in commands {
        log.extend(format!("*{}\r\n", words.len()).bytes());
        for word in *words {
            log.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
        }
    }
    log
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let mut out = match length {
        0..64 => vec![length as u8],
        _ => vec![0x40 | (length >> 8) as u8, length as u8],
    };
    out.extend(bytes);
    out
}

fn strings(count: u8, all: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![count];
    for one in all {
        out.extend(string(one));
    }
    out
}

fn listpack(all: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for one in all {
        let number = std::str::from_utf8(one)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        let from = body.len();
        match number {
            Some(number) => {
                body.push(0xf4);
                body.extend(number.to_le_bytes());
            }
            None => {
                body.push(0x80 | one.len() as u8);
                body.extend(*one);
            }
        }
        body.push((body.len() - from) as u8);
    }
    let mut out = (body.len() as u32 + 7).to_le_bytes().to_vec();
    out.extend((all.len() as u16).to_le_bytes());
    out.extend(body);
    out.push(0xff);
    out
}
