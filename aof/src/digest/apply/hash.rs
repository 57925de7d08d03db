//! Commands on hashes.

use super::generic::Time;
use super::{Call, Condition, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::{Expiry, Fields};
use crate::digest::number;

/// `HSET key field value ..`: the fields do not expire then.
pub(super) fn hset(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let (pairs, []) = call.rest(2).as_chunks::<2>() else {
        return Err(Halt::BEYOND);
    };
    if let Some(hash) = call.keys.find_or_new::<Fields>(call.db, key)? {
        for [field, value] in pairs {
            hash.set(field, value, Expiry::None);
        }
    }
    Ok(())
}

/// `HSETNX key field value`
pub(super) fn hsetnx(call: &mut Call<'_, '_>) -> Done {
    let (key, field, value) = (call.key()?, call.arg(2)?, call.arg(3)?);
    if let Some(hash) = call.keys.find_or_new::<Fields>(call.db, key)?
        && hash.get(field).is_none()
    {
        hash.set(field, value, Expiry::None);
    }
    Ok(())
}

fn there<'k>(call: &'k mut Call<'_, '_>, key: &[u8]) -> Result<Option<&'k mut Fields>, Halt> {
    Ok(match call.keys.find(call.db, key)? {
        Found::There(hash) => Some(hash),
        Found::Absent | Found::Other => None,
    })
}

/// `HDEL key field..`
pub(super) fn hdel(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let fields = call.rest(2);
    if let Some(hash) = there(call, key)? {
        fields.iter().for_each(|field| hash.remove(field));
    }
    Ok(())
}

/// `HINCRBY key field increment`: the field expires as before.
pub(super) fn hincrby(call: &mut Call<'_, '_>) -> Done {
    let (key, field, by) = (call.key()?, call.arg(2)?, call.integer(3)?);
    let Some(hash) = call.keys.find_or_new::<Fields>(call.db, key)? else {
        return Ok(());
    };
    let (now, expiry) = match hash.get(field) {
        Some(field) => (number::integer(&field.value)?, field.expiry),
        None => (Some(0), Expiry::None),
    };
    if let Some(sum) = now.and_then(|n| n.checked_add(by)) {
        hash.set(field, sum.to_string().as_bytes(), expiry);
    }
    Ok(())
}

/// What follows `FIELDS count`, which stands at `at`; there must be `each` for one field.
fn fields<'a>(call: &Call<'_, 'a>, at: usize, each: usize) -> Result<&'a [&'a [u8]], Halt> {
    let rest = call.rest(at + 2);
    let count = usize::try_from(call.integer(at + 1)?).map_err(|_| Halt::BEYOND)?;
    match call.is(at, "FIELDS") && count > 0 && count.checked_mul(each) == Some(rest.len()) {
        true => Ok(rest),
        false => Err(Halt::BEYOND),
    }
}

/// `HPEXPIREAT key time [NX | XX | GT | LT] FIELDS count field..`
pub(super) fn expire(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let new = Time::of(call)?.expiry(call.integer(2)?)?;
    let mut condition = Condition::default();
    let mut at = 3;
    if call.args.get(at).is_some_and(|word| condition.word(word)) {
        at += 1;
    }
    let names = fields(call, at, 1)?;
    if let Some(hash) = there(call, key)? {
        for name in names {
            if let Some(field) = hash.get(name)
                && condition.holds(field.expiry, new)?
            {
                hash.expire(name, new);
            }
        }
    }
    Ok(())
}

/// `HPERSIST key FIELDS count field..`
pub(super) fn hpersist(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let names = fields(call, 2, 1)?;
    if let Some(hash) = there(call, key)? {
        names
            .iter()
            .for_each(|name| hash.expire(name, Expiry::None));
    }
    Ok(())
}

/// `HSETEX key [FNX | FXX] [KEEPTTL | PXAT time..] FIELDS count field value ..`
pub(super) fn hsetex(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let (mut at, mut keep, mut expiry) = (2, false, None);
    while !call.is(at, "FIELDS") {
        let kind = match () {
            () if call.is(at, "KEEPTTL") => {
                keep = true;
                at += 1;
                continue;
            }
            () if call.is(at, "PXAT") => Time::At(1),
            () if call.is(at, "EXAT") => Time::At(1000),
            () if call.is(at, "PX") => Time::Milliseconds,
            () if call.is(at, "EX") => Time::Seconds,
            // FNX and FXX: what counts as there when a field has expired differs.
            () => return Err(Halt::BEYOND),
        };
        let time = call.integer(at + 1)?;
        if time <= 0 || expiry.replace(kind.expiry(time)?).is_some() {
            return Err(Halt::BEYOND);
        }
        at += 2;
    }
    if keep && expiry.is_some() {
        return Err(Halt::BEYOND);
    }
    let (pairs, _) = fields(call, at, 2)?.as_chunks::<2>();
    if let Some(hash) = call.keys.find_or_new::<Fields>(call.db, key)? {
        for [field, value] in pairs {
            let old = hash.get(field).map(|old| old.expiry).filter(|_| keep);
            hash.set(field, value, old.or(expiry).unwrap_or_default());
        }
    }
    Ok(())
}

/// `HGETDEL key FIELDS count field..`
pub(super) fn hgetdel(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let names = fields(call, 2, 1)?;
    if let Some(hash) = there(call, key)? {
        names.iter().for_each(|name| hash.remove(name));
    }
    Ok(())
}
