use proptest::prelude::*;

use super::*;
use crate::packed::encode;
use crate::packed::{Intset, StreamNode, Zipmap};

/// What comes out of a cursor, or of a flow.
type Walked = (Vec<Vec<u8>>, Result<u64, PackedError>);

/// Keeps all of a long element.
#[derive(Debug, Default)]
struct Kept(Vec<u8>);

impl Sink<'_> for Kept {
    fn begin(&mut self, _: &Inflate<'_>, _: u64) {
        self.0.clear();
    }

    fn piece(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A blob as LZF has it that saves nothing.
fn literals(blob: &[u8]) -> Vec<u8> {
    let runs = blob.chunks(32);
    runs.flat_map(|run| [&[run.len() as u8 - 1], run].concat())
        .collect()
}

fn walk(sequence: Result<impl Sequence<Kept>, PackedError>, skips: bool) -> Walked {
    let mut elements = Vec::new();
    let mut sequence = match sequence {
        Ok(sequence) => sequence,
        Err(error) => return (elements, Err(error)),
    };
    let mut found = 0;
    loop {
        let skip = skips && found % 2 == 1;
        let there = match skip {
            true => sequence.skip(),
            false => sequence.next().map(|piece| match piece {
                Some(Piece::Whole(element)) => {
                    elements.push(element.text(&mut [0; 20]).to_vec());
                    true
                }
                Some(Piece::Long(kept)) => {
                    elements.push(kept.0.clone());
                    true
                }
                None => false,
            }),
        };
        match there {
            Ok(true) => found += 1,
            Ok(false) => return (elements, Ok(found)),
            Err(error) => return (elements, Err(error)),
        }
    }
}

/// All flows say of a blob what the cursors do.
fn agree(blob: &[u8], window: usize) {
    let data = literals(blob);
    let source = || Inflate::new(&data, blob.len() as u64, window).unwrap();
    for skips in [false, true] {
        let cursor = walk(Listpack::new(blob), skips);
        let flow = walk(ListpackFlow::new(source(), Kept::default()), skips);
        assert!(cursor == flow, "listpack: {:?} {:?}", cursor.1, flow.1);
        let cursor = walk(Ziplist::new(blob), skips);
        let flow = walk(ZiplistFlow::new(source(), Kept::default()), skips);
        assert!(cursor == flow, "ziplist: {:?} {:?}", cursor.1, flow.1);
    }
    assert_eq!(
        Listpack::new(blob)
            .and_then(Listpack::check)
            .map(|n| n as u64),
        ListpackFlow::new(source(), ()).and_then(ListpackFlow::check),
    );
    assert_eq!(
        Ziplist::new(blob)
            .and_then(Ziplist::check)
            .map(|n| n as u64),
        ZiplistFlow::new(source(), ()).and_then(ZiplistFlow::check),
    );
    let cursor = Intset::new(blob).and_then(|set| {
        let count = set.stated_len();
        set.check().map(|()| u64::from(count))
    });
    assert_eq!(cursor, check_intset(source()));
    assert_eq!(StreamNode::check(blob), check_stream_node(source()));
    let mut fields = Vec::new();
    let cursor = Zipmap::new(blob).and_then(|mut map| {
        while let Some((field, _)) = map.next()? {
            fields.push(field.to_vec());
        }
        Ok(())
    });
    let mut flowing = Vec::new();
    let flow = ZipmapFlow::new(source(), Kept::default()).and_then(|mut map| {
        while let Some(piece) = map.next_field()? {
            flowing.push(match piece {
                Piece::Whole(element) => element.text(&mut [0; 20]).to_vec(),
                Piece::Long(kept) => kept.0.clone(),
            });
        }
        Ok(())
    });
    assert_eq!(cursor, flow);
    assert!(fields == flowing);
}

/// Strings of all lengths that have a rule of their own, and integers.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![
        6 => 0..80usize,
        2 => 80..5000usize,
        2 => 9_000..40_000usize,
        1 => prop::sample::select(vec![253, 254, 255, 4095, 4096, 16_378, 16_383, 16_384]),
    ];
    prop_oneof![
        2 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        3 => (len, any::<u8>()).prop_map(|(len, seed)| {
            (0..len).map(|n| seed.wrapping_mul(31).wrapping_add(n as u8)).collect()
        }),
    ]
}

fn zipmap(elements: &[Vec<u8>]) -> Vec<u8> {
    let pairs = elements.chunks_exact(2);
    let mut blob = vec![u8::try_from(pairs.len()).unwrap_or(254)];
    for pair in pairs {
        for (n, text) in pair.iter().enumerate() {
            match text.len() {
                0..254 => blob.push(text.len() as u8),
                len => blob.extend([&[254], &(len as u32).to_le_bytes()[..]].concat()),
            }
            if n == 1 {
                blob.push(3);
            }
            blob.extend(text);
        }
        blob.extend([0; 3]);
    }
    blob.push(0xFF);
    blob
}

fn intset(members: &[i64]) -> Vec<u8> {
    let count = members.len() as u32;
    let mut blob = [8u32.to_le_bytes(), count.to_le_bytes()].concat();
    blob.extend(members.iter().flat_map(|n| n.to_le_bytes()));
    blob
}

/// A node whose entries have the fields of the master entry.
fn node(elements: &[Vec<u8>]) -> Vec<u8> {
    use Element::{Bytes, Int};
    let (Some(field), Some(other)) = (elements.first(), elements.last()) else {
        return encode::listpack(&[]);
    };
    let count = elements.len() as i64;
    let mut all = vec![
        Int(count),
        Int(0),
        Int(2),
        Bytes(field),
        Bytes(other),
        Int(0),
    ];
    for value in elements {
        all.extend([Int(2), Int(1), Int(0), Bytes(value), Int(7), Int(5)]);
    }
    encode::listpack(&all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn flows_say_what_cursors_say(
        elements in prop::collection::vec(element(), 0..40),
        members in prop::collection::btree_set(any::<i64>(), 1..6000),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        at_edge in any::<bool>(),
        window in prop_oneof![Just(0), Just(20_000usize), Just(1 << 16)],
    ) {
        let borrowed: Vec<_> = elements.iter().map(|bytes| Element::Bytes(bytes)).collect();
        let members: Vec<_> = members.into_iter().collect();
        for mut blob in [
            encode::listpack(&borrowed),
            encode::ziplist(&borrowed),
            zipmap(&elements),
            intset(&members),
            node(&elements),
        ] {
            agree(&blob, window);
            for (place, byte) in &flips {
                // Many in the header or at the end: most of what is said is there.
                let place = match at_edge {
                    true => place.index(blob.len().min(40)),
                    false => place.index(blob.len()),
                };
                blob[place] = *byte;
                agree(&blob, window);
            }
            blob.truncate(blob.len() * 2 / 3);
            agree(&blob, window);
        }
    }

    #[test]
    fn of_any_bytes_too(blob in prop::collection::vec(any::<u8>(), 0..100)) {
        agree(&blob, 0);
    }
}

/// More elements than the header can say, most of them in the same window.
#[test]
fn many_small_elements() {
    let elements: Vec<_> = (0..70_000).map(|n| Element::Int(n % 100)).collect();
    agree(&encode::listpack(&elements), 0);
    agree(&encode::ziplist(&elements), 0);
}
