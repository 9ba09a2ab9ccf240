//! The value that a field is compared with, and how it is read.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::is_plain;
use super::number::Number;
use super::parse::BEGINS_NO_VALUE;
use crate::account::Time;
use crate::account::field::Kind;
use crate::json;

/// The most that `now+…` reaches from now, in seconds: a hundred years. Above it a typing error is likelier than an intention.
const FARTHEST: i64 = 36_500 * 24 * 60 * 60;

/// The units of `now+14d`, in seconds. A day has 24 hours.
const UNITS: [(char, i64); 5] = [
    ('s', 1),
    ('m', 60),
    ('h', 60 * 60),
    ('d', 24 * 60 * 60),
    ('w', 7 * 24 * 60 * 60),
];

/// A value, as written and as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub text: String,
    pub reading: Reading,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Just its text.
    Text,
    /// A number.
    Number(Number),
    /// A point in time.
    Time(Time),
    /// So long from now.
    FromNow(SignedDuration),
    /// `true` or `false`.
    Boolean,
}

impl Reading {
    /// What `text` means to a field of that kind; `None` if nothing.
    pub fn of(text: &str, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Integer => Number::parse(text)
                .filter(|_| !text.contains(['.', 'e', 'E']))
                .map(Reading::Number),
            Kind::Time => moment(text),
            // What is there may be anything, and so may be what it is compared with.
            Kind::Json => {
                let boolean = || matches!(text, "true" | "false").then_some(Reading::Boolean);
                let number = Number::parse(text).map(Reading::Number);
                number
                    .or_else(|| moment(text))
                    .or_else(boolean)
                    .or(Some(Reading::Text))
            }
            Kind::Id(_) | Kind::Enum(_) | Kind::Text | Kind::Email | Kind::Country => {
                Some(Reading::Text)
            }
        }
    }

    /// The point in time that it is.
    pub fn time(&self, now: Timestamp) -> Option<Time> {
        match self {
            Reading::Time(time) => Some(time.clone()),
            Reading::FromNow(distance) => Some(Time::from(now).after(*distance)),
            _ => None,
        }
    }
}

impl Operand {
    /// As it is written: in quotes only if it would be read differently without.
    pub fn written(&self, kind: Kind) -> Cow<'_, str> {
        let is_safe = is_plain(&self.text)
            && self.text != "null"
            && !self.text.starts_with(BEGINS_NO_VALUE)
            && !self.text.contains('|');
        if is_safe && Reading::of(&self.text, kind).as_ref() == Some(&self.reading) {
            Cow::Borrowed(&self.text)
        } else {
            Cow::Owned(json::string(&self.text))
        }
    }
}

/// RFC 3339, or `now` and how far from it.
fn moment(text: &str) -> Option<Reading> {
    if let Some(distance) = text.strip_prefix("now") {
        return from_now(distance).map(Reading::FromNow);
    }
    Time::parse(text).map(Reading::Time)
}

/// `+14d`, `-2h`, `+1d12h`.
fn from_now(text: &str) -> Option<SignedDuration> {
    if text.is_empty() {
        return Some(SignedDuration::ZERO);
    }
    let (sign, mut rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let mut seconds = 0_i64;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds = seconds.checked_add(amount.checked_mul(*length)?)?;
        rest = &rest[end + unit.len_utf8()..];
        if rest.is_empty() {
            break;
        }
    }
    (seconds <= FARTHEST).then(|| SignedDuration::from_secs(sign * seconds))
}

/// What somebody may have meant by a text that is no time.
pub(super) fn nearest_time(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let distance = lower.trim().strip_prefix("now").unwrap_or(&lower);
    // `+ 14 days`: of a unit's name the first letter.
    let mut letters = 0;
    let short: String = distance
        .chars()
        .filter(|c| !c.is_whitespace())
        .filter(|c| {
            letters = if c.is_alphabetic() { letters + 1 } else { 0 };
            letters < 2
        })
        .collect();
    [
        format!("{text}T00:00:00Z"),
        format!("{text}Z"),
        text.replacen(' ', "T", 1),
        format!("{}Z", text.replacen(' ', "T", 1)),
        format!("now{short}"),
        format!("now+{short}"),
    ]
    .into_iter()
    .find(|candidate| !text.is_empty() && moment(candidate).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_from_now() {
        for (text, seconds) in [
            ("", 0),
            ("+0s", 0),
            ("+14d", 14 * 86_400),
            ("-2h", -7_200),
            ("+1d12h", 129_600),
            ("+1w", 604_800),
            ("-90m", -5_400),
            ("+36500d", 36_500 * 86_400),
        ] {
            assert_eq!(
                from_now(text),
                Some(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "+",
            "-",
            "14d",
            "+14",
            "+d",
            "+-1d",
            "+1y",
            "+1mo",
            "+1D",
            "+1.5d",
            "+14d ",
            "+36501d",
            "+1d36500d",
            "+99999999999999999999s",
            "+9223372036854775807w",
            "+1d-",
            "+١d",
            "é",
        ] {
            assert_eq!(from_now(text), None, "{text}");
        }
    }

    #[test]
    fn the_nearest_time() {
        for (text, near) in [
            ("2030-01-31", "2030-01-31T00:00:00Z"),
            ("2030-01-31T12:00:00", "2030-01-31T12:00:00Z"),
            ("2030-01-31 12:00:00Z", "2030-01-31T12:00:00Z"),
            ("2030-01-31 12:00:00", "2030-01-31T12:00:00Z"),
            ("NOW", "now"),
            ("14d", "now+14d"),
            ("+14d", "now+14d"),
            ("-2h", "now-2h"),
            ("now + 14d", "now+14d"),
            ("now+14days", "now+14d"),
            ("14 days", "now+14d"),
            ("Now+2H", "now+2h"),
        ] {
            assert_eq!(nearest_time(text).as_deref(), Some(near), "{text}");
        }
        for text in ["", "tomorrow", "2030-02-30", "now+1y", "é", "nowé"] {
            assert_eq!(nearest_time(text), None, "{text}");
        }
    }
}
