//! Times as people type and read them; logs record whole seconds.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// A time in whole Unix seconds.
///
/// Read from RFC 3339, with a zone (`2026-11-21T14:03:00Z`,
/// `2026-11-21 15:03:00+01:00`), or from Unix seconds (`1795269780`); fractions
/// of a second are cut off. Shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// Text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// Neither form.
    #[error(
        "no time; write RFC 3339 with a zone, such as 2026-11-21T14:03:00Z or \
         2026-11-21T15:03:00+01:00, or Unix seconds, such as 1795269780"
    )]
    Form,
    /// A number that is no likely number of seconds.
    #[error("{0} Unix seconds are beyond the year 9999; are these milliseconds?")]
    Far(i64),
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Time, BadTime> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<i64>() {
            return match Timestamp::from_second(seconds) {
                Ok(_) => Ok(Time(seconds)),
                Err(_) => Err(BadTime::Far(seconds)),
            };
        }
        let time: Timestamp = text.parse().map_err(|_| BadTime::Form)?;
        Ok(Time(time.as_nanosecond().div_euclid(1_000_000_000) as i64))
    }
}

/// Seconds that no calendar reaches, which a log may hold, are shown as a number.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for text in [
            "1795269780",
            "2026-11-21T14:03:00Z",
            "2026-11-21T14:03:00.999Z",
            "2026-11-21 15:03:00+01:00",
            "2026-11-21T15:03:00+01:00",
            " 2026-11-21t14:03:00z ",
        ] {
            assert_eq!(text.parse(), Ok(Time(1_795_269_780)), "{text}");
        }
        // Cut off, not rounded towards 1970.
        assert_eq!("1969-12-31T23:59:59.5Z".parse(), Ok(Time(-1)));
        assert_eq!(Time(1_795_269_780).to_string(), "2026-11-21T14:03:00Z");
    }

    #[test]
    fn what_is_no_time_is_said() {
        // Without a zone nobody knows which hour is meant.
        for text in [
            "",
            "now",
            "2026-11-21",
            "2026-11-21T14:03:00",
            "14:03",
            "1.5",
        ] {
            assert_eq!(text.parse::<Time>(), Err(BadTime::Form), "{text}");
        }
        let milliseconds = "1795269780000".parse::<Time>();
        assert_eq!(milliseconds, Err(BadTime::Far(1_795_269_780_000)));
        assert_eq!(Time(i64::MAX).to_string(), "@9223372036854775807");
    }
}
