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

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).expect(text)
    }

    #[test]
    fn only_what_rfc_3339_writes_is_a_time() {
        for text in [
            "2023-11-07T05:31:56Z",
            "2023-01-23T15:55:58.000Z",
            "2023-01-23t15:55:58z",
            "2023-01-23T15:55:58+02:00",
            "2023-01-23T15:55:58-23:59",
            "2023-01-23T15:55:58-00:00",
            "2024-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999-12:00",
            "2016-12-31T23:59:60Z",
            "2023-01-23T15:55:58.12345678901234567890Z",
        ] {
            assert!(is_time(text), "{text}");
        }
        for text in [
            "",
            "2023-01-23",
            "20230123T155558Z",
            "2023-01-23T15:55:58",
            "2023-01-23T15:55:58.5",
            "2023-01-23T15:55Z",
            "2023-01-23 15:55:58Z",
            "2023-01-23T15:55:58,5Z",
            "2023-01-23T15:55:58.Z",
            "2023-01-23T15:55:58 Z",
            "2023-01-23T15:55:58Zz",
            "2023-01-23T15:55:58+01",
            "2023-01-23T15:55:58+0100",
            "2023-01-23T15:55:58+24:00",
            "2023-01-23T15:55:58+01:60",
            "2023-01-23T15:55:58+1:00",
            "2023-01-23T15:55:58+01:00[Europe/Paris]",
            "2023-02-29T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "9999-12-32T00:00:00Z",
            "2023-01-23T24:00:00Z",
            "2023-01-23T23:60:00Z",
            "2023-01-23T23:59:61Z",
            "+023-01-23T15:55:58Z",
            "2023-01-23T15:55:5éZ",
            "٢023-01-23T15:55:58Z",
        ] {
            assert!(!is_time(text), "{text}");
        }
    }

    #[test]
    fn times_are_the_same_only_if_they_are() {
        for (earlier, later) in [
            ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59+12:00", "9999-12-31T23:59:59-12:00"),
            (
                "2023-01-23T15:55:58.123456789Z",
                "2023-01-23T15:55:58.1234567891Z",
            ),
            ("2023-01-23T15:55:58.09Z", "2023-01-23T15:55:58.1Z"),
            ("2023-01-23T15:55:58.999999999999Z", "2023-01-23T15:55:59Z"),
            ("1969-12-31T23:59:59.2Z", "1969-12-31T23:59:59.3Z"),
            ("0000-01-01T00:00:00Z", "0000-02-29T00:00:00Z"),
        ] {
            assert!(time(earlier) < time(later), "{earlier} {later}");
        }
        for (one, other) in [
            ("2023-01-23T15:55:58.120Z", "2023-01-23T15:55:58.12Z"),
            ("2023-01-23T15:55:58.000Z", "2023-01-23T15:55:58Z"),
            ("2023-01-23T00:30:00+01:00", "2023-01-22T23:30:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(time(one), time(other));
        }
    }

    /// As jiff counts, on every day that it knows of these years.
    #[test]
    fn days_are_those_of_the_calendar() {
        for year in (0..=9998).step_by(7).chain(1896..2110) {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (8, 17), (12, 31)] {
                let text = format!("{year:04}-{month:02}-{day:02}T12:34:56.000000789Z");
                let theirs: Timestamp = text.parse().expect("a time");
                assert_eq!(time(&text), Time::from(theirs), "{text}");
                assert_eq!(
                    i128::from(time(&text).timestamp().as_second()),
                    theirs.as_nanosecond().div_euclid(1_000_000_000)
                );
            }
        }
        assert_eq!(time("9999-12-31T23:59:59Z").timestamp(), Timestamp::MAX);
    }
}
