//! `cacc get`, `partner account get` and `get`: the look-up of one id, in a straight line. Its failure is the failure of the command.

use std::ffi::OsString;
use std::time::Instant;

use jiff::Timestamp;

use super::input::STDIN;
use super::session::{Session, Target};
use super::violations::{self, Warnings};
use super::{CommandStatus, Context, curl, get_many};
use crate::account::{Account, Id, Resource};
use crate::client::Throttle;
use crate::config::DEFAULT_JOBS;
use crate::config::values::{self, parse_rate};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::output::Format;

/// `<ID|->...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up; - reads ids from standard input, one a line
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<OsString>,
    /// Look up to N ids at once: 1 to 256
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = values::jobs(), allow_hyphen_values = true)]
    pub jobs: usize,
    /// Make at most this number of requests a second: 10/s, 0.5/s
    #[arg(long, value_name = "N/s", value_parser = parse_rate, allow_hyphen_values = true)]
    pub rate: Option<f64>,
    /// Go on after this line of standard input, without what was given before it
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true, allow_hyphen_values = true)]
    pub skip: usize,
}

impl Takes for Args {}

/// Looks up ids of `resources`; `parse` knows to which one an id belongs.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    match &args.ids[..] {
        [id] if context.flags.curl && id != STDIN => {
            let id = parse(&id.to_string_lossy())?;
            curl::print(id.resource(), Some(&id), context)
        }
        _ if context.flags.curl => {
            Err(Error::new(Kind::Usage, "--curl shows the request for one id").hint("give one id as an argument"))
        }
        [id] if id != STDIN && args.skip == 0 => look_up(&parse(&id.to_string_lossy())?, resources, context),
        _ => get_many::run(args, resources, parse, context),
    }
}

/// Looks up one account and prints it.
fn look_up(id: &Id, resources: &[&'static Resource], context: &Context<'_>) -> Result<CommandStatus> {
    let session = Session::open(context, &context.flags.for_config())?;
    let renderer = session.renderer(resources, false)?;
    let account = show(id, &session, context, |account, _| renderer.document(account, session.redactor()))?;
    if session.settings.output.value == Format::Table {
        for note in (id.resource().notes)(&account, Timestamp::now().into()) {
            context.ui.advise(&note);
        }
    }
    Ok(CommandStatus::Done)
}

/// Looks up one account and prints what `render` makes of it.
pub fn show(
    id: &Id,
    session: &Session<'_>,
    context: &Context<'_>,
    render: impl FnOnce(&Account, Target<'_>) -> Result<Vec<u8>>,
) -> Result<Account> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let throttle = Throttle::single();
    let client = session.client(id.resource(), Some(id), &throttle)?;
    let target = Target::account(id, client.profile());
    shutdown.doing(format!("while looking up {target}"), target.context());
    let found = ui.during(env, || format!("looking up {target}"), || client.look_up(id, Instant::now(), None))?;
    let violations = violations::check(&found, flags.strict, target)?;
    let output = render(&found.account, target)?;
    Warnings::new(ui, false).warn(violations, target, false);
    ui.print(&output)?;
    Ok(found.account)
}
