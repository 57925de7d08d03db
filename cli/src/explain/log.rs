//! Findings of logs: how they come about, and what to do.

use rdbkit_aof::verify::Code;

use super::Advice;

const REPAIR: &[&str] = &[
    "Keep a copy of the log as it is. Then write one that ends where it is whole; the preview says what goes:",
    "rdbkit aof repair LOG --dry-run",
    "rdbkit aof repair LOG -o NEW",
];

const SKIP: &[&str] = &[
    "Take another copy first. If there is none, write a log without the damaged bytes; the preview says which they are:",
    "rdbkit aof repair LOG --skip-damage --dry-run",
    "rdbkit aof repair LOG --skip-damage -o NEW",
];

const COMMAND: &[&str] = &[
    "Look at what stands around it:",
    "rdbkit aof log LOG --from OFFSET",
    "Take the one command out, or everything from it on:",
    "rdbkit aof drop LOG --at OFFSET -o NEW",
    "rdbkit aof cut LOG --at OFFSET -o NEW",
];

const OTHER_SERVER: &[&str] = &[
    "Judge for the server that is to load the log:",
    "rdbkit check --for redis:8.0 LOG",
    "If its commands come from modules that the server has, name them:",
    "rdbkit check --module-commands 'json.*,ft.*' LOG",
    "Or take the commands out:",
    "rdbkit aof drop LOG PATTERN --all -o NEW",
];

const MANIFEST: &[&str] = &[
    "Do not start the server on this folder before you have a copy of it: it may write over the files.",
    "Compare the manifest with the files that are there, and mend it by hand. Lines read \"file NAME seq N type b|i|h\": \
     one base, then the increments in the order of their numbers.",
    "rdbkit check LOG",
];

const RDB: &[&str] = &[
    "See the findings of the RDB part, which the report lists too. What it holds can be written anew:",
    "rdbkit salvage LOG -o NEW.rdb",
];

const NOTHING: &[&str] = &["Nothing: the server loads it."];

/// What is said of a finding beyond its summary.
pub(super) fn advice(code: Code) -> Option<Advice> {
    let (cause, remedy): (&'static str, &'static [&'static str]) = match code {
        Code::BadStart | Code::BadCount | Code::BadArgument | Code::BadLength => (
            "Bytes were changed or lost here, or in the length just before it, so that what is read is the middle of a value. A \
             server stops here, and does not cut: only a torn end is mended by servers.",
            SKIP,
        ),
        Code::NulTail => (
            "After a loss of power a file may be as long as it should be, without its last bytes. What stands before the zeros \
             is all there.",
            REPAIR,
        ),
        Code::RdbRefused | Code::RdbUndecided => (
            "The log begins with an RDB file, and servers read that first.",
            RDB,
        ),
        Code::RdbOverData => (
            "Files of different logs were put together. It depends on their keys whether the server stops.",
            MANIFEST,
        ),
        Code::RdbInIncrement => ("Somebody put the file there by hand.", NOTHING),
        Code::TornTail | Code::TornTransaction | Code::OpenTransaction => (
            "The server was killed while it wrote, or the file was copied while the server went on writing: then it is \
             no damage at all. Servers cut such an end off by themselves, some of them badly.",
            REPAIR,
        ),
        Code::TornBehindRdb => (
            "The file ends in its first command behind the RDB part. Servers, and redis-check-aof --fix, cut such a file to no \
             byte: the whole data set is lost for one torn command.",
            REPAIR,
        ),
        Code::TornNotLast => (
            "Files before the last one were finished by the server and should be whole: this copy is not. The server cuts it \
             and then refuses to start, so the copy is changed for nothing.",
            &[
                "Do not start a server on it. Get the file from its source once more; if that is as torn, cut it, and know that \
                 the files behind it were written on top of what is lost:",
                "rdbkit aof repair LOG --dry-run",
                "rdbkit aof repair LOG -o NEW",
            ],
        ),
        Code::TornAnnotation => (
            "The server was killed while it wrote a timestamp. It starts, appends the next command to the torn line, and \
             the next start does not understand it.",
            REPAIR,
        ),
        Code::OldAnnotation => (
            "Timestamps came with Redis 7.0.",
            &[
                "Write the log without them, by a newer server that loads it and rewrites it (BGREWRITEAOF) with \
                 \"aof-timestamp-enabled no\".",
            ],
        ),
        Code::LongAnnotation | Code::OddAnnotation | Code::TimeBackwards => (
            "Somebody wrote into the log, its bytes were changed, or the clock of the machine went back.",
            &[
                "See the times of the log before you go back to one of them:",
                "rdbkit aof points LOG",
            ],
        ),
        Code::UnknownCommand | Code::PerhapsUnknown => (
            "A newer release, the other product, or a module wrote it; or the name is damaged. A server that meets a command it \
             does not know stops.",
            OTHER_SERVER,
        ),
        Code::MissingSubcommand
        | Code::NoArguments
        | Code::TooFewArguments
        | Code::TooManyArguments
        | Code::RiskyCommand
        | Code::DiscardInTransaction
        | Code::NoWrite => (
            "No server writes this: the log was edited, its bytes were changed, or a count is wrong.",
            COMMAND,
        ),
        Code::NestedMulti | Code::StrayExec => (
            "A piece of the log is missing, or it was edited. Servers run it, but redis-check-aof calls it broken.",
            REPAIR,
        ),
        Code::SelectRefused => (
            "The server that wrote it has more databases than the one it is judged for. Redis and Valkey go on in the \
             database before, so that keys overwrite each other, and say nothing.",
            &[
                "Configure so many databases, and check again with their number:",
                "rdbkit check --databases 100 LOG",
            ],
        ),
        Code::LooseNumber | Code::LineEnd | Code::Terminator => (
            "The log was edited or written by a program that is no server. Servers read it, the check tools may not.",
            NOTHING,
        ),
        Code::HugeLength => (
            "Clients cannot send so much unless \"proto-max-bulk-len\" was raised: it may be a damaged length.",
            COMMAND,
        ),
        Code::ManifestRefused | Code::GluedQuotes => (
            "The manifest was edited, torn, or is not of this release.",
            MANIFEST,
        ),
        Code::ManifestUnknown => (
            "Redis 7.0 was the first to have logs of several files.",
            &[
                "For an older server, let a new one load the log and write an RDB file (SAVE), which the old one reads if its version \
                 allows it:",
                "rdbkit check --for redis:6.2 FILE",
            ],
        ),
        Code::NoManifest => (
            "The manifest was lost, or left out by a copy. A server takes the folder for empty, starts without data, and writes \
             over what is there.",
            MANIFEST,
        ),
        Code::UnknownKey | Code::OddSequence | Code::OffsetOrder | Code::ListedTwice => (
            "A release that came later wrote the manifest, or it was edited.",
            NOTHING,
        ),
        Code::SequenceGap => (
            "Servers number increments without gaps: a file and its line may be lost, with the commands in it. Servers do not \
             look, so they start with data that never was.",
            &[
                "Look for the file at the source of this copy; without it, only a backup has what was in it.",
            ],
        ),
        Code::HistoryInUse => (
            "The manifest was edited. Servers delete files listed as history once they have started.",
            MANIFEST,
        ),
        Code::MissingFile | Code::NotAFile => (
            "The copy is not complete; or it was made while a rewrite exchanged the files, so that the manifest is of another \
             moment than the files.",
            &[
                "Copy again, with rewrites forbidden meanwhile: CONFIG SET auto-aof-rewrite-percentage 0, wait until INFO says \
                 aof_rewrite_in_progress:0, copy, and set it back.",
                "rdbkit check LOG",
            ],
        ),
        Code::MissingBase | Code::EmptyBase => (
            "A log whose numbers say that there were rewrites has a base. Without it, all data from before the last rewrite are \
             gone, and servers start without a word.",
            &["Look for the base at the source of this copy, or for a backup."],
        ),
        Code::TemporaryFile => (
            "The server was stopped, or the folder copied, while a rewrite was going on. The log does not need the file.",
            NOTHING,
        ),
        Code::MixedCopy => (
            "The folder was copied file by file while a rewrite ended, so that the manifest is of one moment and the files are of another.",
            &[
                "Copy the folder again, best while no rewrite is going on and none begins.",
                "Where the server is gone, look for the manifest of the files that are there in another copy.",
            ],
        ),
        Code::StartsEmpty => (
            "The manifest is new, and the files are of an older one: the server starts EMPTY.",
            MANIFEST,
        ),
        Code::UnlistedFile => (
            "It is left from a rewrite, or the manifest is older or newer than the files.",
            MANIFEST,
        ),
        Code::ReusedName => (
            "The server will append to this file as if it were new, and at the start after that load what is in it now, too.",
            &["Move the file out of the folder before the server starts."],
        ),
        _ => return None,
    };
    Some(Advice { cause, remedy })
}
