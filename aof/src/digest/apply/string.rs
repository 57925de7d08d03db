//! Commands on strings.

use super::generic::Time;
use super::{Call, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::{Expiry, Held, Text};
use crate::digest::number;

/// The longest string of a server with default settings (`proto-max-bulk-len`).
const LONGEST: usize = 512 << 20;

/// The expiry that words of SET and GETEX give; `None` if the word is another.
fn time(call: &Call<'_, '_>, at: usize) -> Result<Option<Expiry>, Halt> {
    let kind = match () {
        () if call.is(at, "PXAT") => Time::At(1),
        () if call.is(at, "EXAT") => Time::At(1000),
        () if call.is(at, "PX") => Time::Milliseconds,
        () if call.is(at, "EX") => Time::Seconds,
        () => return Ok(None),
    };
    let number = call.integer(at + 1)?;
    match number > 0 {
        true => kind.expiry(number).map(Some),
        false => Err(Halt::BEYOND),
    }
}

/// `SET key value [NX | XX] [GET] [KEEPTTL | EX | PX | EXAT | PXAT time]`
pub(super) fn set(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(2)?);
    let (mut nx, mut xx, mut get, mut keep, mut expiry) = (false, false, false, false, None);
    let mut next = 3;
    while next < call.args.len() {
        next += 1;
        let word = next - 1;
        if let Some(found) = time(call, word)? {
            next += 1;
            if expiry.replace(found).is_some() {
                return Err(Halt::BEYOND);
            }
            continue;
        }
        match () {
            () if call.is(word, "NX") => nx = true,
            () if call.is(word, "XX") => xx = true,
            () if call.is(word, "GET") => get = true,
            () if call.is(word, "KEEPTTL") => keep = true,
            () => return Err(Halt::BEYOND),
        }
    }
    if nx && xx || keep && expiry.is_some() {
        return Err(Halt::BEYOND);
    }
    let mut expiry = expiry.unwrap_or_default();
    if nx || xx || get || keep {
        if get && matches!(call.keys.find::<Text>(call.db, key)?, Found::Other) {
            return Ok(());
        }
        let old = call.keys.get(call.db, key)?;
        if nx && old.is_some() || xx && old.is_none() {
            return Ok(());
        }
        if let Some(old) = old.filter(|_| keep) {
            expiry = old.expiry;
        }
    }
    let content = Text(value.to_vec()).into();
    call.keys.put(call.db, key, Held { content, expiry });
    Ok(())
}

/// `SETNX key value`
pub(super) fn setnx(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(2)?);
    if call.keys.get(call.db, key)?.is_none() {
        call.put_new(key, Text(value.to_vec()));
    }
    Ok(())
}

/// `SETEX key time value`
pub(super) fn setex(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(3)?);
    let time = call.integer(2)?;
    if time <= 0 {
        return Err(Halt::BEYOND);
    }
    let expiry = Time::Seconds.expiry(time)?;
    let content = Text(value.to_vec()).into();
    call.keys.put(call.db, key, Held { content, expiry });
    Ok(())
}

/// Keys and values by turns.
fn pairs<'a>(call: &Call<'_, 'a>) -> Result<&'a [[&'a [u8]; 2]], Halt> {
    match call.rest(1).as_chunks::<2>() {
        (pairs, []) => Ok(pairs),
        _ => Err(Halt::BEYOND),
    }
}

/// `MSET key value ..`
pub(super) fn mset(call: &mut Call<'_, '_>) -> Done {
    for [key, value] in pairs(call)? {
        call.put_new(key, Text(value.to_vec()));
    }
    Ok(())
}

/// `MSETNX key value ..`
pub(super) fn msetnx(call: &mut Call<'_, '_>) -> Done {
    for [key, _] in pairs(call)? {
        if call.keys.get(call.db, key)?.is_some() {
            return Ok(());
        }
    }
    mset(call)
}

/// `GETSET key value`
pub(super) fn getset(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(2)?);
    if !matches!(call.keys.find::<Text>(call.db, key)?, Found::Other) {
        call.put_new(key, Text(value.to_vec()));
    }
    Ok(())
}

/// `GETDEL key`
pub(super) fn getdel(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    if let Found::There(Text(_)) = call.keys.find(call.db, key)? {
        call.keys.remove(call.db, key);
    }
    Ok(())
}

/// `GETEX key [PERSIST | EX | PX | EXAT | PXAT time]`
pub(super) fn getex(call: &mut Call<'_, '_>) -> Done {
    let expiry = match call.args.len() {
        2 => return Ok(()),
        3 if call.is(2, "PERSIST") => Expiry::None,
        4 => time(call, 2)?.ok_or(Halt::BEYOND)?,
        _ => return Err(Halt::BEYOND),
    };
    let key = call.key()?;
    if let Found::There(Text(_)) = call.keys.find(call.db, key)?
        && let Some(held) = call.keys.get(call.db, key)?
    {
        held.expiry = expiry;
    }
    Ok(())
}

/// `DELIFEQ key value`
pub(super) fn delifeq(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(2)?);
    if let Found::There(Text(text)) = call.keys.find(call.db, key)?
        && text == value
    {
        call.keys.remove(call.db, key);
    }
    Ok(())
}

/// `APPEND key value`
pub(super) fn append(call: &mut Call<'_, '_>) -> Done {
    let (key, value) = (call.key()?, call.arg(2)?);
    if let Some(Text(text)) = call.keys.find_or_new(call.db, key)? {
        if text.len() + value.len() > LONGEST {
            return Err(Halt::BEYOND);
        }
        text.extend_from_slice(value);
    }
    Ok(())
}

/// Makes room up to `len` bytes in a string that may not be there; `None` if the
/// key has another type.
fn grown<'k>(call: &'k mut Call<'_, '_>, len: usize) -> Result<Option<&'k mut Vec<u8>>, Halt> {
    if len > LONGEST {
        return Err(Halt::BEYOND);
    }
    if !call.keys.has_room(len) {
        return Err(Halt::Memory);
    }
    let key = call.key()?;
    let Some(Text(text)) = call.keys.find_or_new(call.db, key)? else {
        return Ok(None);
    };
    if text.len() < len {
        text.resize(len, 0);
    }
    Ok(Some(text))
}

/// `SETRANGE key offset value`
pub(super) fn setrange(call: &mut Call<'_, '_>) -> Done {
    let value = call.arg(3)?;
    let offset = usize::try_from(call.integer(2)?).map_err(|_| Halt::BEYOND)?;
    if value.is_empty() {
        // Nothing is made longer by it, but a lost key stays lost.
        return call.keys.get(call.db, call.key()?).map(drop);
    }
    let end = offset.checked_add(value.len()).ok_or(Halt::BEYOND)?;
    if let Some(place) = grown(call, end)?.and_then(|text| text.get_mut(offset..end)) {
        place.copy_from_slice(value);
    }
    Ok(())
}

/// `SETBIT key offset bit`
pub(super) fn setbit(call: &mut Call<'_, '_>) -> Done {
    let offset = usize::try_from(call.integer(2)?).map_err(|_| Halt::BEYOND)?;
    let bit = match call.integer(3)? {
        0 => 0,
        1 => 0x80 >> (offset % 8),
        _ => return Err(Halt::BEYOND),
    };
    let at = offset / 8;
    if let Some(byte) = grown(call, at + 1)?.and_then(|text| text.get_mut(at)) {
        *byte = *byte & !(0x80 >> (offset % 8)) | bit;
    }
    Ok(())
}

/// `INCR key` and its kin.
pub(super) fn add(call: &mut Call<'_, '_>, by: Result<i64, Halt>) -> Done {
    let (key, by) = (call.key()?, by?);
    let text: &mut Vec<u8> = match call.keys.find(call.db, key)? {
        Found::There(Text(text)) => text,
        Found::Other => return Ok(()),
        Found::Absent => {
            call.put_new(key, Text(by.to_string().into_bytes()));
            return Ok(());
        }
    };
    // What is no number stays as it is, and what would overflow.
    if let Some(sum) = number::integer(text)?.and_then(|n| n.checked_add(by)) {
        *text = sum.to_string().into_bytes();
    }
    Ok(())
}
