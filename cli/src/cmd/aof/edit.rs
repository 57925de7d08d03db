//! What `cut`, `drop` and `repair` have in common: plan, tell, write, prove.

use std::io::{self, Read};
use std::num::NonZeroU64;
use std::path::Path;

use jiff::Timestamp;
use rdbkit_aof::edit::{self, ManifestHarm, Pick, Plan};
use rdbkit_aof::fs::{ApplyError, Draft, Log, Seen, Target, Written, shown, writers};
use rdbkit_aof::{Set, SetError, Source};

use crate::Streams;
use crate::args::Destination;
use crate::exit::Exit;
use crate::input::Input;
use crate::progress::{self, Files, Job};
use crate::proof::{Judging, Proof, prove};
use crate::render::shell::shell;
use crate::render::{aof_edit as text, aof_edit_json as json, aof_edit_outcome as outcome};

/// One edit, as it was asked for.
pub struct Edit<'a> {
    action: &'static str,
    to: &'a Destination,
}

/// A plan, and what it was made from.
struct Prepared {
    log: Log,
    seen: Seen,
    plan: Plan,
    /// What was mended in the manifest before.
    manifest: Vec<ManifestHarm>,
}

/// Why nothing was done.
struct Failure {
    exit: Exit,
    why: String,
    /// What may help, where there is a choice.
    hint: Vec<String>,
}

impl Failure {
    fn trouble(why: impl ToString) -> Failure {
        Failure {
            exit: Exit::Trouble,
            why: why.to_string(),
            hint: Vec::new(),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        Failure::trouble(error)
    }
}

/// Which of several matches was asked for.
pub fn pick(nth: Option<NonZeroU64>, last: bool) -> Option<Pick> {
    if last {
        Some(Pick::Last)
    } else {
        nth.map(Pick::Nth)
    }
}

impl<'a> Edit<'a> {
    /// An edit called `action`.
    pub fn new(action: &'static str, to: &'a Destination) -> Edit<'a> {
        Edit { action, to }
    }

    /// Plans with `plan`, and does what was asked for with the result.
    ///
    /// # Errors
    ///
    /// Only of writing to the streams.
    pub fn run(
        &self,
        streams: &mut Streams<'_>,
        plan: impl FnOnce(&Set, &dyn Source, &edit::Options) -> Result<Plan, edit::Error>,
    ) -> io::Result<Exit> {
        let prepared = self.prepare(streams.now_ms, plan);
        let Prepared {
            log,
            seen,
            plan,
            manifest,
        } = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => return self.failed(&failure, streams),
        };
        let changed = plan.changed() || !manifest.is_empty();
        if !self.to.json {
            text::plan(streams.out, &self.to.path, &plan, &manifest)?;
            // The report is worth having even if writing takes long, or fails.
            streams.out.flush()?;
        }
        for writer in self.writing(&log, &seen) {
            writeln!(streams.err, "rdbkit: {writer}")?;
        }
        let target = match self.target(streams.now_ms) {
            // In place there is nothing to do; a new log that was asked for is written.
            Some(Target::InPlace { .. }) if !changed => None,
            target => target,
        };
        let written = match target.map(|target| self.write(&log, &seen, &plan, target)) {
            None => None,
            Some(Ok(done)) => Some(done),
            Some(Err(failure)) => return self.failed(&failure, streams),
        };
        if self.to.json {
            json::report(
                streams.out,
                &self.to.path,
                &plan,
                &manifest,
                self.to.dry_run,
                written.as_ref(),
            )?;
        } else {
            outcome::outcome(streams.out, &log, &plan, self.to.dry_run, written.as_ref())?;
        }
        Ok(match written {
            Some((_, proof)) if !proof.loads() => Exit::Problems,
            _ => Exit::Ok,
        })
    }

    /// Everything up to the plan, which takes the time to read the log; what can
    /// go wrong with writing is looked at before.
    fn prepare(
        &self,
        now_ms: i64,
        plan: impl FnOnce(&Set, &dyn Source, &edit::Options) -> Result<Plan, edit::Error>,
    ) -> Result<Prepared, Failure> {
        let path = &self.to.path;
        if path == Path::new("-") {
            return Err(Failure::trouble(
                "an edit reads its input twice, and standard input cannot be; save it to a file first",
            ));
        }
        if self.to.output.as_deref() == Some(Path::new("-")) {
            return Err(Failure::trouble(
                "an edit writes files, not standard output: name a new file or folder, or ./- for one of that name",
            ));
        }
        let log = Log::find(path).map_err(Failure::trouble)?;
        if !log.has_manifest() {
            uncompressed(path)?;
        }
        if let Some(output) = &self.to.output
            && !log.has_manifest()
            && output.as_os_str().as_encoded_bytes().ends_with(b"/")
        {
            return Err(Failure::trouble(format!(
                "{} would be a folder, and the log is a single file: name a file",
                shown(output)
            )));
        }
        if let Some(manifest) = log.listed_in() {
            return Err(Failure::trouble(format!(
                "{} is one file of the log {}, and servers load them together: name that one, or copy the file \
                 elsewhere to edit it alone",
                shown(path),
                shown(&manifest)
            )));
        }
        let (set, manifest) = self.set(&log)?;
        let seen = Seen::of(&log, &set)?;
        if let Some(target) = self.target(now_ms) {
            target.check(&log, &seen)?;
        }
        let options = edit::Options::at(now_ms).with_threads(self.to.threads());
        let _job = progress::read_log(path, &set, log.folder());
        let plan = plan(&set, &Files(log.folder()), &options).map_err(|error| Failure {
            exit: match error {
                edit::Error::NoSuchFile { .. }
                | edit::Error::WhichFile { .. }
                | edit::Error::NoFiles
                | edit::Error::Unreadable { .. } => Exit::Trouble,
                _ => Exit::Problems,
            },
            why: format!("{}: {}", shown(path), text::why(&error)),
            hint: text::hint(&error),
        })?;
        Ok(Prepared {
            log,
            seen,
            plan,
            manifest,
        })
    }

    /// The files of a log; a repair mends the manifest first.
    fn set(&self, log: &Log) -> Result<(Set, Vec<ManifestHarm>), Failure> {
        let refused = |error: SetError| Failure {
            exit: match error {
                SetError::Manifest(_) => Exit::Problems,
                _ => Exit::Trouble,
            },
            why: format!("{}: {error}", shown(&self.to.path)),
            hint: Vec::new(),
        };
        match log.set() {
            Ok(set) => Ok((set, Vec::new())),
            Err(SetError::Manifest(_)) if self.action == "repair" => {
                let failed = |error| refused(SetError::Io(error));
                let mut text = Vec::new();
                let mut manifest = log.folder().open(log.name()).map_err(failed)?;
                manifest.read_to_end(&mut text).map_err(failed)?;
                let mended = edit::mend_manifest(&text);
                let (manifest, harms) = mended.map_err(|error| refused(error.into()))?;
                Ok((Set::new(log.name(), manifest), harms))
            }
            Err(error) => Err(refused(error)),
        }
    }

    /// Where the result goes; nowhere in a dry run.
    fn target(&self, now_ms: i64) -> Option<Target> {
        if self.to.dry_run {
            return None;
        }
        if let Some(path) = &self.to.output {
            return Some(Target::New(path.clone()));
        }
        let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
        Some(Target::InPlace {
            suffix: now.strftime(".bak-%Y%m%dT%H%M%SZ").to_string(),
        })
    }

    /// What to say of programs that write to the log; in place they are a reason to refuse.
    fn writing(&self, log: &Log, seen: &Seen) -> Vec<String> {
        let names: Vec<&[u8]> = seen.names().collect();
        let found = writers(log.folder(), &names);
        found
            .iter()
            .map(|writer| {
                format!(
                    "{writer} has {} open for writing: what it appends from now on is in no new log",
                    shown(&writer.path)
                )
            })
            .collect()
    }

    /// Writes the new log, and gives it its name only if servers would load it.
    fn write(
        &self,
        log: &Log,
        seen: &Seen,
        plan: &Plan,
        target: Target,
    ) -> Result<(Written, Proof), Failure> {
        let nothing = |why: String| Failure::trouble(format!("{why}; nothing was written"));
        let name = || format!("writing what becomes of {}", shown(&self.to.path));
        let job = Job::named(name, || None);
        let draft = Draft::write(&plan.output, log, seen, target)
            .map_err(|error| nothing(error.to_string()))?;
        drop(job);
        let judging = Judging {
            server: self.to.server,
            module_commands: &self.to.module_commands,
            threads: self.to.threads(),
        };
        let proof = prove(draft.log(), log, judging).map_err(|why| {
            nothing(format!(
                "the result would not load, please report this: {why}"
            ))
        })?;
        Ok((draft.finish()?, proof))
    }

    fn failed(&self, failure: &Failure, streams: &mut Streams<'_>) -> io::Result<Exit> {
        writeln!(streams.err, "rdbkit: {}", failure.why)?;
        for line in &failure.hint {
            writeln!(streams.err, "  {line}")?;
        }
        if self.to.json {
            json::failure(
                streams.out,
                self.action,
                &self.to.path,
                &failure.why,
                &failure.hint,
            )?;
        }
        Ok(failure.exit)
    }
}

/// An edit reads its input twice and copies parts of it, at places that only the
/// unpacked file has.
fn uncompressed(path: &Path) -> Result<(), Failure> {
    let name = shown(path);
    let format = Input::format_of(path);
    match format.map_err(|e| Failure::trouble(format!("cannot open {name}: {e}")))? {
        None => Ok(()),
        Some(format) => Err(Failure::trouble(format!(
            "{name} is compressed with {format}; decompress it first: {format} -dc {} > FILE",
            shell(path)
        ))),
    }
}
