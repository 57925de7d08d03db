//! What commands could not say, in words.

use rdbkit_aof::quoted;
use rdbkit_rdb::commands::{Loss, Lost};

/// One line, without the program's name.
pub fn line(loss: Loss, lost: &Lost) -> String {
    let what = match loss {
        Loss::Module => "values of modules, which only --format restore has words for",
        Loss::Array => "arrays, which only --format restore has words for",
        Loss::Gcra => "rate limiters, which only --format restore has words for",
        Loss::PathHash => "hashes with paths, which only --format restore has words for",
        Loss::Stream => "streams, which came with redis:5.0",
        Loss::KeyMeta => "metadata of keys, which only --format restore has words for",
        Loss::FieldExpiry => {
            "expiries of hash fields, which came with redis:7.4 and valkey:9.0; \
             the fields were written without"
        }
        Loss::NotANumber => "members of sorted sets whose score is no number",
        Loss::StreamEntry => "stream entries without fields",
        Loss::PendingGone => {
            "pending entries that were deleted from their stream, which only \
             --format restore keeps"
        }
        Loss::PendingFree => "pending entries that nobody owns",
        Loss::PendingUnsure => {
            "perhaps pending entries that were deleted from their stream: too many \
             entries to tell, in streams"
        }
        Loss::Idempotence => {
            "idempotent producers of streams, which only --format restore has words for"
        }
        Loss::Function => "function libraries, which came with redis:7.0",
        Loss::FunctionPreGa => {
            "function libraries in the form of release candidates, which no server takes"
        }
        Loss::ModuleAux => "data of modules that belongs to no key",
        Loss::Database => "keys of databases that the server does not have",
        Loss::SlotImport => "slot migrations that were under way",
        _ => "of another kind",
    };
    let count = lost.count;
    match lost.first.key.as_slice() {
        [] => format!("{count} {what}"),
        key => format!(
            "{count} {what}; first in {} of database {}",
            quoted(key),
            lost.first.db
        ),
    }
}
