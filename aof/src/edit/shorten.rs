//! Taking keys out of one command.

use crate::command::Command;
use crate::commands;
use crate::walk::Item;

/// What a command loses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It has none of the keys.
    Nothing,
    /// It has no other keys: it goes.
    All,
    /// What it is without them.
    Some(Vec<u8>),
    /// It has other keys, too, and cannot lose some: why.
    Refused(&'static str),
}

/// What `keys` are to the command of `item`.
pub(super) fn loss(item: &Item<'_>, keys: &[Vec<u8>]) -> Loss {
    let Some(command) = item.command() else {
        return Loss::Nothing;
    };
    let Some(spec) = commands::spec(&command) else {
        return Loss::Nothing;
    };
    let wanted = |key: &[u8]| keys.iter().any(|wanted| wanted == key);
    let args: Vec<&[u8]> = command.args().collect();
    let (mut all, mut lost) = (0usize, 0usize);
    for index in spec.keys(&command) {
        let Some(key) = args.get(index) else { continue };
        all += 1;
        lost += usize::from(wanted(key));
    }
    let step = match spec.name() {
        b"del" | b"unlink" => 1,
        b"mset" => 2,
        _ => 0,
    };
    match (lost, item, step) {
        (0, ..) => Loss::Nothing,
        // Of one that was cut short other keys may not be known.
        _ if lost == all && (all == 1 || matches!(item, Item::Command(_))) => Loss::All,
        (_, Item::Abridged(_), _) => Loss::Refused("it is too long to be written anew"),
        (_, _, 0) => Loss::Refused("what it does to one key depends on the others"),
        (_, _, step) => match without(&command, &args, step, wanted) {
            Some(raw) => Loss::Some(raw),
            None => Loss::Refused("keys without values"),
        },
    }
}

/// The command with those keys left out, and what belongs to them: all groups
/// of `step` arguments behind the name begin with a key.
fn without(
    command: &Command<'_>,
    args: &[&[u8]],
    step: usize,
    wanted: impl Fn(&[u8]) -> bool,
) -> Option<Vec<u8>> {
    let (name, rest) = args.split_first()?;
    if !rest.len().is_multiple_of(step) {
        return None;
    }
    let mut left = vec![*name];
    for group in rest.chunks_exact(step) {
        if group.first().is_some_and(|key| !wanted(key)) {
            left.extend_from_slice(group);
        }
    }
    let mut raw = Vec::with_capacity(command.as_raw().len());
    raw.extend(format!("*{}\r\n", left.len()).bytes());
    for arg in left {
        raw.extend(format!("${}\r\n", arg.len()).bytes());
        raw.extend_from_slice(arg);
        raw.extend_from_slice(b"\r\n");
    }
    Some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(line: &str) -> Vec<u8> {
        let args: Vec<&str> = line.split(' ').collect();
        let mut raw = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            raw.extend(format!("${}\r\n{arg}\r\n", arg.len()).bytes());
        }
        raw
    }

    fn lost(line: &str, keys: &[&str]) -> Loss {
        let raw = raw(line);
        let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        loss(&Item::Command(Command::parse(&raw).unwrap()), &keys)
    }

    #[test]
    fn keys_leave_where_they_can() {
        assert_eq!(lost("del a b a c", &["a", "x"]), Loss::Some(raw("del b c")));
        assert_eq!(lost("MSET a 1 b a", &["a"]), Loss::Some(raw("MSET b a")));
        assert_eq!(lost("UNLINK a a", &["a"]), Loss::All);
        assert_eq!(lost("SET a b", &["b"]), Loss::Nothing);
        assert_eq!(lost("SET a b", &["a"]), Loss::All);
        assert_eq!(lost("RENAME a b", &["a", "b"]), Loss::All);
        assert_eq!(lost("FLUSHALL", &["a"]), Loss::Nothing);
        assert_eq!(lost("NOSUCH a", &["a"]), Loss::Nothing);
        for line in ["RENAME a b", "MSETNX a 1 b 2", "SDIFFSTORE d a b"] {
            assert!(matches!(lost(line, &["a"]), Loss::Refused(_)), "{line}");
        }
        assert!(matches!(lost("MSET a 1 b", &["a"]), Loss::Refused(_)));
    }

    #[test]
    fn what_was_cut_short_goes_only_whole() {
        let keys = [b"a".to_vec()];
        let abridged = |line: &str| {
            let raw = raw(line);
            loss(&Item::Abridged(Command::parse(&raw).unwrap()), &keys)
        };
        assert_eq!(abridged("SET a v"), Loss::All);
        assert!(matches!(abridged("DEL a b"), Loss::Refused(_)));
        assert!(matches!(abridged("DEL a a"), Loss::Refused(_)));
    }
}
