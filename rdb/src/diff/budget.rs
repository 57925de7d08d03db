//! What may be held, and where the rest goes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::DiffError;
use super::source::{TempSpace, read_whole};

/// Memory for what grows with the number of keys, and the room behind it.
pub(super) struct Budget<'t> {
    /// Bytes allowed in all.
    pub limit: u64,
    /// Bytes of sealed blocks held.
    held: u64,
    temp: Option<&'t mut dyn TempSpace>,
    /// Bytes written to `temp` so far.
    spilled: u64,
}

/// A budget of which two files take while they are read at the same time.
pub(super) struct Shared<'t> {
    /// As [`Budget::limit`].
    pub limit: u64,
    budget: Mutex<Budget<'t>>,
}

impl<'t> Shared<'t> {
    pub fn new(budget: Budget<'t>) -> Shared<'t> {
        Shared {
            limit: budget.limit,
            budget: Mutex::new(budget),
        }
    }

    /// The budget, which nobody else takes of meanwhile.
    pub fn take(&self) -> MutexGuard<'_, Budget<'t>> {
        // Nothing is half done in it.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn into_inner(self) -> Budget<'t> {
        let budget = self.budget.into_inner();
        budget.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'t> Budget<'t> {
    pub fn new(limit: u64, temp: Option<&'t mut dyn TempSpace>) -> Budget<'t> {
        Budget {
            limit,
            held: 0,
            temp,
            spilled: 0,
        }
    }

    /// Whether a block of so many bytes may be held; then it counts as held.
    pub fn hold(&mut self, bytes: usize) -> bool {
        let held = self.held + bytes as u64;
        // The rest is for what is open, and for the differences.
        let fits = held <= self.limit / 4 * 3;
        if fits {
            self.held = held;
        }
        fits
    }

    pub fn free(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes as u64);
    }

    /// Writes bytes out, and says where they are.
    pub fn spill(&mut self, bytes: &[u8]) -> Result<u64, DiffError> {
        let at = self.spilled;
        match &mut self.temp {
            Some(temp) => temp.append(bytes).map_err(DiffError::Temp)?,
            None => return Err(DiffError::Memory { limit: self.limit }),
        }
        self.spilled += bytes.len() as u64;
        Ok(at)
    }

    /// Reads back what was written out.
    pub fn load(&self, buf: &mut [u8], at: u64) -> Result<(), DiffError> {
        match &self.temp {
            Some(temp) => read_whole(*temp, buf, at).map_err(DiffError::Temp),
            None => Err(DiffError::Memory { limit: self.limit }),
        }
    }

    pub fn spilled(&self) -> u64 {
        self.spilled
    }
}
