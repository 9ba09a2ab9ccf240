//! `wait`: look an account up until expectations hold, cannot hold any more, or the time is over.
//!
//! Each change is reported as it is seen; the account is printed once all expectations hold.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::poll::{Answer, Expectation, ExpectationRecord, PollEnd, Question, Schedule};
use super::session::Session;
use super::violations::Warnings;
use super::{CommandStatus, Context};
use crate::account::redact::Tokens;
use crate::account::{Account, id};
use crate::client::{Throttle, Trace};
use crate::config::values;
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::flags::Takes;
use crate::output::Renderer;
use crate::text::span;

/// The hint of a wait whose time is over.
const LONGER: &str = "--within waits longer";

const EXAMPLES: &str = "\
Without --for, it waits until the account exists. Transient failures (exit codes
6 to 8) are waited out; others end the wait with their own code. Exit code 10:
the account is in a final state, such as revoked, or was removed (410); 124: the
time is over.

Examples:
  acctq -p sandbox wait cacc_onboarding --for status=active --interval 100ms
  acctq wait cacc_7n42DGM5Tflk9n8mt7Fhc7 --for status=active -q -o json
  acctq -p sandbox wait gone --for not_found";

/// `<ID> [--for EXPR]...`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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

impl Takes for Args {}

/// Waits, and prints the account.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, ui, .. } = context;
    let started = Instant::now();
    let id = id::route(&args.id)?;
    let expectations = Expectation::parse_all(&args.goal, id.resource())?;
    let session = Session::open(context, &flags.for_config(), Tokens::default())?;
    let renderer = session.renderer(&[id.resource()], false)?;
    let trace = |trace: &Trace<'_>| ui.trace(trace);
    let throttle = Throttle::single();
    let client = session.client(id.resource(), Some(&id), session.run(&throttle, &trace))?;
    let question = Question {
        client: &client,
        id: &id,
        expectations: &expectations,
        redactor: session.redactor(),
        strict: flags.strict,
    };
    let waiting = Waiting { question: &question, started, context, lookups: Cell::new(0), last: RefCell::default() };
    ui.begin_progress(context.env);
    waiting.describe("nothing is known yet");
    let schedule = Schedule::new(started, args.within, args.interval);
    let mut is_first = true;
    let end = question.poll(
        schedule,
        || Ok(Duration::ZERO),
        |seen| {
            // An account that cannot be shown fails now, not at the end of the wait.
            if let (Ok(Answer { account: Some(account), .. }), true) = (seen, is_first) {
                is_first = false;
                waiting.render(&renderer, account)?;
            }
            waiting.see(seen);
            Ok(())
        },
    );
    ui.end_progress();
    match end? {
        PollEnd::Met(answer) => {
            if let Some(account) = &answer.account {
                let output = waiting.render(&renderer, account)?;
                Warnings::new(ui, false).warn(answer.violations, question.target(), false);
                ui.print(&output)?;
            }
            Ok(CommandStatus::Done)
        }
        PollEnd::Unmet(answer, Some(reason)) => Err(waiting.never(&answer, &reason)),
        PollEnd::Unmet(answer, None) => Err(waiting.late(args.within, Some(&answer), None)),
        PollEnd::Failing { failure, known } => Err(waiting.late(args.within, known.as_ref(), Some(failure))),
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

/// The wait for one account.
struct Waiting<'a> {
    question: &'a Question<'a>,
    started: Instant,
    context: &'a Context<'a>,
    lookups: Cell<usize>,
    /// The last state reported.
    last: RefCell<String>,
}

impl Waiting<'_> {
    fn render(&self, renderer: &Renderer, account: &Account) -> Result<Vec<u8>> {
        let output = renderer.document(account, self.question.redactor);
        output.map_err(|error| self.question.target().describe(error))
    }

    /// Reports the result of a look-up, if it differs from the one before.
    fn see(&self, seen: Result<&Answer, &Error>) {
        self.lookups.set(self.lookups.get() + 1);
        let state = match seen {
            Ok(answer) => self.question.state(answer),
            Err(error) => format!("no answer: {error}"),
        };
        self.describe(&state);
        if *self.last.borrow() != state {
            self.context.ui.change(&state, || self.record(seen));
            self.last.replace(state);
        }
    }

    /// Says how it stands, on a terminal and for a signal.
    fn describe(&self, state: &str) {
        let target = self.question.target();
        let Context { ui, shutdown, .. } = self.context;
        shutdown.doing(format!("while waiting for {target}: {state}"), target.context());
        ui.progress(|| {
            let elapsed = span(self.started.elapsed());
            format!("{state}; waiting for {}, {elapsed}", self.question.goal(self.question.redactor))
        });
    }

    fn record(&self, seen: Result<&Answer, &Error>) -> Progress<'_> {
        let Question { id, client, expectations, redactor, .. } = self.question;
        let answer = seen.ok();
        let redactor = answer.map_or(*redactor, |answer| &answer.redactor);
        let records = expectations.iter().enumerate().map(|(i, expected)| {
            let verdict = answer.map(|answer| &answer.verdicts[i]);
            ExpectationRecord::new(expected, verdict, redactor)
        });
        Progress {
            id: id.as_str(),
            api: id.resource().api,
            profile: client.profile(),
            found: answer.map(|answer| answer.account.is_some()),
            met: answer.map(Answer::is_met),
            expectations: records.collect(),
            error: seen.err().map(|error| error.kind().code()),
            lookups: self.lookups.get(),
            elapsed_ms: self.started.elapsed().as_millis(),
        }
    }

    /// The expectations cannot hold any more.
    fn never(&self, answer: &Answer, reason: &str) -> Error {
        let message = self.sentence(["will not be found", "will not reach"], "any more", Some(answer));
        self.error(Kind::Unmet, message).hint(format!("{reason}; waiting longer is of no use"))
    }

    /// The time is over, or not enough of it is left.
    fn late(&self, within: Duration, known: Option<&Answer>, failure: Option<Error>) -> Error {
        let within = format!("within {}", span(within));
        let message = self.sentence(["was not found", "did not reach"], &within, known);
        let Some(failure) = failure else {
            return self.error(Kind::Deadline, message).hint(LONGER);
        };
        // The hint of a timeout is about --timeout, which is not why the wait ended.
        let hint = match (failure.kind(), failure.hint_text()) {
            (Kind::Timeout | Kind::Auth, _) | (_, None) => LONGER,
            (_, Some(hint)) => hint,
        };
        let error = self.error(Kind::Deadline, format!("{message}; the last look-up failed: {failure}"));
        error.hint(hint).with_context(|context| {
            *context = ErrorContext { attempts: None, elapsed: context.elapsed, ..failure.context().clone() };
        })
    }

    /// `the connected account cacc_1 did not reach status=active within 10 m: status is pending`
    fn sentence(&self, [found, reach]: [&str; 2], end: &str, known: Option<&Answer>) -> String {
        let target = self.question.target();
        let redactor = known.map_or(self.question.redactor, |answer| &answer.redactor);
        let state = known.map_or_else(|| "it could not be looked up".to_owned(), |answer| self.question.state(answer));
        match self.question.expectations {
            [Expectation::Found] => format!("{target} {found} {end}: {state}"),
            _ => format!("{target} {reach} {} {end}: {state}", self.question.goal(redactor)),
        }
    }

    fn error(&self, kind: Kind, message: String) -> Error {
        let error = self.question.target().describe(Error::new(kind, message));
        error.with_context(|context| context.elapsed = Some(self.started.elapsed()))
    }
}
