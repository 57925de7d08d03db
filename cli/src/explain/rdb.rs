//! Findings of RDB files: how they come about, and what to do.

use rdbkit_rdb::verify::Code;

use super::Advice;

const SALVAGE: &[&str] = &[
    "Take another copy first: is the file that the server wrote damaged, or only this copy of it? Compare checksums.",
    "If no copy is whole, write what can be read into a new file, which says what is lost:",
    "rdbkit salvage FILE -o NEW.rdb",
];

const OTHER_SERVER: &[&str] = &[
    "See which servers load the file; the line \"needs\" tells:",
    "rdbkit check --for redis:7.2 FILE",
    "To move keys to a server that cannot read the file, write what it can express, or send commands:",
    "rdbkit extract FILE --to-version 11 -o NEW.rdb",
    "rdbkit export --format resp FILE",
];

const LEFT_OUT: &[&str] = &[
    "Write a file without what is wrong; it says what it left out:",
    "rdbkit salvage FILE -o NEW.rdb",
];

const LIBRARIES: &[&str] = &[
    "Load the library alone into an empty server of that release, by FUNCTION LOAD, and see.",
    "Or write the file without its libraries, and load them later:",
    "rdbkit extract FILE --without functions -o NEW.rdb",
];

const NOTHING: &[&str] = &["Nothing: the server loads the file."];

/// What is said of a finding beyond its summary.
pub(super) fn advice(code: Code) -> Option<Advice> {
    let (cause, remedy): (&'static str, &'static [&'static str]) = match code {
        Code::Truncated => (
            "The copy was interrupted, the disk was full, or the file was copied while it was written. Servers write \
             under another name and rename when all is there, so a file that a server has finished is whole.",
            SALVAGE,
        ),
        Code::NotRdb => (
            "It is another file: compressed or encrypted, an append-only log, an error page saved by a download; or its \
             first bytes are damaged.",
            &[
                "Look at how it begins:",
                "rdbkit inspect FILE --at 0",
                "If only its head is damaged, the keys can still be had:",
                "rdbkit salvage FILE -o NEW.rdb",
            ],
        ),
        Code::BadVersion => (
            "The four digits behind REDIS, or three behind VALKEY, are damaged.",
            SALVAGE,
        ),
        Code::Unsupported => (
            "The file is of a kind that cannot be read without a server: not damaged, but not understood. It is not known \
             whether a server loads it.",
            &["Load it into a server of the release that wrote it."],
        ),
        Code::UnknownType
        | Code::BadLength
        | Code::BadString
        | Code::BadScore
        | Code::BadQuicklistNode
        | Code::BadStreamKey
        | Code::BadRecord => (
            "Bytes were changed or lost here or shortly before: what is read from here on makes no sense. Or a server of a \
             product or a release wrote it that nobody knew when this program was made.",
            SALVAGE,
        ),
        Code::BadModuleData => (
            "Bytes were changed or lost inside a module's value, or the module breaks the rules of its own format.",
            SALVAGE,
        ),
        Code::Checksum => (
            "At least one byte is not what the server wrote, be it a key, a value or the checksum. Everything else may be read \
             without trouble, and still hold a wrong value.",
            &[
                "Take another copy. If there is none, what is in the file can be looked into, compared with an older backup, \
                 and written with a right checksum:",
                "rdbkit diff OLD.rdb FILE",
                "rdbkit salvage FILE -o NEW.rdb",
                "A server with \"rdbchecksum no\" loads it as it is.",
            ],
        ),
        Code::VersionUnsupported | Code::TypeUnsupported => (
            "A newer release, or the other product, wrote the file.",
            OTHER_SERVER,
        ),
        Code::DatabaseLimit => (
            "The server that wrote it was configured for more databases than the 16 that are assumed here.",
            &[
                "Start the server with so many databases (\"databases N\" in its configuration), and check again with it:",
                "rdbkit check --databases 100 FILE",
            ],
        ),
        Code::DuplicateKey => (
            "No server writes this. A program put files together, or a piece of the file is there twice. Servers panic while they \
             load it; redis-check-rdb does not see it.",
            &[
                "Write a file in which the first of the two stays; it names the other one:",
                "rdbkit salvage FILE -o NEW.rdb",
            ],
        ),
        Code::DuplicateElement
        | Code::NanScore
        | Code::BadExpiry
        | Code::BadStream
        | Code::BadTemplate
        | Code::BadSlot => (
            "The value contradicts itself: damage that happens to look well, or a program that is no server wrote it.",
            LEFT_OUT,
        ),
        Code::BadLzf | Code::BadPacked => (
            "Bytes were changed inside of a value. Its length is known, so the keys behind it are all right.",
            LEFT_OUT,
        ),
        Code::FunctionRefused => (
            "The source of a library does not load in this server: it is damaged, or uses what the server does not have.",
            LIBRARIES,
        ),
        Code::FunctionUndecided => (
            "Whether a library registers a function can only be told by running it, and servers refuse one that registers none.",
            LIBRARIES,
        ),
        Code::ModuleMissing => (
            "The file holds data of a module, and servers without it refuse the whole file.",
            &[
                "Load the module into the server before the file, or write the file without its data:",
                "rdbkit extract FILE --without modules --not-type module -o NEW.rdb",
            ],
        ),
        Code::ChecksumOff => (
            "The server that wrote it has \"rdbchecksum no\": a changed byte in a value is found by nobody.",
            &[
                "Set \"rdbchecksum yes\", and keep a checksum of your own beside the backup (sha256sum).",
            ],
        ),
        Code::TrailingBytes => (
            "Something was appended: padding of a storage, another file, or the commands of a log.",
            NOTHING,
        ),
        Code::EmptyKey => (
            "An old defect of servers left a key without elements. Servers pass over it.",
            NOTHING,
        ),
        Code::LaxLength | Code::LaxVersion => (
            "No server writes this, but servers read it. It may be damage that does no harm.",
            NOTHING,
        ),
        Code::HugeHint => (
            "A count of keys says how much memory to reserve, and this one is absurd: damage, or malice. What the server does \
             depends on the memory of its machine.",
            LEFT_OUT,
        ),
        Code::VersionMismatch => (
            "A program wrote newer records under an older version number. Servers go by the records.",
            NOTHING,
        ),
        Code::NewerRefuses => (
            "The server that the verdict is for loads the file, and releases behind it do not.",
            &[
                "Before an upgrade, ask for the release you go to:",
                "rdbkit check --for redis:8.0 FILE",
                "Let the old server write the file anew (SAVE) once it has loaded it.",
            ],
        ),
        _ => return None,
    };
    Some(Advice { cause, remedy })
}
