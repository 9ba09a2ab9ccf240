//! When a failed attempt is repeated: backoff with full jitter, or what the server asks for in `Retry-After`. This module
//! decides; the caller waits.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Kind};

/// The bound of the first wait; it doubles with each retry.
const FIRST: Duration = Duration::from_millis(250);

/// The bound of every wait that the client chooses.
const LONGEST: Duration = Duration::from_secs(8);

/// The longest wait that a server gets when it asks for one, whatever the deadline.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Whether another attempt may succeed soon. Failed TLS is a configuration to mend, a 511 a portal to sign in at, and a list that
/// was cut off cannot begin anew, though all of them may work later.
pub fn may_pass(error: &Error) -> bool {
    error.is_retryable()
        && !matches!(error.kind(), Kind::Tls | Kind::BadResponse)
        && error.context().status != Some(511)
}

/// The wait before retry number `retry` (from 1); `random` is in 0..1.
pub fn backoff(retry: u32, random: f64) -> Duration {
    let factor = 1_u32.checked_shl(retry - 1).unwrap_or(u32::MAX);
    FIRST.saturating_mul(factor).min(LONGEST).mul_f64(random)
}

/// How long to wait before a retry: `backoff`, or what the server asked for if that is longer, since servers ask for 0 seconds
/// and for times in the past, too. `None`: it would take longer than `remaining` or [`LONGEST_PAUSE`].
pub fn pause(backoff: Duration, asked: Option<Duration>, remaining: Duration) -> Option<Duration> {
    let wait = asked.unwrap_or_default().max(backoff);
    (wait < remaining && wait <= LONGEST_PAUSE).then_some(wait)
}

/// The wait that `Retry-After` asks for: seconds, or a date measured against the response's own `Date`, so that the clock of
/// this machine does not matter; `now` stands in for a missing one. `None` if it is neither.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits(whole) && is_digits(fraction) {
        let seconds = Duration::from_secs(whole.parse().unwrap_or(u64::MAX));
        // A part of a second is rounded up to a whole one.
        let more = Duration::from_secs(u64::from(fraction.bytes().any(|b| b != b'0')));
        return Some(seconds.saturating_add(more));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_full_and_bounded() {
        for (retry, millis) in [(1, 125), (2, 250), (3, 500), (60, 4_000)] {
            assert_eq!(backoff(retry, 0.5), Duration::from_millis(millis));
        }
        assert_eq!(backoff(9, 0.0), Duration::ZERO);
    }

    #[test]
    fn the_longer_wait_counts_and_must_fit() {
        const SECOND: u64 = 1_000;
        for (ours, asked, remaining, expected) in [
            (125, None, 60 * SECOND, Some(125)),
            (125, Some(0), 60 * SECOND, Some(125)),
            (125, Some(1), 60 * SECOND, Some(SECOND)),
            (4_000, Some(1), 60 * SECOND, Some(4_000)),
            (4_000, None, 4_000, None),
            (0, Some(59), 60 * SECOND, Some(59 * SECOND)),
            (0, Some(60), 60 * SECOND, None),
            (0, Some(300), 3_600 * SECOND, Some(300 * SECOND)),
            (0, Some(301), 3_600 * SECOND, None),
            (0, Some(u64::MAX), 3_600 * SECOND, None),
        ] {
            let millis = Duration::from_millis;
            let wait = pause(millis(ours), asked.map(Duration::from_secs), millis(remaining));
            assert_eq!(wait, expected.map(millis), "{ours} {asked:?} of {remaining}");
        }
    }

    #[test]
    fn seconds_dates_and_garbage() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        for (value, date, expected) in [
            ("120", None, Some(120)),
            (" 0 ", None, Some(0)),
            ("2.5", None, Some(3)),
            ("2.000", None, Some(2)),
            ("99999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", None, Some(60)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30)),
            ("Sunday, 06-Nov-94 08:49:38 GMT", None, Some(1)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", None, Some(0)),
            ("", None, None),
            ("-1", None, None),
            ("1.", None, None),
            (".5", None, None),
            ("soon", None, None),
            ("1e3", None, None),
        ] {
            let read = retry_after(value, date, now).map(|wait| wait.as_secs());
            assert_eq!(read, expected, "{value:?}");
        }
    }
}
