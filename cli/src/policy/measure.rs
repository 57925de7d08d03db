//! The measures of demands: ages, shares, numbers of keys, values.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::args::Duration;

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Age(pub i64);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Age, String> {
        let Duration(ms) = text.parse()?;
        i64::try_from(ms / 1000).map(Age).map_err(|e| e.to_string())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Age(seconds) = *self;
        match seconds {
            ..120 => write!(f, "{seconds} s"),
            120..7_200 => write!(f, "{} min", seconds / 60),
            // A day and a half is better told in hours.
            7_200..259_200 => write!(f, "{} h", seconds / 3_600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// A share, such as 5% or 0.5%.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Percent(pub f64);

impl Percent {
    /// Whether a difference is not more than this of the whole.
    #[must_use]
    pub fn holds(self, whole: u64, difference: u64) -> bool {
        difference as f64 * 100.0 <= whole as f64 * self.0
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let number = text.strip_suffix('%').unwrap_or(text);
        let share: f64 = number.parse().map_err(|e| format!("{number:?}: {e}"))?;
        match (0.0..=100.0).contains(&share) {
            true => Ok(Percent(share)),
            false => Err("not between 0% and 100%".to_owned()),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// Keys that match, and how many there have to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AtLeast {
    /// As in KEYS.
    pub glob: String,
    /// So many.
    pub keys: u64,
}

impl FromStr for AtLeast {
    type Err = String;

    fn from_str(text: &str) -> Result<AtLeast, String> {
        let (glob, keys) = match text.rsplit_once(">=") {
            Some((glob, number)) => {
                let number = number.trim();
                (
                    glob,
                    number.parse().map_err(|e| format!("{number:?}: {e}"))?,
                )
            }
            None => (text, 1),
        };
        match glob.is_empty() {
            true => Err("no pattern before >=".to_owned()),
            false => Ok(AtLeast {
                glob: glob.to_owned(),
                keys,
            }),
        }
    }
}

/// A key, and what tells its value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// Of the value.
    pub sum: Sum,
}

/// What tells a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// SHA-256 of a string.
    Sha256([u8; 32]),
    /// What a server answers to DEBUG DIGEST-VALUE.
    Digest([u8; 20]),
}

impl FromStr for KeyValue {
    type Err = String;

    fn from_str(text: &str) -> Result<KeyValue, String> {
        // Keys may hold the sign, digits do not.
        let (key, digits) = text.rsplit_once('=').ok_or("no = behind the key")?;
        let sum = match digits.len() {
            64 => hex(digits).map(Sum::Sha256),
            40 => hex(digits).map(Sum::Digest),
            n => {
                return Err(format!(
                    "{n} digits are neither 64 of a SHA-256 nor 40 of a digest"
                ));
            }
        };
        Ok(KeyValue {
            key: key.to_owned(),
            sum: sum.ok_or("not hexadecimal")?,
        })
    }
}

/// So many bytes of hexadecimal digits.
pub(super) fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Bytes as hexadecimal digits.
pub(super) fn digits(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! from_text {
    ($($type:ty)*) => {$(
        impl TryFrom<String> for $type {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}
from_text!(Age Percent AtLeast KeyValue);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_as_they_are_typed() {
        assert_eq!("25h".parse(), Ok(Age(90_000)));
        assert_eq!(Age(90_000).to_string(), "25 h");
        assert_eq!(Age(864_000).to_string(), "10 days");
        assert_eq!("2.5%".parse(), Ok(Percent(2.5)));
        assert!("120%".parse::<Percent>().is_err());
        assert!(Percent(5.0).holds(100, 5) && !Percent(5.0).holds(100, 6));
        assert!(Percent(0.0).holds(7, 0) && !Percent(0.0).holds(7, 1));
        let users: AtLeast = "user:*>=1000".parse().unwrap();
        assert_eq!((users.glob.as_str(), users.keys), ("user:*", 1000));
        let any: AtLeast = "a>=b>=2".parse().unwrap();
        assert_eq!((any.glob.as_str(), any.keys), ("a>=b", 2));
        assert!(">=2".parse::<AtLeast>().is_err() && "a>=x".parse::<AtLeast>().is_err());
        let value: KeyValue = format!("a=b={}", "0f".repeat(20)).parse().unwrap();
        assert_eq!(
            (value.key.as_str(), value.sum),
            ("a=b", Sum::Digest([15; 20]))
        );
        assert!("a=00".parse::<KeyValue>().is_err());
        assert!(
            format!("a={}", "zz".repeat(20))
                .parse::<KeyValue>()
                .is_err()
        );
    }
}
