//! Writing what was found, and leaving out what no server takes.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Write};

use super::Options;
use super::examine::Examiner;
use super::piece::{AuxName, KeyPiece, Piece, What};
use super::report::Database;
use super::source::Source;
use super::{Report, SalvageError};
use crate::decoder::record::key_name;
use crate::event::Part;
use crate::verify::function::{self, FunctionVerdict, Libraries};
use crate::verify::{Code, Product};
use crate::write::{SizesAt, Writer};
use crate::{Checkpoint, Decoder, Limits, Step};

/// Fingerprints are hashes already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

/// Why a record was left out.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub code: Code,
    pub message: String,
}

/// The new file.
pub(super) struct Output<'w, W> {
    writer: &'w mut Writer<W>,
    options: &'w Options,
    /// Offsets of the first key with a fingerprint.
    firsts: HashMap<u64, u64, BuildHasherDefault<AsItIs>>,
    sizes: HashMap<u64, SizesAt>,
    sizes_here: Option<SizesAt>,
    libraries: Libraries,
    /// Whether the checksum proves that nothing is damaged, once somebody asked.
    intact: Option<bool>,
}

impl<'w, W: Write> Output<'w, W> {
    pub fn new(writer: &'w mut Writer<W>, options: &'w Options) -> Output<'w, W> {
        Output {
            writer,
            options,
            firsts: HashMap::default(),
            sizes: HashMap::new(),
            sizes_here: None,
            libraries: Libraries::default(),
            intact: None,
        }
    }

    /// Writes a record of database `db`, or says why not.
    pub fn put<S: Source>(
        &mut self,
        piece: &Piece,
        db: u64,
        examiner: &mut Examiner<S>,
        report: &mut Report,
    ) -> Result<Option<LeftOut>, SalvageError> {
        match piece.what {
            What::Key(key) => self.key(piece, &key, db, examiner, report),
            What::ResizeDb { keys, .. } => {
                if let Some(database) = database(report, db) {
                    database.stated = Some(keys);
                }
                Ok(None)
            }
            What::Function => self.function(piece, examiner, report),
            What::Aux(AuxName::OfTheWhole) => Ok(None),
            What::Aux(AuxName::Valkey) if !examiner.is_read_by_valkey() => Ok(Some(LeftOut {
                code: Code::VersionUnsupported,
                message: "an AUX field of Valkey, which does not read this version".to_owned(),
            })),
            What::Aux(AuxName::Valkey) if self.is_late(examiner) => Ok(Some(LeftOut {
                code: Code::BadRecord,
                message: "an AUX field of Valkey, behind what was judged for Redis".to_owned(),
            })),
            What::Aux(_) | What::ModuleAux | What::Template { .. } => {
                self.copy(piece, examiner)?;
                Ok(None)
            }
            What::SelectDb(n) if n >= self.options.databases => {
                let limit = self.options.databases;
                Ok(Some(LeftOut {
                    code: Code::DatabaseLimit,
                    message: format!("database {n}: the server is configured for {limit}"),
                }))
            }
            What::Header(..) | What::SelectDb(_) | What::Hint | What::Import => Ok(None),
        }
    }

    /// Whether the field that says who wrote the file came too late to be heeded:
    /// it would say of the new file that Valkey has to take what it holds.
    fn is_late<S: Source>(&self, examiner: &Examiner<S>) -> bool {
        self.options.server.is_none() && examiner.server.product == Product::Redis
    }

    fn key<S: Source>(
        &mut self,
        piece: &Piece,
        key: &KeyPiece,
        db: u64,
        examiner: &mut Examiner<S>,
        report: &mut Report,
    ) -> Result<Option<LeftOut>, SalvageError> {
        if key.empty {
            report.empty_keys += 1;
            return Ok(None);
        }
        let print = key
            .print
            .wrapping_add(db.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if let Some(&first) = self.firsts.get(&print) {
            let name = name_at(examiner, key.at)?;
            // Two names with one fingerprint are two keys.
            if name == name_at(examiner, first)? {
                return Ok(Some(LeftOut {
                    code: Code::DuplicateKey,
                    message: format!("the same key as at offset {first}, which is kept"),
                }));
            }
        }
        self.firsts.entry(print).or_insert(key.at);
        if self.writer.db() != Some(db) {
            self.change_db(db)?;
        }
        if let Some(sizes) = self.sizes_here {
            self.writer.count(sizes, key.expires);
        }
        report.keys += 1;
        report.expires += u64::from(key.expires);
        if let Some(database) = database(report, db) {
            database.keys += 1;
            database.expires += u64::from(key.expires);
        }
        self.copy(piece, examiner)?;
        Ok(None)
    }

    fn change_db(&mut self, db: u64) -> Result<(), SalvageError> {
        self.writer.select_db(db)?;
        if !self.options.sizes || !self.writer.format().has_sizes() {
            return Ok(());
        }
        self.sizes_here = self.sizes.get(&db).copied();
        if self.sizes_here.is_none() {
            self.sizes_here = self.writer.sizes_later()?;
            self.sizes.extend(self.sizes_here.map(|sizes| (db, sizes)));
        }
        Ok(())
    }

    fn copy<S: Source>(
        &mut self,
        piece: &Piece,
        examiner: &mut Examiner<S>,
    ) -> Result<(), SalvageError> {
        let mut at = piece.begin;
        while at < piece.end {
            let held = examiner.window.get(at, 1)?;
            let n = (held.len() as u64).min(piece.end - at) as usize;
            self.writer.raw(held.get(..n).unwrap_or_default())?;
            at += n.max(1) as u64;
        }
        Ok(())
    }

    fn function<S: Source>(
        &mut self,
        piece: &Piece,
        examiner: &mut Examiner<S>,
        report: &mut Report,
    ) -> Result<Option<LeftOut>, SalvageError> {
        let size = usize::try_from(piece.end - piece.begin).unwrap_or(usize::MAX);
        let held = examiner.window.get(piece.begin, size)?;
        let at = Checkpoint {
            dialect: examiner.format.dialect(),
            version: examiner.format.version(),
            offset: piece.begin,
        };
        let mut decoder = Decoder::resume(at, Limits::in_memory());
        let mut rest = held;
        let source = loop {
            match decoder.step(rest, true).map_err(io::Error::other)? {
                Step::Token { used, token } => match token.resolve(rest) {
                    Part::Function(source) => break source.to_vec().map_err(io::Error::other)?,
                    Part::FunctionPreGa { .. } => {
                        self.copy(piece, examiner)?;
                        report.functions += 1;
                        return Ok(None);
                    }
                    // An expiry may stand in front of anything.
                    _ => rest = rest.get(used..).unwrap_or_default(),
                },
                _ => return Ok(None),
            }
        };
        let product = examiner.server.product;
        let (code, message) = match function::judge(&source, &mut self.libraries, product) {
            FunctionVerdict::Loads { .. } => {
                self.copy(piece, examiner)?;
                report.functions += 1;
                return Ok(None);
            }
            FunctionVerdict::Refused(why) => (Code::FunctionRefused, why.to_string()),
            FunctionVerdict::Undecided(why) => {
                if self.is_intact(examiner)? {
                    self.copy(piece, examiner)?;
                    report.functions += 1;
                    report.functions_undecided += 1;
                    return Ok(None);
                }
                (Code::FunctionUndecided, why.to_string())
            }
        };
        Ok(Some(LeftOut { code, message }))
    }

    /// Whether the last eight bytes are the checksum of all before them.
    fn is_intact<S: Source>(&mut self, examiner: &mut Examiner<S>) -> io::Result<bool> {
        if let Some(known) = self.intact {
            return Ok(known);
        }
        let mut checksum = crate::Checksum::new();
        let end = examiner.window.len().saturating_sub(8);
        let mut at = 0;
        while at < end {
            let held = examiner.window.get(at, 1)?;
            let n = (held.len() as u64).min(end - at) as usize;
            checksum.update(held.get(..n).unwrap_or_default());
            at += n.max(1) as u64;
        }
        let trailer = examiner.window.get(end, 8)?;
        let intact = trailer == checksum.value().to_le_bytes();
        self.intact = Some(intact);
        Ok(intact)
    }
}

/// The numbers of a database, if it is one of those told apart.
fn database(report: &mut Report, db: u64) -> Option<&mut Database> {
    let known =
        report.databases.len() < Report::MAX_DATABASES || report.databases.contains_key(&db);
    known.then(|| report.databases.entry(db).or_default())
}

/// The name of the key whose type byte is at `at`; empty if it cannot be read
/// or has more than a mebibyte.
pub(super) fn name_at<S: Source>(examiner: &mut Examiner<S>, at: u64) -> io::Result<Vec<u8>> {
    let mut want = 256;
    loop {
        let held = examiner.window.get(at, want)?;
        let all = held.len() < want || want > 1 << 20;
        match key_name(held, usize::MAX) {
            Some(name) => return Ok(name),
            None if all => return Ok(Vec::new()),
            None => want *= 2,
        }
    }
}
