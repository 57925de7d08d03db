//! What commands do to the keys in memory.
//!
//! Only what every release does alike, on a load: nothing expires, errors are
//! passed over. What is in doubt is [`Halt::Beyond`], and then its keys are
//! lost until something replaces or removes them.

mod generic;
mod hash;
mod list;
mod set;
mod stream;
mod string;
mod whole;
mod zset;

use rdbkit_rdb::digest::Rules;

use super::halt::Halt;
use super::keyspace::Keyspace;
use super::model::{Expiry, Held};
use super::number;

/// What there is to know when a command is applied.
pub(super) struct Call<'k, 'a> {
    pub keys: &'k mut Keyspace,
    /// The database it works on.
    pub db: u64,
    /// How many databases there are.
    pub databases: u64,
    /// The arguments, the name first.
    pub args: &'a [&'a [u8]],
}

type Done = Result<(), Halt>;

/// What a command is to a digest.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// It changes nothing that counts.
    Nothing,
    /// It changes keys it names, or whole databases.
    Apply(fn(&mut Call<'_, '_>) -> Done),
    /// It may do anything to any key.
    Anything,
}

/// What the command with this name in the table is.
pub(super) fn act(name: &[u8], writes: bool) -> Act {
    let apply: fn(&mut Call<'_, '_>) -> Done = match name {
        b"del" | b"unlink" => generic::del,
        b"expire" | b"pexpire" | b"expireat" | b"pexpireat" => generic::expire,
        b"persist" => generic::persist,
        b"rename" => generic::rename,
        b"renamenx" => generic::renamenx,
        b"move" => generic::move_,
        b"copy" => generic::copy,
        b"restore" | b"restore-asking" => generic::restore,

        b"flushall" => whole::flushall,
        b"flushdb" => whole::flushdb,
        b"swapdb" => whole::swapdb,

        b"set" => string::set,
        b"setnx" => string::setnx,
        b"setex" | b"psetex" => string::setex,
        b"mset" => string::mset,
        b"msetnx" => string::msetnx,
        b"getset" => string::getset,
        b"getdel" => string::getdel,
        b"getex" => string::getex,
        b"delifeq" => string::delifeq,
        b"append" => string::append,
        b"setrange" => string::setrange,
        b"setbit" => string::setbit,
        b"incr" => |call| string::add(call, Ok(1)),
        b"decr" => |call| string::add(call, Ok(-1)),
        b"incrby" => |call| {
            let by = number::expect(call.args.get(2));
            string::add(call, by)
        },
        b"decrby" => |call| {
            let by = number::expect(call.args.get(2));
            string::add(call, by.and_then(|n| n.checked_neg().ok_or(Halt::BEYOND)))
        },

        b"lpush" => |call| list::push(call, true, true),
        b"rpush" => |call| list::push(call, false, true),
        b"lpushx" => |call| list::push(call, true, false),
        b"rpushx" => |call| list::push(call, false, false),
        b"lpop" => |call| list::pop(call, true),
        b"rpop" => |call| list::pop(call, false),
        b"lset" => list::lset,
        b"ltrim" => list::ltrim,
        b"lrem" => list::lrem,
        b"linsert" => list::linsert,
        b"rpoplpush" => list::rpoplpush,
        b"lmove" => list::lmove,

        b"sadd" => set::sadd,
        b"srem" => set::srem,
        b"smove" => set::smove,
        b"sunionstore" => |call| set::store(call, set::Combine::Union),
        b"sinterstore" => |call| set::store(call, set::Combine::Inter),
        b"sdiffstore" => |call| set::store(call, set::Combine::Diff),

        b"hset" | b"hmset" => hash::hset,
        b"hsetnx" => hash::hsetnx,
        b"hdel" => hash::hdel,
        b"hincrby" => hash::hincrby,
        b"hexpire" | b"hpexpire" | b"hexpireat" | b"hpexpireat" => hash::expire,
        b"hpersist" => hash::hpersist,
        b"hsetex" => hash::hsetex,
        b"hgetdel" => hash::hgetdel,

        b"zadd" => zset::zadd,
        b"zincrby" => zset::zincrby,
        b"zrem" => zset::zrem,
        b"zpopmin" => |call| zset::pop(call, false),
        b"zpopmax" => |call| zset::pop(call, true),
        b"zremrangebyrank" => zset::zremrangebyrank,
        b"zremrangebyscore" => zset::zremrangebyscore,
        b"zremrangebylex" => zset::zremrangebylex,

        b"xadd" => stream::xadd,
        b"xdel" => stream::xdel,
        b"xtrim" => stream::xtrim,
        b"xsetid" => stream::xsetid,
        b"xgroup|create" => stream::xgroup_create,

        // Groups, consumers, what is pending and numbers are no part of it, nor
        // are functions.
        b"xgroup"
        | b"xgroup|createconsumer"
        | b"xgroup|delconsumer"
        | b"xgroup|destroy"
        | b"xgroup|setid"
        | b"xack"
        | b"xclaim"
        | b"xautoclaim"
        | b"xreadgroup"
        | b"xnack"
        | b"xcfgset"
        | b"xidmprecord" => return Act::Nothing,
        name if name.starts_with(b"function|") => return Act::Nothing,

        b"eval" | b"evalsha" | b"fcall" | b"debug" | b"migrate" | b"cluster|flushslot" => {
            return Act::Anything;
        }
        _ if writes => |_| Err(Halt::BEYOND),
        _ => return Act::Nothing,
    };
    Act::Apply(apply)
}

/// Which of its keys a command writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    All,
    First,
    AllButFirst,
}

/// Which of the keys of the command with this name in the table.
pub(super) fn writes(name: &[u8]) -> Writes {
    match name {
        b"copy" | b"sort" | b"georadius" | b"georadiusbymember" => Writes::AllButFirst,
        b"pfmerge" | b"bitop" => Writes::First,
        _ if name.ends_with(b"store") => Writes::First,
        _ => Writes::All,
    }
}

impl<'a> Call<'_, 'a> {
    /// An argument; nothing where the command has too few.
    fn arg(&self, index: usize) -> Result<&'a [u8], Halt> {
        self.args.get(index).copied().ok_or(Halt::BEYOND)
    }

    fn key(&self) -> Result<&'a [u8], Halt> {
        self.arg(1)
    }

    /// The arguments from one on.
    fn rest(&self, from: usize) -> &'a [&'a [u8]] {
        self.args.get(from..).unwrap_or_default()
    }

    fn integer(&self, index: usize) -> Result<i64, Halt> {
        number::expect(self.args.get(index))
    }

    fn rules(&self) -> Rules {
        *self.keys.rules()
    }

    /// Whether the argument is this word, in whatever case.
    fn is(&self, index: usize, word: &str) -> bool {
        let arg = self.args.get(index);
        arg.is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Puts a new value there, that does not expire.
    fn put_new(&mut self, key: &[u8], value: impl Into<super::model::Content>) {
        self.keys.put(self.db, key, Held::new(value));
    }
}

/// Conditions of EXPIRE and HEXPIRE: whether a time takes the place of another.
#[derive(Clone, Copy, Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    /// Takes a word; `false` if it is none.
    fn word(&mut self, word: &[u8]) -> bool {
        let places = [
            ("NX", &mut self.nx),
            ("XX", &mut self.xx),
            ("GT", &mut self.gt),
            ("LT", &mut self.lt),
        ];
        for (name, place) in places {
            if word.eq_ignore_ascii_case(name.as_bytes()) {
                *place = true;
                return true;
            }
        }
        false
    }

    fn is_odd(self) -> bool {
        self.nx && (self.xx || self.gt || self.lt) || self.gt && self.lt
    }

    fn holds(self, old: Expiry, new: Expiry) -> Result<bool, Halt> {
        if self.nx && old != Expiry::None || self.xx && old == Expiry::None {
            return Ok(false);
        }
        if !self.gt && !self.lt {
            return Ok(true);
        }
        // None is never, and no time is after it.
        match (old, new) {
            (Expiry::None, _) => Ok(self.lt),
            (Expiry::At(old), Expiry::At(new)) => Ok(if self.gt { new > old } else { new < old }),
            _ => Err(Halt::BEYOND),
        }
    }
}
