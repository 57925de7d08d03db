//! What the line says.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Work;

/// How far one has to look back for a rate that is steady and still of now.
const LOOK_BACK: Duration = Duration::from_secs(5);

/// How fast bytes came lately.
#[derive(Debug, Default)]
pub struct Pace {
    /// When how many had been read, oldest first.
    seen: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Notes that `read` bytes have been read by `now`.
    pub fn note(&mut self, now: Instant, read: u64) {
        while let [Some(_), Some((second, _))] = [self.seen.front(), self.seen.get(1)]
            && now.duration_since(*second) >= LOOK_BACK
        {
            self.seen.pop_front();
        }
        self.seen.push_back((now, read));
    }

    /// Bytes a second; `None` where too little time went by.
    fn rate(&self) -> Option<f64> {
        let ((from, before), (to, after)) = (self.seen.front()?, self.seen.back()?);
        let seconds = to.duration_since(*from).as_secs_f64();
        (seconds >= 0.1).then(|| after.saturating_sub(*before) as f64 / seconds)
    }
}

/// The line, at most `width` columns of it.
///
/// A file that is read more than once has been read `again` when more bytes went by than
/// it has; some are read twice in the first pass too, so that has to be more than a few.
pub fn line(work: &Work, read: u64, now: Instant, pace: &Pace, width: usize) -> String {
    let read = read.saturating_sub(work.from);
    let mut tail = String::new();
    let mut left = None;
    match work.total {
        Some(total) if total > 0 => {
            let passes = match read <= total + total / 64 + (1 << 20) {
                true => 0,
                false => read / total,
            };
            let here = (read - passes * total).min(total);
            left = Some(total - here);
            let percent = (here as f64 * 100.0 / total as f64).floor();
            let again = if passes > 0 { ", again" } else { "" };
            tail.push_str(&format!(
                "{again}  {} of {}  {percent}%",
                bytes(here),
                bytes(total)
            ));
        }
        _ if read > 0 => tail.push_str(&format!("  {}", bytes(read))),
        _ => {}
    }
    let rate = pace.rate();
    if read > 0
        && let Some(rate) = rate
    {
        tail.push_str(&format!("  {}/s", bytes(rate as u64)));
    }
    match (left, rate) {
        (Some(left), Some(rate)) if rate >= 1.0 => {
            let seconds = (left as f64 / rate).ceil();
            tail.push_str(&format!("  {} left", clock(seconds as u64)));
        }
        _ => {
            let seconds = now.duration_since(work.began).as_secs();
            tail.push_str(&format!("  {}", clock(seconds)));
        }
    }
    fit(&work.name, &tail, width)
}

/// The end of a path tells more than its beginning, and numbers tell more than both.
fn fit(name: &str, tail: &str, width: usize) -> String {
    let room = width.saturating_sub(columns(tail));
    if !name.is_empty() && columns(name) <= room {
        return format!("{name}{tail}");
    }
    let mut kept = String::new();
    let mut used = 3;
    for c in name.chars().rev() {
        used += column(c);
        if used > room {
            break;
        }
        kept.insert(0, c);
    }
    let line = match kept.is_empty() {
        true => tail.trim_start().to_owned(),
        false => format!("...{kept}{tail}"),
    };
    // A line that wraps cannot be erased.
    line.chars().take(width).collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// Of what is not ASCII as much as it may take.
fn column(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

/// `1.2 GiB`.
fn bytes(n: u64) -> String {
    let mut scaled = n as f64;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if scaled < 1024.0 {
            return match unit {
                "bytes" => format!("{n} bytes"),
                _ => format!("{scaled:.1} {unit}"),
            };
        }
        scaled /= 1024.0;
    }
    format!("{scaled:.1} TiB")
}

/// `0:07`, `1:02:03`.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn work(total: Option<u64>, began: Instant) -> Work {
        Work {
            name: "/backups/dump.rdb".to_owned(),
            total,
            from: 5,
            began,
            is_whole: false,
        }
    }

    #[test]
    fn a_file_has_a_share_and_a_time_left() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.note(began, 5);
        let now = began + Duration::from_secs(2);
        pace.note(now, 5 + 200 * MIB);
        let work = work(Some(800 * MIB), began);
        assert_eq!(
            line(&work, 5 + 200 * MIB, now, &pace, 100),
            "/backups/dump.rdb  200.0 MiB of 800.0 MiB  25%  100.0 MiB/s  0:06 left"
        );
        assert_eq!(
            line(&work, 5 + 1000 * MIB, now, &pace, 100),
            "/backups/dump.rdb, again  200.0 MiB of 800.0 MiB  25%  100.0 MiB/s  0:06 left"
        );
        // Some bytes are looked at twice.
        let line = line(&work, 5 + 801 * MIB, now, &pace, 100);
        assert!(line.contains("800.0 MiB of 800.0 MiB  100%"), "{line}");
    }

    #[test]
    fn a_pipe_has_neither() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.note(began, 5);
        let now = began + Duration::from_secs(75);
        pace.note(now, 5 + 1500);
        assert_eq!(
            line(&work(None, began), 5 + 1500, now, &pace, 100),
            "/backups/dump.rdb  1.5 KiB  20 bytes/s  1:15"
        );
        assert_eq!(
            line(&work(None, began), 5, now, &pace, 100),
            "/backups/dump.rdb  1:15"
        );
    }

    #[test]
    fn the_line_never_wraps() {
        let began = Instant::now();
        for width in 0..60 {
            for name in [
                "",
                "x",
                "/a/long/path/dump.rdb",
                "/\u{6f22}\u{5b57}/dump.rdb",
            ] {
                let work = Work {
                    name: name.to_owned(),
                    ..work(Some(1 << 40), began)
                };
                let line = line(&work, 1 << 39, began, &Pace::default(), width);
                assert!(columns(&line) <= width, "{width} {line:?}");
            }
        }
    }

    #[test]
    fn only_the_last_seconds_make_the_pace() {
        let began = Instant::now();
        let mut pace = Pace::default();
        for second in 0..20 {
            let read = if second < 10 { second * 1000 } else { 10_000 };
            pace.note(began + Duration::from_secs(second), read);
        }
        assert_eq!(pace.rate(), Some(0.0));
    }
}
