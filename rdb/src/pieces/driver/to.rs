//! The way to the visitor, on which what has expired is counted and left out.

use super::Outcome;
use crate::pieces::{End, Expired, Key, Piece, Summary, Visitor, Want};

/// The visitor, and what is counted on the way to it.
pub(super) struct To<'d, V: ?Sized> {
    pub visitor: &'d mut V,
    pub expired: Expired,
    pub summary: Summary,
    /// Fields of the key in hand that were left out.
    pub skipped: u64,
    /// Whether it has others.
    pub has_fields: bool,
}

impl<V: Visitor + ?Sized> To<'_, V> {
    #[inline(always)]
    pub fn key(&mut self, key: &Key<'_>) -> Outcome<V, Want> {
        if key.meta.expire_ms.is_some_and(|t| t <= self.expired.now_ms) {
            self.summary.expired += 1;
            if self.expired.skip {
                return Ok(Want::Nothing);
            }
        }
        let want = self.visitor.key(key)?;
        self.summary.keys += u64::from(want != Want::Nothing);
        Ok(want)
    }

    #[inline(always)]
    pub fn piece(&mut self, piece: Piece<'_>) -> Outcome<V> {
        if let Piece::Field(field) = &piece {
            if field.expire_ms.is_some_and(|t| t <= self.expired.now_ms) {
                self.summary.expired_fields += 1;
                if self.expired.skip {
                    self.skipped += 1;
                    return Ok(());
                }
            }
            self.has_fields = true;
        }
        self.visitor.piece(piece)
    }

    #[inline(always)]
    pub fn end(&mut self, size: u64) -> Outcome<V> {
        let expired_fields = std::mem::take(&mut self.skipped);
        if !std::mem::take(&mut self.has_fields) && expired_fields > 0 {
            self.summary.keys -= 1;
            self.summary.emptied += 1;
        }
        self.visitor.end(End {
            size,
            expired_fields,
        })
    }
}
