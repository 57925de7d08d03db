//! Commands on sets.

use super::{Call, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::{Members, Typed};

/// `SADD key member..`
pub(super) fn sadd(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    if let Some(set) = call.keys.find_or_new::<Members>(call.db, key)? {
        for member in call.args.iter().skip(2) {
            set.add(member);
        }
    }
    Ok(())
}

/// `SREM key member..`
pub(super) fn srem(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    if let Found::There(set) = call.keys.find::<Members>(call.db, key)? {
        for member in call.args.iter().skip(2) {
            set.remove(member);
        }
    }
    Ok(())
}

/// `SMOVE key other member`
pub(super) fn smove(call: &mut Call<'_, '_>) -> Done {
    let (from, to, member) = (call.key()?, call.arg(2)?, call.arg(3)?);
    let Found::There(_) = call.keys.find::<Members>(call.db, from)? else {
        return Ok(());
    };
    if matches!(call.keys.find::<Members>(call.db, to)?, Found::Other) || from == to {
        return Ok(());
    }
    if let Found::There(set) = call.keys.find::<Members>(call.db, from)?
        && set.remove(member)
        && let Some(other) = call.keys.find_or_new::<Members>(call.db, to)?
    {
        other.add(member);
    }
    Ok(())
}

/// What is made of several sets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Combine {
    Union,
    Inter,
    Diff,
}

/// `SUNIONSTORE destination key..`
pub(super) fn store(call: &mut Call<'_, '_>, combine: Combine) -> Done {
    let (destination, sources) = (call.key()?, call.rest(2));
    let (mut absent, mut other) = (false, false);
    let mut result = Members::new(&call.rules());
    for (index, source) in sources.iter().enumerate() {
        let set = match call.keys.find::<Members>(call.db, source)? {
            Found::There(set) => Some(set),
            Found::Absent => None,
            Found::Other => {
                other = true;
                continue;
            }
        };
        absent |= set.is_none();
        match (combine, set) {
            (Combine::Union, Some(set)) => set.iter().for_each(|m| _ = result.add(m)),
            (_, Some(set)) if index == 0 => result = set.clone(),
            (Combine::Inter, Some(set)) => result.retain(|member| set.contains(member)),
            (Combine::Inter, None) => result = Members::default(),
            (Combine::Diff, Some(set)) => result.retain(|member| !set.contains(member)),
            (Combine::Diff | Combine::Union, None) => {}
        }
        if !call.keys.has_room(result.memory()) {
            return Err(Halt::Memory);
        }
    }
    match (other, absent) {
        // Older servers look no further than to the first set that is not there.
        (true, true) if combine == Combine::Inter => Err(Halt::BEYOND),
        (true, _) => Ok(()),
        (false, _) => {
            call.put_new(destination, result);
            Ok(())
        }
    }
}
