//! Parses settings: flags, variables and the file share these functions. An error says what is allowed and does not repeat the
//! text, which may be a secret in the wrong place.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

use crate::account::id::is_name_byte;
use crate::output::Format;
use crate::text::nearest;

/// How long a look-up may take by default.
pub const DEFAULT_TIMEOUT: &str = "60s";
/// How often a failed request is repeated by default.
pub const DEFAULT_RETRIES: &str = "2";
/// How many look-ups run at once by default.
pub const DEFAULT_JOBS: usize = 8;

/// The most that a look-up may be given. Above it a typing error is likelier than an intention.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const TIMEOUT_MIN: Duration = Duration::from_millis(1);

const RATES: RangeInclusive<f64> = 0.001..=100_000.0;

/// Reads an output format.
pub fn parse_output(text: &str) -> Result<Format, String> {
    text.parse().map_err(|_| {
        let names = Format::ALL.map(Format::name);
        let near = nearest(text, names)
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        format!("must be one of {}{near}", names.join(", "))
    })
}

/// Reads how long a whole look-up may take.
pub fn parse_timeout(text: &str) -> Result<Duration, String> {
    // The friendly format takes `00:01:30` too, where the unit can only be guessed.
    let duration =
        (!text.contains(':')).then(|| SpanParser::new().parse_duration(text).ok()).flatten();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| (TIMEOUT_MIN..=TIMEOUT_MAX).contains(duration))
        .ok_or_else(|| {
            "must be a duration from 1ms to 24h with its unit, such as 60s, 1m30s or 500ms"
                .to_owned()
        })
}

/// Reads how often a failed request is repeated. With backoff, ten retries outlast any outage worth waiting for.
pub fn parse_retries(text: &str) -> Result<u32, String> {
    whole(text, 0..=10)
}

/// Reads how many look-ups run at once.
pub fn parse_jobs(text: &str) -> Result<usize, String> {
    whole(text, 1..=256)
}

/// Reads how many requests are made in a second, at most.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or_default();
    // `f64::from_str` takes a sign, an exponent and words, too.
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let rate = number.parse().ok().filter(|rate| is_plain && RATES.contains(rate));
    rate.ok_or_else(|| {
        "must be a number of requests a second from 0.001/s to 100000/s, such as 10/s".to_owned()
    })
}

/// Reads how many lines of standard input are skipped.
pub fn parse_skip(text: &str) -> Result<usize, String> {
    whole(text, 0..=usize::MAX)
}

/// Reads how many accounts are listed at most.
pub fn parse_limit(text: &str) -> Result<usize, String> {
    whole(text, 1..=usize::MAX)
}

/// Reads a port to listen on; 0 takes any free one.
pub fn parse_port(text: &str) -> Result<u16, String> {
    whole(text, 0..=u16::MAX)
}

/// Reads how many accounts the sandbox has.
pub fn parse_accounts(text: &str) -> Result<u32, String> {
    whole(text, 0..=u32::MAX)
}

/// A whole number in that range, without the sign that `from_str` takes.
fn whole<N: FromStr + PartialOrd + Display>(
    text: &str,
    range: RangeInclusive<N>,
) -> Result<N, String> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_plain && range.contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {} to {}", range.start(), range.end())),
    }
}

/// Whether `name` may name a profile.
pub(super) fn is_profile_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(is_name_byte)
}

/// Whether `name` may name a variable.
pub(super) fn is_variable_name(name: &str) -> bool {
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    begins && name.bytes().all(is_legal) && name.len() <= 128
}
