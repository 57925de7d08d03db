//! The records of a file, one after the other, as the tools' main loop takes them.

use std::borrow::Cow;

use rdbkit_rdb::ModuleId;

use rdbkit_rdb::Stage;

use super::Persona;
use super::input::Input;
use super::profile::Sizes;
use super::report::Report;
use super::stop::{Result, Stop};

/// One check: where it reads, what it says, what it remembers.
pub(super) struct Walk<'a> {
    pub input: Input<'a>,
    pub report: Report<'a>,
    /// The numbers of the key being read.
    pub sizes: Sizes,
    /// Strings being looked at, kept for their memory.
    pub text: Vec<u8>,
    pub other_text: Vec<u8>,
    pub now_ms: i64,
    pub version: i32,
}

/// Versions that only a closed-source Redis writes, to Valkey.
fn is_foreign(version: i32) -> bool {
    (12..=79).contains(&version)
}

impl Walk<'_> {
    fn persona(&self) -> Persona {
        self.report.persona
    }

    pub fn info(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.report.info(self.input.offset(), text.as_ref())?)
    }

    /// Whether a server accepts the version only if told to (Valkey).
    pub fn needs_relaxed(&self) -> bool {
        self.persona() == Persona::Valkey && (is_foreign(self.version) || self.version > 80)
    }

    /// The whole file.
    ///
    /// # Errors
    ///
    /// Whatever ends the check early.
    pub fn file(&mut self) -> Result<()> {
        self.header()?;
        let mut expiry = -1;
        loop {
            self.report.doing = Stage::Type;
            match self.input.byte()? {
                255 => break,
                253 => {
                    self.report.doing = Stage::Expire;
                    let seconds = i32::from_le_bytes(self.input.array()?);
                    expiry = i64::from(seconds) * 1000;
                }
                252 => {
                    self.report.doing = Stage::Expire;
                    expiry = self.input.i64()?;
                }
                op @ 243..=254 => self.record(op)?,
                kind => {
                    self.check_type(kind)?;
                    self.key(kind, std::mem::replace(&mut expiry, -1))?;
                }
            }
        }
        self.end()
    }

    fn header(&mut self) -> Result<()> {
        let magic: [u8; 9] = self.input.array()?;
        let digits = |from: usize| atoi(magic.get(from..).unwrap_or_default());
        let (accepted, version) = match self.persona() {
            Persona::Redis if magic.starts_with(b"REDIS") => {
                let version = digits(5);
                ((1..=12).contains(&version), version)
            }
            Persona::Valkey if magic.starts_with(b"REDIS0") => {
                let version = digits(6);
                ((1..=79).contains(&version), version)
            }
            Persona::Valkey if magic.starts_with(b"VALKEY") => {
                let version = digits(6);
                (version > 11, version)
            }
            _ => {
                let text = "Wrong signature trying to load DB from file";
                return Err(Stop::Message(text.into()));
            }
        };
        if !accepted {
            let text = format!("Can't handle RDB format version {version}");
            return Err(Stop::Message(text));
        }
        self.version = version;
        if self.persona() == Persona::Valkey {
            if is_foreign(version) {
                self.info(format!("Foreign RDB version {version} detected"))?;
            } else if version > 80 {
                self.info(format!("Future RDB version {version} detected"))?;
            }
        }
        Ok(())
    }

    fn check_type(&self, kind: u8) -> Result<()> {
        let version = self.version;
        let foreign = self.persona() == Persona::Valkey && is_foreign(version);
        let last = match self.persona() {
            Persona::Redis => 25,
            Persona::Valkey => 22,
        };
        Err(Stop::Message(if foreign && kind >= 22 {
            format!("Unknown object type {kind} in RDB file with foreign version {version}")
        } else if kind <= last && kind != 8 {
            return Ok(());
        } else if self.persona() == Persona::Valkey && version > 80 {
            format!("Unknown object type {kind} in RDB file with future version {version}")
        } else {
            format!("Invalid object type: {kind}")
        }))
    }

    /// A record that is neither an expiry, nor a key, nor the end.
    fn record(&mut self, op: u8) -> Result<()> {
        match op {
            254 => {
                self.report.doing = Stage::Length;
                let db = self.input.len()?;
                self.info(format!("Selecting DB ID {db}"))?;
                if let Some(statistics) = &mut self.report.statistics {
                    statistics.profile.select(db);
                }
            }
            251 => {
                self.report.doing = Stage::Length;
                self.input.len()?;
                self.input.len()?;
            }
            250 => self.aux()?,
            249 => {
                self.input.byte()?;
            }
            248 => {
                self.input.len()?;
            }
            247 => self.module_aux()?,
            246 => {
                let text = format!("Pre-release function format not supported {}", self.version);
                return Err(Stop::Message(text));
            }
            245 => {
                self.report.doing = Stage::Functions;
                match self.input.skip_string() {
                    Err(Stop::Short) => {
                        let text = "Failed loading library, Failed loading library payload";
                        return Err(Stop::Message(text.into()));
                    }
                    other => other?,
                };
                self.report.counters.functions += 1;
            }
            244 => {
                self.input.len()?;
                self.input.len()?;
                self.input.len()?;
            }
            243 if self.persona() == Persona::Valkey => self.slot_import()?,
            _ => return self.check_type(op),
        }
        Ok(())
    }

    fn aux(&mut self) -> Result<()> {
        self.report.doing = Stage::Aux;
        self.input.string(&mut self.text)?;
        self.input.string(&mut self.other_text)?;
        if self.text.eq_ignore_ascii_case(b"lua") {
            self.report.counters.scripts += 1;
        }
        let at = self.input.offset();
        self.report.aux(at, &self.text, &self.other_text)?;
        Ok(())
    }

    fn module_aux(&mut self) -> Result<()> {
        self.report.doing = Stage::ModuleAux;
        let module = self.input.len()?;
        let tag = self.input.len()?;
        self.input.len()?;
        if tag != 2 {
            return Err(Stop::Message("bad when_opcode".into()));
        }
        let name = ModuleId(module).name();
        self.info(format!("MODULE AUX for: {name}"))?;
        self.module_items(&name)
    }

    fn slot_import(&mut self) -> Result<()> {
        self.input.string(&mut self.text)?;
        if self.text.len() != 40 {
            let text = "Invalid slot import job name length in RDB";
            return Err(Stop::Message(text.into()));
        }
        for _ in 0..self.input.len()? {
            self.input.len()?;
            self.input.len()?;
        }
        Ok(())
    }

    fn key(&mut self, kind: u8, expiry: i64) -> Result<()> {
        self.report.value_type = Some(kind);
        self.report.doing = Stage::Key;
        let mut key = Vec::new();
        self.input.string(&mut key)?;
        let key_size = key.len() as u64;
        self.report.key = Some(key);
        self.report.counters.keys += 1;
        self.report.doing = Stage::Value;
        self.sizes.clear();
        let subexpires = self.value(kind)?;
        self.report.counters.subexpires += u64::from(subexpires);
        let expires = expiry != -1;
        let expired = expires && expiry < self.now_ms;
        self.report.counters.expires += u64::from(expires);
        self.report.counters.already_expired += u64::from(expired);
        if let Some(statistics) = &mut self.report.statistics {
            let profile = &mut statistics.profile;
            profile.key(kind, key_size, expires, expired, &self.sizes);
        }
        self.report.key = None;
        self.report.value_type = None;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.version < 5 {
            return Ok(());
        }
        self.report.doing = Stage::Checksum;
        let computed = self.input.checksum();
        let text: Cow<'_, str> = match u64::from_le_bytes(self.input.array()?) {
            0 => "RDB file was saved with checksum disabled: no check performed.".into(),
            stored if stored == computed => "Checksum OK".into(),
            _ => return Err(Stop::Message("RDB CRC error".into())),
        };
        self.info(text.as_bytes())
    }
}

/// A number as C reads it: blanks and a sign before it, anything behind it.
fn atoi(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit());
    // Four digits at most.
    sign * digits.fold(0, |n, b| n * 10 + i32::from(b - b'0'))
}
