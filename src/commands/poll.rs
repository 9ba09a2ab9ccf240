//! Looking up an account to see whether expectations hold: once, or again and again until they do.
//!
//! That the account does not exist (404, 410) is an answer. While something is waited for, transient failures are waited out; a
//! failure that will not pass ends the wait, and so does a state that the account cannot leave any more.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::session::Target;
use super::violations::{self, Violations};
use crate::account::{Account, Id, Redactor, Resource};
use crate::client::Client;
use crate::error::{Error, Kind, Result};
use crate::expression::{self, Actual, Expression, Verdict};
use crate::json;
use crate::text::excerpt;

/// How much of a value or a name a message shows, in characters.
pub const SHOWN: usize = 60;

/// The share of the time that is reserved for the last look-up: at most a second, and at least [`LEAST`] if that fits.
const LAST_SHARE: u32 = 10;
const LEAST: Duration = Duration::from_millis(20);

/// The longest value that is kept for a report, in bytes.
const LONGEST: usize = 1024;

/// What is expected of an account.
#[derive(Clone, Debug)]
pub enum Expectation {
    Found,
    Holds(Expression),
}

impl Expectation {
    /// Parses expressions; without any, the account is expected to exist.
    pub fn parse_all(texts: &[String], resource: &'static Resource) -> Result<Vec<Self>> {
        if texts.is_empty() {
            return Ok(vec![Expectation::Found]);
        }
        let parse = |text: &String| Ok(Expectation::Holds(expression::parse(text, resource)?));
        texts.iter().map(parse).collect()
    }

    fn evaluate(&self, account: Option<&Account>, redactor: &Redactor, now: Timestamp) -> Verdict {
        match self {
            Expectation::Holds(expression) => expression.evaluate(account, redactor, now),
            Expectation::Found => Verdict {
                holds: account.is_some(),
                actual: account.map_or(Actual::NotFound, |_| Actual::Found),
                note: None,
            },
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expectation::Found => f.write_str("found"),
            Expectation::Holds(expression) => expression.fmt(f),
        }
    }
}

/// An expectation and its verdict in JSON reports. `actual` is null for a value that is not set, is secret, or is not known.
#[derive(Serialize)]
pub struct ExpectationRecord {
    expect: String,
    holds: Option<bool>,
    actual: Option<Box<RawValue>>,
    note: Option<&'static str>,
}

impl ExpectationRecord {
    pub fn new(expected: &Expectation, verdict: Option<&Verdict>, redactor: &Redactor) -> Self {
        let note = verdict.and_then(|verdict| verdict.note);
        let (actual, note) = match verdict.map(|verdict| &verdict.actual) {
            // The report nests it four levels deep.
            Some(Actual::Value(value)) => match json::check(&format!("[[[[{value}]]]]")) {
                Ok(_) => (RawValue::from_string(value.clone()).ok(), note),
                Err(_) => (None, Some("nested too deeply to be shown")),
            },
            Some(Actual::Redacted) => (None, note.or(Some("set, to a secret"))),
            Some(Actual::TooLong) => (None, Some("too long to be shown")),
            Some(Actual::NotFound | Actual::Found | Actual::Unset) | None => (None, note),
        };
        ExpectationRecord {
            expect: redactor.redact(&expected.to_string()),
            holds: verdict.map(|verdict| verdict.holds),
            actual,
            note,
        }
    }
}

/// An account, what is expected of it, and the client that looks it up.
pub struct Question<'a> {
    pub id: &'a Id,
    pub client: &'a Client<'a>,
    pub expectations: &'a [Expectation],
    pub redactor: &'a Redactor,
    /// Whether an answer that violates the contract is a failure.
    pub strict: bool,
}

/// The answer to one look-up.
pub struct Answer {
    pub account: Option<Account>,
    /// Whether the account was removed (410).
    pub is_gone: bool,
    /// One for each expectation.
    pub verdicts: Vec<Verdict>,
    pub violations: Violations,
    /// Knows the account's own secrets.
    pub redactor: Redactor,
}

impl Answer {
    /// Whether all expectations hold.
    pub fn is_met(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }

    /// Why no later answer can differ, if so.
    fn final_reason(&self) -> Option<String> {
        if self.is_gone {
            return Some("it has been removed (410) and will not come back".to_owned());
        }
        let (field, value) = self.account.as_ref()?.final_state()?;
        Some(format!("{field}={value} is final"))
    }
}

impl Question<'_> {
    pub fn target(&self) -> Target<'_> {
        Target::account(self.id, self.client.profile())
    }

    /// Looks the account up once, until `deadline` if that is earlier than the look-up's own timeout.
    pub fn ask(&self, started: Instant, deadline: Option<Instant>) -> Result<Answer> {
        let (found, is_gone) = match self.client.look_up(self.id, started, deadline) {
            Ok(found) => (Some(found), false),
            Err(error) if error.kind() == Kind::NotFound => (None, false),
            Err(error) if error.kind() == Kind::Gone => (None, true),
            Err(error) => return Err(error),
        };
        let violations = match &found {
            Some(found) => violations::check(found, self.strict, self.target())?,
            None => Violations::default(),
        };
        let account = found.map(|found| found.account);
        let redactor = match &account {
            Some(account) => self.redactor.for_account(account),
            None => self.redactor.clone(),
        };
        let now = Timestamp::now();
        let verdicts = self.expectations.iter().map(|expected| {
            let mut verdict = expected.evaluate(account.as_ref(), &redactor, now);
            if let Actual::Value(value) = &verdict.actual
                && value.len() > LONGEST
            {
                verdict.actual = Actual::TooLong;
            }
            verdict
        });
        let verdicts = verdicts.collect();
        Ok(Answer { account, is_gone, verdicts, violations, redactor })
    }

    /// Looks the account up until all expectations hold or cannot hold any more, or the time is over. `acquire` waits before
    /// each look-up until it may be made, which does not count against the time; `seen` gets each result.
    pub fn poll(
        &self,
        mut schedule: Schedule,
        acquire: impl Fn() -> Result<Duration>,
        mut seen: impl FnMut(Result<&Answer, &Error>) -> Result<()>,
    ) -> Result<PollEnd> {
        let mut known = None;
        let mut failed = None;
        let mut is_token_accepted = false;
        loop {
            schedule.until += acquire()?;
            let started = Instant::now();
            match self.ask(started, Some(schedule.until)) {
                Ok(answer) => {
                    seen(Ok(&answer))?;
                    if answer.is_met() {
                        return Ok(PollEnd::Met(answer));
                    }
                    let reason = answer.final_reason();
                    let pause = schedule.pause(None, started.elapsed());
                    let (None, Some(pause)) = (&reason, pause) else {
                        return Ok(PollEnd::Unmet(answer, reason));
                    };
                    (known, failed, is_token_accepted) = (Some(answer), None, true);
                    thread::sleep(pause);
                }
                // A token may expire during the wait: one that was accepted is read anew.
                Err(error) if is_token_accepted && self.id.resource().rejects_token(&error) => {
                    is_token_accepted = false;
                    self.client.forget_token();
                }
                // An earlier result says more than that our own time is over.
                Err(failure) if schedule.cut_off(&failure) => {
                    return Ok(match (failed, known) {
                        (None, Some(answer)) => PollEnd::Unmet(answer, None),
                        (failed, known) => PollEnd::Failing { failure: failed.unwrap_or(failure), known },
                    });
                }
                Err(failure) if failure.is_retryable() => {
                    seen(Err(&failure))?;
                    let retry_after = failure.context().retry_after;
                    let Some(pause) = schedule.pause(retry_after, started.elapsed()) else {
                        return Ok(PollEnd::Failing { failure, known });
                    };
                    failed = Some(failure);
                    thread::sleep(pause);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The state of the account as far as expectations are about it: `status is pending, ends_at is not set`.
    pub fn state(&self, answer: &Answer) -> String {
        if answer.account.is_none() {
            return "not found".to_owned();
        }
        let mut parts: Vec<String> = Vec::new();
        for (expectation, verdict) in self.expectations.iter().zip(&answer.verdicts) {
            let part = match expectation {
                Expectation::Holds(expression) if !expression.wants_absence() => {
                    let subject = answer.redactor.redact(&expression.subject());
                    format!("{subject} is {}", excerpt(&actual(verdict), SHOWN))
                }
                _ => "found".to_owned(),
            };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }

    /// The expectations: `status=active, ends_at?`.
    pub fn goal(&self, redactor: &Redactor) -> String {
        let goals: Vec<_> = self.expectations.iter().map(ToString::to_string).collect();
        redactor.redact(&goals.join(", "))
    }
}

/// What does not hold: `status=active, but it is pending; !revoked_at, but it is 2024-06-30T23:59:59Z`.
pub fn unmet(expectations: &[Expectation], verdicts: &[Verdict], redactor: &Redactor) -> String {
    let unmet = expectations.iter().zip(verdicts).filter(|(_, verdict)| !verdict.holds);
    let parts = unmet.map(|(expectation, verdict)| {
        let actual = excerpt(&actual(verdict), SHOWN);
        match expectation {
            Expectation::Found => format!("it is {actual}"),
            Expectation::Holds(_) => {
                format!("{}, but it is {actual}", redactor.redact(&expectation.to_string()))
            }
        }
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// The actual value, with the note on it.
pub fn actual(verdict: &Verdict) -> String {
    match verdict.note {
        Some(note) => format!("{} ({note})", verdict.actual),
        None => verdict.actual.to_string(),
    }
}

/// How a poll ended.
pub enum PollEnd {
    /// All expectations hold.
    Met(Answer),
    /// They do not: they cannot any more, for this reason, or the time is over.
    Unmet(Answer, Option<String>),
    /// The time is over and the last look-up failed; an earlier one had this answer.
    Failing { failure: Error, known: Option<Answer> },
}

/// The interval and the end of a poll.
pub struct Schedule {
    until: Instant,
    interval: Duration,
    /// The most time that is reserved for the last look-up.
    last: Duration,
}

impl Schedule {
    pub fn new(started: Instant, within: Duration, interval: Duration) -> Self {
        let last = (within / LAST_SHARE).min(Duration::from_secs(1));
        Schedule { until: started + within, interval, last }
    }

    /// Whether a look-up failed only because the schedule ended.
    fn cut_off(&self, failure: &Error) -> bool {
        let is_late = matches!(failure.kind(), Kind::Timeout | Kind::Auth);
        is_late && failure.context().status.is_none() && Instant::now() >= self.until
    }

    /// The pause before the next look-up, given what the server asks for and how long the last look-up took; `None` if there is no time
    /// for another one.
    fn pause(&self, retry_after: Option<Duration>, took: Duration) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        let jittered = self.interval.mul_f64(0.9 + 0.2 * fastrand::f64());
        let last = (2 * took).max(LEAST).min(self.last);
        fitting_pause(left, last, jittered, retry_after.unwrap_or_default())
    }
}

/// `interval`, but at least `retry_after`, and such that `last` of the time `left` remains; `None` if that is impossible.
fn fitting_pause(left: Duration, last: Duration, interval: Duration, retry_after: Duration) -> Option<Duration> {
    let is_possible = left > last && retry_after < left;
    is_possible.then(|| interval.min(left.saturating_sub(last)).max(retry_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_keep_to_the_interval_the_server_and_the_end() {
        for (left, last, interval, retry_after, expected) in [
            (600, 1, 5, 0, Some(5)),
            (600, 1, 5, 60, Some(60)),
            (600, 1, 60, 5, Some(60)),
            // The last one.
            (4, 1, 5, 0, Some(3)),
            (1, 1, 5, 0, None),
            (0, 0, 5, 0, None),
            // What the server asks for does not fit, or just does.
            (600, 1, 5, 600, None),
            (600, 1, 5, u64::MAX, None),
            (600, 1, 5, 599, Some(599)),
        ] {
            let s = Duration::from_secs;
            let pause = fitting_pause(s(left), s(last), s(interval), s(retry_after));
            assert_eq!(pause, expected.map(s), "{left} {interval} {retry_after}");
        }
    }
}
