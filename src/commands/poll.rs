//! Looking up an account to see whether expectations hold: once, or again and again until they do.
//!
//! That the account does not exist (404, 410) is an answer. While something is waited for, transient failures are waited out; a
//! failure that will not pass ends the wait, and so does a state that the account cannot leave any more.

use std::borrow::Cow;
use std::cell::RefCell;
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

/// Parses what is expected; by default, that the account exists.
pub fn parse_all(texts: &[String], resource: &'static Resource) -> Result<Vec<Expression>> {
    if texts.is_empty() {
        return Ok(vec![Expression::Found]);
    }
    texts.iter().map(|text| expression::parse(text, resource)).collect()
}

/// An expectation and its verdict in JSON reports. `actual` is null for a value that is not set, is secret, or is not known.
#[derive(Serialize)]
pub struct ExpectationRecord {
    pub expect: String,
    holds: Option<bool>,
    actual: Option<Box<RawValue>>,
    note: Option<Cow<'static, str>>,
    #[serde(skip)]
    pub verdict: Option<Verdict>,
}

impl ExpectationRecord {
    /// One for each expectation, as far as there is an answer.
    pub fn all(expected: &[Expression], answer: Option<&Answer>, redactor: &Redactor) -> Vec<Self> {
        let records = expected.iter().enumerate().map(|(i, expected)| {
            let verdict = answer.map(|answer| &answer.verdicts[i]);
            let note = verdict.and_then(|verdict| verdict.note.clone());
            let (actual, note) = match verdict.map(|verdict| &verdict.actual) {
                // The report nests it four levels deep.
                Some(Actual::Value(value)) => match json::check(&format!("[[[[{value}]]]]")) {
                    Ok(_) => (RawValue::from_string(value.clone()).ok(), note),
                    Err(_) => (None, Some("nested too deeply to be shown".into())),
                },
                Some(Actual::Redacted) => (None, note.or(Some("set, to a secret".into()))),
                Some(Actual::TooLong) => (None, Some("too long to be shown".into())),
                Some(Actual::NotFound | Actual::Found | Actual::Unset) | None => (None, note),
            };
            let expect = expected.shown(redactor);
            let holds = verdict.map(|verdict| verdict.holds);
            ExpectationRecord { expect, holds, actual, note, verdict: verdict.cloned() }
        });
        records.collect()
    }
}

/// The actual value, no longer than `limit` characters, with the whole note on it.
pub fn actual(verdict: &Verdict, limit: usize) -> String {
    let note = verdict.note.as_ref().map_or(String::new(), |note| format!(" ({note})"));
    excerpt(&verdict.actual.to_string(), limit) + &note
}

/// An account, what is expected of it, and the client that looks it up.
pub struct Question<'a> {
    pub id: &'a Id,
    pub client: &'a Client<'a>,
    pub expected: &'a [Expression],
    /// Gets to know the secrets of an account, even of one that is refused.
    pub redactor: &'a RefCell<Redactor>,
    /// Whether an answer that violates the contract is a failure.
    pub strict: bool,
}

/// The answer to one look-up.
pub struct Answer {
    pub is_found: bool,
    /// One for each expectation.
    pub verdicts: Vec<Verdict>,
    pub violations: Violations,
    /// Why no later answer can differ, if so.
    pub final_reason: Option<String>,
}

impl Answer {
    /// Whether all expectations hold.
    pub fn is_met(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }
}

/// How a poll ended: the last answer, if there was one, and the failure of the look-ups since.
#[derive(Default)]
pub struct PollEnd {
    pub answer: Option<Answer>,
    pub failure: Option<Error>,
}

impl Question<'_> {
    pub fn target(&self) -> Target<'_> {
        Target::account(self.id, self.client.profile())
    }

    /// Looks the account up once, until `deadline` if that is earlier than the look-up's own timeout.
    pub fn ask(&self, started: Instant, deadline: Option<Instant>) -> Result<(Answer, Option<Account>)> {
        let (found, is_gone) = match self.client.look_up(self.id, started, deadline) {
            Ok(found) => (Some(found), false),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Gone) => (None, error.kind() == Kind::Gone),
            Err(error) => return Err(error),
        };
        if let Some(found) = &found {
            self.redactor.replace_with(|redactor| redactor.for_account(&found.account));
        }
        let violations = found.as_ref().map(|found| violations::check(found, self.strict, self.target()));
        let violations = violations.transpose()?.unwrap_or_default();
        let account = found.map(|found| found.account);
        let final_reason = match account.as_ref().and_then(Account::final_state) {
            Some((field, value)) => Some(format!("{field}={value} is final")),
            None => is_gone.then(|| "it has been removed (410) and will not come back".to_owned()),
        };
        let now = Timestamp::now();
        let redactor = self.redactor.borrow();
        let verdicts =
            self.expected.iter().map(|expected| expected.evaluate(account.as_ref(), &redactor, now)).collect();
        Ok((Answer { is_found: account.is_some(), verdicts, violations, final_reason }, account))
    }

    /// Looks the account up until all expectations hold or cannot hold any more, or the time is over. `acquire` waits before
    /// each look-up until it may be made, which does not count against the time; `seen` gets each result, and `idle`
    /// how it stands, each second between them.
    pub fn poll(
        &self,
        mut schedule: Schedule,
        acquire: impl Fn() -> Result<Duration>,
        mut seen: impl FnMut(Result<(&Answer, Option<&Account>), &Error>) -> Result<()>,
        mut idle: impl FnMut(&PollEnd),
    ) -> Result<PollEnd> {
        let mut end = PollEnd::default();
        let mut is_token_accepted = false;
        loop {
            schedule.until += acquire()?;
            let started = Instant::now();
            let mut retry_after = None;
            match self.ask(started, Some(schedule.until)) {
                Ok((answer, account)) => {
                    seen(Ok((&answer, account.as_ref())))?;
                    let is_over = answer.is_met() || answer.final_reason.is_some();
                    end = PollEnd { answer: Some(answer), failure: None };
                    if is_over {
                        return Ok(end);
                    }
                    is_token_accepted = true;
                }
                // A token may expire during the wait: one that was accepted is read anew.
                Err(error) if is_token_accepted && self.id.resource().rejects_token(&error) => {
                    is_token_accepted = false;
                    self.client.forget_token();
                    continue;
                }
                // An earlier result says more than that our own time is over.
                Err(failure) if schedule.cut_off(&failure) => {
                    if end.answer.is_none() {
                        end.failure.get_or_insert(failure);
                    }
                    return Ok(end);
                }
                Err(failure) if failure.is_retryable() => {
                    seen(Err(&failure))?;
                    retry_after = failure.context().retry_after;
                    end.failure = Some(failure);
                }
                Err(error) => return Err(error),
            }
            let Some(pause) = schedule.pause(retry_after.unwrap_or_default()) else {
                return Ok(end);
            };
            let until = Instant::now() + pause;
            while Instant::now() < until {
                let left = until.saturating_duration_since(Instant::now());
                thread::sleep(left.min(Duration::from_secs(1)));
                idle(&end);
            }
        }
    }
}

/// The interval and the end of a poll.
pub struct Schedule {
    until: Instant,
    interval: Duration,
    /// The time that is reserved for the last look-up.
    last: Duration,
}

impl Schedule {
    pub fn new(started: Instant, within: Duration, interval: Duration) -> Self {
        Schedule { until: started + within, interval, last: (within / 10).min(Duration::from_secs(1)) }
    }

    /// Whether a look-up failed only because the schedule ended.
    fn cut_off(&self, failure: &Error) -> bool {
        let is_late = matches!(failure.kind(), Kind::Timeout | Kind::Auth);
        is_late && failure.context().status.is_none() && Instant::now() >= self.until
    }

    /// The pause before the next look-up, at least what the server asks for; `None` if there is no time for another one.
    fn pause(&self, retry_after: Duration) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        let jittered = self.interval.mul_f64(0.9 + 0.2 * fastrand::f64());
        fitting_pause(left, self.last, jittered, retry_after)
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
