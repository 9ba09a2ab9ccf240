//! `wait`: until what is wanted holds of an account, or cannot come any more, or the time is over.
//!
//! Each change is told as it is seen; the account stands on standard output once it is as it should be.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::clients::{Clients, Endpoints, about};
use super::drifts::Drifts;
use super::question::{Answer, Ended, Expectation, Patience, Question, as_json, keep, subject};
use super::under_way::UnderWay;
use super::veil::Veil;
use super::{Context, Ending};
use crate::account::{Account, Selection, id};
use crate::amount::span;
use crate::client::{Limits, Pace, Trace};
use crate::config::{Settings, parse_timeout};
use crate::error::{Error, Kind, Result};
use crate::escape::EXCERPT;
use crate::expression::Verdict;
use crate::flags::{LOOK_UP, Takes};
use crate::json::string;
use crate::output::{Piece, Renderer};

const EXAMPLES: &str = "\
Without --for, it waits until the account is found. An account that is not found
is not there yet. Failures that may pass by themselves (exit codes 6 to 8) are
waited out; others end the waiting with their own code. Exit code 10: the
account is in a state that it does not leave, such as revoked, or was removed
(410); 124: the time is over.

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
    /// What to wait for, such as status=active; repeat it for more. `acctq help expressions` tells all
    #[arg(long = "for", value_name = "EXPR", allow_hyphen_values = true)]
    goal: Vec<String>,
    /// For how long to wait: 90s, 10m, 1h30m, at most 24h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_timeout, allow_hyphen_values = true)]
    within: Duration,
    /// How long to pause between look-ups, give or take a tenth
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_timeout, allow_hyphen_values = true)]
    interval: Duration,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// Waits, and shows the account.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    let began = Instant::now();
    let id = id::route(&args.id)?;
    let resource = id.resource();
    let expectations = Expectation::all(&args.goal, resource, context)?;
    let selection = match &flags.fields {
        Some(names) => Some(Selection::new(names, &[resource], flags.reveal)?),
        None => None,
    };
    let settings = Settings::load(&flags.for_config(), env)?;
    let endpoints = Endpoints::new(&settings)?;
    let under_way = UnderWay::new((*ui).clone());
    interrupt.leave(under_way.last_words());
    let trace = |trace: &Trace<'_>| {
        under_way.write(interrupt, || ui.trace(trace));
    };
    let pace = Pace::alone();
    let mut clients = Clients {
        endpoints: &endpoints,
        env,
        interrupt,
        limits: Limits {
            timeout: settings.timeout.value,
            retries: settings.retries.value,
        },
        pace: &pace,
        trace: &trace,
        known: Vec::new(),
    };
    let question = Question {
        client: clients.of(&id)?,
        id,
        name: None,
        expectations,
        veil: RefCell::new(Veil::new(endpoints.tokens())),
        strict: flags.strict,
    };
    ui.begin_progress(env);
    let watch = Watch {
        question: &question,
        began,
        context,
        under_way: &under_way,
        last: RefCell::default(),
        lookups: Cell::new(0),
        is_found: Cell::new(false),
    };
    watch.tell("nothing is known yet");
    let patience = Patience::new(began, args.within, args.interval);
    let renderer = Renderer::new(
        settings.output.value,
        false,
        &[resource],
        selection,
        flags.reveal,
        ui.screen(),
    );
    let admitted = || Ok(Duration::ZERO);
    let ended = question.poll(patience, &|_| Duration::ZERO, admitted, |seen| {
        // That it cannot be shown is not found out at the end of the waiting.
        if let (Ok(Some(account)), true) = (seen.map(|answer| &answer.account), watch.is_first()) {
            watch.shown(&renderer, account)?;
        }
        watch.see(seen);
        Ok(())
    });
    let finish = || {
        ui.end_progress();
        match ended? {
            Ended::Met(answer) => {
                if let Some(account) = &answer.account {
                    let mut drifts = Drifts::new(ui, false, "shown");
                    drifts.warn(answer.strays, &question.id, question.client.profile());
                    ui.print(&watch.shown(&renderer, account)?)?;
                }
                Ok(Ending::Done)
            }
            Ended::Settled(answer, reason) => Err(watch.never(&answer, &reason)),
            Ended::StillNot(answer) => Err(watch.late(args.within, Some(&answer), None)),
            Ended::Unknown { failure, known } => {
                Err(watch.late(args.within, known.as_ref(), Some(failure)))
            }
        }
    };
    // Nobody listens after a signal.
    under_way
        .write(interrupt, finish)
        .unwrap_or(Ok(Ending::Done))
}

/// Sees every look-up, and tells what has changed.
struct Watch<'a> {
    question: &'a Question<'a>,
    began: Instant,
    context: &'a Context<'a>,
    under_way: &'a UnderWay,
    /// What was told last.
    last: RefCell<String>,
    lookups: Cell<usize>,
    is_found: Cell<bool>,
}

impl Watch<'_> {
    /// Whether the account has not been found before.
    fn is_first(&self) -> bool {
        !self.is_found.replace(true)
    }

    /// The account as it is shown.
    fn shown(&self, renderer: &Renderer, account: &Account) -> Result<Vec<u8>> {
        let Question { id, client, .. } = self.question;
        match renderer.render(account) {
            Ok(Piece::Text(text)) => Ok(text),
            Ok(Piece::Row(_)) => Err(Error::new(Kind::Failed, "one account stands in no row")),
            Err(error) => Err(about(error, id, client.profile())),
        }
    }

    fn see(&self, seen: Result<&Answer, &Error>) {
        self.lookups.set(self.lookups.get() + 1);
        let standing = match seen {
            Ok(answer) => self.question.standing(answer),
            Err(error) => format!("no answer: {error}"),
        };
        let is_new = *self.last.borrow() != standing;
        self.tell(&standing);
        if is_new {
            let ui = self.context.ui;
            self.under_way.write(self.context.interrupt, || {
                ui.change(&standing, || self.object(seen));
            });
            self.last.replace(standing);
        }
    }

    /// Says how it stands, on a terminal and in case of a signal.
    fn tell(&self, standing: &str) {
        let Question { id, client, .. } = self.question;
        let profile = client.profile();
        let subject = subject(id, profile);
        let words = format!("while waiting for {subject}: {standing}");
        self.under_way.tell(words, Some((id, profile)));
        self.context.ui.progress(|| {
            let goal = self.question.goal();
            format!(
                "{standing}; waiting for {goal}, {}",
                span(self.began.elapsed())
            )
        });
    }

    /// What was seen, as a JSON object: all keys, always.
    fn object(&self, seen: Result<&Answer, &Error>) -> String {
        let Question {
            id,
            client,
            expectations,
            veil,
            ..
        } = self.question;
        // What is told on the way is short; all of it stands in the result.
        let brief = |verdict: &Verdict| {
            let mut verdict = verdict.clone();
            keep(&mut verdict, &mut { EXCERPT });
            verdict
        };
        let told = expectations.iter().enumerate();
        let told: Vec<_> = told
            .map(|(i, expected)| {
                let verdict = seen.ok().map(|answer| brief(&answer.verdicts[i]));
                as_json(expected, verdict.as_ref(), &veil.borrow())
            })
            .collect();
        let or_null = |text: Option<String>| text.unwrap_or("null".to_owned());
        format!(
            "{{\"id\":{},\"api\":{},\"profile\":{},\"found\":{},\"met\":{},\"expectations\":[{}],\"error\":{},\"lookups\":{},\"elapsed_ms\":{}}}",
            string(id.as_str()),
            string(id.resource().api),
            or_null(client.profile().map(string)),
            or_null(seen.ok().map(|answer| answer.account.is_some().to_string())),
            or_null(seen.ok().map(|answer| answer.is_met().to_string())),
            told.join(","),
            or_null(seen.err().map(|error| string(error.kind().code()))),
            self.lookups.get(),
            self.began.elapsed().as_millis(),
        )
    }

    /// What is waited for cannot come any more.
    fn never(&self, answer: &Answer, reason: &str) -> Error {
        let Question { id, client, .. } = self.question;
        let subject = subject(id, client.profile());
        let outcome = match &self.question.expectations[..] {
            [Expectation::Found] => "be found".to_owned(),
            _ => format!("come to {}", self.question.goal()),
        };
        let standing = self.question.standing(answer);
        let message = format!("{subject} will not {outcome} any more: {standing}");
        self.failure(Kind::Unmet, message)
            .hint(format!("{reason}; nothing is waited for any longer"))
    }

    /// The time is over, or there is not enough of it.
    fn late(&self, within: Duration, known: Option<&Answer>, failure: Option<Error>) -> Error {
        let Question { id, client, .. } = self.question;
        let subject = subject(id, client.profile());
        let outcome = match &self.question.expectations[..] {
            [Expectation::Found] => "was not found".to_owned(),
            _ => format!("did not come to {}", self.question.goal()),
        };
        let standing = match known {
            Some(answer) => self.question.standing(answer),
            None => "it could not be asked".to_owned(),
        };
        let (left, within) = (within.saturating_sub(self.began.elapsed()), span(within));
        let Some(failure) = failure else {
            let message = format!("{subject} {outcome} within {within}: {standing}");
            return self
                .failure(Kind::Deadline, message)
                .hint("--within waits longer");
        };
        let facts = failure.facts().clone();
        let message = match facts.retry_after {
            Some(asked) if asked >= left && !left.is_zero() => format!(
                "{subject} {outcome}: {standing}; the server asks for a longer pause than is left of {within}: {failure}"
            ),
            _ => format!(
                "{subject} {outcome} within {within}: {standing}; the last one failed: {failure}"
            ),
        };
        // What --timeout would change is not why it ended.
        let hint = match (failure.kind(), failure.hint_text()) {
            (Kind::Timeout | Kind::Auth, _) | (_, None) => "--within waits longer",
            (_, Some(hint)) => hint,
        };
        let late = self.failure(Kind::Deadline, message).hint(hint);
        late.with(|all| {
            all.status = facts.status;
            all.server_code = facts.server_code;
            all.server_message = facts.server_message;
            all.request_id = facts.request_id;
            all.retry_after = facts.retry_after;
        })
    }

    /// A failure that is about the account that is waited for.
    fn failure(&self, kind: Kind, message: String) -> Error {
        let Question { id, client, .. } = self.question;
        about(Error::new(kind, message), id, client.profile())
            .with(|facts| facts.elapsed = Some(self.began.elapsed()))
    }
}
