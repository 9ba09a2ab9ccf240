//! `cacc list`: all accounts of the platform, filtered, sorted and limited here.
//!
//! Accounts are shown as they arrive, and no more than one is held, unless they are sorted. A list that fails after the first account
//! was shown is cut off: a JSON array is left open, so that no reader takes it for the whole.

use std::time::Instant;

use clap::builder::RangedU64ValueParser;
use jiff::Timestamp;

use super::list_count::Counter;
use super::list_sort::Sorter;
use super::results::{Ending, Results};
use super::session::{Session, Target};
use super::violations::{self, Warnings};
use super::{CommandStatus, Context, curl};
use crate::account::{Account, CONNECTED, Resource};
use crate::client::{Listed, Throttle};
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::expression::{self, Expression};
use crate::flags::Takes;
use crate::output::{Printer, Renderer};
use crate::text::grouped;
use crate::ui::Warning;

/// What is listed: Partner has no list.
const RESOURCE: &Resource = &CONNECTED;

/// `[--where EXPR]... [--sort FIELD] [--limit N]`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show only accounts for which this holds; repeat it, and all must hold: see `acctq help expressions`
    #[arg(long = "where", value_name = "EXPR")]
    filter: Vec<String>,
    /// Sort by this field, or by -FIELD in descending order; accounts without it come last
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Show at most N accounts
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..), allow_hyphen_values = true)]
    limit: Option<usize>,
    /// Show how many accounts have each value of this field, instead of the accounts
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["sort", "limit"])]
    count: Option<String>,
}

impl Takes for Args {}

/// Lists the accounts.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let filter = args.filter.iter().map(|text| parse_filter(text)).collect::<Result<Vec<_>>>()?;
    let sorter = args.sort.as_ref().map(|text| Sorter::new(text, RESOURCE, args.limit)).transpose()?;
    if args.count.is_some() && flags.fields.is_some() {
        let error = Error::new(Kind::Usage, "--count and --fields contradict each other");
        return Err(error.hint("--count shows a field's values, --fields shows accounts: give one of them"));
    }
    let counter = args.count.as_ref().map(|field| Counter::new(field, RESOURCE, flags.reveal)).transpose()?;
    if flags.curl {
        return curl::print(RESOURCE, None, context);
    }
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(&[RESOURCE], true)?;
    let throttle = Throttle::single();
    let client = session.client(RESOURCE, None, &throttle)?;
    let target = Target { resource: RESOURCE, id: None, profile: client.profile() };
    let (format, screen) = (session.settings.output.value, ui.screen());
    let printer = counter.as_ref().map_or_else(|| Printer::new(&renderer), |counter| counter.printer(format, screen));
    let results = Results::new(ui, printer, shutdown, Ending::CutOff, None);
    let (written, about) = (results.clone(), target.context());
    shutdown.explain(move |kind| Some(interrupted(written.summary().found, kind, about)));

    ui.begin_progress(env);
    let mut listing = Listing {
        filter: &filter,
        limit: args.limit,
        sorter,
        counter,
        renderer: &renderer,
        session: &session,
        target,
        now: Timestamp::now(),
        started: Instant::now(),
        results: &results,
        warnings: Warnings::new(ui),
        read: 0,
        shown: 0,
        failure: None,
    };
    let read = client.list(RESOURCE, Instant::now(), &mut |account| match account {
        Some(account) => listing.take(&account).unwrap_or_else(|error| {
            listing.failure = Some(error);
            Listed::Last
        }),
        None => listing.begin(),
    });
    let status = listing.finish(read);
    ui.end_progress();
    status
}

/// An expression that selects accounts.
fn parse_filter(text: &str) -> Result<Expression> {
    let expression = expression::parse(text, RESOURCE)?;
    if expression.wants_absence() {
        let error = Error::new(Kind::Usage, format!("`{expression}` holds of no account in a list"));
        return Err(error.hint("`--expect not_found` of `acctq check --help` is for one account that must not exist"));
    }
    Ok(expression)
}

/// Fails if more is held than `mib` MiB.
pub fn limit_memory(size: usize, mib: usize) -> Result<()> {
    if size <= mib * 1024 * 1024 {
        return Ok(());
    }
    let message = format!("there is more to sort or count than the {mib} MiB that acctq holds");
    let hint = "--where leaves fewer accounts, --limit and -F hold less; or use what `-o ndjson` prints elsewhere";
    Err(Error::new(Kind::Failed, message).hint(hint))
}

/// `1 account`, `2,345 accounts`
fn accounts(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} account{s}", grouped(count))
}

/// What becomes of each account of the list.
struct Listing<'a> {
    filter: &'a [Expression],
    limit: Option<usize>,
    sorter: Option<Sorter>,
    counter: Option<Counter>,
    renderer: &'a Renderer,
    session: &'a Session<'a>,
    target: Target<'a>,
    now: Timestamp,
    results: &'a Results,
    warnings: Warnings<'a>,
    started: Instant,
    read: usize,
    /// The number of accounts that are shown, or are to be sorted.
    shown: usize,
    /// Why an account could not be shown.
    failure: Option<Error>,
}

impl Listing<'_> {
    /// The list begins, perhaps anew: no account of it has been shown.
    fn begin(&mut self) -> Listed {
        (self.read, self.shown) = (0, 0);
        self.warnings.begin();
        self.sorter.iter_mut().for_each(Sorter::clear);
        self.counter.iter_mut().for_each(Counter::clear);
        Listed::Held
    }

    fn take(&mut self, account: &Account) -> Result<Listed> {
        self.read += 1;
        self.session.context.ui.progress(|| {
            let rate = self.read as u128 * 1000 / self.started.elapsed().as_millis().max(1);
            format!("{} read, {} shown, {rate}/s", grouped(self.read), grouped(self.shown))
        });
        let matches = self.matches(account);
        let mut violations = account.violations();
        if !matches {
            // Nothing is concluded from a field that violates the contract. An account that is left out for that is reported, but
            // not for other fields.
            let is_asked = |name: &str| self.filter.iter().any(|e| e.subject() == name);
            violations.retain(|(field, _)| is_asked(field.name));
        }
        if !violations.is_empty() {
            let id = account.text(RESOURCE.id_field).and_then(|text| RESOURCE.parse_id(&text).ok());
            let target = Target { id: id.as_ref(), ..self.target };
            if self.session.context.flags.strict {
                let error = violations::refusal(&violations, target, !matches);
                self.results.add_failure(&error, None, None)?;
                return Ok(Listed::Shown);
            }
            self.warnings.warn(violations, target, !matches);
        }
        if !matches {
            return Ok(Listed::Held);
        }
        if let Some(counter) = &mut self.counter {
            counter.add(account, self.session.redactor())?;
            self.shown += 1;
            return Ok(Listed::Held);
        }
        let piece = self.renderer.render(account, self.session.redactor(), None)?;
        self.shown += 1;
        if let Some(sorter) = &mut self.sorter {
            // What is to be sorted has to be known to its end.
            sorter.add(account, self.session.redactor(), piece)?;
            return Ok(Listed::Held);
        }
        self.results.add(piece, None)?;
        self.results.flush()?;
        Ok(match self.limit {
            Some(limit) if limit == self.shown => Listed::Last,
            _ => Listed::Shown,
        })
    }

    fn matches(&self, account: &Account) -> bool {
        let redactor = self.session.redactor().for_account(account);
        self.filter.iter().all(|expression| expression.evaluate(Some(account), &redactor, self.now).holds)
    }

    /// Ends the output.
    fn finish(mut self, read: Result<Vec<String>>) -> Result<CommandStatus> {
        let read = self.failure.take().map_or(read, |error| Err(self.target.describe(error)));
        // That the output cannot be written is nothing to say beside what ended the list.
        let unknown = read.inspect_err(|_| drop(self.results.finish(Ending::CutOff)))?;
        let is_limited = self.sorter.is_none() && self.limit == Some(self.shown);
        let format = self.session.settings.output.value;
        let is_count = self.counter.is_some();
        let values = self.counter.take().into_iter().flat_map(|counter| counter.pieces(format));
        for piece in self.sorter.take().into_iter().flat_map(Sorter::sorted).chain(values) {
            self.results.add(piece, None)?;
        }
        if !unknown.is_empty() {
            let error = violations::unknown_members(&unknown, self.target);
            if self.session.context.flags.strict {
                self.results.add_failure(&error, None, None)?;
            } else {
                let Target { resource, profile, .. } = self.target;
                let message = error.to_string();
                let warning = Warning::new(&message, error.hint_text().unwrap_or_default());
                self.session.context.ui.warning(Warning { api: Some(resource.api), profile, ..warning });
            }
        }
        self.results.finish(Ending::Whole)?;
        self.warnings.sum_up();
        let (read, found) = (self.read, self.results.summary().found);
        let written = if is_count { self.shown } else { found };
        self.session.context.ui.note(&if is_limited {
            format!("{}; the rest of the list was not read", accounts(written))
        } else if read == written {
            accounts(written)
        } else {
            format!("{} of {}", grouped(written), accounts(read))
        });
        self.results.summary().status(None, None)
    }
}

/// The error that says how far the list has come.
fn interrupted(shown: usize, kind: Kind, context: ErrorContext) -> Error {
    let message = format!("{}; the list is cut off after {}", kind.code(), accounts(shown));
    Error::new(kind, message).hint("run it again if you still want it").with_context(|of_error| *of_error = context)
}
