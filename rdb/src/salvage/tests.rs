//! Each kind of damage once.
