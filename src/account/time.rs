//! Points in time as RFC 3339 writes them.
//!
//! They are kept as jiff's civil time in UTC: its timestamps end a day before 9999 does, which is how many write "never".

use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(DateTime);

impl Time {
    /// Reads RFC 3339 (5.6), and nothing that ISO 8601 and jiff allow beside it.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, zone) = text.split_at_checked(text.rfind(['Z', 'z', '+', '-'])?)?;
        let fraction = local.strip_prefix(local.get(..19)?)?;
        let is_rfc_3339 = has_shape(&local[..19], "0000-00-00T00:00:00")
            && (fraction.is_empty() || fraction.starts_with('.') && fraction[1..].bytes().all(|b| b.is_ascii_digit()))
            && (zone.eq_ignore_ascii_case("Z") || has_shape(&zone[1..], "00:00"));
        // jiff takes no more digits than those of nanoseconds.
        let text = [local.get(..29).unwrap_or(local), zone].concat();
        let pieces = Pieces::parse(&text).ok().filter(|_| is_rfc_3339)?;
        let offset = SignedDuration::from_secs(pieces.to_numeric_offset()?.seconds().into());
        Some(Time(pieces.date().to_datetime(pieces.time()?).saturating_sub(offset)))
    }

    pub fn after(self, distance: SignedDuration) -> Self {
        Time(self.0.saturating_add(distance))
    }

    pub fn since(self, other: Self) -> SignedDuration {
        self.0.duration_since(other.0)
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Time(Offset::UTC.to_datetime(time))
    }
}

/// Whether `text` looks like `shape`, in which `0` is any digit.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && shape.bytes().zip(text.bytes()).all(|(shape, b)| match shape {
            b'0' => b.is_ascii_digit(),
            sign => b.eq_ignore_ascii_case(&sign),
        })
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
            assert!(Time::parse(text).is_some(), "{text}");
        }
        for text in "2023-01-23|20230123T155558Z|2023-01-23T15:55:58|2023-01-23T15:55:58.5|2023-01-23T15:55Z|\
             2023-01-23 15:55:58Z|2023-01-23T15:55:58,5Z|2023-01-23T15:55:58.Z|2023-01-23T15:55:58 Z|\
             2023-01-23T15:55:58Zz|2023-01-23T15:55:58+01|2023-01-23T15:55:58+0100|\
             2023-01-23T15:55:58+01:60|2023-01-23T15:55:58+1:00|\
             2023-01-23T15:55:58+01:00[Europe/Paris]|2023-02-29T00:00:00Z|2023-00-01T00:00:00Z|\
             2023-01-00T00:00:00Z|2023-13-01T00:00:00Z|9999-12-32T00:00:00Z|2023-01-23T24:00:00Z|\
             2023-01-23T23:60:00Z|2023-01-23T23:59:61Z|+023-01-23T15:55:58Z|2023-01-23T15:55:5éZ|\
             ٢023-01-23T15:55:58Z"
            .split('|')
        {
            assert!(Time::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn times_are_the_same_only_if_they_are() {
        for (earlier, later) in [
            ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59+12:00", "9999-12-31T23:59:59-12:00"),
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
        ] {
            assert_eq!(time(one), time(other));
        }
    }
}
