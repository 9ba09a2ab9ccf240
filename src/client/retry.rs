//! Whether and when to try again. Pure: it decides, the caller waits.
//!
//! What may pass by itself is tried again: a connection that was refused, reset or cut, a phase that took too long, 429
//! and 500, 502, 503, 504. Never a certificate, a redirect or an answer that makes no sense. The wait is what the server
//! asked for (`Retry-After`, RFC 9110 10.2.3), but at least what is exponential with full jitter. Nothing is waited for that
//! does not fit what remains of the look-up's deadline, nor for longer than five minutes.

use std::time::{Duration, SystemTime};

/// The upper bound of the first wait; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(250);

/// The upper bound of every wait that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(8);

/// The longest wait that a server gets when it asks for one, whatever the deadline.
pub const LONGEST_ASKED: Duration = Duration::from_secs(5 * 60);

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after that time.
    Retry(Duration),
    /// It will not get better in time.
    Stop,
}

/// A failed attempt, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Whether it may pass by itself.
    pub transient: bool,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// The wait that we choose ourselves after attempt number `attempt` (from 1); `random` is in 0..1.
#[must_use]
pub fn backoff(attempt: u32, random: f64) -> Duration {
    let bound = FIRST
        .saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX))
        .min(LONGEST);
    bound.mul_f64(random)
}

/// Decides after attempt number `attempt` (from 1) of at most `retries` + 1, with `remaining` left until the deadline. The
/// wait is `backoff`, or what the server asks for if that is more: 0 and dates in the past are no leave to hammer at it.
#[must_use]
pub fn decide(
    attempt: u32,
    retries: u32,
    outcome: Outcome,
    remaining: Duration,
    backoff: Duration,
) -> Decision {
    if !outcome.transient || attempt > retries {
        return Decision::Stop;
    }
    let wait = outcome.retry_after.unwrap_or_default().max(backoff);
    if wait < remaining && wait <= LONGEST_ASKED {
        Decision::Retry(wait)
    } else {
        Decision::Stop
    }
}

/// How long `Retry-After` asks to wait: seconds, or a date measured against the answer's own `Date`, so that our clock
/// does not matter; `now` stands in for a missing one. `None` if it is neither.
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date
        .and_then(|date| httpdate::parse_http_date(date.trim()).ok())
        .unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const NONE: Duration = Duration::ZERO;

    fn outcome(retry_after: Option<u64>) -> Outcome {
        Outcome {
            transient: true,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn only_what_may_pass_and_only_so_often() {
        let lasting = Outcome {
            transient: false,
            retry_after: Some(Duration::ZERO),
        };
        assert_eq!(decide(1, 2, lasting, MINUTE, NONE), Decision::Stop);
        assert_eq!(
            decide(2, 2, outcome(None), MINUTE, NONE),
            Decision::Retry(Duration::ZERO)
        );
        assert_eq!(decide(3, 2, outcome(None), MINUTE, NONE), Decision::Stop);
        assert_eq!(decide(1, 0, outcome(None), MINUTE, NONE), Decision::Stop);
    }

    #[test]
    fn jitter_is_full_and_bounded() {
        for (attempt, millis) in [(1, 125), (2, 250), (3, 500), (60, 4_000)] {
            assert_eq!(backoff(attempt, 0.5), Duration::from_millis(millis));
        }
        assert_eq!(backoff(9, 0.0), NONE);
    }

    #[test]
    fn the_longer_wait_counts() {
        for (asked, ours, expected) in [
            (None, 125, 125),
            (Some(0), 125, 125),
            (Some(1), 125, 1_000),
            (Some(1), 4_000, 4_000),
        ] {
            assert_eq!(
                decide(1, 9, outcome(asked), MINUTE, Duration::from_millis(ours)),
                Decision::Retry(Duration::from_millis(expected)),
                "{asked:?} {ours}"
            );
        }
    }

    #[test]
    fn what_the_server_asks_for_must_fit() {
        assert_eq!(
            decide(1, 2, outcome(Some(59)), MINUTE, NONE),
            Decision::Retry(Duration::from_secs(59))
        );
        assert_eq!(
            decide(1, 2, outcome(Some(60)), MINUTE, NONE),
            Decision::Stop
        );
        assert_eq!(
            decide(1, 2, outcome(Some(u64::MAX)), MINUTE, NONE),
            Decision::Stop
        );
        // Five minutes at the most, however long there is.
        for (seconds, decision) in [
            (300, Decision::Retry(Duration::from_secs(300))),
            (301, Decision::Stop),
        ] {
            assert_eq!(
                decide(1, 2, outcome(Some(seconds)), 60 * MINUTE, NONE),
                decision
            );
        }
    }

    #[test]
    fn seconds_dates_and_garbage() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let read =
            |value: &str, date: Option<&str>| retry_after(value, date, now).map(|d| d.as_secs());
        assert_eq!(read("120", None), Some(120));
        assert_eq!(read(" 0 ", None), Some(0));
        assert_eq!(read("99999999999999999999", None), Some(u64::MAX));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT", None), Some(60));
        assert_eq!(
            read(
                "Sun, 06 Nov 1994 08:50:37 GMT",
                Some("Sun, 06 Nov 1994 08:50:07 GMT")
            ),
            Some(30)
        );
        assert_eq!(read("Sunday, 06-Nov-94 08:49:38 GMT", None), Some(1));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(0));
        for garbage in ["", "-1", "1.5", "soon", "1e3"] {
            assert_eq!(read(garbage, None), None, "{garbage:?}");
        }
    }
}
