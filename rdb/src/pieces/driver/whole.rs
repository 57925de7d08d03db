//! Keys that are in the window whole: nearly all of most files.

use super::{Driver, Outcome};
use crate::decoder::Whole;
use crate::error::{Error, Stage};
use crate::event::{Part, Role};
use crate::pieces::replay::has_template;
use crate::pieces::unpack::Span;
use crate::pieces::{Piece, Visitor, Want};
use crate::record::KeyMeta;
use crate::text::Str;
use crate::wire::ValueType;

impl<V: Visitor + ?Sized> Driver<'_, V> {
    /// A key that is in the window whole.
    #[inline(always)]
    pub(super) fn whole_key(&mut self, key: &Whole<'_>) -> Outcome<V> {
        let meta = self.attributes.take();
        let size = key.raw.len() as u64;
        let taken = self.takes(key.kind, key.key, meta, key.at)? && self.filter.takes_size(size);
        let done = match (taken, key.key) {
            (false, _) => Ok(()),
            (true, Str::Raw(name)) => self.whole_taken(key, name, meta),
            (true, packed) => {
                let mut scratch = std::mem::take(&mut self.scratch);
                let error = |kind| Error::new(kind, key.at, key.at, Stage::Key).into();
                let name = packed.bytes(&mut scratch).map_err(error);
                let done = name.and_then(|name| self.whole_taken(key, name, meta));
                self.scratch = scratch;
                done
            }
        };
        self.current.key_meta.clear();
        done
    }

    #[inline(always)]
    fn whole_taken(&mut self, key: &Whole<'_>, name: &[u8], meta: KeyMeta) -> Outcome<V> {
        let want = self.begin(key.kind, name, meta, key.at)?;
        match (want, key.role, key.text) {
            (Want::Nothing, ..) => Ok(()),
            (Want::Pieces, Role::Value, Str::Raw(text)) => {
                self.to.piece(Piece::String(text))?;
                self.to.end(key.raw.len() as u64)
            }
            _ => self.whole_other(key, name, meta, want),
        }
    }

    fn whole_other(
        &mut self,
        key: &Whole<'_>,
        name: &[u8],
        meta: KeyMeta,
        want: Want,
    ) -> Outcome<V> {
        // A list's only node has its number and its kind before it.
        let value_at = match key.kind {
            ValueType::LIST_QUICKLIST_2 => key.text_at - 2,
            _ => key.text_at,
        };
        self.current.set(key.kind, name, meta, key.at, value_at);
        let value = key.raw.get((value_at - key.at) as usize..);
        let value = value.unwrap_or_default();
        match want {
            Want::Record { at_most } if value.len() as u64 <= at_most => self.give_record(value),
            _ if has_template(key.kind, self.file.dialect) => self.whole_pieces(value),
            _ => {
                self.begin_pieces();
                let (role, text) = (key.role, key.text);
                let (at, end) = (key.text_at, key.end);
                self.give(&Part::Item { role, text }, Span { at, end })?;
                self.to.end(key.raw.len() as u64)
            }
        }
    }
}
