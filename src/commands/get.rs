//! `cacc get`, `partner account get` and `get`: the look-up of one id, in a straight line. Its failure is the failure of the command.

use std::time::Instant;

use jiff::Timestamp;

use super::input::Args;
use super::many;
use super::results::{Ending, Results};
use super::session::{Session, Target};
use super::violations::{self, Warnings};
use super::{CommandStatus, Context, curl};
use crate::account::{Account, Id, Resource, id};
use crate::client::{Client, Throttle};
use crate::error::{Error, Kind, Result};
use crate::output::{Format, Printer};

/// Looks up ids of `resources`.
pub fn run(args: &Args, resources: &[&'static Resource], context: &Context<'_>) -> Result<CommandStatus> {
    let id = args.single().map(|id| id::parse(&id, resources)).transpose()?;
    match id {
        Some(id) if context.flags.curl => curl::print(id.resource(), Some(&id), context),
        Some(id) => look_up(&id, resources, context),
        None if context.flags.curl => {
            Err(Error::new(Kind::Usage, "--curl shows the request for one id").hint("give one id as an argument"))
        }
        None => look_up_many(args, resources, context),
    }
}

/// Looks up many accounts and prints them.
fn look_up_many(args: &Args, resources: &[&'static Resource], context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, ui, shutdown, .. } = context;
    let started = Instant::now();
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(resources, true)?.by_ids(resources);
    let results = Results::new(ui, Printer::new(&renderer), shutdown, Ending::Stopped, None);
    let look_up = |id: &Id, client: &Client<'_>, started| {
        let found = client.look_up(id, started, None)?;
        let violations = violations::check(&found, flags.strict, Target::account(id, client.profile()))?;
        let piece = renderer.render(&found.account, session.redactor(), Some(id));
        Ok((piece, (), violations))
    };
    let settle = |looked_up: Result<(), &Error>| renderer.failure(looked_up.err()?);
    let status = many::run(args, resources, &session, &results, Ending::Whole, look_up, settle)?;
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
    Warnings::new(ui).warn(violations, target, false);
    ui.print(&output)?;
    Ok(found.account)
}
