//! When keys expire, in classes.

/// How long a key has left to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Lifetime {
    /// No expiry.
    Unlimited,
    /// None: a server drops the key when it loads the file.
    Expired,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Longer,
}

impl Lifetime {
    /// Every class, in order.
    pub const ALL: [Lifetime; 9] = [
        Lifetime::Unlimited,
        Lifetime::Expired,
        Lifetime::Minute,
        Lifetime::Hour,
        Lifetime::Day,
        Lifetime::Week,
        Lifetime::Month,
        Lifetime::Year,
        Lifetime::Longer,
    ];

    /// The class of an expiry, both in Unix milliseconds. A server that loads
    /// drops keys whose time is over, not those whose time is now.
    #[inline]
    #[must_use]
    pub fn of(expire_ms: Option<i64>, now_ms: i64) -> Lifetime {
        const MINUTE: i64 = 60_000;
        let Some(at) = expire_ms else {
            return Lifetime::Unlimited;
        };
        let left = at.saturating_sub(now_ms);
        match left {
            ..0 => Lifetime::Expired,
            _ if left < MINUTE => Lifetime::Minute,
            _ if left < 60 * MINUTE => Lifetime::Hour,
            _ if left < 1440 * MINUTE => Lifetime::Day,
            _ if left < 7 * 1440 * MINUTE => Lifetime::Week,
            _ if left < 30 * 1440 * MINUTE => Lifetime::Month,
            _ if left < 365 * 1440 * MINUTE => Lifetime::Year,
            _ => Lifetime::Longer,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lifetime::Unlimited => "no expiry",
            Lifetime::Expired => "expired",
            Lifetime::Minute => "under a minute",
            Lifetime::Hour => "under an hour",
            Lifetime::Day => "under a day",
            Lifetime::Week => "under a week",
            Lifetime::Month => "under 30 days",
            Lifetime::Year => "under a year",
            Lifetime::Longer => "a year or more",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_belong_to_the_longer_class() {
        let class = |left: i64| Lifetime::of(Some(1_000_000 + left), 1_000_000);
        assert_eq!(Lifetime::of(None, 0), Lifetime::Unlimited);
        assert_eq!(class(-1), Lifetime::Expired);
        assert_eq!(
            (class(0), class(59_999)),
            (Lifetime::Minute, Lifetime::Minute)
        );
        assert_eq!(class(60_000), Lifetime::Hour);
        assert_eq!(class(3_600_000), Lifetime::Day);
        assert_eq!(class(30 * 86_400_000), Lifetime::Year);
        assert_eq!(class(365 * 86_400_000), Lifetime::Longer);
        assert_eq!(Lifetime::of(Some(i64::MAX), i64::MIN), Lifetime::Longer);
        assert_eq!(Lifetime::of(Some(i64::MIN), i64::MAX), Lifetime::Expired);
    }
}
