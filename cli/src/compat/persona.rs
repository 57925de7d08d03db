//! Whose check tool to be.

use std::ffi::OsStr;
use std::path::Path;

/// Whose tool to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persona {
    /// Redis 8.0.6.
    Redis,
    /// Valkey 9.1.2.
    Valkey,
}

impl Persona {
    /// By the name the program was started under: what begins with `valkey`,
    /// with or without a folder and an extension, is Valkey's, everything else
    /// Redis's.
    #[must_use]
    pub fn of_program(name: &OsStr) -> Persona {
        let stem = Path::new(name).file_stem().unwrap_or_default();
        if stem.to_string_lossy().starts_with("valkey") {
            Persona::Valkey
        } else {
            Persona::Redis
        }
    }

    /// What the names of its tools begin with.
    pub(super) fn brand(self) -> &'static str {
        match self {
            Persona::Redis => "redis",
            Persona::Valkey => "valkey",
        }
    }

    /// The version whose output is copied.
    pub(super) fn emulates(self) -> &'static str {
        match self {
            Persona::Redis => "8.0.6",
            Persona::Valkey => "9.1.2",
        }
    }
}
