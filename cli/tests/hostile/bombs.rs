//! Compressed strings that become 88 times what they are.

use crate::{END, HEADER, MEMORY, OF_RDB, Place, compressed, string};

/// `"a"` again and again, `len` times; as short as can be.
fn bomb(len: usize) -> Vec<u8> {
    let mut data = vec![0, b'a'];
    let mut left = len - 1;
    while left > 264 + 9 {
        data.extend([0xe0, 255, 0]);
        left -= 264;
    }
    data.extend(std::iter::repeat_n([0, b'a'], left).flatten());
    compressed(&data, len as u64)
}

#[test]
fn many_bombs_take_no_more_than_one() {
    let place = Place::new();
    let one = bomb(1 << 20);
    let mut file = HEADER.to_vec();
    for n in 0..400u32 {
        let key = string(format!("{n:04}").as_bytes());
        match n % 4 {
            0 => file.extend([&b"\0"[..], &key, &one].concat()),
            1 => file.extend([&b"\x01"[..], &key, b"\x01", &one].concat()),
            2 => file.extend([&b"\x02"[..], &key, b"\x01", &one].concat()),
            _ => file.extend([&b"\x04"[..], &key, b"\x01\x01f", &one].concat()),
        }
    }
    file.extend(END);
    place.put("bombs.rdb", &file);
    for line in OF_RDB {
        let said = place.on("bombs.rdb", line);
        let fine = !matches!(line[0], "get" | "diff");
        assert_eq!(said.code, i32::from(!fine), "{line:?}: {said:?}");
    }
}

/// One string is as large as it is where a command has to have it: what shows or
/// digests it holds it, once, and what only copies or judges it does not.
#[test]
fn one_bomb_is_held_only_where_it_is_looked_at() {
    const MIB: u64 = 200;
    let place = Place::new();
    let value = bomb((MIB as usize) << 20);
    let file = [HEADER, b"\0\x01k", &value, END].concat();
    place.put("bomb.rdb", &file);
    for line in OF_RDB {
        let holds = match line {
            ["digest" | "get", ..] => true,
            ["export", rest @ ..] => !rest.contains(&"restore"),
            _ => false,
        };
        if !holds {
            place.on("bomb.rdb", line);
        } else if line[0] != "get" {
            let args = line.iter().map(|word| match *word {
                "F" => "bomb.rdb",
                "N" => "/dev/stdout",
                word => word,
            });
            let args: Vec<_> = args
                .filter(|w| !["-o", "/dev/stdout"].contains(w))
                .collect();
            let said = place.shell("\"$@\" > /dev/null", &args);
            assert!(said.peak < MIB + MEMORY, "{line:?}: {} MiB", said.peak);
        }
    }
}

/// A size that the compressed bytes cannot reach sets nothing aside.
#[test]
fn a_size_that_cannot_be_takes_nothing() {
    let place = Place::new();
    for len in [1u64 << 29, (1 << 30) + 1, 1 << 40, (1 << 63) - 1, u64::MAX] {
        let lie = compressed(b"\x03abcd", len);
        let many = [&lie[..], &lie, &lie, &lie].concat();
        for record in [
            [&b"\0\x01k"[..], &lie].concat(),
            [&b"\0"[..], &lie, b"\x01v"].concat(),
            [&b"\x02\x01k\x04"[..], &many].concat(),
            [&b"\x04\x01k\x02"[..], &many].concat(),
            // A listpack, and a function library.
            [&b"\x10\x01k"[..], &lie].concat(),
            [&b"\xf5"[..], &lie].concat(),
            [&b"\xfa"[..], &lie, &lie].concat(),
        ] {
            place.put("lie.rdb", &[HEADER, &record, END].concat());
            for line in OF_RDB {
                let said = place.on("lie.rdb", line);
                // AUX fields are not decompressed by all, nor sizes by statistics.
                let judged = record[0] != 0xfa && line[0] == "check";
                assert!(!judged || said.code == 1, "{len} {line:?}: {said:?}");
            }
        }
    }
}
