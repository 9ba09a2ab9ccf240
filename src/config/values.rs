//! Parses settings: flags, variables and the file share these functions. An error says what is allowed and does not repeat the
//! text, which may be a secret in the wrong place.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use jiff::fmt::friendly::SpanParser;

/// How long a look-up may take by default.
pub const DEFAULT_TIMEOUT: &str = "60s";
/// How often a failed request is repeated by default.
pub const DEFAULT_RETRIES: &str = "2";
/// How many look-ups run at once by default.
pub const DEFAULT_JOBS: usize = 8;

/// A longer timeout is likelier a typing error.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How many look-ups run at once.
pub fn jobs() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=256)
}

/// Reads how long a whole look-up may take.
pub fn parse_timeout(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_millis(1)..=TIMEOUT_MAX;
    // The friendly format takes `00:01:30` too, where the unit can only be guessed.
    let duration = SpanParser::new().parse_duration(text).ok().filter(|_| !text.contains(':'));
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| allowed.contains(duration))
        .ok_or_else(|| "must be a duration from 1ms to 24h with its unit, such as 60s or 1m30s".to_owned())
}

/// Reads how often a failed request is repeated. With backoff, ten retries outlast any outage worth waiting for.
pub fn parse_retries(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= 10);
    number.ok_or_else(|| "must be a whole number from 0 to 10".to_owned())
}

/// Reads how many requests are made in a second, at most.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").and_then(|number| number.parse().ok());
    number
        .filter(|rate| (0.001..=100_000.0).contains(rate))
        .ok_or_else(|| "must be a number of requests a second from 0.001/s to 100000/s, such as 10/s".to_owned())
}
