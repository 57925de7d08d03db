use super::*;
use proptest::prelude::*;

/// The obvious decoder: one byte at a time.
fn naive(input: &[u8], ulen: usize) -> Result<Vec<u8>, LzfError> {
    let mut out = Vec::new();
    if ulen == 0 {
        return Ok(out);
    }
    let mut ip = 0;
    while ip < input.len() {
        let at = ip;
        let fail = |fault| Err(LzfError { at, fault });
        let control = usize::from(input[ip]);
        ip += 1;
        if control < 32 {
            if ip + control + 1 > input.len() {
                return fail(LzfFault::Truncated);
            }
            if out.len() + control + 1 > ulen {
                return fail(LzfFault::TooLong);
            }
            for _ in 0..=control {
                out.push(input[ip]);
                ip += 1;
            }
        } else {
            let mut len = (control >> 5) + 2;
            if len == 9 {
                match input.get(ip) {
                    Some(&more) => len += usize::from(more),
                    None => return fail(LzfFault::Truncated),
                }
                ip += 1;
            }
            let Some(&low) = input.get(ip) else {
                return fail(LzfFault::Truncated);
            };
            ip += 1;
            let distance = ((control & 31) << 8 | usize::from(low)) + 1;
            if out.len() + len > ulen {
                return fail(LzfFault::TooLong);
            }
            if distance > out.len() {
                return fail(LzfFault::BadReference);
            }
            for _ in 0..len {
                out.push(out[out.len() - distance]);
            }
        }
    }
    if out.len() == ulen {
        Ok(out)
    } else {
        Err(LzfError {
            at: ip,
            fault: LzfFault::TooShort(out.len() as u64),
        })
    }
}

fn decompress(input: &[u8], ulen: usize) -> Result<Vec<u8>, LzfError> {
    let mut out = vec![0; ulen];
    decompress_into(input, &mut out).map(|()| out)
}

/// As a caller does that asks only at the end.
fn scan<'a>(pieces: impl Iterator<Item = &'a [u8]>, ulen: u64) -> Result<(), LzfError> {
    let mut scan = Scan::new(ulen);
    for piece in pieces {
        let _ = scan.feed(piece);
    }
    scan.finish()
}

/// All four decoders agree; returns what they say.
#[track_caller]
fn agreed(input: &[u8], ulen: usize) -> Result<Vec<u8>, LzfError> {
    let expected = naive(input, ulen);
    assert_eq!(decompress(input, ulen), expected, "{input:02x?}");
    let checked = check(input, ulen as u64);
    assert_eq!(checked, expected.clone().map(drop), "{input:02x?}");
    // Byte by byte, where every instruction is cut everywhere.
    let checked = scan(input.chunks(1), ulen as u64);
    assert_eq!(checked, expected.clone().map(drop), "{input:02x?}");
    expected
}

#[test]
fn good() {
    // literal run of 3
    assert_eq!(agreed(b"\x02abc", 3).unwrap(), b"abc");
    // "abc", then 3 + 2 = 5 bytes from 3 back, into itself
    assert_eq!(agreed(b"\x02abc\x60\x02", 8).unwrap(), b"abcabcab");
    // "a", then 9 + 17 = 26 from 1 back, then "aa"
    assert_eq!(agreed(b"\x00a\xE0\x11\x00\x01aa", 29).unwrap(), [b'a'; 29]);
    // longest reference: 255 + 9 = 264
    assert_eq!(agreed(b"\x00a\xE0\xFF\x00", 265).unwrap(), [b'a'; 265]);
    // longest literal: 32
    let mut input = vec![31];
    input.extend(0..32);
    assert_eq!(agreed(&input, 32).unwrap(), &input[1..]);
}

#[test]
fn an_empty_string_is_never_looked_at() {
    for input in [&b""[..], b"\x00", b"\x00a", b"\xFF\xFF\xFF"] {
        assert_eq!(agreed(input, 0).unwrap(), b"");
    }
}

#[test]
fn faults() {
    let refused = |input: &[u8], ulen, at, fault| {
        assert_eq!(agreed(input, ulen), Err(LzfError { at, fault }));
    };
    refused(b"", 1, 0, LzfFault::TooShort(0));
    refused(b"\x00a", 2, 2, LzfFault::TooShort(1));
    refused(b"\x00", 1, 0, LzfFault::Truncated); // no literal
    refused(b"\x00a\x02bc", 9, 2, LzfFault::Truncated); // 2 of 3 literals
    refused(b"\x00a\x20", 9, 2, LzfFault::Truncated); // no distance
    refused(b"\x00a\xE0", 9, 2, LzfFault::Truncated); // no length
    refused(b"\x00a\xE0\x00", 99, 2, LzfFault::Truncated); // no distance
    refused(b"\x01ab", 1, 0, LzfFault::TooLong);
    refused(b"\x00a\x20\x00", 3, 2, LzfFault::TooLong); // 1 + 3
    refused(b"\x00a\x20\x01", 9, 2, LzfFault::BadReference); // 2 back from 1
    refused(b"\x20\x00", 9, 0, LzfFault::BadReference); // from nothing
}

#[test]
fn bounds() {
    assert_eq!(max_output(0), 0);
    assert_eq!(max_output(2), 8);
    assert_eq!(max_output(5), 272);
    assert_eq!(max_output(u64::MAX), u64::MAX);
}

/// Streams that are right more often than not.
fn instructions() -> impl Strategy<Value = Vec<u8>> {
    let instruction = prop_oneof![
        (1usize..=32, any::<[u8; 32]>()).prop_map(|(n, bytes)| {
            let mut run = vec![n as u8 - 1];
            run.extend(&bytes[..n]);
            run
        }),
        (1u8..7, 0u8..40).prop_map(|(l, low)| vec![l << 5, low]),
        (any::<u8>(), 0u8..40).prop_map(|(more, low)| vec![0xE0, more, low]),
        (any::<u8>(), any::<u8>()).prop_map(|(more, low)| vec![0xE1, more, low]),
    ];
    prop::collection::vec(instruction, 1..40).prop_map(|list| list.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes(input: Vec<u8>, ulen in 0usize..600) {
        let _ = agreed(&input, ulen);
    }

    #[test]
    fn built_streams(
        input in instructions(),
        slack in -40isize..40,
        flip in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        // The size it stops at, with an error or not, is a size worth asking for.
        let reach = match naive(&input, usize::MAX) {
            Err(LzfError { fault: LzfFault::TooShort(reach), .. }) => reach as usize,
            _ => 2000,
        };
        let _ = agreed(&input, reach);
        let _ = agreed(&input, reach.saturating_add_signed(slack));
        prop_assert!(reach == 2000 || reach as u64 <= max_output(input.len() as u64).max(input.len() as u64));
        let mut flipped = input.clone();
        flipped[flip.index(input.len())] ^= 1u8 << bit;
        let _ = agreed(&flipped, reach);
    }

    #[test]
    fn pieces_of_any_size(
        input in instructions(),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        flip: Option<prop::sample::Index>,
        ulen in prop_oneof![0u64..3, 0u64..4000],
    ) {
        let mut input = input;
        if let Some(flip) = flip {
            let at = flip.index(input.len());
            input[at] ^= 0x41;
        }
        let reach = match check(&input, u64::MAX) {
            Err(LzfError { fault: LzfFault::TooShort(reach), .. }) => reach,
            _ => ulen,
        };
        cuts.sort_by_key(|cut| cut.index(input.len()));
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(input.len())).collect();
        ends.push(input.len());
        for ulen in [reach, ulen] {
            let mut from = 0;
            let pieces = ends.iter().map(|&end| &input[std::mem::replace(&mut from, end)..end]);
            prop_assert_eq!(scan(pieces, ulen), check(&input, ulen));
        }
    }

    #[test]
    fn round_trip(words in prop::collection::vec("[ab]{1,9}|[a-z]{1,30}", 5..200)) {
        let text = words.concat();
        if let Ok(compressed) = lzf::compress(text.as_bytes()) {
            prop_assert_eq!(agreed(&compressed, text.len()).unwrap(), text.as_bytes());
            prop_assert!(agreed(&compressed, text.len() + 1).is_err());
            prop_assert!(agreed(&compressed, text.len() - 1).is_err());
        }
    }
}
