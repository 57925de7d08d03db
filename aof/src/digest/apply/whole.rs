//! Commands on whole databases.

use super::{Call, Done};
use crate::digest::halt::Halt;

/// `FLUSHALL [ASYNC | SYNC]`
pub(super) fn flushall(call: &mut Call<'_, '_>) -> Done {
    flushes(call)?;
    call.keys.clear_all();
    Ok(())
}

/// `FLUSHDB [ASYNC | SYNC]`
pub(super) fn flushdb(call: &mut Call<'_, '_>) -> Done {
    flushes(call)?;
    call.keys.clear(call.db);
    Ok(())
}

fn flushes(call: &Call<'_, '_>) -> Done {
    match call.args.len() {
        1 => Ok(()),
        2 if call.is(1, "ASYNC") || call.is(1, "SYNC") => Ok(()),
        _ => Err(Halt::BEYOND),
    }
}

/// `SWAPDB a b`
pub(super) fn swapdb(call: &mut Call<'_, '_>) -> Done {
    let database = |n: i64| u64::try_from(n).ok().filter(|n| *n < call.databases);
    let (a, b) = (database(call.integer(1)?), database(call.integer(2)?));
    if let (Some(a), Some(b)) = (a, b)
        && a != b
    {
        call.keys.swap(a, b);
    }
    Ok(())
}
