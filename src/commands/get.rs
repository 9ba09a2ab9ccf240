//! `cacc get`, `partner account get` and `get`: the look-up of one id, in a straight line. Its failure is the failure of the command.

use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::input::Input;
use super::session::{Session, about, subject};
use super::violations::{ViolationReporter, Violations, refusal};
use super::{CommandStatus, Context, get_many};
use crate::account::redact::Tokens;
use crate::account::{Id, Resource};
use crate::client::{Found, Throttle, Trace};
use crate::config::DEFAULT_JOBS;
use crate::config::values::{parse_jobs, parse_rate, parse_skip};
use crate::error::{Error, Result};
use crate::flags::{LOOK_UP, Takes};
use crate::output::Printer;
use crate::signals::{Shutdown, complete, hint};

/// `<ID|->...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up; - reads ids from standard input, one a line
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<OsString>,
    /// Look up to N ids at once: 1 to 256
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = parse_jobs, allow_hyphen_values = true)]
    pub jobs: usize,
    /// Make at most this number of requests a second: 10/s, 0.5/s
    #[arg(long, value_name = "N/s", value_parser = parse_rate, allow_hyphen_values = true)]
    pub rate: Option<f64>,
    /// Go on after this line of standard input, without what was given before it
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true, value_parser = parse_skip, allow_hyphen_values = true)]
    pub skip: usize,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// Looks up ids of `resources`; `parse` tells to which one an id belongs.
/// Err: The failure of a single id; what ended the run of several.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let mut input = Input::new(&args.ids, args.skip)?;
    if input.count() == Some(1)
        && let Some(entry) = input.next(&|| false)?
    {
        return look_up(&parse(&entry.text)?, resources, context);
    }
    get_many::run(args, input, resources, parse, context)
}

/// Looks up one account and prints it.
fn look_up(
    id: &Id,
    resources: &[&'static Resource],
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let Context { flags, ui, shutdown, .. } = context;
    let started = Instant::now();
    let session = Session::open(context, &flags.for_config(), Tokens::default())?;
    let renderer = session.renderer(resources, false)?;
    let (throttle, trace) = (Throttle::single(), |trace: &Trace<'_>| ui.trace(trace));
    let client = session.clients(&throttle, &trace).of_id(id)?;
    let profile = client.profile();
    let printing = Arc::new(Mutex::new(()));
    end_on_signal(shutdown, &printing, id, profile);

    let found = client.look_up(id, started, None)?;
    let violations = checked(&found, id, flags.strict)
        .and_then(|violations| Ok((violations, renderer.render(&found.account, session.redactor())?)));
    let (violations, piece) = violations.map_err(|e| about(e, id.resource(), Some(id), profile))?;
    let (mut printer, mut output) = (Printer::new(&renderer), Vec::new());
    printer.add(piece, &mut output);
    printer.finish(&mut output);

    let _printing = printing.lock();
    if !shutdown.is_requested() {
        ViolationReporter::new(ui, false, "shown").warn(&violations, id, profile);
        ui.print(&output)?;
    }
    Ok(CommandStatus::Done)
}

/// The violations of an account that was found; an error with `strict`.
pub fn checked(found: &Found, id: &Id, strict: bool) -> Result<Violations> {
    let violations = found.account.violations();
    if !strict || violations.is_empty() {
        return Ok(violations);
    }
    Err(refusal(&violations, id).with_context(|context| {
        context.attempts = Some(found.attempts);
        context.elapsed = Some(found.elapsed);
    }))
}

/// Lets a signal wait for the result that is being printed, and say what it interrupted.
fn end_on_signal(
    shutdown: &Shutdown,
    printing: &Arc<Mutex<()>>,
    id: &Id,
    profile: Option<&str>,
) {
    let (printing, id, profile) = (printing.clone(), id.clone(), profile.map(str::to_owned));
    shutdown.on_signal(move |kind| {
        let stalled = complete(move || drop(printing.lock()));
        let message =
            format!("{} while looking up {}", kind.code(), subject(&id, profile.as_deref()));
        let error = Error::new(kind, message)
            .with_suffix(stalled)
            .hint(hint(kind, "run it again if you still want it"));
        Some(about(error, id.resource(), Some(&id), profile.as_deref()))
    });
}
