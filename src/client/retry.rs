//! What follows a failed attempt, a 429 and its `Retry-After` above all: another attempt after a backoff with full jitter, or
//! after the time that the server asks for. In a batch such a time is a pause of all its look-ups, kept by the [`Throttle`].

use std::time::{Duration, Instant, SystemTime};

use super::{Limits, Throttle};
use crate::error::{Error, Kind};

/// The bound of the first wait; it doubles with each retry.
const FIRST: Duration = Duration::from_millis(250);

/// The bound of every wait that the client chooses.
const LONGEST: Duration = Duration::from_secs(8);

/// The longest wait that a server gets when it asks for one, whatever the deadline.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Plans the retry of a look-up that failed with `error`, if one is worth it and the limits allow it: it is counted, and the batch
/// pauses if the server asks for that. `retries` have been made before. Returns the wait before it, and how much of that is the
/// look-up's own time, which a pause of the whole batch is not.
pub fn plan_retry(
    error: &Error,
    retries: u32,
    limits: Limits,
    deadline: Instant,
    throttle: &Throttle,
) -> Option<(Duration, Duration)> {
    let now = Instant::now();
    let backoff = backoff(retries + 1, fastrand::f64());
    let asked = error.context().retry_after;
    let pause = asked.filter(|asked| throttle.is_batch() && *asked <= LONGEST_PAUSE);
    if let Some(pause) = pause {
        throttle.pause_until(now + pause);
    }
    let is_pause = pause.is_some_and(|pause| pause > backoff);
    let remaining = if is_pause { Duration::MAX } else { deadline.saturating_duration_since(now) };
    let wait = longer_wait(backoff, asked, remaining)?;
    let may_retry = is_worth_retrying(error) && retries < limits.retries && throttle.allow_retry();
    may_retry.then_some((wait, if is_pause { Duration::ZERO } else { wait }))
}

/// Whether another attempt may succeed soon. Failed TLS is a configuration to mend, a 511 a portal to sign in at, and a list that
/// was cut off cannot begin anew, though all of them may work later.
fn is_worth_retrying(error: &Error) -> bool {
    let is_later = matches!(error.kind(), Kind::Tls | Kind::BadResponse) || error.context().status == Some(511);
    error.is_retryable() && !is_later
}

/// The wait before retry number `retry` (from 1); `random` is in 0..1.
fn backoff(retry: u32, random: f64) -> Duration {
    let factor = 1_u32.checked_shl(retry - 1).unwrap_or(u32::MAX);
    FIRST.saturating_mul(factor).min(LONGEST).mul_f64(random)
}

/// `backoff`, or what the server asks for if that is longer, since servers ask for 0 seconds and for times in the past, too.
/// `None`: it would take longer than `remaining` or [`LONGEST_PAUSE`].
fn longer_wait(backoff: Duration, asked: Option<Duration>, remaining: Duration) -> Option<Duration> {
    let wait = asked.unwrap_or_default().max(backoff);
    (wait < remaining && wait <= LONGEST_PAUSE).then_some(wait)
}

/// The wait that `Retry-After` asks for: seconds, or a date measured against the response's own `Date`, so that the clock of
/// this machine does not matter; `now` stands in for a missing one. `None` if it is neither.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let is_number =
        value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains(|c: char| c.is_ascii_alphabetic());
    if let (true, Ok(seconds)) = (is_number, value.parse::<f64>()) {
        return Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX));
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
            let wait = longer_wait(millis(ours), asked.map(Duration::from_secs), millis(remaining));
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
            ("1.", None, Some(1)),
            (".5", None, None),
            ("soon", None, None),
            ("1e3", None, None),
        ] {
            let read = retry_after(value, date, now).map(|wait| wait.as_secs());
            assert_eq!(read, expected, "{value:?}");
        }
    }
}
