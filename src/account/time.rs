//! Points in time as RFC 3339 writes them, to the last digit of a second.
//!
//! A calendar's library has an end (jiff's timestamps in the last days of 9999, which is how many write "never") and a
//! resolution, and what lies beyond either of them it takes for the same. Here two times are equal only if they are.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Since 1970, as if no second had ever been inserted.
    seconds: i64,
    /// Digits of the second, without zeros at the end: so they are compared as texts are.
    fraction: Box<str>,
}

impl Time {
    /// Reads RFC 3339 (5.6), and nothing that ISO 8601 allows beside it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = parts(text)?;
        Some(Time {
            seconds,
            fraction: fraction.into(),
        })
    }

    /// How much memory it takes beside its own, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.fraction.len()
    }

    /// So much later.
    #[must_use]
    pub fn after(mut self, distance: SignedDuration) -> Self {
        self.seconds = self.seconds.saturating_add(distance.as_secs());
        self
    }

    /// The same in jiff's calendar, or its nearest end.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        let end = if self.seconds < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Timestamp::from_second(self.seconds).unwrap_or(end)
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        const SECOND: i128 = 1_000_000_000;
        let nanoseconds = time.as_nanosecond();
        let fraction = format!("{:09}", nanoseconds.rem_euclid(SECOND));
        Time {
            // There are fewer of them than a timestamp holds.
            seconds: i64::try_from(nanoseconds.div_euclid(SECOND)).unwrap_or(i64::MAX),
            fraction: fraction.trim_end_matches('0').into(),
        }
    }
}

/// Whether the text is a point in time.
#[must_use]
pub fn is_time(text: &str) -> bool {
    parts(text).is_some()
}

/// Seconds and fraction of `2030-01-31T23:59:59.5+01:00`.
fn parts(text: &str) -> Option<(i64, &str)> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let shape = date_time.as_bytes();
    let is_shaped = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')]
        .iter()
        .all(|(at, sign)| shape[*at] == *sign);
    if !is_shaped || !matches!(shape[10], b'T' | b't') {
        return None;
    }
    let number = |from: usize, to: usize| two_to_four_digits(shape.get(from..to)?);
    let date = Date::new(
        number(0, 4)?,
        i8::try_from(number(5, 7)?).ok()?,
        i8::try_from(number(8, 10)?).ok()?,
    );
    let days = days_since_1970(date.ok()?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            (
                rest.get(..end).filter(|digits| !digits.is_empty())?,
                rest.get(end..)?,
            )
        }
        None => ("", rest),
    };
    // 60 is an inserted second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let of_day = |hour: i16, minute: i16| i64::from(hour) * 3600 + i64::from(minute) * 60;
    let seconds = days * 86_400 + of_day(hour, minute) + i64::from(second);
    Some((seconds - offset(zone)?, fraction.trim_end_matches('0')))
}

/// `Z`, `+01:00`, in seconds.
fn offset(zone: &str) -> Option<i64> {
    let (sign, zone) = match zone.as_bytes() {
        b"Z" | b"z" => return Some(0),
        [b'+', zone @ ..] => (1, zone),
        [b'-', zone @ ..] => (-1, zone),
        _ => return None,
    };
    let [h, i, b':', m, n] = zone else {
        return None;
    };
    let (hour, minute) = (
        two_to_four_digits(&[*h, *i])?,
        two_to_four_digits(&[*m, *n])?,
    );
    (hour <= 23 && minute <= 59).then(|| sign * (i64::from(hour) * 60 + i64::from(minute)) * 60)
}

/// The number that these digits are.
fn two_to_four_digits(digits: &[u8]) -> Option<i16> {
    let add = |number: i16, b: &u8| {
        b.is_ascii_digit()
            .then(|| number * 10 + i16::from(b - b'0'))
    };
    digits.iter().try_fold(0, add)
}

fn days_since_1970(date: Date) -> i64 {
    let (year, month, day) = (
        i64::from(date.year()),
        i64::from(date.month()),
        i64::from(date.day()),
    );
    // Counted from March on, the day that a leap year inserts is its last.
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + of_year - 719_468
}
