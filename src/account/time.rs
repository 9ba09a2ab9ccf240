//! Points in time as RFC 3339 writes them, to the last digit of a second.
//!
//! jiff's timestamps end in the last days of 9999, which is how many write "never", and have a resolution; what lies beyond
//! either would be taken for the same. Here two times are equal only if they are.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Since 1970, leap seconds not counted.
    seconds: i64,
    /// Digits of the second, without zeros at the end: so they are compared as texts are.
    fraction: Box<str>,
}

impl Time {
    /// Reads RFC 3339 (5.6), and nothing that ISO 8601 allows beside it.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, second, offset, fraction) = parts(text)?;
        let days = date.since(Date::constant(1970, 1, 1)).ok()?.get_days();
        Some(Time { seconds: i64::from(days) * 86_400 + second - offset, fraction: fraction.into() })
    }

    /// The time that is `distance` later.
    pub fn after(mut self, distance: SignedDuration) -> Self {
        self.seconds = self.seconds.saturating_add(distance.as_secs());
        self
    }

    /// The same in jiff's calendar, or its nearest end.
    pub fn timestamp(&self) -> Timestamp {
        let end = if self.seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
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
pub fn is_time(text: &str) -> bool {
    parts(text).is_some()
}

/// The local day and second of `2030-01-31T23:59:59.5+01:00`, its offset in seconds, and its fraction.
fn parts(text: &str) -> Option<(Date, i64, i64, &str)> {
    if !has_shape(text, "0000-00-00T00:00:00") {
        return None;
    }
    let (local, rest) = text.split_at_checked(19)?;
    let year = i16::from(number(local, 0)) * 100 + i16::from(number(local, 2));
    let date = Date::new(year, number(local, 5), number(local, 8)).ok()?;
    let (hour, minute, second) = (number(local, 11), number(local, 14), number(local, 17));
    // 60 is an inserted second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
            rest.split_at(end)
        }
        None => ("", rest),
    };
    let second = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some((date, second, offset(zone)?, fraction.trim_end_matches('0')))
}

/// `Z`, `+01:00`, in seconds.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let distance = zone.strip_prefix(['+', '-']).filter(|distance| distance.len() == 5)?;
    if !has_shape(distance, "00:00") || number(distance, 0) > 23 || number(distance, 3) > 59 {
        return None;
    }
    Some(sign * (i64::from(number(distance, 0)) * 3600 + i64::from(number(distance, 3)) * 60))
}

/// Whether `text` begins like `shape`, in which `0` is any digit.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && shape.bytes().zip(text.bytes()).all(|(shape, b)| match shape {
            b'0' => b.is_ascii_digit(),
            sign => b.eq_ignore_ascii_case(&sign),
        })
}

/// The number of the two digits at a place where there are digits.
fn number(text: &str, at: usize) -> i8 {
    let digit = |at: usize| (text.as_bytes()[at] - b'0').cast_signed();
    digit(at) * 10 + digit(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).expect(text)
    }

    #[test]
    fn only_what_rfc_3339_writes_is_a_time() {
        for text in "2023-11-07T05:31:56Z|2023-01-23T15:55:58.000Z|2023-01-23t15:55:58z|\
             2023-01-23T15:55:58+02:00|2023-01-23T15:55:58-23:59|2023-01-23T15:55:58-00:00|\
             2024-02-29T00:00:00Z|0000-01-01T00:00:00Z|9999-12-31T23:59:59.999-12:00|\
             2016-12-31T23:59:60Z|2023-01-23T15:55:58.12345678901234567890Z"
            .split('|')
        {
            assert!(is_time(text), "{text}");
        }
        for text in "2023-01-23|20230123T155558Z|2023-01-23T15:55:58|2023-01-23T15:55:58.5|2023-01-23T15:55Z|\
             2023-01-23 15:55:58Z|2023-01-23T15:55:58,5Z|2023-01-23T15:55:58.Z|2023-01-23T15:55:58 Z|\
             2023-01-23T15:55:58Zz|2023-01-23T15:55:58+01|2023-01-23T15:55:58+0100|\
             2023-01-23T15:55:58+24:00|2023-01-23T15:55:58+01:60|2023-01-23T15:55:58+1:00|\
             2023-01-23T15:55:58+01:00[Europe/Paris]|2023-02-29T00:00:00Z|2023-00-01T00:00:00Z|\
             2023-01-00T00:00:00Z|2023-13-01T00:00:00Z|9999-12-32T00:00:00Z|2023-01-23T24:00:00Z|\
             2023-01-23T23:60:00Z|2023-01-23T23:59:61Z|+023-01-23T15:55:58Z|2023-01-23T15:55:5éZ|\
             ٢023-01-23T15:55:58Z"
            .split('|')
        {
            assert!(!is_time(text), "{text}");
        }
    }

    #[test]
    fn times_are_the_same_only_if_they_are() {
        for (earlier, later) in [
            ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59+12:00", "9999-12-31T23:59:59-12:00"),
            ("2023-01-23T15:55:58.123456789Z", "2023-01-23T15:55:58.1234567891Z"),
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
}
