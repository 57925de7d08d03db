//! How many elements a packed blob says it has.

use crate::event::Packing;
use crate::lzf;
use crate::packed::{Listpack, Ziplist, Zipmap};
use crate::text::{Scratch, Str};

/// The longest header: that of a ziplist.
const HEADER: usize = 10;

/// Elements or pairs of a blob, by its header. One that has more than fit there
/// is walked.
pub(super) fn elements(packing: Packing, text: Str<'_>, scratch: &mut Scratch) -> Option<u64> {
    let mut buf = [0; HEADER];
    let head = match text {
        Str::Raw(bytes) => bytes.get(..HEADER).unwrap_or(bytes),
        Str::Lzf { data, .. } => {
            let n = lzf::front(data, &mut buf);
            buf.get(..n)?
        }
        Str::Int(_) => return None,
    };
    let stated = |at: usize| {
        let bytes = head.get(at..at + 2)?;
        Some(u64::from(u16::from_le_bytes(bytes.try_into().ok()?)))
    };
    let listpack = |scratch: &mut Scratch| match stated(4)? {
        0xffff => Some(
            Listpack::new(text.bytes(scratch).ok()?)
                .ok()?
                .check()
                .ok()? as u64,
        ),
        n => Some(n),
    };
    let ziplist = |scratch: &mut Scratch| match stated(8)? {
        0xffff => Some(Ziplist::new(text.bytes(scratch).ok()?).ok()?.check().ok()? as u64),
        n => Some(n),
    };
    match packing {
        Packing::ListListpack | Packing::SetListpack => listpack(scratch),
        Packing::ZsetListpack | Packing::HashListpack => listpack(scratch).map(|n| n / 2),
        // Behind the id of the template.
        Packing::TemplateValues => listpack(scratch)?.checked_sub(1),
        Packing::ListZiplist => ziplist(scratch),
        Packing::ZsetZiplist | Packing::HashZiplist => ziplist(scratch).map(|n| n / 2),
        Packing::SetIntset => {
            let bytes = head.get(4..8)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes).into())
        }
        Packing::HashZipmap => match *head.first()? {
            254.. => Zipmap::new(text.bytes(scratch).ok()?).ok()?.check().ok(),
            n => Some(n.into()),
        },
        Packing::HashListpackEx | Packing::StreamNode | Packing::TemplateNames => None,
    }
}

/// Fields of a hash that expire, by their listpack.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expiries {
    pub all: u64,
    pub expiring: u64,
    pub expired: u64,
}

/// Counts triples of field, value and expiry, where 0 is none.
pub(super) fn expiries(text: Str<'_>, now_ms: i64, scratch: &mut Scratch) -> Option<Expiries> {
    let mut fields = Expiries::default();
    let mut listpack = Listpack::new(text.bytes(scratch).ok()?).ok()?;
    while listpack.next().ok()?.is_some() {
        listpack.next().ok()??;
        let at = listpack.next().ok()??.as_integer()?;
        fields.all += 1;
        fields.expiring += u64::from(at != 0);
        fields.expired += u64::from(at != 0 && at < now_ms);
    }
    Some(fields)
}
