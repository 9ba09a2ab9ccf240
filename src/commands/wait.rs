//! `wait`: look an account up until expectations hold, cannot hold any more, or the time is over.
//!
//! Each change is reported as it is seen; the account is printed once all expectations hold.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::poll::{self, Answer, ExpectationRecord, PollEnd, Question, Schedule};
use super::session::Session;
use super::violations::Warnings;
use super::{CommandStatus, Context};
use crate::account::id;
use crate::client::Throttle;
use crate::config::values;
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::expression::{Actual, Expression};
use crate::flags::Takes;
use crate::text::{SHOWN, span};

/// The hint of a wait whose time is over.
const LONGER: &str = "--within waits longer";

/// `<ID> [--for EXPR]...`
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("help/wait.txt").trim_end())]
pub struct Args {
    /// The account
    #[arg(value_name = "ID")]
    id: String,
    /// Wait until this holds, such as status=active; repeatable. See `acctq help expressions`
    #[arg(long = "for", value_name = "EXPR", allow_hyphen_values = true)]
    goal: Vec<String>,
    /// Give up after this time: 90s, 10m, 1h30m, at most 24h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::parse_timeout, allow_hyphen_values = true)]
    within: Duration,
    /// Pause between look-ups, give or take a tenth
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = values::parse_timeout, allow_hyphen_values = true)]
    interval: Duration,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] =
        &["profile", "output", "fields", "reveal", "redact", "strict", "timeout", "retries", "config", "verbose"];
}

/// Waits, and prints the account.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, ui, .. } = context;
    let started = Instant::now();
    let id = id::route(&args.id)?;
    let expected = poll::parse_all(&args.goal, id.resource())?;
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(&[id.resource()], false)?;
    let throttle = Throttle::single();
    let client = session.client(id.resource(), Some(&id), &throttle)?;
    let redactor = &RefCell::new(session.redactor().clone());
    let question = Question { client: &client, id: &id, expected: &expected, redactor, strict: flags.strict };
    let waiting = Waiting { question: &question, started, context, lookups: 0, state: String::new(), told: started };
    let waiting = RefCell::new(waiting);
    let mut output = Vec::new();
    ui.begin_progress(context.env);
    waiting.borrow().describe("nothing is known yet");
    let schedule = Schedule::new(started, args.within, args.interval);
    let end = question.poll(
        schedule,
        || Ok(Duration::ZERO),
        |seen| {
            // An account that cannot be shown fails now, not at the end of the wait.
            output = match seen {
                Ok((_, Some(account))) => renderer.document(account, session.redactor())?,
                _ => Vec::new(),
            };
            waiting.borrow_mut().see(seen.map(|(answer, _)| answer));
            Ok(())
        },
        |end| waiting.borrow_mut().remind(end, Instant::now()),
    );
    ui.end_progress();
    match end? {
        PollEnd { answer: Some(answer), failure: None } if answer.is_met() => {
            Warnings::new(ui).warn(answer.violations, question.target(), false);
            ui.print(&output)?;
            Ok(CommandStatus::Done)
        }
        end => Err(waiting.borrow().unreached(&end, args.within)),
    }
}

/// A change that was seen, as a JSON object on standard error.
#[derive(Serialize)]
struct Progress<'a> {
    id: &'a str,
    api: &'a str,
    profile: Option<&'a str>,
    found: Option<bool>,
    met: Option<bool>,
    expectations: Vec<ExpectationRecord>,
    error: Option<&'static str>,
    lookups: usize,
    elapsed_ms: u128,
}

/// Whether a minute has passed since something was said.
fn is_due(told: Instant, now: Instant) -> bool {
    now.duration_since(told) >= Duration::from_secs(60)
}

/// The wait for one account.
struct Waiting<'a> {
    question: &'a Question<'a>,
    started: Instant,
    context: &'a Context<'a>,
    lookups: usize,
    /// What was reported last, and when.
    state: String,
    told: Instant,
}

impl Waiting<'_> {
    /// Reports the result of a look-up, if it differs from the one before.
    fn see(&mut self, seen: Result<&Answer, &Error>) {
        self.lookups += 1;
        let state = match seen {
            Ok(answer) => self.state(answer),
            Err(error) => format!("no answer: {error}"),
        };
        self.describe(&state);
        if self.state != state {
            self.context.ui.change(&state, || self.record(seen));
            (self.state, self.told) = (state, Instant::now());
        }
    }

    /// Says once a minute that the wait goes on: CI ends jobs that are silent.
    fn remind(&mut self, end: &PollEnd, now: Instant) {
        let seen = match (&end.answer, &end.failure) {
            (_, Some(failure)) => Err(failure),
            (Some(answer), None) => Ok(answer),
            (None, None) => return,
        };
        if is_due(self.told, now) {
            let time = span(Duration::from_secs(self.started.elapsed().as_secs()));
            let text = format!("{}; still waiting for {} after {time}", self.state, self.goal());
            self.context.ui.no_change(&text, || self.record(seen));
            self.told = now;
        }
    }

    /// Says how it stands, on a terminal and for a signal.
    fn describe(&self, state: &str) {
        let Context { ui, shutdown, .. } = self.context;
        let target = self.question.target();
        shutdown.doing(format!("while waiting for {target}: {state}"), target.context());
        ui.progress(|| format!("{state}; waiting for {}", self.goal()));
    }

    /// The expectations: `status=active, ends_at?`.
    fn goal(&self) -> String {
        let redactor = self.question.redactor.borrow();
        let goals: Vec<_> = self.question.expected.iter().map(|expected| expected.shown(&redactor)).collect();
        goals.join(", ")
    }

    /// The state of the account as far as expectations are about it: `status is pending, ends_at is not set`.
    fn state(&self, answer: &Answer) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (expected, verdict) in self.question.expected.iter().zip(&answer.verdicts) {
            let part = match &verdict.actual {
                Actual::NotFound | Actual::Found => verdict.actual.to_string(),
                _ => {
                    let subject = self.question.redactor.borrow().redact(&expected.subject());
                    format!("{subject} is {}", poll::actual(verdict, SHOWN))
                }
            };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }

    fn record(&self, seen: Result<&Answer, &Error>) -> Progress<'_> {
        let Question { id, client, expected, redactor, .. } = self.question;
        let answer = seen.ok();
        Progress {
            id: id.as_str(),
            api: id.resource().api,
            profile: client.profile(),
            found: answer.map(|answer| answer.is_found),
            met: answer.map(Answer::is_met),
            expectations: ExpectationRecord::all(expected, answer, &redactor.borrow()),
            error: seen.err().map(|error| error.kind().code()),
            lookups: self.lookups,
            elapsed_ms: self.started.elapsed().as_millis(),
        }
    }

    /// `the connected account cacc_1 did not reach status=active within 10 m: status is pending`
    fn unreached(&self, end: &PollEnd, within: Duration) -> Error {
        let answer = end.answer.as_ref();
        let target = self.question.target();
        let reason = answer.and_then(|answer| answer.final_reason.as_ref());
        let (kind, [found, reach], time) = match reason {
            Some(_) => (Kind::Unmet, ["will not be found", "will not reach"], "any more".to_owned()),
            None => (Kind::Deadline, ["was not found", "did not reach"], format!("within {}", span(within))),
        };
        let goal = match self.question.expected {
            [Expression::Found] => found.to_owned(),
            _ => format!("{reach} {}", self.goal()),
        };
        let state = answer.map_or_else(|| "it could not be looked up".to_owned(), |answer| self.state(answer));
        let error = target.describe(Error::new(kind, format!("{target} {goal} {time}: {state}")));
        let error = match (reason, &end.failure) {
            (Some(reason), _) => error.hint(format!("{reason}; waiting longer is of no use")),
            (None, None) => error.hint(LONGER),
            (None, Some(failure)) => {
                // The hint of a timeout is about --timeout, which is not why the wait ended.
                let is_timeout = matches!(failure.kind(), Kind::Timeout | Kind::Auth);
                let hint = failure.hint_text().filter(|_| !is_timeout).unwrap_or(LONGER);
                let error = error.with_suffix(&format!("; the last look-up failed: {failure}")).hint(hint);
                error.with_context(|context| *context = ErrorContext { attempts: None, ..failure.context().clone() })
            }
        };
        error.with_context(|context| context.elapsed = Some(self.started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_is_due_once_a_minute() {
        let told = Instant::now();
        for (seconds, expected) in [(0, false), (59, false), (60, true), (61, true)] {
            assert_eq!(is_due(told, told + Duration::from_secs(seconds)), expected, "{seconds}");
        }
    }
}
