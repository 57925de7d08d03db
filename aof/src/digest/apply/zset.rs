//! Commands on sorted sets.

use rdbkit_rdb::digest::Rules;

use super::{Call, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::Sorted;
use crate::digest::number;

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member ..`
pub(super) fn zadd(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let (mut nx, mut xx, mut gt, mut lt, mut incr, mut at) = (false, false, false, false, false, 2);
    loop {
        match () {
            () if call.is(at, "NX") => nx = true,
            () if call.is(at, "XX") => xx = true,
            () if call.is(at, "GT") => gt = true,
            () if call.is(at, "LT") => lt = true,
            () if call.is(at, "INCR") => incr = true,
            () if call.is(at, "CH") => {}
            () => break,
        }
        at += 1;
    }
    let (pairs, []) = call.rest(at).as_chunks::<2>() else {
        return Err(Halt::BEYOND);
    };
    let odd = nx && (xx || gt || lt) || gt && lt || incr && pairs.len() > 1;
    if odd || pairs.is_empty() {
        return Err(Halt::BEYOND);
    }
    let scores: Result<Vec<f64>, Halt> = pairs.iter().map(|[s, _]| number::float(s)).collect();
    let scores = scores?;
    let found = match call.keys.find::<Sorted>(call.db, key)? {
        Found::Other => return Ok(()),
        Found::There(_) => true,
        Found::Absent if xx => return Ok(()),
        Found::Absent => false,
    };
    // Whether a set that begins large is packed differs, and shows in the sign of a zero.
    let longest = pairs
        .iter()
        .map(|[_, member]| member.len())
        .max()
        .unwrap_or(0);
    let large = !Rules::is_small(pairs.len() as u64, longest);
    if !found && large && scores.iter().any(|s| *s == 0.0 && s.is_sign_negative()) {
        return Err(Halt::BEYOND);
    }
    let Some(sorted) = call.keys.find_or_new::<Sorted>(call.db, key)? else {
        return Ok(());
    };
    for ([_, member], score) in pairs.iter().zip(scores) {
        let old = sorted.score(member);
        if nx && old.is_some() || xx && old.is_none() {
            continue;
        }
        let score = match old {
            Some(old) if incr => old + score,
            _ => score,
        };
        if score.is_nan() {
            continue;
        }
        if old.is_none_or(|old| (!gt || score > old) && (!lt || score < old)) {
            sorted.set(member, score);
        }
    }
    Ok(())
}

/// `ZINCRBY key increment member`
pub(super) fn zincrby(call: &mut Call<'_, '_>) -> Done {
    let (key, by, member) = (call.key()?, number::float(call.arg(2)?)?, call.arg(3)?);
    if let Some(sorted) = call.keys.find_or_new::<Sorted>(call.db, key)? {
        let score = sorted.score(member).map_or(by, |old| old + by);
        if !score.is_nan() {
            sorted.set(member, score);
        }
    }
    Ok(())
}

fn there<'k>(call: &'k mut Call<'_, '_>, key: &[u8]) -> Result<Option<&'k mut Sorted>, Halt> {
    Ok(match call.keys.find(call.db, key)? {
        Found::There(sorted) => Some(sorted),
        Found::Absent | Found::Other => None,
    })
}

/// `ZREM key member..`
pub(super) fn zrem(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let members = call.rest(2);
    if let Some(sorted) = there(call, key)? {
        members.iter().for_each(|member| sorted.remove(member));
    }
    Ok(())
}

/// `ZPOPMIN key [count]`
pub(super) fn pop(call: &mut Call<'_, '_>, last: bool) -> Done {
    let count = match call.args.len() {
        2 => 1,
        3 => usize::try_from(call.integer(2)?).map_err(|_| Halt::BEYOND)?,
        _ => return Err(Halt::BEYOND),
    };
    let key = call.key()?;
    if let Some(sorted) = there(call, key)? {
        let members = sorted.ends(last, count);
        members.iter().for_each(|member| sorted.remove(member));
    }
    Ok(())
}

/// `ZREMRANGEBYRANK key start stop`
pub(super) fn zremrangebyrank(call: &mut Call<'_, '_>) -> Done {
    let (key, start, stop) = (call.key()?, call.integer(2)?, call.integer(3)?);
    if let Some(sorted) = there(call, key)?
        && let Some((first, last)) = number::range(start, stop, sorted.len())
    {
        let members = sorted.ranks(first, last);
        members.iter().for_each(|member| sorted.remove(member));
    }
    Ok(())
}

/// `ZREMRANGEBYSCORE key min max`; a `(` leaves the bound itself out.
pub(super) fn zremrangebyscore(call: &mut Call<'_, '_>) -> Done {
    let bound = |at| -> Result<(f64, bool), Halt> {
        let text = call.arg(at)?;
        Ok(match text.strip_prefix(b"(") {
            Some(text) => (number::float(text)?, true),
            None => (number::float(text)?, false),
        })
    };
    let ((min, above), (max, below)) = (bound(2)?, bound(3)?);
    let key = call.key()?;
    if let Some(sorted) = there(call, key)? {
        let members = sorted.filtered(|_, score| {
            let reaches = if above { score > min } else { score >= min };
            reaches && if below { score < max } else { score <= max }
        });
        members.iter().for_each(|member| sorted.remove(member));
    }
    Ok(())
}

/// How members lie to a bound of `ZREMRANGEBYLEX`.
enum Lexical<'a> {
    /// `-`
    Before,
    /// `+`
    Behind,
    /// `[member`, or without the member itself `(member`.
    At { name: &'a [u8], open: bool },
}

impl<'a> Lexical<'a> {
    fn read(text: &'a [u8]) -> Result<Lexical<'a>, Halt> {
        match text {
            b"-" => Ok(Lexical::Before),
            b"+" => Ok(Lexical::Behind),
            [b'[', name @ ..] => Ok(Lexical::At { name, open: false }),
            [b'(', name @ ..] => Ok(Lexical::At { name, open: true }),
            _ => Err(Halt::BEYOND),
        }
    }

    fn is_below(&self, member: &[u8]) -> bool {
        match *self {
            Lexical::Before => true,
            Lexical::Behind => false,
            Lexical::At { name, open } => name < member || name == member && !open,
        }
    }

    fn is_above(&self, member: &[u8]) -> bool {
        match *self {
            Lexical::Before => false,
            Lexical::Behind => true,
            Lexical::At { name, open } => name > member || name == member && !open,
        }
    }
}

/// `ZREMRANGEBYLEX key min max`: of members of the same score.
pub(super) fn zremrangebylex(call: &mut Call<'_, '_>) -> Done {
    let (min, max) = (Lexical::read(call.arg(2)?)?, Lexical::read(call.arg(3)?)?);
    let key = call.key()?;
    if let Some(sorted) = there(call, key)? {
        if !sorted.is_level() {
            return Err(Halt::BEYOND);
        }
        let members = sorted.filtered(|member, _| min.is_below(member) && max.is_above(member));
        members.iter().for_each(|member| sorted.remove(member));
    }
    Ok(())
}
