use proptest::prelude::*;

use super::*;
use crate::packed::encode;
use crate::verify::fingerprint::Hasher;

/// What is said of a blob: elements and expiries, or why it is refused.
fn said(packing: Packing, blob: Blob<'_>) -> Result<(u64, Option<i64>, bool), (Code, String)> {
    let mut set = ElementSet::new(Hasher::new());
    match check(packing, blob, &mut set, true) {
        Ok(seen) => Ok((seen.elements, seen.first, seen.expires)),
        Err(refusal) => Err((refusal.code, refusal.what)),
    }
}

/// Few that differ, so that some come twice; some no window holds, and of those some
/// differ at their end.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let len = prop::sample::select(vec![0, 1, 70, 1000, 20_000, 20_000, 20_001, 70_000]);
    let text = (len, 0..2u8, 0..2u8).prop_map(|(len, first, last)| {
        let mut text = vec![b'a' + first; len];
        text.extend((len > 0).then_some(b'0' + last));
        text
    });
    prop_oneof![
        3 => text,
        1 => (0..9_000i64).prop_map(|n| n.to_string().into_bytes()),
        1 => Just(b"nan".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_flows_by_is_judged_as_what_is_held(
        mut elements in prop::collection::vec(element(), 0..8),
        sorted in any::<bool>(),
        window in prop_oneof![Just(0), Just(1usize << 16)],
    ) {
        if sorted {
            elements.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        }
        let borrowed: Vec<_> = elements
            .iter()
            .map(|text| match Element::Bytes(text).as_integer() {
                Some(n) => Element::Int(n),
                None => Element::Bytes(text),
            })
            .collect();
        let (listpack, ziplist) = (encode::listpack(&borrowed), encode::ziplist(&borrowed));
        for (packing, blob) in [
            (Packing::ListListpack, &listpack),
            (Packing::SetListpack, &listpack),
            (Packing::ZsetListpack, &listpack),
            (Packing::HashListpack, &listpack),
            (Packing::HashListpackEx, &listpack),
            (Packing::TemplateNames, &listpack),
            (Packing::TemplateValues, &listpack),
            (Packing::ListZiplist, &ziplist),
            (Packing::ZsetZiplist, &ziplist),
            (Packing::HashZiplist, &ziplist),
            (Packing::HashZipmap, &ziplist),
            (Packing::SetIntset, &ziplist),
        ] {
            let runs = blob.chunks(32);
            let data: Vec<u8> = runs.flat_map(|run| [&[run.len() as u8 - 1], run].concat()).collect();
            let flowing = Inflate::new(&data, blob.len() as u64, window).unwrap();
            let held = said(packing, Blob::Held(blob));
            prop_assert_eq!(held, said(packing, Blob::Flowing(flowing)), "{:?}", packing);
        }
    }
}
