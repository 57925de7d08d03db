//! Why a command cannot be followed.

use std::rc::Rc;

/// A command that only a server can run: whose effect the files do not tell,
/// or that is beyond what is modelled here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Which of [`Set::files`](crate::Set::files) it stands in.
    pub file: usize,
    /// Offset of its first byte.
    pub offset: u64,
    /// The database it works on.
    pub db: u64,
    /// Its name, with the subcommand, in upper case; of an unknown one the
    /// first 64 bytes.
    pub command: Vec<u8>,
}

/// Why one command was not applied.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// What it makes of its keys is not known: because of an earlier command, or
    /// of itself.
    Beyond(Option<Rc<Obstacle>>),
    /// More memory would be needed than there may be.
    Memory,
}

impl Halt {
    pub const BEYOND: Halt = Halt::Beyond(None);
}

/// A record that cannot be read. Those that are held were walked before.
impl From<rdbkit_rdb::Error> for Halt {
    fn from(_: rdbkit_rdb::Error) -> Halt {
        Halt::BEYOND
    }
}
