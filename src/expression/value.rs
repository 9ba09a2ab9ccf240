//! The value that a field is compared with, and how it is read: as text, a number, a time or a boolean.

use std::borrow::Cow;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::is_plain;
use super::parse::BEGINS_NO_VALUE;
use crate::account::field::Kind;
use crate::account::{Number, Time};
use crate::json;

/// `now+…` reaches at most a hundred years from now. Above it a typing error is likelier than an intention.
const FARTHEST: SignedDuration = SignedDuration::from_hours(36_500 * 24);

/// A value, as written and as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    pub text: String,
    pub reading: Reading,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Text,
    Number(Number),
    Time(Time),
    /// A distance from now.
    FromNow(SignedDuration),
    /// `true` or `false`.
    Boolean,
}

impl Reading {
    /// What `text` means to a field of that kind; `None` if nothing.
    pub fn of(text: &str, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Integer => Number::parse(text).filter(Number::is_whole).map(Reading::Number),
            Kind::Time => moment(text),
            // The value found may be anything, and so may the one that it is compared with.
            Kind::Json if matches!(text, "true" | "false") => Some(Reading::Boolean),
            Kind::Json => Number::parse(text).map(Reading::Number).or_else(|| moment(text)).or(Some(Reading::Text)),
            Kind::Id(_) | Kind::Enum(_) | Kind::Text | Kind::Country => Some(Reading::Text),
        }
    }

    pub fn time(&self, now: Timestamp) -> Option<Time> {
        match self {
            Reading::Time(time) => Some(*time),
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
            Cow::Owned(json::to_string(&self.text))
        }
    }
}

/// RFC 3339, or `now` and a distance from it.
fn moment(text: &str) -> Option<Reading> {
    match text.strip_prefix("now") {
        Some(distance) => from_now(distance).map(Reading::FromNow),
        None => Time::parse(text).map(Reading::Time),
    }
}

/// `+14d`, `-2h`, `+1d12h`; a day has 24 hours.
fn from_now(text: &str) -> Option<SignedDuration> {
    if text.is_empty() {
        return Some(SignedDuration::ZERO);
    }
    let distance = text.strip_prefix(['+', '-'])?;
    let is_short = distance.bytes().all(|b| b.is_ascii_digit() || b"smhdw".contains(&b)) && !distance.contains("ms");
    let span: Span = text.parse().ok().filter(|_| is_short)?;
    let distance = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (distance.abs() <= FARTHEST).then_some(distance)
}

/// The time that was probably meant by a text that is none.
pub(super) fn nearest_time(text: &str) -> Option<String> {
    let mut candidates =
        [format!("{text}T00:00:00Z"), format!("{text}Z"), format!("now{text}"), format!("now+{text}")].into_iter();
    candidates.find(|candidate| !text.is_empty() && moment(candidate).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_from_now_and_times_that_were_meant() {
        const DAY: i64 = 86_400;
        for (text, seconds) in [
            ("", 0),
            ("+0s", 0),
            ("+14d", 14 * DAY),
            ("-2h", -7_200),
            ("+1d12h", 129_600),
            ("+1w", 7 * DAY),
            ("-90m", -5_400),
            ("+36500d", 36_500 * DAY),
        ] {
            assert_eq!(from_now(text), Some(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in
            "+ - 14d +14 +d +-1d +1y +1mo +5ms +1D +1.5d +36501d +1d36500d +99999999999999999999s +1d- +١d é".split(' ')
        {
            assert_eq!(from_now(text), None, "{text}");
        }
        for (text, near) in [
            ("2030-01-31", "2030-01-31T00:00:00Z"),
            ("2030-01-31T12:00:00", "2030-01-31T12:00:00Z"),
            ("14d", "now+14d"),
            ("-2h", "now-2h"),
            ("", ""),
            ("tomorrow", ""),
            ("2030-02-30", ""),
            ("now+1y", ""),
        ] {
            assert_eq!(nearest_time(text).unwrap_or_default(), near, "{text}");
        }
    }
}
