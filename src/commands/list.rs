//! `cacc list`: all accounts of the platform, filtered, sorted and bounded here.
//!
//! Accounts are shown as they arrive, and no more than one is held, unless they are to be sorted. Until the first one is
//! shown, a failure is that of a look-up: repeated by the same rules, and nothing is printed. From then on the list is cut
//! off, which is an answer outside the contract, whatever the cause: what was printed stays, whole lines of it, and a JSON
//! array is left open, so that no reader takes it for the whole.

mod order;
mod results;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use order::{Order, Sorter};
use results::Results;

use super::clients::Endpoints;
use super::drifts::{self, Drifts};
use super::veil::{self, Veil};
use super::{Context, Ending};
use crate::account::{Account, CONNECTED, Id, Resource, Selection, field};
use crate::client::{Client, Failure, Limits, Listing, Pace, Trace};
use crate::config::{Settings, parse_limit};
use crate::error::{Error, Kind, Result};
use crate::expression::Expression;
use crate::flags::{LOOK_UP, Takes};
use crate::interrupt::Interrupt;
use crate::output::{Piece, Printer, Renderer};
use crate::ui::{Ui, Warning};

/// What is listed: Partner has no list.
const RESOURCE: &Resource = &CONNECTED;

/// `[--where EXPR]... [--sort FIELD] [--limit N]`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only accounts of which this holds; repeat it, and all must hold: see `acctq help expressions`
    #[arg(long = "where", value_name = "EXPR")]
    filters: Vec<String>,
    /// In the order of that field, or -FIELD in the opposite one; what an account lacks comes last
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    sort: Option<String>,
    /// At most so many accounts
    #[arg(long, value_name = "N", value_parser = parse_limit, allow_hyphen_values = true)]
    limit: Option<usize>,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// Lists them.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args {
        filters,
        sort,
        limit,
    } = args;
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    let filter = filters
        .iter()
        .map(|text| filter(text, context))
        .collect::<Result<Vec<_>>>()?;
    let order = sort
        .as_ref()
        .map(|text| Order::parse(text, RESOURCE))
        .transpose()?;
    let settings = Settings::load(&flags.for_config(), env)?;
    let selection = match &flags.fields {
        Some(names) => Some(Selection::new(names, &[RESOURCE], flags.reveal)?.of_a_list()),
        None => None,
    };
    let endpoints = Endpoints::new(&settings)?;
    let (endpoint, profile) = endpoints.of(RESOURCE)?;

    let format = settings.output.value;
    let renderer = Renderer::new(
        format,
        true,
        &[RESOURCE],
        selection,
        flags.reveal,
        ui.screen(),
    );
    let printer = Printer::new(&renderer);
    let results = Arc::new(Results::new((*ui).clone(), profile.clone(), printer));
    interrupt.leave(results.last_words());
    let trace = |trace: &Trace<'_>| {
        if results.output(interrupt).is_some() {
            ui.trace(trace);
        }
    };
    let limits = Limits {
        timeout: settings.timeout.value,
        retries: settings.retries.value,
    };
    let pace = Pace::alone();
    let client = Client::new(
        endpoint,
        env,
        interrupt,
        limits,
        &pace,
        profile.clone(),
        &trace,
    )
    .map_err(|error| about(error, profile.as_deref()))?;

    ui.begin_progress(env);
    let now = Timestamp::now();
    let mut drifts = Drifts::new(ui, true, fate(args));
    let mut told = 0;
    let listed = client.list(RESOURCE, Instant::now(), |listing| {
        drifts.begin_again();
        let mut reading = Reading {
            filter: &filter,
            limit: *limit,
            sorter: order.as_ref().map(|order| Sorter::new(order, *limit)),
            renderer: &renderer,
            strict: flags.strict,
            profile: profile.as_deref(),
            now,
            ui,
            results: &results,
            interrupt,
            drifts: &mut drifts,
            taken: 0,
            failed: 0,
            told: &mut told,
            is_whole: true,
        };
        match reading.read(listing) {
            Ok(ending) => Ok(Ok((ending, reading.is_whole))),
            Err(Stop::Broken(failure)) => Err(reading.cut_off(failure)),
            Err(Stop::Failed(error)) => {
                results.break_off(interrupt);
                Ok(Err(about(error, profile.as_deref())))
            }
        }
    });
    ui.end_progress();
    let (ending, is_whole) = listed??;
    results.sum_up(interrupt, &drifts, is_whole);
    Ok(ending)
}

/// What happens to an account that has come.
fn fate(args: &Args) -> &'static str {
    if args.filters.is_empty() && (args.sort.is_none() || args.limit.is_none()) {
        "shown"
    } else {
        "shown, if at all,"
    }
}

/// An expression that chooses among accounts.
fn filter(text: &str, context: &Context<'_>) -> Result<Expression> {
    let expression = veil::parse(text, RESOURCE, || Veil::at_hand(context, None))?;
    if expression.wants_absence() {
        let message = format!("`{expression}` holds of no account in a list");
        return Err(Error::new(Kind::Usage, message)
            .hint("`acctq check ID --expect not_found` asks whether an account does not exist"));
    }
    Ok(expression)
}

/// Adds what a failure outside the client's own look-up is about.
fn about(error: Error, profile: Option<&str>) -> Error {
    let aside = match profile {
        Some(profile) if error.kind() == Kind::Proxy => format!(" (profile {profile})"),
        _ => String::new(),
    };
    error.adding(&aside).with(|facts| {
        facts.api = Some(RESOURCE.api);
        facts.profile = profile.map(str::to_owned);
    })
}

/// `1 account`, `2,345 accounts`
fn accounts(number: usize) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} account{s}", crate::amount::grouped(number))
}

/// Why the list is not read to its end.
enum Stop {
    /// It does not come, or makes no sense.
    Broken(Failure),
    /// What came cannot be shown.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Broken(failure)
    }
}

/// One reading of the list, from its beginning.
struct Reading<'a, 'u> {
    filter: &'a [Expression],
    limit: Option<usize>,
    sorter: Option<Sorter<'a>>,
    renderer: &'a Renderer,
    strict: bool,
    profile: Option<&'a str>,
    now: Timestamp,
    ui: &'a Ui,
    results: &'a Results,
    interrupt: &'a Interrupt,
    drifts: &'a mut Drifts<'u>,
    /// How many accounts are shown, or to be sorted.
    taken: usize,
    /// How many are not shown because they stray.
    failed: usize,
    /// How many of those have been told of, in whatever reading.
    told: &'a mut usize,
    /// Whether it is read to its end.
    is_whole: bool,
}

impl Reading<'_, '_> {
    fn read(&mut self, listing: &mut Listing<'_>) -> Result<Ending, Stop> {
        self.results.begin();
        'list: loop {
            while let Some(account) = listing.account()? {
                self.results.count();
                self.take(&account)?;
                // What is to be sorted has to be known to its end.
                if self.sorter.is_none() && self.limit == Some(self.taken) {
                    self.is_whole = false;
                    break 'list;
                }
            }
            self.results.flush(self.interrupt)?;
            if !listing.receive()? {
                break;
            }
        }
        if let Some(sorter) = self.sorter.take() {
            for piece in sorter.sorted() {
                self.results.add(self.interrupt, piece)?;
            }
        }
        self.results.finish(self.interrupt)?;
        self.judge_envelope(&listing.beside());
        if self.taken > 0 {
            self.renderer.judge_selection()?;
        }
        Ok(match self.failed {
            0 => Ending::Done,
            _ => Ending::Failed(Kind::BadResponse),
        })
    }

    /// Tells of what came beside the accounts: it may say that they are not all.
    fn judge_envelope(&mut self, beside: &[Option<&str>]) {
        if beside.is_empty() || !self.is_whole {
            return;
        }
        let error = about(drifts::refusal_of_list(beside, RESOURCE), self.profile);
        self.results.aside(self.interrupt, || {
            if self.strict {
                self.ui.failure(&error);
            } else {
                self.ui.warning(&Warning {
                    message: &error.to_string(),
                    hint: error.hint_text().unwrap_or_default(),
                    id: None,
                    profile: self.profile,
                    fields: Vec::new(),
                });
            }
        });
        self.failed += usize::from(self.strict);
    }

    /// Shows an account, or has it sorted, or leaves it out.
    fn take(&mut self, account: &Account) -> Result<()> {
        let holds = |expression: &Expression| expression.evaluate(Some(account), self.now).holds;
        let matches = self.filter.iter().all(holds);
        let mut strays = drifts::strays(account);
        if !matches {
            // Nothing is concluded from a field that strays. So where one is asked about, that has to be told; what else is
            // odd about an account that nobody wants does not matter.
            let is_asked = |name: &str| self.filter.iter().any(|e| e.subject() == name);
            strays.retain(|(name, _)| is_asked(name));
        }
        if !strays.is_empty() {
            let whose = drifts::Listed {
                resource: account.resource,
                id: id_of(account),
                profile: self.profile,
                is_left_out: !matches,
            };
            // What came before stands before it.
            self.results.flush(self.interrupt)?;
            if self.strict {
                self.failed += 1;
                if self.failed > *self.told {
                    *self.told = self.failed;
                    let error = drifts::refusal_in_list(&strays, &whose);
                    let report = || self.ui.failure(&error);
                    self.results.aside(self.interrupt, report);
                }
                return Ok(());
            }
            self.results
                .aside(self.interrupt, || self.drifts.warn_in_list(strays, &whose));
        }
        if !matches {
            return Ok(());
        }
        let piece = self.renderer.render(account)?;
        self.taken += 1;
        match &mut self.sorter {
            Some(sorter) => sorter.add(account, piece),
            None => self.results.add(self.interrupt, piece),
        }
    }

    /// A failure to read on: that of the whole call, if nothing has come of it yet.
    fn cut_off(&self, failure: Failure) -> Failure {
        if !self.results.have_begun() {
            return failure;
        }
        let shown = self.results.break_off(self.interrupt);
        let Failure { error, .. } = failure;
        let message = format!("{error}; the list is cut off after {}", accounts(shown));
        let hint = error.hint_text().unwrap_or("try again");
        let hint = format!("what was printed is incomplete; {hint}");
        Failure::lasting(
            Error::new(Kind::BadResponse, message)
                .hint(hint)
                .retryable(error.is_retryable())
                .with(|facts| facts.clone_from(error.facts())),
        )
    }
}

/// The account's own id, if it is one.
fn id_of(account: &Account) -> Option<Id> {
    let text = field::text(account.document.get(account.resource.id_field)?)?;
    account.resource.parse_id(&text).ok()
}
