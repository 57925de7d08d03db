//! Front to back through a damaged file.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::examine::{Effort, Examiner};
use super::habits::{Habits, PROOF, PROOF_IN_CUT, PROOF_OF_END};
use super::header::{HEADER, Header};
use super::output::{LeftOut, Output, name_at};
use super::piece::{AuxName, Bad, Found, Piece, What};
use super::report::{Doubts, Gap, Kind, Record, Report};
use super::search::{FrontRules, first_bytes};
use super::source::Source;
use super::{Options, SalvageError};
use crate::checksum::Checksum;
use crate::verify::{ChecksumState, Code, Product, Server};
use crate::wire::Opcode;

/// Records that are held back: of these one may turn out to have swallowed the
/// beginning of the next.
const HELD_BACK: usize = 8;

/// A record that is not written yet, and how things stood before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub piece: Piece,
    /// Its database.
    db: u64,
    /// Whether it is a key that speaks against itself: its name is of no kind
    /// that this file has.
    strange: bool,
    before: Standing,
}

/// Where in the data the scan stands.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    db: u64,
    found: u64,
    stated: Option<u64>,
    selected: bool,
    /// The last key.
    last: Option<(Piece, u64)>,
}

/// The state of a salvage.
pub(super) struct Scan<'o, S> {
    pub examiner: Examiner<S>,
    options: &'o Options,
    pub habits: Habits,
    pub front_rules: FrontRules,
    pub pending: VecDeque<Pending>,
    pub db: u64,
    /// Keys found in this database, and stated for it.
    pub found_here: u64,
    pub stated: Option<u64>,
    /// Whether a key was found yet, and a database selected.
    pub any_key: bool,
    /// Whether anything was taken that products judge differently.
    judged: bool,
    selected: bool,
    /// The last key before what comes next.
    last: Option<(Piece, u64)>,
    /// Whether the last thing before what comes next is a gap, of which the key
    /// behind it is to be told; and whether that gap is kept.
    open: bool,
    open_kept: bool,
    /// Bytes read and decoded to search.
    pub searched: u64,
    /// Of the bytes up to the offset.
    checksum: Checksum,
    summed: u64,
    report: Report,
}

type Outcome<T> = Result<T, SalvageError>;

impl<'o, S: Source> Scan<'o, S> {
    pub fn new(examiner: Examiner<S>, header: &Header, options: &'o Options) -> Scan<'o, S> {
        let format = header.format;
        let report = Report {
            format,
            assumed: header.assumed,
            server: examiner.server,
            source_bytes: examiner.window.len(),
            keys: 0,
            expires: 0,
            functions: 0,
            functions_undecided: 0,
            databases: Default::default(),
            gaps: Vec::new(),
            gap_count: 0,
            gap_bytes: 0,
            keys_estimated: 0,
            keys_left_out: 0,
            empty_keys: 0,
            checksum: ChecksumState::NotReached,
            trailing: 0,
            file_behind: false,
            commands_behind: false,
            searched: 0,
        };
        Scan {
            front_rules: FrontRules {
                first: first_bytes(format.dialect()),
                text: false,
                longest: 0,
                mark: 1 + 8 * u64::from(format.has_checksum()),
            },
            examiner,
            options,
            habits: Habits::default(),
            pending: VecDeque::new(),
            db: 0,
            found_here: 0,
            stated: None,
            any_key: false,
            judged: false,
            selected: false,
            last: None,
            open: false,
            open_kept: false,
            searched: 0,
            checksum: Checksum::new(),
            summed: 0,
            report,
        }
    }

    /// Goes through all of it.
    pub fn run<W: Write>(mut self, header: &Header, out: &mut Output<'_, W>) -> Outcome<Report> {
        let len = self.examiner.window.len();
        if header.damaged {
            let end = header.end;
            let bad = Bad::new(Code::NotRdb, 0, "the header is damaged");
            self.gap(out, 0, end, Kind::Header, bad, 0, Doubts::default())?;
            self.open = false;
        }
        let mut at = header.end;
        loop {
            if at >= len {
                let bad = Bad::new(Code::Truncated, len, "the file ends without its end mark");
                self.gap(out, len, len, Kind::Missing, bad, 0, Doubts::default())?;
                break;
            }
            self.examiner.window.anchor(u64::MAX);
            let next = match self.look(at)? {
                Found::Piece(piece) => {
                    self.take(piece, out)?;
                    Some(piece.end)
                }
                Found::End {
                    begin,
                    end,
                    checksum,
                } => self.ending(begin, end, checksum, out)?,
                Found::Bad(bad) => self.recover(at, bad, out)?,
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        self.flush(0, out)?;
        self.report.gaps.sort_by_key(|gap| gap.offset);
        self.report.searched = self.searched;
        self.report.server = self.examiner.server;
        Ok(self.report)
    }

    /// What is at a place where a record is expected.
    fn look(&mut self, at: u64) -> io::Result<Found> {
        let held = self.examiner.window.get(at, 5)?;
        if held.starts_with(&[0; 5]) {
            // An empty key, and another one of the same name: no server takes it.
            return Ok(Found::Bad(Bad::new(
                Code::BadRecord,
                at,
                "zeros instead of a record",
            )));
        }
        let found = self.examiner.examine(at, Effort::Expected)?;
        let format = self.examiner.format;
        if let Found::Piece(Piece {
            what: What::Header(dialect, _),
            ..
        }) = found
            && dialect != format.dialect()
        {
            let why = "the header of a file of the other product";
            return Ok(Found::Bad(Bad::new(Code::NotRdb, at, why)));
        }
        if let Found::Piece(Piece {
            what: What::SelectDb(db),
            end,
            ..
        }) = found
            && db >= self.options.databases
            && format.has_sizes()
        {
            // With a wrong length it takes in what follows it.
            let size = Some(&Opcode::RESIZEDB.0);
            let follows = self.examiner.window.get(end, 1)?.first() == size;
            let taken_in = self.examiner.window.get(at + 2, 1)?.first() == size;
            if !follows && (taken_in || self.habits.sizes) {
                let why = format!("database {db}, without its size");
                return Ok(Found::Bad(Bad::new(Code::DatabaseLimit, at, why)));
            }
        }
        Ok(found)
    }

    fn standing(&self) -> Standing {
        Standing {
            db: self.db,
            found: self.found_here,
            stated: self.stated,
            selected: self.selected,
            last: self.last,
        }
    }

    /// Takes a record that is good.
    fn take<W: Write>(&mut self, piece: Piece, out: &mut Output<'_, W>) -> Outcome<()> {
        let before = self.standing();
        let mut strange = false;
        self.judged |= matches!(
            piece.what,
            What::Key(_) | What::Function | What::ModuleAux | What::Template { .. } | What::Import
        );
        match piece.what {
            What::Key(key) => {
                let bytes = piece.end - piece.begin;
                let dialect = self.examiner.format.dialect();
                strange = self.habits.only_text()
                    && self.habits.weight(key.look, key.kind, dialect, key.value) == 0;
                self.habits.learn(key.look, bytes, key.attributes);
                self.front_rules.text = self.habits.only_text();
                self.found_here += 1;
                self.any_key = true;
                if self.open {
                    self.close(piece)?;
                }
                self.last = Some((piece, self.db));
            }
            // No such database: which one it was is not known, but that it
            // comes behind those before it.
            What::SelectDb(db) if db >= self.options.databases => self.select(self.next_db()),
            What::SelectDb(db) => self.select(db),
            What::ResizeDb { keys, .. } => {
                if self.open && (self.stated.is_some() || !self.selected) {
                    self.lost_selector(piece.begin)?;
                }
                self.habits.sizes = true;
                self.stated = Some(keys);
            }
            What::Header(..) => self.select(0),
            What::Template { id, fields } => self.examiner.know_template(id, fields),
            What::Aux(AuxName::Valkey) if !self.judged && self.examiner.is_read_by_valkey() => {
                let format = self.examiner.format;
                let (dialect, version) = (format.dialect(), format.version());
                let server = Server::for_file(Product::Valkey, dialect, version);
                self.examiner
                    .judge_for(self.options.server.unwrap_or(server));
            }
            _ => {}
        }
        self.front_rules.longest = self.habits.longest();
        let db = self.db;
        self.pending.push_back(Pending {
            piece,
            db,
            strange,
            before,
        });
        self.flush(HELD_BACK, out)
    }

    /// The lowest number that the next database can have: servers write them
    /// in order.
    fn next_db(&self) -> u64 {
        let last = self.options.databases.saturating_sub(1);
        (self.db + u64::from(self.selected)).min(last)
    }

    fn select(&mut self, db: u64) {
        self.selected = true;
        self.db = db;
        self.found_here = 0;
        self.stated = None;
        if let Some(gap) = self.open_gap() {
            gap.db_after = db;
        }
    }

    /// The gap that waits for the key behind it.
    fn open_gap(&mut self) -> Option<&mut Gap> {
        let kept = self.open && self.open_kept;
        self.report.gaps.last_mut().filter(|_| kept)
    }

    /// The size of a database comes first behind a gap: its number is lost.
    /// Where the byte before can be it, it is.
    fn lost_selector(&mut self, at: u64) -> io::Result<()> {
        let before = self
            .examiner
            .window
            .get(at.saturating_sub(1), 1)?
            .first()
            .copied();
        let lowest = self.next_db();
        let limit = self.options.databases.min(0x40);
        let fits = |n: &u8| (lowest..limit).contains(&u64::from(*n));
        let db = before.filter(fits).map_or(lowest, u64::from);
        self.select(db);
        if let Some(gap) = self.open_gap() {
            gap.doubts.database_assumed = true;
        }
        Ok(())
    }

    /// The first key behind a gap.
    fn close(&mut self, piece: Piece) -> io::Result<()> {
        let record = self.record(&piece, self.db)?;
        let more = self.stated.is_some_and(|stated| self.found_here > stated);
        let db = self.db;
        if let Some(gap) = self.open_gap() {
            let adjacent = record.offset == gap.offset + gap.bytes;
            let plain = matches!(piece.what, What::Key(key) if key.attributes == 0);
            gap.doubts.next_may_lack_expiry |= gap.kind == Kind::Searched && adjacent && plain;
            gap.doubts.database_assumed |= more;
            gap.db_after = db;
            gap.after = Some(record);
        }
        self.open = false;
        Ok(())
    }

    fn record(&mut self, piece: &Piece, db: u64) -> io::Result<Record> {
        let What::Key(key) = piece.what else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        Ok(Record {
            offset: piece.begin,
            end: piece.end,
            db,
            key: cut(name_at(&mut self.examiner, key.at)?),
        })
    }

    /// Writes records until no more than `keep` are held back.
    fn flush<W: Write>(&mut self, keep: usize, out: &mut Output<'_, W>) -> Outcome<()> {
        while self.pending.len() > keep
            && let Some(Pending { piece, db, .. }) = self.pending.pop_front()
        {
            let left = out.put(&piece, db, &mut self.examiner, &mut self.report)?;
            if let Some(LeftOut { code, message }) = left {
                self.left_out(&piece, db, code, message)?;
            }
        }
        Ok(())
    }

    fn left_out(&mut self, piece: &Piece, db: u64, code: Code, message: String) -> io::Result<()> {
        let key = match piece.what {
            What::Key(key) => Some(cut(name_at(&mut self.examiner, key.at)?)),
            _ => None,
        };
        let keys = u64::from(key.is_some());
        self.report.keys_left_out += keys;
        let selector = matches!(piece.what, What::SelectDb(_));
        let gap = Gap {
            offset: piece.begin,
            bytes: piece.end - piece.begin,
            kind: if selector {
                Kind::Selector
            } else {
                Kind::LeftOut
            },
            code,
            fault: piece.begin,
            message,
            db,
            db_after: db,
            key,
            before: None,
            after: None,
            keys_estimated: keys,
            doubts: Doubts {
                database_assumed: selector,
                ..Doubts::default()
            },
        };
        // The one that waits for its next key stays the last one.
        let at = self.report.gaps.len() - usize::from(self.open_gap().is_some());
        self.keep_gap(gap, at);
        Ok(())
    }

    fn keep_gap(&mut self, gap: Gap, at: usize) {
        self.report.gap_count += 1;
        self.report.gap_bytes += gap.bytes;
        self.report.keys_estimated += gap.keys_estimated;
        if self.report.gaps.len() < self.options.max_gaps {
            self.report.gaps.insert(at, gap);
        }
    }

    /// A record is bad: where do records go on?
    fn recover<W: Write>(
        &mut self,
        begin: u64,
        bad: Bad,
        out: &mut Output<'_, W>,
    ) -> Outcome<Option<u64>> {
        let len = self.examiner.window.len();
        let mut doubts = Doubts::default();
        if self.is_torn_mark(begin)? {
            let why = "the file ends inside its checksum";
            let bad = Bad::new(Code::Truncated, begin, why);
            self.gap(out, begin, len, Kind::Missing, bad, 0, doubts)?;
            return Ok(None);
        }
        if let Some(end) = bad.end
            && self.accept(end, PROOF_OF_END, &[], end - begin)?.is_some()
        {
            let keys = u64::from(bad.key.is_some());
            self.gap(out, begin, end, Kind::Record, bad, keys, doubts)?;
            return Ok(Some(end));
        }
        // A record that goes on behind the end of a file that was cut off is
        // what was cut, and what is in it are no keys.
        let cut = bad.code == Code::Truncated && !self.has_mark()?;
        let proof = if cut { PROOF_IN_CUT } else { PROOF };
        let mut from = begin;
        let mut next = self.forward(begin + 1, &[begin], proof)?;
        if let Some(resync) = next
            && let Some(i) = self.swallower(begin, resync.at)?
            && let Some(first) = self.pending.get(i).copied()
        {
            let mut poison: Vec<u64> = self.pending.range(i..).map(|p| p.piece.end).collect();
            poison.push(begin);
            from = first.piece.begin;
            self.take_back(i);
            let again = self.forward(from + 1, &poison, PROOF)?;
            next = again.or(next);
        } else {
            // Directly before damage a key of a strange name is a part of it.
            while let Some(last) = self.pending.back().copied().filter(|p| p.strange) {
                from = last.piece.begin;
                self.take_back(self.pending.len() - 1);
            }
            let last = self.last.map(|(piece, _)| piece.end);
            doubts.before_may_be_cut = last == Some(from);
        }
        doubts.search_limited = self.is_limited();
        doubts.passed_file = next.is_some_and(|resync| resync.passed_file);
        let (end, kind) = match next {
            Some(resync) => (resync.at, Kind::Searched),
            None => (len, Kind::Rest),
        };
        let mean = self.habits.mean().unwrap_or(64);
        let keys = (end - from).div_ceil(mean);
        self.gap(out, from, end, kind, bad, keys, doubts)?;
        Ok(next.map(|resync| resync.at))
    }

    /// Takes back the records from the `i`th on.
    fn take_back(&mut self, i: usize) {
        if let Some(first) = self.pending.get(i) {
            let before = first.before;
            self.db = before.db;
            self.found_here = before.found;
            self.stated = before.stated;
            self.selected = before.selected;
            self.last = before.last;
        }
        for taken in self.pending.drain(i..) {
            if let What::Template { id, .. } = taken.piece.what {
                self.examiner.forget_template(id);
            }
        }
    }

    /// Whether the file ends with an end mark.
    fn has_mark(&mut self) -> io::Result<bool> {
        let mark = self.front_rules.mark;
        let Some(at) = self.examiner.window.len().checked_sub(mark) else {
            return Ok(false);
        };
        Ok(self.examiner.window.get(at, 1)?.first() == Some(&0xff))
    }

    /// Whether the end mark is here and not all of its checksum.
    fn is_torn_mark(&mut self, at: u64) -> io::Result<bool> {
        let left = self.examiner.window.len() - at;
        let mark = self.examiner.window.get(at, 1)?.first() == Some(&0xff);
        Ok(mark && left < self.front_rules.mark)
    }

    /// Notes what is lost. Nothing that was held back is in doubt any more.
    #[allow(clippy::too_many_arguments)] // each of them is one field
    fn gap<W: Write>(
        &mut self,
        out: &mut Output<'_, W>,
        begin: u64,
        end: u64,
        kind: Kind,
        bad: Bad,
        keys: u64,
        doubts: Doubts,
    ) -> Outcome<()> {
        self.flush(0, out)?;
        self.examiner.wary = true;
        let before = match self.last {
            Some((piece, db)) => Some(self.record(&piece, db)?),
            None => None,
        };
        if let Some(last) = self.open_gap()
            && last.offset + last.bytes == begin
            && kind != Kind::Missing
        {
            // What was taken up behind the last one was none.
            last.bytes += end - begin;
            last.keys_estimated += keys;
            last.kind = kind;
            last.doubts.search_limited |= doubts.search_limited;
            last.doubts.passed_file |= doubts.passed_file;
            self.report.gap_bytes += end - begin;
            self.report.keys_estimated += keys;
            return Ok(());
        }
        let key = match bad.key {
            Some(at) => Some(cut(name_at(&mut self.examiner, at)?)),
            None => None,
        };
        let gap = Gap {
            offset: begin,
            bytes: end - begin,
            kind,
            code: bad.code,
            fault: bad.at,
            message: bad.message,
            db: self.db,
            db_after: self.db,
            key,
            before,
            after: None,
            keys_estimated: keys,
            doubts,
        };
        self.open = true;
        self.open_kept = self.report.gaps.len() < self.options.max_gaps;
        self.keep_gap(gap, self.report.gaps.len());
        Ok(())
    }

    /// An end mark: is it the end? `None` if it is.
    fn ending<W: Write>(
        &mut self,
        begin: u64,
        end: u64,
        stored: Option<u64>,
        out: &mut Output<'_, W>,
    ) -> Outcome<Option<u64>> {
        let len = self.examiner.window.len();
        let checksum = match stored {
            None => ChecksumState::Absent,
            Some(0) => ChecksumState::Off,
            Some(stored) => match self.checksum_to(begin + 1)? {
                Some(computed) if computed == stored => ChecksumState::Matches,
                _ => ChecksumState::Differs,
            },
        };
        if checksum == ChecksumState::Differs
            && end < len
            && let Some(resync) = self.forward(begin + 1, &[], PROOF)?
        {
            let why = "an end mark in the middle of the file";
            let mut bad = Bad::new(Code::Checksum, begin, why);
            bad.end = Some(end);
            let mean = self.habits.mean().unwrap_or(64);
            let keys = (resync.at - begin).div_ceil(mean);
            let doubts = Doubts {
                search_limited: self.is_limited(),
                passed_file: resync.passed_file,
                ..Doubts::default()
            };
            self.gap(out, begin, resync.at, Kind::Searched, bad, keys, doubts)?;
            return Ok(Some(resync.at));
        }
        self.report.checksum = checksum;
        self.report.trailing = len - end;
        let behind = self.examiner.window.get(end, HEADER as usize)?;
        self.report.file_behind = super::examine::magic(behind).is_some();
        self.report.commands_behind = matches!(behind.first(), Some(b'*' | b'#'));
        Ok(None)
    }

    /// The checksum of all bytes before `end`, which never comes back.
    fn checksum_to(&mut self, end: u64) -> io::Result<Option<u64>> {
        if end < self.summed {
            return Ok(None);
        }
        self.examiner.window.anchor(u64::MAX);
        while self.summed < end {
            let held = self.examiner.window.get(self.summed, 1)?;
            let n = (held.len() as u64).min(end - self.summed) as usize;
            self.checksum.update(held.get(..n).unwrap_or_default());
            self.summed += n.max(1) as u64;
        }
        Ok(Some(self.checksum.value()))
    }
}

fn cut(mut key: Vec<u8>) -> Vec<u8> {
    key.truncate(Record::MAX_KEY);
    key
}
