//! A stream node that flows by.

use super::{ListpackFlow, Piece, Sequence};
use crate::lzf::Inflate;
use crate::packed::stream_node::{Elements, Entry, Master, sum_up};
use crate::packed::{NodeSummary, PackedError};

/// Checks a whole node that flows by, as [`StreamNode::check`](crate::packed::StreamNode::check) does.
///
/// # Errors
///
/// As of the cursor.
pub(crate) fn check_stream_node(source: Inflate<'_>) -> Result<NodeSummary, PackedError> {
    let elements = ListpackFlow::new(source, ())?;
    let stated_elements = elements.stated_len();
    let mut elements = elements.uncounted();
    let master = Master::begin(&mut elements)?;
    master.finish(&mut elements)?;
    let mut summary = master.summary(stated_elements);
    // As long as the blob lasts, however large the number.
    for _ in 0..master.entries() {
        Entry::begin(&mut elements, master.num_fields)?.finish(&mut elements, &mut summary)?;
    }
    let (found, at) = (elements.found(), elements.position());
    let (left, first) = elements.rest();
    sum_up(&mut summary, found, left, first, at)?;
    Ok(summary)
}

impl Elements for ListpackFlow<'_, ()> {
    fn position(&self) -> usize {
        ListpackFlow::position(self)
    }

    fn number(&mut self) -> Result<Option<Option<i64>>, PackedError> {
        Ok(self.next()?.map(|piece| match piece {
            Piece::Whole(element) => element.as_integer(),
            // Far more digits than an integer has.
            Piece::Long(()) => None,
        }))
    }

    fn skip(&mut self) -> Result<bool, PackedError> {
        Sequence::skip(self)
    }
}
