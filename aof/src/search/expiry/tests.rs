use super::*;
use crate::search::sample;

#[test]
fn expiries_of_all_forms() {
    use Expiry::{At, In};
    for (line, wanted) in [
        ("SET k v PXAT 1700000000000", Some(At(1_700_000_000_000))),
        ("set k v xx exat 17", Some(At(17_000))),
        ("SET k v KEEPTTL", None),
        ("SET k v", None),
        ("SET PXAT 5", None),
        ("SET k v PX 5", Some(In(5))),
        ("SETEX k 5 v", Some(In(5000))),
        ("PSETEX k 5 v", Some(In(5))),
        ("PEXPIREAT k 99 GT", Some(At(99))),
        ("expireat k 9", Some(At(9000))),
        ("EXPIRE k 9223372036854775807", Some(In(i64::MAX))),
        ("PEXPIRE k x", None),
        ("HPEXPIREAT h 7 FIELDS 1 f", Some(At(7))),
        ("HSETEX h PXAT 8 FIELDS 1 f v", Some(At(8))),
        ("MSETEX 1 k v PXAT 9", Some(At(9))),
        ("RESTORE k 0 x", None),
        ("RESTORE k 55 x ABSTTL", Some(At(55))),
        ("restore k 55 x", Some(In(55))),
        ("PERSIST k", None),
        ("DEL k", None),
    ] {
        let raw = sample::command(line);
        assert_eq!(
            expiry(&Command::parse(raw.as_bytes()).unwrap()),
            wanted,
            "{line}"
        );
    }
}
