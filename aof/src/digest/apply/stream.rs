//! Commands on streams, as far as they count: entries and the last ID.

use rdbkit_rdb::StreamId;

use super::{Call, Done};
use crate::digest::halt::Halt;
use crate::digest::keyspace::Found;
use crate::digest::model::Entries;
use crate::digest::number::{self, stream_id};

/// How much of a stream is to stay.
#[derive(Clone, Copy)]
enum Trim {
    Length(usize),
    From(StreamId),
}

impl Trim {
    /// Reads `MAXLEN | MINID [=] threshold` at `at`; gives where the next word
    /// stands. `None` if there is something else. How much goes with `~` hangs
    /// on how the stream is stored.
    fn read(call: &Call<'_, '_>, at: usize) -> Result<Option<(Trim, usize)>, Halt> {
        let (length, first) = (call.is(at, "MAXLEN"), call.is(at, "MINID"));
        if !length && !first {
            return Ok(None);
        }
        let at = at + 1 + usize::from(call.is(at + 1, "="));
        let trim = match length {
            true => {
                let most = usize::try_from(call.integer(at)?).map_err(|_| Halt::BEYOND)?;
                Trim::Length(most)
            }
            false => Trim::From(stream_id(call.arg(at)?)?),
        };
        Ok(Some((trim, at + 1)))
    }

    fn apply(self, stream: &mut Entries) {
        match self {
            Trim::Length(most) => stream.keep_last(most),
            Trim::From(first) => stream.keep_from(first),
        }
    }
}

/// `XADD key [NOMKSTREAM] [KEEPREF | DELREF] [MAXLEN | MINID ..] id field value ..`
pub(super) fn xadd(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    let (mut at, mut create, mut trim) = (2, true, None);
    loop {
        if let Some((found, next)) = Trim::read(call, at)? {
            if trim.replace(found).is_some() {
                return Err(Halt::BEYOND);
            }
            at = next;
            continue;
        }
        match () {
            () if call.is(at, "NOMKSTREAM") => create = false,
            () if call.is(at, "KEEPREF") || call.is(at, "DELREF") => {}
            () => break,
        }
        at += 1;
    }
    let id = stream_id(call.arg(at)?)?;
    let texts = call.rest(at + 1);
    if id == StreamId::default() || texts.is_empty() || texts.len() % 2 == 1 {
        return Err(Halt::BEYOND);
    }
    let stream: Option<&mut Entries> = match create {
        true => call.keys.find_or_new(call.db, key)?,
        false => there(call, key)?,
    };
    let Some(stream) = stream else {
        return Ok(());
    };
    if id > stream.last {
        stream.add(id, texts.iter().map(|text| Box::from(*text)).collect());
        if let Some(trim) = trim {
            trim.apply(stream);
        }
    }
    Ok(())
}

fn there<'k>(call: &'k mut Call<'_, '_>, key: &[u8]) -> Result<Option<&'k mut Entries>, Halt> {
    Ok(match call.keys.find(call.db, key)? {
        Found::There(stream) => Some(stream),
        Found::Absent | Found::Other => None,
    })
}

/// `XDEL key id..`
pub(super) fn xdel(call: &mut Call<'_, '_>) -> Done {
    let ids: Result<Vec<StreamId>, Halt> = call.rest(2).iter().map(|id| stream_id(id)).collect();
    let (key, ids) = (call.key()?, ids?);
    if let Some(stream) = there(call, key)? {
        ids.into_iter().for_each(|id| stream.remove(id));
    }
    Ok(())
}

/// `XTRIM key MAXLEN | MINID ..`
pub(super) fn xtrim(call: &mut Call<'_, '_>) -> Done {
    let key = call.key()?;
    match Trim::read(call, 2)? {
        Some((trim, end)) if end == call.args.len() => {
            if let Some(stream) = there(call, key)? {
                trim.apply(stream);
            }
            Ok(())
        }
        _ => Err(Halt::BEYOND),
    }
}

/// `XSETID key id [ENTRIESADDED n] [MAXDELETEDID id]`
pub(super) fn xsetid(call: &mut Call<'_, '_>) -> Done {
    let (key, id) = (call.key()?, stream_id(call.arg(2)?)?);
    let mut at = 3;
    while at < call.args.len() {
        if call.is(at, "ENTRIESADDED") {
            number::expect(call.args.get(at + 1))?;
        } else if !call.is(at, "MAXDELETEDID") || stream_id(call.arg(at + 1)?)? > id {
            return Err(Halt::BEYOND);
        }
        at += 2;
    }
    if let Some(stream) = there(call, key)?
        && stream.top().is_none_or(|top| top <= id)
    {
        stream.last = id;
    }
    Ok(())
}

/// `XGROUP CREATE key group id [MKSTREAM] [ENTRIESREAD n]`: may make a stream
/// without entries.
pub(super) fn xgroup_create(call: &mut Call<'_, '_>) -> Done {
    let key = call.arg(2)?;
    let options = call.rest(5);
    let makes = options
        .iter()
        .any(|word| word.eq_ignore_ascii_case(b"MKSTREAM"));
    if !makes {
        return Ok(());
    }
    if call.arg(4)? != b"$" {
        stream_id(call.arg(4)?)?;
    }
    match options.len() {
        1 => {}
        3 if options
            .iter()
            .any(|word| word.eq_ignore_ascii_case(b"ENTRIESREAD")) => {}
        _ => return Err(Halt::BEYOND),
    }
    if let Found::Absent = call.keys.find::<Entries>(call.db, key)? {
        call.put_new(key, Entries::default());
    }
    Ok(())
}
