//! Commands on keys of any type.

use rdbkit_rdb::digest::{self, Outcome};
use rdbkit_rdb::dump;

use super::{Call, Condition, Done};
use crate::digest::halt::Halt;
use crate::digest::model::{Content, Expiry, Held, Raw};

/// How a command gives a time.
#[derive(Clone, Copy)]
pub(super) enum Time {
    /// From when it is run.
    Seconds,
    Milliseconds,
    /// Since 1970, in units of so many milliseconds.
    At(i64),
}

impl Time {
    /// As the name of the command says, that of a key or of fields.
    pub fn of(call: &Call<'_, '_>) -> Result<Time, Halt> {
        let name = call.arg(0)?.to_ascii_lowercase();
        Ok(match name.strip_prefix(b"h").unwrap_or(&name) {
            b"expire" => Time::Seconds,
            b"pexpire" => Time::Milliseconds,
            b"expireat" => Time::At(1000),
            _ => Time::At(1),
        })
    }

    /// The expiry of a number. Servers refuse what is out of range, and have no
    /// way to say -1.
    pub fn expiry(self, number: i64) -> Result<Expiry, Halt> {
        match self {
            Time::At(unit) => match number.checked_mul(unit) {
                None | Some(-1) => Err(Halt::BEYOND),
                Some(ms) => Ok(Expiry::At(ms)),
            },
            // Far below the range, whatever the clock says.
            Time::Seconds | Time::Milliseconds if number.unsigned_abs() < 1 << 52 => {
                Ok(Expiry::Later)
            }
            Time::Seconds | Time::Milliseconds => Err(Halt::BEYOND),
        }
    }
}

/// `DEL key..`
pub(super) fn del(call: &mut Call<'_, '_>) -> Done {
    for key in call.rest(1) {
        call.keys.remove(call.db, key);
    }
    Ok(())
}

/// `PEXPIREAT key time [NX | XX | GT | LT]`. While a server loads, a time in the
/// past is one like any other.
pub(super) fn expire(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let new = Time::of(call)?.expiry(call.integer(2)?)?;
    let mut condition = Condition::default();
    if !call.rest(3).iter().all(|word| condition.word(word)) || condition.is_odd() {
        return Err(Halt::BEYOND);
    }
    if let Some(held) = call.keys.get(call.db, key)?
        && condition.holds(held.expiry, new)?
    {
        held.expiry = new;
    }
    Ok(())
}

/// `PERSIST key`
pub(super) fn persist(call: &mut Call<'_, '_>) -> Done {
    if let Some(held) = call.keys.get(call.db, call.key()?)? {
        held.expiry = Expiry::None;
    }
    Ok(())
}

/// `RENAME key new`
pub(super) fn rename(call: &mut Call<'_, '_>) -> Done {
    let (from, to) = (call.key()?, call.arg(2)?);
    if from == to {
        return Ok(());
    }
    if let Some(held) = call.keys.take(call.db, from)? {
        call.keys.put(call.db, to, held);
    }
    Ok(())
}

/// `RENAMENX key new`
pub(super) fn renamenx(call: &mut Call<'_, '_>) -> Done {
    match call.keys.get(call.db, call.arg(2)?)? {
        Some(_) => Ok(()),
        None => rename(call),
    }
}

/// The database an argument names; `None` if there is no such.
fn database(call: &Call<'_, '_>, index: usize) -> Result<Option<u64>, Halt> {
    let number = call.integer(index)?;
    Ok(u64::try_from(number).ok().filter(|db| *db < call.databases))
}

/// `MOVE key db`
pub(super) fn move_(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let Some(to) = database(call, 2)?.filter(|to| *to != call.db) else {
        return Ok(());
    };
    call.keys.get(call.db, key)?;
    if call.keys.get(to, key)?.is_none()
        && let Some(held) = call.keys.take(call.db, key)?
    {
        call.keys.put(to, key, held);
    }
    Ok(())
}

/// `COPY key new [DB db] [REPLACE]`
pub(super) fn copy(call: &mut Call<'_, '_>) -> Done {
    let (from, to) = (call.key()?, call.arg(2)?);
    let (mut db, mut replace, mut next) = (call.db, false, 3);
    while next < call.args.len() {
        if call.is(next, "REPLACE") {
            replace = true;
            next += 1;
        } else if call.is(next, "DB") {
            let Some(other) = database(call, next + 1)? else {
                return Ok(());
            };
            db = other;
            next += 2;
        } else {
            return Err(Halt::BEYOND);
        }
    }
    if (db, to) == (call.db, from) {
        return Ok(());
    }
    let Some(held) = call.keys.get(call.db, from)? else {
        return Ok(());
    };
    // A module may or may not know how to.
    if held.kind().is_none() {
        return Err(Halt::BEYOND);
    }
    let (copy, bytes) = (held.clone(), held.memory());
    if !call.keys.has_room(bytes) {
        return Err(Halt::Memory);
    }
    if replace || call.keys.get(db, to)?.is_none() {
        call.keys.put(db, to, copy);
    }
    Ok(())
}

/// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME n] [FREQ n]`
pub(super) fn restore(call: &mut Call<'_, '_>) -> Done {
    let (key, payload) = (call.key()?, call.arg(3)?);
    let (mut replace, mut absolute, mut next) = (false, false, 4);
    while next < call.args.len() {
        next += 1;
        match () {
            () if call.is(next - 1, "REPLACE") => replace = true,
            () if call.is(next - 1, "ABSTTL") => absolute = true,
            () if call.is(next - 1, "IDLETIME") || call.is(next - 1, "FREQ") => next += 1,
            () => return Err(Halt::BEYOND),
        }
    }
    let expiry = match call.integer(2)? {
        0 => Expiry::None,
        ..0 => return Err(Halt::BEYOND),
        ttl if absolute => Time::At(1).expiry(ttl)?,
        ttl => Time::Milliseconds.expiry(ttl)?,
    };
    if !replace && call.keys.get(call.db, key)?.is_some() {
        return Ok(());
    }
    // What one release takes and another does not is in doubt.
    let record = dump::parse(payload)?.record;
    match digest::of_value(&record, &call.rules())? {
        Outcome::Empty | Outcome::Expired => return Err(Halt::BEYOND),
        Outcome::Known(_) | Outcome::Unknown(_) => {}
    }
    let content = Content::Raw(Raw::Dump(payload.into()));
    call.keys.put(call.db, key, Held { content, expiry });
    Ok(())
}
