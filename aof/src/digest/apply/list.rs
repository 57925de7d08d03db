//! Commands on lists.

use super::{Call, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::List;
use crate::digest::number;

/// `LPUSH key element..`; those with X only where the list is there.
pub(super) fn push(call: &mut Call<'_, '_>, left: bool, create: bool) -> Done {
    let (key, items) = (call.key()?, call.rest(2));
    let list: Option<&mut List> = match create {
        true => call.keys.find_or_new(call.db, key)?,
        false => there(call, key)?,
    };
    if let Some(list) = list {
        items.iter().for_each(|item| list.push(left, item));
    }
    Ok(())
}

fn there<'k>(call: &'k mut Call<'_, '_>, key: &[u8]) -> Result<Option<&'k mut List>, Halt> {
    Ok(match call.keys.find(call.db, key)? {
        Found::There(list) => Some(list),
        Found::Absent | Found::Other => None,
    })
}

/// `LPOP key [count]`
pub(super) fn pop(call: &mut Call<'_, '_>, left: bool) -> Done {
    let count = match call.args.len() {
        2 => 1,
        3 => usize::try_from(call.integer(2)?).map_err(|_| Halt::BEYOND)?,
        _ => return Err(Halt::BEYOND),
    };
    let key = call.key()?;
    if let Some(list) = there(call, key)? {
        for _ in 0..count.min(list.len()) {
            list.pop(left);
        }
    }
    Ok(())
}

/// `LSET key index element`
pub(super) fn lset(call: &mut Call<'_, '_>) -> Done {
    let (key, index, item) = (call.key()?, call.integer(2)?, call.arg(3)?);
    if let Some(list) = there(call, key)? {
        list.set(index, item);
    }
    Ok(())
}

/// `LTRIM key start stop`
pub(super) fn ltrim(call: &mut Call<'_, '_>) -> Done {
    let (key, start, stop) = (call.key()?, call.integer(2)?, call.integer(3)?);
    if let Some(list) = there(call, key)? {
        match number::range(start, stop, list.len()) {
            Some((first, last)) => list.keep(first, last),
            None => list.clear(),
        }
    }
    Ok(())
}

/// `LREM key count element`
pub(super) fn lrem(call: &mut Call<'_, '_>) -> Done {
    let (key, count, item) = (call.key()?, call.integer(2)?, call.arg(3)?);
    let most = match count {
        0 => usize::MAX,
        _ => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    if let Some(list) = there(call, key)? {
        list.remove(item, most, count < 0);
    }
    Ok(())
}

/// `LINSERT key BEFORE | AFTER pivot element`
pub(super) fn linsert(call: &mut Call<'_, '_>) -> Done {
    let behind = call.is(2, "AFTER");
    if !behind && !call.is(2, "BEFORE") {
        return Err(Halt::BEYOND);
    }
    let (key, pivot, item) = (call.key()?, call.arg(3)?, call.arg(4)?);
    if let Some(list) = there(call, key)? {
        list.insert(pivot, behind, item);
    }
    Ok(())
}

/// `RPOPLPUSH key other`
pub(super) fn rpoplpush(call: &mut Call<'_, '_>) -> Done {
    transfer(call, false, true)
}

/// `LMOVE key other LEFT | RIGHT LEFT | RIGHT`
pub(super) fn lmove(call: &mut Call<'_, '_>) -> Done {
    let side = |at| match () {
        () if call.is(at, "LEFT") => Ok(true),
        () if call.is(at, "RIGHT") => Ok(false),
        () => Err(Halt::BEYOND),
    };
    let (from, to) = (side(3)?, side(4)?);
    transfer(call, from, to)
}

fn transfer(call: &mut Call<'_, '_>, from_left: bool, to_left: bool) -> Done {
    let (from, to) = (call.key()?, call.arg(2)?);
    if there(call, from)?.is_none() {
        return Ok(());
    }
    if matches!(call.keys.find::<List>(call.db, to)?, Found::Other) {
        return Ok(());
    }
    let item = there(call, from)?.and_then(|list| list.pop(from_left));
    if let Some(item) = item
        && let Some(list) = call.keys.find_or_new::<List>(call.db, to)?
    {
        list.push(to_left, &item);
    }
    Ok(())
}
