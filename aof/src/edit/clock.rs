//! Whether a time is to come, told from its digits: most times that commands
//! set are, and reading each as a number is what costs.

/// A moment, and the digits it has where it is written out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    now: i64,
    /// Digits; 0 where there are too few to be compared as two words.
    digits: usize,
    first: u64,
    last: u64,
}

impl Clock {
    pub fn at(now: i64) -> Clock {
        let text = now.to_string();
        let words = ends(text.as_bytes()).filter(|_| now > 0);
        let (first, last) = words.unwrap_or_default();
        Clock {
            now,
            digits: words.map_or(0, |_| text.len()),
            first,
            last,
        }
    }

    /// Whether `text` is a later time: at once where it has as many digits, and
    /// else by `number`, which reads it.
    #[inline(always)]
    pub fn is_before(&self, text: &[u8], number: impl FnOnce(&[u8]) -> i64) -> bool {
        if text.len() == self.digits
            && let Some((first, last)) = ends(text)
            && text.first() != Some(&b'0')
        {
            return (first, last) > (self.first, self.last);
        }
        number(text) > self.now
    }
}

/// The first and the last eight digits, of which some may be the same: they
/// compare as the numbers do. `None` where there are fewer than eight or more
/// than sixteen, or others than digits.
#[inline(always)]
fn ends(text: &[u8]) -> Option<(u64, u64)> {
    let first = u64::from_be_bytes(*text.first_chunk::<8>()?);
    let last = u64::from_be_bytes(*text.last_chunk::<8>()?);
    (text.len() <= 16 && all_digits(first) && all_digits(last)).then_some((first, last))
}

/// Whether all eight bytes are from `0` to `9`.
#[inline(always)]
fn all_digits(word: u64) -> bool {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    // 6 more takes what is above 9 to the next row.
    const SIX: u64 = 0x0606_0606_0606_0606;
    word & HIGH == THREES && word.wrapping_add(SIX) & HIGH == THREES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::strtoll;

    #[test]
    fn digits_say_what_numbers_say() {
        let times = [
            "1763718000000",
            "1763718000001",
            "1763717999999",
            "9763718000000",
            "0763718000000",
            "176371800000:",
            "176371800000/",
            "1763718000 00",
            "-763718000001",
            "17637180000000",
            "1763718000",
            "99999999",
            "12345678901234567",
            "",
            "x",
        ];
        for now in [0, -5, 7, 99_999_998, 1_763_718_000, 1_763_718_000_000] {
            let clock = Clock::at(now);
            for text in times {
                let number = strtoll(text.as_bytes()).0;
                let told = clock.is_before(text.as_bytes(), |text| strtoll(text).0);
                assert_eq!(told, number > now, "{text} at {now}");
            }
        }
    }
}
