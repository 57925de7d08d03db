//! Which keys: the flags that every command looking at keys takes.

use std::ffi::OsString;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::filter::{Expiry, Filter, Pattern};

use crate::time::Time;

/// Which keys. Each flag that takes a value may be given several times.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which keys (all by default)")]
pub struct FilterArgs {
    /// Keys that match this pattern, as in KEYS and SCAN: * ? [a-z] [^x] \x
    #[arg(short, long, value_name = "GLOB")]
    pub key: Vec<OsString>,

    /// Keys in which this regular expression is found; bytes are written \xff
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub key_regex: Vec<Pattern>,

    /// Keys of this type: string, list, set, zset, hash, stream, module,
    /// array, gcra
    #[arg(short = 't', long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = object)]
    pub types: Vec<ObjectKind>,

    /// Keys of this database
    #[arg(short = 'n', long, value_name = "N", value_delimiter = ',', value_parser = database)]
    pub db: Vec<u64>,

    /// Keys with or without an expiry, or by whether it is over
    #[arg(long, value_name = "WHICH")]
    pub expiry: Option<ExpiryArg>,

    /// Keys that expire before this time: RFC 3339 or Unix seconds
    #[arg(long, value_name = "TIME")]
    pub expires_before: Option<Time>,

    /// Keys that expire at this time or later
    #[arg(long, value_name = "TIME")]
    pub expires_from: Option<Time>,

    /// Keys with at least so many bytes in the file; 10k, 5M, 1G are understood
    #[arg(long, value_name = "BYTES")]
    pub min_size: Option<Size>,

    /// Keys with at most so many bytes in the file
    #[arg(long, value_name = "BYTES")]
    pub max_size: Option<Size>,

    /// No keys that match this pattern
    #[arg(long, value_name = "GLOB")]
    pub not_key: Vec<OsString>,

    /// No keys in which this regular expression is found
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub not_key_regex: Vec<Pattern>,

    /// No keys of this type
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = object)]
    pub not_type: Vec<ObjectKind>,

    /// No keys of this database
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = database)]
    pub not_db: Vec<u64>,
}

/// What is asked of a key's expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExpiryArg {
    /// There is one
    Set,
    /// There is none
    None,
    /// There is one, and it is over by now
    Past,
    /// There is none, or it is not over
    Alive,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text.get(digits.len()..).unwrap_or_default() {
            "" | "b" | "B" => 0,
            "k" | "K" => 10,
            "m" | "M" => 20,
            "g" | "G" => 30,
            unit => return Err(format!("{unit:?} is none of the units k, M, G")),
        };
        let number: u64 = digits.parse().map_err(|e| format!("{digits:?}: {e}"))?;
        let bytes = number.checked_mul(1 << shift);
        bytes.map(Size).ok_or_else(|| "too many bytes".to_owned())
    }
}

fn regex(text: &str) -> Result<Pattern, String> {
    Pattern::regex(text).map_err(|e| e.to_string())
}

fn database(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "databases are numbers, such as 0".to_owned())
}

fn object(text: &str) -> Result<ObjectKind, String> {
    let found = ObjectKind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| {
        let names = ObjectKind::ALL.map(ObjectKind::name).join(", ");
        format!("the types are {names}")
    })
}

fn glob(text: &OsString) -> Pattern {
    Pattern::glob(text.as_encoded_bytes())
}

impl FilterArgs {
    /// The filter, with `now_ms` for the present.
    ///
    /// # Errors
    ///
    /// Why no key can pass it.
    pub fn filter(&self, now_ms: i64) -> Result<Filter, String> {
        let mut filter = Filter::new();
        filter = self.key.iter().map(glob).fold(filter, Filter::key);
        filter = self.key_regex.iter().cloned().fold(filter, Filter::key);
        filter = self
            .not_key
            .iter()
            .map(glob)
            .fold(filter, Filter::without_key);
        filter = self
            .not_key_regex
            .iter()
            .cloned()
            .fold(filter, Filter::without_key);
        filter = self.types.iter().copied().fold(filter, Filter::object);
        filter = self
            .not_type
            .iter()
            .copied()
            .fold(filter, Filter::without_object);
        filter = self.db.iter().copied().fold(filter, Filter::db);
        filter = self.not_db.iter().copied().fold(filter, Filter::without_db);
        let ms = |time: Time| time.0.saturating_mul(1000);
        let rules = [
            self.expiry.map(|which| match which {
                ExpiryArg::Set => Expiry::Set,
                ExpiryArg::None => Expiry::Unset,
                ExpiryArg::Past => Expiry::Before(now_ms),
                ExpiryArg::Alive => Expiry::AliveAt(now_ms),
            }),
            self.expires_before.map(|time| Expiry::Before(ms(time))),
            self.expires_from.map(|time| Expiry::From(ms(time))),
        ];
        filter = rules.into_iter().flatten().fold(filter, Filter::expiry);
        if let Some(Size(bytes)) = self.min_size {
            filter = filter.min_size(bytes);
        }
        if let Some(Size(bytes)) = self.max_size {
            filter = filter.max_size(bytes);
        }
        match filter.contradiction() {
            None => Ok(filter),
            Some(why) => Err(format!("the conditions exclude each other: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_units() {
        for (text, bytes) in [
            ("0", 0),
            ("7b", 7),
            ("10k", 10 << 10),
            ("5M", 5 << 20),
            ("1G", 1 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "k", "1x", "-1", "1.5k", "99999999999G"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn databases_by_number() {
        assert_eq!(database("15"), Ok(15));
        assert!(database("x").unwrap_err().contains("numbers"));
    }

    #[test]
    fn types_by_name() {
        let command = FilterArgs::augment_args(clap::Command::new("keys"));
        let types = command.get_arguments().find(|arg| arg.get_id() == "types");
        let help = types.and_then(|arg| arg.get_help()).unwrap().to_string();
        let told: Vec<_> = help.split(": ").nth(1).unwrap().split(", ").collect();
        assert_eq!(told, ObjectKind::ALL.map(ObjectKind::name));

        assert_eq!(object("zset"), Ok(ObjectKind::Zset));
        assert!(object("sorted").is_err_and(|why| why.contains("zset")));
    }
}
