//! The servers' log, which their check tools write to standard output.

use std::io::{self, Write};

use super::Persona;

/// Room for one message, its final NUL included.
const MESSAGE: usize = 1024;

/// One line: process id and role, time, level, message.
///
/// # Errors
///
/// Of writing.
pub(super) fn line(
    out: &mut dyn Write,
    persona: Persona,
    now_ms: i64,
    level: char,
    text: &[u8],
) -> io::Result<()> {
    let (pid, time) = (std::process::id(), timestamp(now_ms));
    let role = match persona {
        // Its check tools take themselves for a child of a server.
        Persona::Redis => 'C',
        Persona::Valkey => 'M',
    };
    write!(out, "{pid}:{role} {time} {level} ")?;
    out.write_all(text.get(..MESSAGE - 1).unwrap_or(text))?;
    out.write_all(b"\n")
}

/// `21 Nov 2026 02:56:31.933`, in UTC: the standard library knows no time zones.
fn timestamp(now_ms: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (days, ms) = (now_ms.div_euclid(86_400_000), now_ms.rem_euclid(86_400_000));
    // Years that begin in March, in eras of 400: the leap day is the last one.
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let name = usize::try_from(month).ok().and_then(|m| MONTHS.get(m));
    format!(
        "{day:02} {} {year} {:02}:{:02}:{:02}.{:03}",
        name.unwrap_or(&"???"),
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_as_the_log_writes_it() {
        assert_eq!(timestamp(0), "01 Jan 1970 00:00:00.000");
        assert_eq!(timestamp(951_782_399_999), "28 Feb 2000 23:59:59.999");
        assert_eq!(timestamp(951_782_400_000), "29 Feb 2000 00:00:00.000");
        assert_eq!(timestamp(1_795_229_791_933), "21 Nov 2026 02:56:31.933");
        assert_eq!(timestamp(1_767_225_599_000), "31 Dec 2025 23:59:59.000");
    }
}
