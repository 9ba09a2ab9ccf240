//! One API of one profile, for all checks that name it: a Retry-After pauses them all, and a circuit breaker keeps them from failing
//! one by one in the same way.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::result::CheckResult;
use super::run::CheckRun;
use super::suite::Check;
use crate::client::Throttle;
use crate::commands::breaker::CircuitBreaker;
use crate::commands::poll::{Answer, Question, Schedule};
use crate::commands::session::{Clients, Session};
use crate::error::{Error, Kind, Result};

/// A check with `retry_for` is repeated at this interval, or this number of times if that is more often.
const INTERVAL: Duration = Duration::from_secs(5);
const TIMES: u32 = 10;

/// One API of one profile.
pub struct CheckTarget<'s> {
    /// Or why nothing can be looked up there.
    clients: Result<Clients<'s>>,
    throttle: &'s Throttle,
    breaker: CircuitBreaker<'s>,
}

impl<'s> CheckTarget<'s> {
    pub fn new(opened: &'s (Result<Session<'_>>, Throttle)) -> Self {
        let (session, throttle) = opened;
        let session = session.as_ref().map_err(Clone::clone);
        CheckTarget {
            clients: session.map(|session| Clients::new(session, throttle)),
            throttle,
            breaker: CircuitBreaker::new(throttle, true),
        }
    }

    /// Makes one check, again and again if it may be.
    pub fn judge(&self, check: &Check, run: &CheckRun, strict: bool) -> CheckResult {
        let started = Instant::now();
        let lookups = Cell::new(0);
        let redactor = RefCell::new(run.redactor.clone());
        let mut profile = None;
        let mut ask = || -> Result<Answer> {
            let clients = self.clients.as_ref().map_err(Clone::clone)?;
            let client = clients.of(&check.id, started)?;
            profile = client.profile().map(str::to_owned);
            let acquire = || self.acquire(&lookups);
            let question = Question {
                id: &check.id,
                client: &client,
                expected: &check.expected,
                redactor: &redactor,
                strict: check.strict || strict,
            };
            let Some(within) = check.retry_for else {
                acquire()?;
                return Ok(question.ask(Instant::now(), None)?.0);
            };
            let schedule = Schedule::new(started, within, (within / TIMES).min(INTERVAL));
            let end = question.poll(schedule, acquire, |_| Ok(()), |_| ())?;
            let no_time = || Error::new(Kind::Deadline, "there was no time for a look-up");
            end.failure.map_or_else(|| end.answer.ok_or_else(no_time), Err)
        };
        let answer = ask().inspect(|_| self.breaker.record_success());
        let answer = answer.inspect_err(|error| self.breaker.record_failure(error));
        let result = run.result(check, answer, profile, &redactor.borrow());
        CheckResult { lookups: lookups.get(), elapsed: Some(started.elapsed()), ..result }
    }

    /// Waits until a look-up may be made, counts it, and returns how long that took.
    fn acquire(&self, lookups: &Cell<u32>) -> Result<Duration> {
        let started = Instant::now();
        if self.throttle.acquire_id() {
            lookups.set(lookups.get() + 1);
            return Ok(started.elapsed());
        }
        let Some(stop) = self.breaker.stopped() else {
            return Err(Error::new(Kind::Failed, "not looked up: the run has ended"));
        };
        Err(Error::new(stop.error.kind(), format!("not looked up: {}", stop.reason))
            .hint("an error above tells more")
            .retryable(stop.error.is_retryable()))
    }
}
