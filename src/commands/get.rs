//! `cacc get`, `partner account get` and `get`: the look-up of one id, in a straight line. Its failure is the failure of the command.

use std::ffi::OsString;
use std::time::Instant;

use jiff::Timestamp;

use super::input;
use super::many;
use super::results::{Ending, Results};
use super::session::{Session, Target};
use super::violations::{self, Warnings};
use super::{CommandStatus, Context, curl};
use crate::account::{Account, Id, Resource};
use crate::client::{Client, Throttle};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::output::{Format, Printer};

/// `<ID|->...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up; - reads ids from standard input, one a line, or from CSV
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<OsString>,
    #[command(flatten)]
    pub batch: input::Args,
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
        [id] if context.flags.curl && input::is_one(id, &args.batch) => {
            let id = parse(&id.to_string_lossy())?;
            curl::print(id.resource(), Some(&id), context)
        }
        _ if context.flags.curl => {
            Err(Error::new(Kind::Usage, "--curl shows the request for one id").hint("give one id as an argument"))
        }
        [id] if input::is_one(id, &args.batch) => look_up(&parse(&id.to_string_lossy())?, resources, context),
        _ => look_up_many(args, resources, parse, context),
    }
}

/// Looks up many accounts and prints them.
fn look_up_many(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let Context { flags, ui, shutdown, .. } = context;
    let started = Instant::now();
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(resources, true)?.by_ids(resources);
    let results = Results::new(ui, Printer::new(&renderer), shutdown, Ending::Stopped, None);
    let ids = many::Ids { arguments: &args.ids, args: &args.batch, resources, parse };
    let look_up = |id: &Id, client: &Client<'_>, started| {
        let found = client.look_up(id, started, None)?;
        let violations = violations::check(&found, flags.strict, Target::account(id, client.profile()))?;
        let piece = renderer.render(&found.account, session.redactor());
        Ok((piece.map(|piece| renderer.identified(piece, id)), (), violations))
    };
    let settle = |looked_up: Result<(), &Error>| renderer.failure(looked_up.err()?);
    let Some(status) = many::run(&ids, &session, &results, Ending::Whole, context, look_up, settle)? else {
        return Ok(CommandStatus::Done);
    };
    if !session.settings.output.value.has_json_errors() {
        ui.note(&results.summary().text(started.elapsed()));
    }
    status
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
