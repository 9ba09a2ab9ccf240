//! The targets of a check run: one for each API of each profile that its checks name.
//!
//! A Retry-After pauses all checks of a target, and its circuit breaker keeps checks from failing one by one in the same way.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::result::{CheckResult, Verdicts};
use super::run::CheckRun;
use super::suite::Check;
use crate::account::Resource;
use crate::account::redact::Tokens;
use crate::client::{Throttle, Trace};
use crate::commands::Context;
use crate::commands::breaker::CircuitBreaker;
use crate::commands::poll::{Answer, PollEnd, Question, Schedule};
use crate::commands::session::{Clients, Session, Target};
use crate::commands::violations::Violations;
use crate::config::{Origin, Setting};
use crate::error::{Error, Kind, Result};

/// A check with `retry_for` is repeated at this interval, or this number of times if that is more often.
const INTERVAL: Duration = Duration::from_secs(5);
const TIMES: u32 = 10;

/// One API of one profile.
pub struct CheckTarget<'a> {
    /// The profile that its checks name; `None` for the selected one.
    named: Option<String>,
    resource: &'static Resource,
    /// Or why nothing can be looked up there.
    session: Result<Session<'a>>,
    throttle: Throttle,
}

impl<'a> CheckTarget<'a> {
    /// The targets of these checks.
    pub fn all(checks: &[Arc<Check>], context: &'a Context<'a>, tokens: &Tokens) -> Vec<Self> {
        let mut targets: Vec<CheckTarget<'a>> = Vec::new();
        for check in checks {
            if targets.iter().any(|target| target.is_of(check)) {
                continue;
            }
            let mut flags = context.flags.for_config();
            if let Some(name) = &check.profile {
                flags.profile = Some(Setting::new(name.clone(), Origin::Flag("--suite")));
            }
            let is_single = checks.len() == 1;
            targets.push(CheckTarget {
                named: check.profile.clone(),
                resource: check.id.resource(),
                session: Session::open(context, &flags, tokens.clone()),
                throttle: if is_single { Throttle::single() } else { Throttle::shared(None) },
            });
        }
        targets
    }

    fn is_of(&self, check: &Check) -> bool {
        self.named == check.profile && self.resource == check.id.resource()
    }

    /// What its look-ups share.
    pub fn lookups<'s>(&'s self, trace: &'s (dyn Fn(&Trace<'_>) + Sync)) -> Lookups<'s> {
        let session = self.session.as_ref().map_err(Clone::clone);
        Lookups {
            target: self,
            clients: session.map(|session| Clients::new(session, session.run(&self.throttle, trace))),
            breaker: CircuitBreaker::new(&self.throttle, true),
        }
    }
}

/// The look-ups of one target.
pub struct Lookups<'s> {
    target: &'s CheckTarget<'s>,
    clients: Result<Clients<'s>>,
    breaker: CircuitBreaker<'s>,
}

impl Lookups<'_> {
    /// Waits until a look-up may be made, and returns how long that took.
    fn acquire(&self) -> Result<Duration> {
        let started = Instant::now();
        if self.target.throttle.acquire_id() {
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

/// Makes one check, again and again if it may be. Returns its result, and the violations to warn about.
pub fn judge(check: &Arc<Check>, lookups: &[Lookups<'_>], run: &CheckRun, strict: bool) -> (CheckResult, Violations) {
    let started = Instant::now();
    let count = Cell::new(0);
    let mut profile = check.profile.as_deref().map(|name| run.redactor.redact(name));
    let mut ask = |lookups: &Lookups<'_>| {
        let clients = lookups.clients.as_ref().map_err(Clone::clone)?;
        let client = clients.of(&check.id, started)?;
        profile = client.profile().map(str::to_owned);
        let acquire = || {
            let waited = lookups.acquire()?;
            count.set(count.get() + 1);
            Ok(waited)
        };
        let question = Question {
            id: &check.id,
            client: &client,
            expectations: &check.expectations,
            redactor: &run.redactor,
            strict: check.strict || strict,
        };
        let Some(within) = check.retry_for else {
            acquire()?;
            return question.ask(Instant::now(), None);
        };
        let schedule = Schedule::new(started, within, (within / TIMES).min(INTERVAL));
        match question.poll(schedule, acquire, |_| Ok(()))? {
            PollEnd::Met(answer) | PollEnd::Unmet(answer, _) => Ok(answer),
            PollEnd::Failing { failure, .. } => Err(failure),
        }
    };
    let answer = match lookups.iter().find(|lookups| lookups.target.is_of(check)) {
        Some(lookups) => ask(lookups)
            .inspect(|_| lookups.breaker.record_success())
            .inspect_err(|error| lookups.breaker.record_failure(error)),
        None => Err(Error::new(Kind::Failed, "the check has no target")),
    };
    let mut result = CheckResult {
        check: check.clone(),
        redactor: run.redactor.clone(),
        lookups: count.get(),
        elapsed: started.elapsed(),
        verdicts: Ok(Verdicts::default()),
        profile,
    };
    match answer {
        Ok(Answer { account, verdicts, violations, redactor, .. }) => {
            result.verdicts = Ok(Verdicts { found: account.is_some(), list: verdicts });
            result.redactor = redactor;
            (result, violations)
        }
        Err(error) => {
            let error = match error.context().api {
                None => Target::account(&check.id, result.profile.as_deref()).describe(error),
                Some(_) => error,
            };
            result.verdicts = Err(run.locate(check, error));
            (result, Violations::default())
        }
    }
}
